"""Learning dynamics in continuous time: vector fields on profiles of mixed strategies, and their trajectories.

Four fields. Replicator: actions grow at the rate of what they pay beyond the average. Logit: towards the logit
response at a given rationality. Best response: towards the best responses, ties shared equally. Gradient: along the
own payoff gradient, projected so that the strategy stays on its simplex.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nashlens.analysis.action_payoffs import action_payoffs
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.analysis.simplex import project_to_simplex, project_to_tangent
from nashlens.games.normal_form import NormalFormGame, Profile, check_normal_form

Dynamics = Literal["replicator", "logit", "best_response", "gradient"]
Field = Callable[[tuple[Array, ...]], tuple[Array, ...]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trajectory:
    """Profiles along a path of play.

    Attributes
    ----------
    times : ``[T + 1]``; from 0.
    profile : the path, each strategy ``[T + 1, …, A_i]``; further axes are a batch of starting points.
    method : the dynamics and how they were followed.
    bound : ``estimate``, of the exact flow; ``exact`` where the path is itself the process.
    tolerance : length of a step, which governs the error.
    references : sources.
    """

    times: Array
    profile: Profile
    method: str
    bound: Bound
    tolerance: float
    references: tuple[str, ...] = ()

    @property
    def last(self) -> Profile:
        """The last profile."""
        return Profile([s[-1] for s in self.profile])

    @property
    def average(self) -> Profile:
        """The average over the recorded profiles, strategy by strategy."""
        return Profile([s.mean(axis=0) for s in self.profile])

    def to_records(self) -> list[Record]:
        """Return one row a time, agent, and starting point."""
        return [
            {
                "metric": "strategy",
                "method": self.method,
                "time": float(self.times[step]),
                "agent": agent,
                "value": strategy[(step, *index)].tolist(),
                **{f"index_{k}": at for k, at in enumerate(index)},
                "bound": self.bound,
                "tolerance": self.tolerance,
            }
            for agent, strategy in enumerate(self.profile)
            for step in range(len(self.times))
            for index in np.ndindex(strategy.shape[1:-1])
        ]


def vector_field(
    game: NormalFormGame, profile: Profile, *, dynamics: Dynamics = "replicator", rationality: float | None = None
) -> tuple[Array, ...]:
    """Velocity of each agent's strategy.

    Parameters
    ----------
    game : payoffs ``(N, A_1, …, A_N)``.
    profile : one mixed strategy ``(…, A_i)`` an agent; leading axes are a batch, such as a grid for a portrait.
    dynamics : ``replicator``, ``logit``, ``best_response`` or ``gradient``.
    rationality : one over payoff units; needed by ``logit``, and by it alone.

    Returns
    -------
    One array ``(…, A_i)`` an agent; each sums to 0. Probability a unit of time.

    Raises
    ------
    ValueError : `game` is no `NormalFormGame`.
    ValueError : `profile` does not fit `game`, `dynamics` is unknown, or `rationality` is missing, negative or of no
        use.

    Examples
    --------
    >>> prisoners_dilemma = NormalFormGame([[[3, 0], [5, 1]], [[3, 5], [0, 1]]])
    >>> vector_field(prisoners_dilemma, Profile.uniform(2, 2))[0].tolist()
    [-0.375, 0.375]
    """
    check_normal_form(game)
    return _field(game, dynamics, rationality)(tuple(game.check_profile(profile)))


def trajectory(
    game: NormalFormGame,
    profile: Profile,
    *,
    dynamics: Dynamics = "replicator",
    step: float = 0.01,
    n_steps: int = 1_000,
    rationality: float | None = None,
) -> Trajectory:
    """Follow the dynamics from a profile, by the classical Runge–Kutta method of fourth order.

    Parameters
    ----------
    game : payoffs ``(N, A_1, …, A_N)``.
    profile : where to start; leading axes are a batch.
    dynamics : ``replicator``, ``logit``, ``best_response`` or ``gradient``.
    step : time units; the error of a smooth field falls with its fourth power.
    n_steps : T.
    rationality : one over payoff units, for ``logit``.

    Returns
    -------
    Trajectory.

    Raises
    ------
    ValueError : `game` is no `NormalFormGame`.
    ValueError : as `vector_field`, or `step` or `n_steps` is not positive.

    Notes
    -----
    ``best_response`` jumps where the best action changes, and ``gradient`` at the boundary: there the error falls
    only linearly. Steps that leave a simplex are brought back to its nearest point.
    """
    check_normal_form(game)
    if not (np.isfinite(step) and step > 0) or n_steps < 1:
        raise ValueError(f"step and n_steps must be positive, not {step} and {n_steps}")
    field = _field(game, dynamics, rationality)
    state = tuple(game.check_profile(profile))
    path = [state]
    for _ in range(n_steps):
        state = tuple(_returned(s) for s in _runge_kutta(field, state, step))
        path.append(state)
    return Trajectory(
        times=read_only(step * np.arange(n_steps + 1)),
        profile=Profile([np.stack(s) for s in zip(*path, strict=True)]),
        method=f"{dynamics}, Runge-Kutta 4",
        bound="estimate",
        tolerance=step,
    )


def _field(game: NormalFormGame, dynamics: Dynamics, rationality: float | None) -> Field:
    if dynamics not in {"replicator", "logit", "best_response", "gradient"}:
        raise ValueError(f"dynamics must be replicator, logit, best_response or gradient, not {dynamics!r}")
    if (rationality is None) == (dynamics == "logit"):
        raise ValueError(f"rationality is for the logit dynamics, which need it; dynamics {dynamics}: {rationality}")
    if rationality is not None and not (np.isfinite(rationality) and rationality >= 0):
        raise ValueError(f"rationality must be finite and at least 0, not {rationality}")
    slack = 1e-12 * game.spans

    def velocity(strategies: tuple[Array, ...]) -> tuple[Array, ...]:
        values = action_payoffs(game.payoffs, strategies)
        pairs = enumerate(zip(strategies, values, strict=True))
        if dynamics == "replicator":
            return tuple(s * (v - (s * v).sum(axis=-1, keepdims=True)) for _, (s, v) in pairs)
        if dynamics == "gradient":
            return tuple(project_to_tangent(v, s) for _, (s, v) in pairs)
        if dynamics == "best_response":
            return tuple(_shared(v >= v.max(axis=-1, keepdims=True) - slack[i]) - s for i, (s, v) in pairs)
        return tuple(_softmax(float(rationality or 0.0) * v) - s for _, (s, v) in pairs)

    return velocity


def _runge_kutta(field: Field, state: tuple[Array, ...], step: float) -> tuple[Array, ...]:
    def ahead(slopes: tuple[Array, ...], share: float) -> tuple[Array, ...]:
        return tuple(s + share * step * k for s, k in zip(state, slopes, strict=True))

    first = field(state)
    second = field(ahead(first, 0.5))
    third = field(ahead(second, 0.5))
    fourth = field(ahead(third, 1.0))
    slopes = zip(first, second, third, fourth, strict=True)
    return ahead(tuple((a + 2 * b + 2 * c + d) / 6 for a, b, c, d in slopes), 1.0)


def _returned(strategy: Array) -> Array:
    """Return the strategy, or its nearest point on the simplex where it has left it."""
    left = (strategy < 0).any(axis=-1, keepdims=True)
    if not left.any():
        return strategy
    return np.where(left, project_to_simplex(strategy), strategy)


def _shared(marked: Array) -> Array:
    shares: Array = marked / marked.sum(axis=-1, keepdims=True)
    return shares


def _softmax(logits: Array) -> Array:
    weights = np.exp(logits - logits.max(axis=-1, keepdims=True))
    shares: Array = weights / weights.sum(axis=-1, keepdims=True)
    return shares
