"""Continuous games with quadratic payoffs: best replies and NashConv in closed form.

One number an agent, between bounds or without. Learned best responses on continuous actions have no exact value to be
held against in a particle world; here they have. Cournot competition and the bilinear zero-sum game are members.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.best_response import check_tolerance
from nashlens.analysis.exploitability import NashConv
from nashlens.analysis.results import Array, read_only


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class QuadraticGame:
    """A game with payoffs ``u_i(a) = b_i · a + aᵀ Q_i a`` over ``low ≤ a ≤ high``.

    Attributes
    ----------
    quadratic : ``[N, N, N]``; Q_i, symmetric or not.
    linear : ``[N, N]``; b_i.
    low, high : ``[N]``; bounds of each agent's action, infinite where there is none; none at all if left out.

    Raises
    ------
    ValueError : the shapes do not fit together, a coefficient is not finite, bounds cross, or an agent's payoff has no
        maximum in its own action.
    """

    quadratic: Array
    linear: Array
    low: Array | None = None
    high: Array | None = None

    def __post_init__(self) -> None:
        linear, quadratic = read_only(self.linear), read_only(self.quadratic)
        n = len(linear) if linear.ndim else 0
        if n == 0 or linear.shape != (n, n) or quadratic.shape != (n, n, n):
            raise ValueError(
                f"linear and quadratic must be [N, N] and [N, N, N], not {linear.shape} and {quadratic.shape}"
            )
        if not (np.isfinite(linear).all() and np.isfinite(quadratic).all()):
            raise ValueError("linear and quadratic must be finite")
        low = read_only(np.full(n, -np.inf) if self.low is None else self.low)
        high = read_only(np.full(n, np.inf) if self.high is None else self.high)
        if low.shape != (n,) or high.shape != (n,) or not (low < high).all():
            raise ValueError(f"low and high must be {n} numbers each, low < high; not {low.tolist()}, {high.tolist()}")
        own = quadratic[np.arange(n), np.arange(n), np.arange(n)]
        unbounded = ~(np.isfinite(low) & np.isfinite(high)) & (own >= 0)
        if unbounded.any():
            i = int(unbounded.argmax())
            raise ValueError(f"quadratic of agent {i} must be negative in its own action, or its action bounded")
        for name, value in (("linear", linear), ("quadratic", quadratic), ("low", low), ("high", high)):
            object.__setattr__(self, name, value)

    @property
    def n_agents(self) -> int:
        """N."""
        return len(self.linear)

    def payoffs(self, actions: npt.ArrayLike) -> Array:
        """Return every agent's payoff ``[…, N]`` at actions ``[…, N]``.

        Raises
        ------
        ValueError : the actions have another number of agents, or lie outside their bounds.
        """
        a = self._checked(actions)
        bent: Array = np.einsum("...j,ijk,...k->...i", a, self.quadratic, a)
        return bent + a @ self.linear.T

    def best_replies(self, actions: npt.ArrayLike) -> Array:
        """Return each agent's best action ``[…, N]`` against the others'; the lower bound among equals.

        Raises
        ------
        ValueError : as in `payoffs`.
        """
        own, slope, a = self._own_parts(actions)
        bounded = np.isfinite(self._low) & np.isfinite(self._high)
        low, high = np.where(bounded, self._low, 0.0), np.where(bounded, self._high, 0.0)
        ends = np.where(own * (high**2 - low**2) + slope * (high - low) > 0, high, low)
        curved = np.where(own < 0, own, -1.0)
        replies = np.where(own < 0, np.clip(-slope / (2 * curved), self._low, self._high), ends)
        return np.broadcast_to(replies, a.shape)

    def deviation_gains(self, actions: npt.ArrayLike) -> Array:
        """Return what each agent could gain by deviating alone, ``[…, N]``.

        Raises
        ------
        ValueError : as in `payoffs`.
        """
        own, slope, a = self._own_parts(actions)
        best = self.best_replies(a)
        gains: Array = np.maximum((best - a) * (own * (best + a) + slope), 0.0)
        return gains

    @property
    def _low(self) -> Array:
        assert self.low is not None
        return self.low

    @property
    def _high(self) -> Array:
        assert self.high is not None
        return self.high

    def _own_parts(self, actions: npt.ArrayLike) -> tuple[Array, Array, Array]:
        """Return each agent's own curvature ``[N]``, the slope at own action 0 ``[…, N]``, and the actions."""
        a = self._checked(actions)
        i = np.arange(self.n_agents)
        own = self.quadratic[i, i, i]
        crossed = self.quadratic[i, i, :] + self.quadratic[i, :, i]  # [N, N]; row i: coefficients of a_i a_k
        slope = self.linear[i, i] + a @ crossed.T - 2 * own * a
        return own, slope, a

    def _checked(self, actions: npt.ArrayLike) -> Array:
        a = np.asarray(actions, dtype=np.float64)
        if a.ndim == 0 or a.shape[-1] != self.n_agents or not np.isfinite(a).all():
            raise ValueError(f"actions must be finite, with {self.n_agents} in the last axis, not shape {a.shape}")
        if ((a < self._low) | (a > self._high)).any():
            raise ValueError(f"actions must lie between {self._low.tolist()} and {self._high.tolist()}")
        return a


def quadratic_nash_conv(game: QuadraticGame, actions: npt.ArrayLike, *, tolerance: float = 1e-9) -> NashConv:
    """NashConv of pure actions in a quadratic game.

    For an inner best reply the gain is ``−q_ii (a_i − BR_i)²`` with the own curvature ``q_ii < 0``.

    Parameters
    ----------
    game : payoffs ``b_i · a + aᵀ Q_i a``.
    actions : ``[…, N]``; leading axes are a batch.
    tolerance : payoff units; a Nash gap up to this counts as an equilibrium.

    Returns
    -------
    NashConv with ``gains […, N]``; its spans are NaN, since payoffs may have none. Its `bound` is ``exact``.

    Raises
    ------
    ValueError : `actions` do not fit `game`, or `tolerance` is negative.

    Examples
    --------
    >>> cournot = QuadraticGame(linear=12 * np.eye(2), quadratic=[[[-1, -1], [0, 0]], [[0, 0], [-1, -1]]])
    >>> float(quadratic_nash_conv(cournot, [3.0, 3.0]).nash_conv)
    4.5
    """
    check_tolerance(tolerance)
    gains = game.deviation_gains(actions)
    return NashConv(gains=read_only(gains), spans=read_only(np.full(game.n_agents, np.nan)), tolerance=tolerance)
