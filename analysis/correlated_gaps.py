"""Gaps of a joint distribution: how far it is from correlated and coarse correlated equilibrium.

A joint distribution over action profiles is a correlated equilibrium (CE) if no agent that is told its own action
gains by playing another instead, and a coarse correlated equilibrium (CCE) if none gains by one fixed action decided
beforehand. The gaps are the largest such gains.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.games.normal_form import SIMPLEX_TOLERANCE, NormalFormGame, Profile


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CorrelatedGaps:
    """What agents could gain by leaving a joint distribution, payoff units.

    Attributes
    ----------
    ce_gains : ``[…, N]``; most that agent i gains in expectation by replacing one action by another.
    swap_gains : ``[…, N]``; most it gains by replacing every action by the best other one.
    cce_gains : ``[…, N]``; most it gains by one fixed action.
    bound, tolerance, references : exact, up to rounding.
    """

    ce_gains: Array
    swap_gains: Array
    cce_gains: Array
    bound: Bound
    tolerance: float
    references: tuple[str, ...] = ()

    @property
    def ce_gap(self) -> Array:
        """``[…]``; the largest gain from one replacement: 0 exactly in a CE."""
        gap: Array = self.ce_gains.max(axis=-1)
        return gap

    @property
    def cce_gap(self) -> Array:
        """``[…]``; the largest gain from one fixed action: 0 exactly in a CCE."""
        gap: Array = self.cce_gains.max(axis=-1)
        return gap

    def to_records(self) -> list[Record]:
        """Return two rows a distribution: the CE and the CCE gap."""
        return [
            {
                "metric": metric,
                "value": float(gap[index]),
                **{f"index_{k}": at for k, at in enumerate(index)},
                "bound": self.bound,
                "tolerance": self.tolerance,
            }
            for metric, gap in (("ce_gap", self.ce_gap), ("cce_gap", self.cce_gap))
            for index in np.ndindex(gap.shape)
        ]


def correlated_gaps(game: NormalFormGame, joint: npt.ArrayLike) -> CorrelatedGaps:
    """CE and CCE gaps of joint distributions.

    The CE gap is ``max_{i, a, a'} Σ_{a_−i} σ(a, a_−i) (u_i(a', a_−i) − u_i(a, a_−i))``, the CCE gap
    ``max_{i, a'} E_σ[u_i(a', a_−i) − u_i]``; neither is negative.

    Parameters
    ----------
    game : payoffs ``(N, A_1, …, A_N)``.
    joint : ``(…, A_1, …, A_N)``; leading axes are a batch.

    Returns
    -------
    CorrelatedGaps.

    Raises
    ------
    ValueError : `joint` has another shape, or is no distribution within 1e-9.
    """
    sigma = _checked_joint(game, joint)
    ce, swap, cce = [], [], []
    for i in range(game.n_agents):
        gains = replacement_gains(game, sigma, agent=i)  # [B, A_i, A_i]
        ce.append(gains.max(axis=(1, 2)))
        swap.append(gains.max(axis=2).sum(axis=1))
        cce.append(np.maximum(gains.sum(axis=1).max(axis=1), 0.0))
    shape = (*np.shape(joint)[: np.ndim(joint) - game.n_agents], game.n_agents)
    ce_gains, swap_gains, cce_gains = (read_only(np.stack(g, axis=-1).reshape(shape)) for g in (ce, swap, cce))
    return CorrelatedGaps(
        ce_gains=ce_gains, swap_gains=swap_gains, cce_gains=cce_gains, bound="exact", tolerance=SIMPLEX_TOLERANCE
    )


def replacement_gains(game: NormalFormGame, sigma: Array, *, agent: int) -> Array:
    """Return ``[B, A_i, A_i]``; gain from playing the second action wherever the first is recommended.

    Parameters
    ----------
    game : payoffs ``(N, A_1, …, A_N)``.
    sigma : ``[B, A_1, …, A_N]``.
    agent : i.
    """
    own = np.moveaxis(game.payoffs[agent], agent, 0).reshape(game.n_actions[agent], -1)  # [A_i, rest]
    weights = np.moveaxis(sigma, agent + 1, 1).reshape(len(sigma), game.n_actions[agent], -1)  # [B, A_i, rest]
    values = weights @ own.T  # [B, recommended, played]
    gains: Array = values - np.diagonal(values, axis1=1, axis2=2)[:, :, None]
    return gains


def product_distribution(profile: Profile) -> Array:
    """Return the joint distribution ``[…, A_1, …, A_N]`` of agents that mix independently."""
    joint = np.ones(profile.batch_shape)
    for strategy in profile:
        extra = joint.ndim - len(profile.batch_shape)
        joint = joint[..., None] * strategy.reshape(*profile.batch_shape, *(1,) * extra, -1)
    return joint


def _checked_joint(game: NormalFormGame, joint: npt.ArrayLike) -> Array:
    sigma = np.asarray(joint, dtype=np.float64)
    n_agents = game.n_agents
    if sigma.ndim < n_agents or sigma.shape[sigma.ndim - n_agents :] != game.n_actions:
        raise ValueError(f"joint must end in the axes {game.n_actions} of {game.spec.name}, not {sigma.shape}")
    flat = sigma.reshape(-1, *game.n_actions)
    sums = flat.reshape(len(flat), -1).sum(axis=1)
    valid = bool(np.isfinite(flat).all()) and bool((flat >= -SIMPLEX_TOLERANCE).all())
    if not valid or (np.abs(sums - 1) > SIMPLEX_TOLERANCE).any():
        raise ValueError(
            f"joint must be non-negative and sum to 1 within {SIMPLEX_TOLERANCE}; its sums run from {sums.min()} "
            f"to {sums.max()}"
        )
    return flat
