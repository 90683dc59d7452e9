"""Payoff tensors: what every entry of a population gets against every other, episode by episode.

Every cell is played on the same episodes' random numbers: differences of cells owe little to them, and what they give
to all cells alike is in every mean, so that intervals heed them beside the runs. Where a game is known as a whole cells
are expectations: then there are two equal columns in place of episodes, so that halves, of which one chooses and the
other measures, agree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nashlens.analysis.results import Array, BoolArray, Bound
from nashlens.games import Game
from nashlens.games.randomness import child
from nashlens.reports.instruments.joint_returns import joint_returns
from nashlens.reports.instruments.population import Entry, Match, line_ups

N_EPISODES = 64
EXACT_DECIMALS = 12


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PayoffTensor:
    """What P entries get in both seats.

    Attributes
    ----------
    match : who takes which places.
    entries : P.
    first, second : ``[P, P, E]``; return of the first side, held by the row's entry, and of the second side, held by
        the column's, averaged over a side's agents; NaN where nothing was played.
    counts : what the game counts in an episode, by name, each ``[P, P, E]``.
    bound : ``exact`` if every cell is an expectation.
    """

    match: Match
    entries: tuple[Entry, ...]
    first: Array
    second: Array
    counts: dict[str, Array]
    bound: Bound

    def chosen(self, *, algorithm: str | None = None, part: str | None = None, last: bool | None = None) -> list[int]:
        """Return which entries are of an algorithm, a part, and the last snapshot or an earlier one."""
        return [
            k
            for k, entry in enumerate(self.entries)
            if (algorithm is None or entry.algorithm == algorithm)
            and (part is None or entry.part == part)
            and (last is None or entry.last == last)
        ]

    @property
    def trained_together(self) -> BoolArray:
        """``[P, P]``; True where row and column are of one run."""
        runs = [entry.run for entry in self.entries]
        return np.array([[a == b for b in runs] for a in runs], dtype=np.bool_)

    @property
    def n_episodes(self) -> int:
        """Episodes of a cell; 1 where it is an expectation."""
        return 1 if self.bound == "exact" else self.first.shape[2]


def payoff_tensor(
    game: Game, match: Match, entries: Sequence[Entry], *, n_episodes: int = N_EPISODES, explore: bool, seed: int
) -> PayoffTensor:
    """Play every entry against every other, sub-policies against whole policies only.

    Parameters
    ----------
    game : what is played.
    match : who takes which places.
    entries : P, of any runs of the game.
    n_episodes : of each cell, two or more.
    explore : True to sample actions.
    seed : of the episodes' draws.

    Raises
    ------
    ValueError : there is no entry, there are fewer than two episodes, or a policy is not one of this game.
    """
    if not entries or n_episodes < 2:
        raise ValueError(f"entries must be at least one and n_episodes at least 2, not {len(entries)} and {n_episodes}")
    shape = (len(entries), len(entries), n_episodes)
    first, second = np.full(shape, np.nan), np.full(shape, np.nan)
    counts: dict[str, Array] = {}
    bounds: set[Bound] = set()
    for a, row in enumerate(entries):
        for b, column in enumerate(entries):
            if not (row.is_whole or column.is_whole):
                continue
            line_up = list(line_ups(match, row, column))
            for joint in line_up:
                rng = child(seed, "cross_play", "episodes")
                found = joint_returns(game, joint, n_episodes=n_episodes, explore=explore, rng=rng)
                bounds.add(found.bound)
                values = found.values.round(EXACT_DECIMALS) if found.bound == "exact" else found.values
                _add(first, a, b, match.first_return(values) / len(line_up))
                _add(second, a, b, match.second_return(values) / len(line_up))
                for name, each in found.counts.items():
                    _add(counts.setdefault(name, np.full(shape, np.nan)), a, b, each / len(line_up))
    exact = bounds == {"exact"}
    kept = slice(0, 2) if exact else slice(None)
    return PayoffTensor(
        match=match,
        entries=tuple(entries),
        first=first[:, :, kept],
        second=second[:, :, kept],
        counts={name: each[:, :, kept] for name, each in counts.items()},
        bound="exact" if exact else "estimate",
    )


def _add(table: Array, a: int, b: int, values: Array) -> None:
    table[a, b] = np.where(np.isnan(table[a, b]), 0.0, table[a, b]) + values
