"""Nash equilibria as values: one verified profile, a convex set of them, all that were found in a game.

However it was found, a profile becomes an `Equilibrium` only if no agent can gain more than the tolerance by
deviating, and it carries what each could gain. `equilibria` says which method finds them for which game.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from nashlens.analysis.action_payoffs import expected_payoffs, normalised_payoffs, unilateral_gains
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.games.normal_form import NormalFormGame, Profile

SAME = 1e-6  # probability; profiles this close in every coordinate are one


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Equilibrium:
    """One profile that was verified.

    Attributes
    ----------
    profile : the strategies, one ``[A_i]`` an agent.
    payoffs : ``[N]``.
    gains : ``[N]``; payoff units; what each agent could gain by deviating, 0 but for rounding.
    is_pure : every agent plays one action.
    welfare_rank : 1 for the highest sum of payoffs among the equilibria found; equal welfare shares a rank.
    """

    profile: Profile
    payoffs: Array
    gains: Array
    is_pure: bool
    welfare_rank: int

    @property
    def welfare(self) -> float:
        """Sum of the payoffs."""
        return float(self.payoffs.sum())


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class NashSubset:
    """A maximal convex set of equilibria of a two-agent game: any mixture of `first` against any of `second`.

    Attributes
    ----------
    first, second : ``[U, A_1]`` and ``[V, A_2]``; the extreme strategies of either agent.
    members : indices, among the equilibria found, of the pairs.
    component : which connected piece of the equilibrium set it belongs to.
    """

    first: Array
    second: Array
    members: tuple[int, ...]
    component: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Equilibria:
    """The equilibria found in a game.

    Attributes
    ----------
    game : name of the game.
    equilibria : the profiles, highest welfare first; of a two-agent game the extreme ones.
    subsets : maximal Nash subsets, two-agent games only.
    is_complete : True if there are no equilibria beside `equilibria` and the mixtures within `subsets`.
    reason : why the list may be incomplete; empty if it is not.
    method : how they were found.
    tolerance : gains this large, as a share of `strategic_scale`, still count as none.
    bound : ``exact`` for a complete list, ``lower`` (there may be more) otherwise.
    references : sources.
    """

    game: str
    equilibria: tuple[Equilibrium, ...]
    subsets: tuple[NashSubset, ...]
    is_complete: bool
    reason: str
    method: str
    tolerance: float
    bound: Bound
    references: tuple[str, ...]

    def __len__(self) -> int:
        """Return the number of equilibria."""
        return len(self.equilibria)

    @property
    def profiles(self) -> tuple[Profile, ...]:
        """The profiles alone."""
        return tuple(e.profile for e in self.equilibria)

    def to_records(self) -> list[Record]:
        """Return one row an equilibrium and agent."""
        return [
            {
                "metric": "equilibrium",
                "equilibrium": k,
                "agent": i,
                "strategy": e.profile[i].tolist(),
                "value": float(e.payoffs[i]),
                "gain": float(e.gains[i]),
                "is_pure": e.is_pure,
                "welfare_rank": e.welfare_rank,
                "bound": "exact",
                "tolerance": self.tolerance,
                "complete": self.is_complete,
            }
            for k, e in enumerate(self.equilibria)
            for i in range(len(e.payoffs))
        ]


def verified(
    game: NormalFormGame,
    profiles: Iterable[Sequence[Array]],
    *,
    tolerance: float,
    method: str,
    reason: str = "",
    references: tuple[str, ...] = (),
) -> Equilibria:
    """Return those profiles that are equilibria within the tolerance, each once.

    They come highest welfare first; among equals, those that play the first actions more.

    Parameters
    ----------
    game : payoffs ``(N, A_1, …, A_N)``.
    profiles : candidates.
    tolerance : as a share of `strategic_scale`.
    method, references : for the result.
    reason : why there may be others; empty if there are none.
    """
    kept = _distinct([p for p in map(Profile, profiles) if is_equilibrium(game, p, tolerance=tolerance)])
    payoffs = [expected_payoffs(game.payoffs, p) for p in kept]
    ranks = _ranks(np.array([u.sum() for u in payoffs], dtype=np.float64), span=float(np.ptp(game.payoffs.sum(axis=0))))
    order = sorted(range(len(kept)), key=lambda k: (ranks[k], *(-np.concatenate(kept[k]).round(6))))
    found = tuple(
        Equilibrium(
            profile=kept[k],
            payoffs=read_only(payoffs[k]),
            gains=read_only(unilateral_gains(game.payoffs, kept[k])),
            is_pure=all(bool((s == 1).any()) for s in kept[k]),
            welfare_rank=ranks[k],
        )
        for k in order
    )
    return Equilibria(
        game=game.spec.name,
        equilibria=found,
        subsets=(),
        is_complete=not reason,
        reason=reason,
        method=method,
        tolerance=tolerance,
        bound="lower" if reason else "exact",
        references=references,
    )


def is_equilibrium(game: NormalFormGame, profile: Sequence[Array], *, tolerance: float = 1e-9) -> bool:
    """Say whether no agent can gain more than `tolerance` times what its own choice can matter (`strategic_scale`)."""
    return bool((unilateral_gains(normalised_payoffs(game.payoffs), profile) <= tolerance).all())


def _ranks(welfare: Array, *, span: float) -> list[int]:
    """Return 1 for the highest level of welfare, 2 for the next; levels within rounding are one."""
    ranks = np.ones(len(welfare), dtype=np.int64)
    falling = np.argsort(-welfare, kind="stable")
    ranks[falling[1:]] += np.cumsum(-np.diff(welfare[falling]) > 1e-9 * span)
    return [int(rank) for rank in ranks]


def _distinct(profiles: Sequence[Profile]) -> list[Profile]:
    """Return the profiles without those that repeat an earlier one."""
    rows = np.array([np.concatenate(p) for p in profiles])
    return [p for k, p in enumerate(profiles) if not (np.abs(rows[:k] - rows[k]) < SAME).all(axis=1).any()]
