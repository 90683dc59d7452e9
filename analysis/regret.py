"""Regret along a run: what each agent would have gained by other play, against what the others did play.

External regret compares with the best fixed action, swap regret with the best replacement of each own action by
another. If all agents' average external regret vanishes, the empirical distribution of joint play approaches the
coarse correlated equilibria; if their swap regret does, the correlated ones. In a two-agent zero-sum game the sum of
the external regrets, over time, is NashConv of the average strategies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.action_payoffs import action_payoffs
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.games.normal_form import NormalFormGame, Profile


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Regret:
    """Cumulative regret after each of T rounds.

    Attributes
    ----------
    external : ``[T, N]``; payoff units, summed over rounds; against the best fixed action so far. It can be negative
        when strategies that change beat every fixed action.
    swap : ``[T, N]``; against the best replacement of each action; at least the positive part of `external`.
    bound, tolerance, references : exact, up to rounding.
    """

    external: Array
    swap: Array
    bound: Bound
    tolerance: float
    references: tuple[str, ...] = ()

    @property
    def average_external(self) -> Array:
        """``[T, N]``; external regret for each round played."""
        average: Array = self.external / np.arange(1, len(self.external) + 1)[:, None]
        return average

    @property
    def average_swap(self) -> Array:
        """``[T, N]``; swap regret for each round played."""
        average: Array = self.swap / np.arange(1, len(self.swap) + 1)[:, None]
        return average

    def to_records(self) -> list[Record]:
        """Return two rows an agent: its average regrets at the end."""
        return [
            {
                "metric": metric,
                "agent": i,
                "value": float(value),
                "rounds": len(self.external),
                "bound": self.bound,
                "tolerance": self.tolerance,
            }
            for metric, curve in (
                ("average_external_regret", self.average_external),
                ("average_swap_regret", self.average_swap),
            )
            for i, value in enumerate(curve[-1])
        ]


def regret(game: NormalFormGame, profile: Profile) -> Regret:
    """External and swap regret along T profiles, in expectation over the agents' mixing.

    ``R_i(T) = max_a Σ_t u_i(a, π_−i^t) − Σ_t u_i(π^t)``.

    Parameters
    ----------
    game : payoffs ``(N, A_1, …, A_N)``.
    profile : one array ``(T, A_i)`` an agent: what was played in each round. Realised actions are pure strategies.

    Returns
    -------
    Regret.

    Raises
    ------
    ValueError : `profile` does not fit `game`, or has not exactly one leading axis with at least one round.

    Notes
    -----
    Memory O(T Σ_i A_i²).

    Examples
    --------
    >>> pennies = NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
    >>> regret(pennies, Profile([[[1, 0], [1, 0]], [[0, 1], [0, 1]]])).external[-1].tolist()
    [4.0, 0.0]
    """
    game.check_profile(profile)
    if len(profile.batch_shape) != 1 or profile.batch_shape[0] == 0:
        raise ValueError(f"profile must have one leading axis of rounds, not {profile.batch_shape}")
    external, swap = [], []
    for own, values in zip(profile, action_payoffs(game.payoffs, profile), strict=True):
        gains = values - (own * values).sum(axis=1, keepdims=True)  # [T, A]
        external.append(np.cumsum(gains, axis=0).max(axis=1))
        replaced = own[:, :, None] * (values[:, None, :] - values[:, :, None])  # [T, played, instead]
        swap.append(np.cumsum(replaced, axis=0).max(axis=2).sum(axis=1))
    return Regret(
        external=read_only(np.stack(external, axis=1)),
        swap=read_only(np.stack(swap, axis=1)),
        bound="exact",
        tolerance=1e-12,
    )


def empirical_distribution(actions: npt.ArrayLike, n_actions: tuple[int, ...]) -> Array:
    """Joint distribution of realised play, the object that vanishing regret speaks of.

    Parameters
    ----------
    actions : ``(T, N)``; whole numbers, the action of each agent in each round.
    n_actions : ``A_i`` of each agent.

    Returns
    -------
    ``(A_1, …, A_N)``; it is not the product of the agents' averages unless they play independently.

    Raises
    ------
    ValueError : `actions` has another shape, is empty, or an action is out of range or not whole.
    """
    played = np.asarray(actions)
    if played.ndim != 2 or len(played) == 0 or played.shape[1] != len(n_actions):
        raise ValueError(f"actions must have shape (T, {len(n_actions)}) with T at least 1, not {played.shape}")
    if not np.issubdtype(played.dtype, np.integer) or (played < 0).any() or (played >= np.array(n_actions)).any():
        raise ValueError(f"actions must be whole numbers from 0 to n - 1 for {list(n_actions)}")
    counts = np.bincount(np.ravel_multi_index(tuple(played.T), n_actions), minlength=int(np.prod(n_actions)))
    joint: Array = counts.reshape(n_actions) / len(played)
    return joint
