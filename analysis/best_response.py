"""Best responses in normal form: what each action is worth against the others' strategies.

The value of action a_i is ``u_i(a_i, π_−i)``: the payoff tensor of agent i, contracted with the strategies of all
others. Everything that measures unilateral deviation is made of these values, for one profile or a whole batch at once.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nashlens.analysis.action_payoffs import action_payoffs
from nashlens.analysis.results import Array, BoolArray, Bound, Record, read_only
from nashlens.games.normal_form import NormalFormGame, Profile

_CHUNK = 8_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BestResponse:
    """Every agent's best responses to the others in a profile, or in each profile of a batch.

    Attributes
    ----------
    action_values : one ``[…, A_i]`` an agent; payoff of each action against the others' strategies.
    values : ``[…, N]``; payoff of the best action.
    on_policy : ``[…, N]``; payoff under the profile.
    actions : one ``[…, A_i]`` an agent; True where an action is a best response within `tolerance`.
    tolerance : payoff units; actions this close to the best count as best responses.
    """

    action_values: tuple[Array, ...]
    values: Array
    on_policy: Array
    actions: tuple[BoolArray, ...]
    tolerance: float
    bound: Bound = "exact"
    references: tuple[str, ...] = ("Lanctot et al. (2017), arXiv:1711.00832",)

    def to_records(self) -> list[Record]:
        """Return one row for each profile of the batch and agent."""
        rows: list[Record] = []
        for *batch, agent in np.ndindex(self.values.shape):
            where = (*batch, agent)
            row = {"metric": "best_response_value", "agent": agent, "value": float(self.values[where])}
            row |= {f"index_{k}": position for k, position in enumerate(batch)}
            best = np.flatnonzero(self.actions[agent][tuple(batch)]).tolist()
            rows.append(row | {"actions": best, "bound": self.bound, "tolerance": self.tolerance})
        return rows


def action_values(game: NormalFormGame, profile: Profile) -> tuple[Array, ...]:
    """Return ``u_i(a_i, π_−i)``, one ``[…, A_i]`` an agent, for all profiles of a batch.

    Parameters
    ----------
    game : payoffs ``[N, A_1, …, A_N]``.
    profile : one mixed strategy ``[…, A_i]`` an agent.

    Raises
    ------
    ValueError : `profile` does not fit `game`.

    Notes
    -----
    Cost O(N · A_1 ⋯ A_N) a profile. Large batches are evaluated in parts, so that memory stays bounded.
    """
    game.check_profile(profile)
    shape = profile.batch_shape
    n_profiles = int(np.prod(shape, dtype=np.int64))
    flat = [strategy.reshape(n_profiles, strategy.shape[-1]) for strategy in profile]
    step = max(1, _CHUNK // game.payoffs[0].size)
    parts = [action_payoffs(game.payoffs, [s[k : k + step] for s in flat]) for k in range(0, n_profiles, step)]
    return tuple(
        np.concatenate([part[i] for part in parts] or [np.empty((0, n))]).reshape(*shape, n)
        for i, n in enumerate(game.n_actions)
    )


def deviation_gains(game: NormalFormGame, profile: Profile) -> Array:
    """Return what each agent could gain by deviating alone, ``[…, N]`` in payoff units.

    ``δ_i = Σ_a π_i(a) (max_b u_i(b, π_−i) − u_i(a, π_−i))``, which is the best-response value less the value of the
    profile; written as a sum of regrets it cannot fall below 0 by rounding.

    Parameters
    ----------
    game : payoffs ``[N, A_1, …, A_N]``.
    profile : one mixed strategy ``[…, A_i]`` an agent.

    Raises
    ------
    ValueError : `profile` does not fit `game`.

    References
    ----------
    Lanctot et al. (2017), arXiv:1711.00832.
    """
    return gains_of(action_values(game, profile), profile)


def gains_of(values: tuple[Array, ...], profile: Profile) -> Array:
    """Return ``[…, N]`` deviation gains from action values and strategies, each ``[…, A_i]``."""
    regrets = [v.max(axis=-1, keepdims=True) - v for v in values]
    gains = [(np.maximum(s, 0.0) * regret).sum(axis=-1) for s, regret in zip(profile, regrets, strict=True)]
    return np.stack(gains, axis=-1)


def best_response(game: NormalFormGame, profile: Profile, *, tolerance: float = 1e-9) -> BestResponse:
    """Every agent's best responses against the others' strategies.

    Parameters
    ----------
    game : payoffs ``[N, A_1, …, A_N]``.
    profile : one mixed strategy ``[…, A_i]`` an agent; leading axes are a batch of profiles.
    tolerance : payoff units; actions this close to the best count as best responses.

    Returns
    -------
    BestResponse; its `bound` is ``exact``.

    Raises
    ------
    ValueError : `profile` does not fit `game`, or `tolerance` is negative.

    Examples
    --------
    >>> pennies = NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
    >>> best_response(pennies, Profile([[0.9, 0.1], [0.5, 0.5]])).actions[1].tolist()
    [False, True]
    """
    check_tolerance(tolerance)
    values = action_values(game, profile)
    on_policy = np.stack([(s * v).sum(axis=-1) for s, v in zip(profile, values, strict=True)], axis=-1)
    best = [v.max(axis=-1) for v in values]
    return BestResponse(
        action_values=tuple(read_only(v) for v in values),
        values=read_only(np.stack(best, axis=-1)),
        on_policy=read_only(on_policy),
        actions=tuple(v >= b[..., None] - tolerance for v, b in zip(values, best, strict=True)),
        tolerance=tolerance,
    )


def check_tolerance(tolerance: float) -> None:
    """Raise a ValueError unless a tolerance is a finite number of at least 0."""
    if not (np.isfinite(tolerance) and tolerance >= 0):
        raise ValueError(f"tolerance must be finite and at least 0, not {tolerance}")
