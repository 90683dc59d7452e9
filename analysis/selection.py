"""Which of a game's equilibria a profile has settled near, and how good that one is.

A low Nash gap says nothing about which equilibrium was reached: in a common-payoff game every profile from which no
single agent wants to move has none. The index of the nearest equilibrium, with its welfare rank, says it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nashlens.analysis.equilibria import find_equilibria
from nashlens.analysis.nash import Equilibria
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.games.core import IntArray
from nashlens.games.normal_form import NormalFormGame, Profile


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SelectedEquilibrium:
    """The equilibrium nearest to each profile of a batch.

    Attributes
    ----------
    index : ``[…]``; its position in `equilibria`.
    distance : ``[…]``; total variation to it, summed over agents.
    welfare : ``[…]``; sum of its payoffs.
    welfare_rank : ``[…]``; 1 for the highest welfare among the equilibria.
    equilibria : the list that the index points into.
    bound : ``exact`` if that list is complete, else ``estimate``: a nearer one may be missing.
    tolerance, references : those of the list.
    """

    index: IntArray
    distance: Array
    welfare: Array
    welfare_rank: IntArray
    equilibria: Equilibria
    bound: Bound
    tolerance: float
    references: tuple[str, ...]

    def to_records(self) -> list[Record]:
        """Return one row a profile."""
        return [
            {
                "metric": "selected_equilibrium",
                "value": int(self.index[position]),
                "distance": float(self.distance[position]),
                "welfare": float(self.welfare[position]),
                "welfare_rank": int(self.welfare_rank[position]),
                **{f"index_{k}": at for k, at in enumerate(position)},
                "bound": self.bound,
                "tolerance": self.tolerance,
            }
            for position in np.ndindex(self.index.shape)
        ]


def selected_equilibrium(
    game: NormalFormGame, profile: Profile, *, equilibria: Equilibria | None = None
) -> SelectedEquilibrium:
    """Equilibrium nearest to a profile in total variation.

    Parameters
    ----------
    game : payoffs ``(N, A_1, …, A_N)``.
    profile : one mixed strategy ``(…, A_i)`` an agent; leading axes are a batch, such as a run's snapshots.
    equilibria : of this game, if they are known already.

    Returns
    -------
    SelectedEquilibrium. Where two are equally near, the one with more welfare.

    Raises
    ------
    ValueError : `profile` does not fit `game`, or there is no equilibrium to select.

    Notes
    -----
    Distances are to the listed equilibria, the extreme ones of a two-agent game; for the distance to the whole set
    see `equilibrium_distance`.
    """
    game.check_profile(profile)
    found = find_equilibria(game) if equilibria is None else equilibria
    if not len(found):
        raise ValueError(f"equilibria must hold at least one equilibrium of {game.spec.name}; {found.reason}")
    listed = [np.array([p[i] for p in found.profiles]) for i in range(game.n_agents)]  # [K, A_i]
    if tuple(points.shape[1] for points in listed) != game.n_actions:
        raise ValueError(f"equilibria must be of a game with {game.n_actions} actions")
    distances = sum(
        (np.abs(s[..., None, :] - points).sum(axis=-1) / 2 for s, points in zip(profile, listed, strict=True)),
        start=np.zeros((*profile.batch_shape, len(found))),
    )
    index = np.asarray((distances <= distances.min(axis=-1, keepdims=True) + 1e-9).argmax(axis=-1), dtype=np.int64)
    welfare = np.array([e.welfare for e in found.equilibria])
    ranks = np.array([e.welfare_rank for e in found.equilibria], dtype=np.int64)
    return SelectedEquilibrium(
        index=index,
        distance=read_only(distances.min(axis=-1)),
        welfare=read_only(welfare[index]),
        welfare_rank=np.asarray(ranks[index]),
        equilibria=found,
        bound="exact" if found.is_complete else "estimate",
        tolerance=found.tolerance,
        references=found.references,
    )
