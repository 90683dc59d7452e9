"""Games of one round in real numbers: each agent names one number between two bounds, and payoffs are quadratic.

Best replies have closed forms, against fixed numbers and against random ones alike, since they depend on the others'
means only. So what a trained deviator gains can be held against what the best one gains, which no particle world
allows. As an environment such a game shows every agent the constant observation 1, takes one action of each, pays, and
is over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from nashlens.games.arguments import real_number
from nashlens.games.core import Array, Batch, Box, Game, GameSpec, Step, check_actions
from nashlens.games.randomness import Streams
from nashlens.games.registry import Entry


class ContinuousGame(Game):
    """A game with payoffs ``u_i(a) = b_i · a + aᵀ Q_i a``, one number an agent.

    Parameters
    ----------
    linear : ``[N, N]``; b_i.
    quadratic : ``[N, N, N]``; Q_i, symmetric or not.
    low, high : ``[N]``; bounds of each agent's action.
    name, parameters : for the specification.

    Attributes
    ----------
    linear, quadratic, low, high : as given, float64, read-only.

    Raises
    ------
    ValueError : the shapes do not fit together, a coefficient is not finite, or bounds cross.

    Examples
    --------
    >>> game = ContinuousGame(np.eye(2), np.zeros((2, 2, 2)), low=[0, 0], high=[1, 1])
    >>> game.payoffs([0.5, 1.0]).tolist()
    [0.5, 1.0]
    """

    def __init__(
        self,
        linear: npt.ArrayLike,
        quadratic: npt.ArrayLike,
        *,
        low: npt.ArrayLike,
        high: npt.ArrayLike,
        name: str = "continuous",
        parameters: Mapping[str, Any] | None = None,
    ) -> None:
        self.linear, self.quadratic = _owned(linear, "linear"), _owned(quadratic, "quadratic")
        self.low, self.high = _owned(low, "low"), _owned(high, "high")
        n = len(self.linear) if self.linear.ndim else 0
        if n == 0 or self.linear.shape != (n, n) or self.quadratic.shape != (n, n, n):
            raise ValueError(
                f"linear and quadratic must be [N, N] and [N, N, N], not {self.linear.shape} and {self.quadratic.shape}"
            )
        if self.low.shape != (n,) or self.high.shape != (n,) or not (self.low < self.high).all():
            raise ValueError(
                f"low and high must be {n} numbers each, low < high; not {self.low.tolist()}, {self.high.tolist()}"
            )
        self.spec = GameSpec(
            name=name,
            parameters=dict(parameters or {}),
            agents=tuple(f"agent_{i}" for i in range(n)),
            sides=tuple(f"agent_{i}" for i in range(n)),
            observation_sizes=(1,) * n,
            action_spaces=tuple(Box((float(a),), (float(b),)) for a, b in zip(self.low, self.high, strict=True)),
            horizon=1,
        )

    def payoffs(self, actions: npt.ArrayLike) -> Array:
        """Return every agent's payoff ``[…, N]`` at actions ``[…, N]``."""
        a = np.asarray(actions, dtype=np.float64)
        bent: Array = np.einsum("...j,ijk,...k->...i", a, self.quadratic, a)
        return bent + a @ self.linear.T

    def begin(self, streams: Streams) -> Batch:
        """Return environments of one round; they draw nothing."""
        return _Round(self, streams)


class _Round(Batch):
    def __init__(self, game: ContinuousGame, streams: Streams) -> None:
        self.spec, self.n_envs, self._game = game.spec, streams.n_envs, game
        self.observations = tuple(np.ones((self.n_envs, 1)) for _ in range(game.spec.n_agents))

    def step(self, actions: Sequence[npt.NDArray[np.floating[Any]]]) -> Step:
        played = np.concatenate(check_actions(self.spec, actions, self.n_envs), axis=1)
        ended = np.ones(self.n_envs, dtype=np.bool_)
        return Step(
            next_observations=self.observations,
            rewards=self._game.payoffs(np.clip(played, self._game.low, self._game.high)),
            terminated=ended,
            truncated=~ended,
        )

    def state(self) -> dict[str, npt.NDArray[Any]]:
        return {}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        return None


def attraction(b: float = 0.5, c: float = 1.0) -> ContinuousGame:
    """Two agents are drawn to c and to −c, and to each other: ``u_i = −(a_i − c_i)² + b a_i a_j + c_i²``.

    Best replies are ``c_i + b a_j / 2``; the only equilibrium is ``a_i = ±2c / (2 + b)``, while it lies within the
    bounds of −2 and 2.

    Raises
    ------
    ValueError : `b` is no number from −1 to 1, or `c` none from 0 to 1.
    """
    pull, place = real_number(b, "b", low=-1.0, high=1.0), real_number(c, "c", low=0.0, high=1.0)
    return ContinuousGame(
        2 * np.diag([place, -place]),
        np.array([[[-1.0, pull], [0.0, 0.0]], [[0.0, 0.0], [pull, -1.0]]]),
        low=[-2, -2],
        high=[2, 2],
        name="attraction",
        parameters={"b": pull, "c": place},
    )


def bilinear() -> ContinuousGame:
    """One agent gains xy and the other loses it, on −1 to 1: zero-sum, NashConv is ``|E x| + |E y|``."""
    return ContinuousGame(
        np.zeros((2, 2)),
        [[[0, 1], [0, 0]], [[0, -1], [0, 0]]],
        low=[-1, -1],
        high=[1, 1],
        name="bilinear",
    )


def cournot() -> ContinuousGame:
    """Two firms sell amounts at the price 12 less their sum: the equilibrium is 4 each, collusion 3 each."""
    return ContinuousGame(
        12 * np.eye(2),
        [[[-1, -1], [0, 0]], [[0, 0], [-1, -1]]],
        low=[0, 0],
        high=[12, 12],
        name="cournot",
    )


def entries() -> tuple[Entry, ...]:
    """Return the registry's entries of all games in real numbers."""
    listed = (
        ("two agents are drawn to different places and to each other", attraction),
        ("zero-sum, the product of two numbers", bilinear),
        ("two firms choose how much they sell", cournot),
    )
    return tuple(Entry(name=f.__name__, family="continuous", summary=text, factory=f) for text, f in listed)


def _owned(values: npt.ArrayLike, name: str) -> Array:
    array = np.array(values, dtype=np.float64)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} must be finite, not {array.tolist()}")
    array.flags.writeable = False
    return array
