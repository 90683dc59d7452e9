"""Policy ensembles: K sub-policies an agent, one of which plays each episode, each with a replay of its own.

The replay of a sub-policy is the part of the common replay that its episodes left: `Membership` lists the places of
that part, so that a transition is stored once and a minibatch of any sub-policy is one gather.

References
----------
Lowe, Wu, Tamar, Harb, Abbeel, Mordatch (2017), arXiv:1706.02275, section 4.3, equation 9.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from nashlens.agents.config import Ensemble


class Membership:
    """Which stored transitions belong to which sub-policy of each agent, in each seed.

    Parameters
    ----------
    sizes : ``[N]``; K of each agent.
    capacity : places of the replay.
    n_seeds : S.
    """

    def __init__(self, sizes: Sequence[int], *, capacity: int, n_seeds: int) -> None:
        shape = (n_seeds, len(sizes), max(sizes))
        self._capacity = capacity
        self._places = np.zeros((*shape, capacity), dtype=np.int32)
        self._begin = np.zeros(shape, dtype=np.int64)
        self._count = np.zeros(shape, dtype=np.int64)
        self._owners = np.full((n_seeds, capacity, len(sizes)), -1, dtype=np.int16)
        self._seeds, self._agents = np.ogrid[:n_seeds, : len(sizes)]

    def insert(self, places: npt.NDArray[np.int64], assignment: npt.NDArray[np.int64]) -> None:
        """Note that new transitions stand at places ``[E]``, of the sub-policies ``[S, E, N]``."""
        for e, place in enumerate(places):
            former = self._owners[:, place]
            if former[0, 0] >= 0:  # the oldest of its list, since places are filled in turn
                self._begin[self._seeds, self._agents, former] += 1
                self._count[self._seeds, self._agents, former] -= 1
            owner = assignment[:, e]
            behind = self._begin[self._seeds, self._agents, owner] + self._count[self._seeds, self._agents, owner]
            self._places[self._seeds, self._agents, owner, behind % self._capacity] = place
            self._count[self._seeds, self._agents, owner] += 1
            self._owners[:, place] = owner

    def places(self, draws: Tensor, members: Sequence[tuple[int, int]], size: int) -> Tensor:
        """Return places ``[S, m, B]`` for uniform draws ``[S, m, B]`` from (0, 1), each member's from its own part.

        A member that has not played yet draws from all `size` transitions.
        """
        agents, subs = (np.array(part) for part in zip(*members, strict=True))
        counts, begins = self._count[:, agents, subs][..., None], self._begin[:, agents, subs][..., None]
        positions = (draws.cpu().numpy() * np.where(counts > 0, counts, size)).astype(np.int64)
        listed = self._places[
            np.arange(len(positions))[:, None, None],
            agents[:, None],
            subs[:, None],
            (begins + positions) % self._capacity,
        ]
        return torch.from_numpy(np.where(counts > 0, listed, positions)).to(draws.device)

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return what `load` needs, for a checkpoint."""
        return {
            "places": self._places.copy(),
            "begin": self._begin.copy(),
            "count": self._count.copy(),
            "owners": self._owners.copy(),
        }

    def load(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go back to what `state` returned."""
        self._places, self._begin = state["places"].copy(), state["begin"].copy()
        self._count, self._owners = state["count"].copy(), state["owners"].copy()


def draw_assignment(
    ensembles: Sequence[Ensemble], sides: Sequence[str], n_episodes: int, *, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Draw which sub-policy each agent plays in each of so many episodes, ``[n_episodes, N]``.

    Parameters
    ----------
    ensembles : one setting an agent; the agents of a side have the same.
    sides : side of each agent.
    n_episodes : how many episodes begin.
    rng : the source of the draws.
    """
    assignment = np.zeros((n_episodes, len(sides)), dtype=np.int64)
    drawn: dict[str, npt.NDArray[np.int64]] = {}
    for i, (ensemble, side) in enumerate(zip(ensembles, sides, strict=True)):
        if ensemble.size == 1:
            continue
        if ensemble.draw == "agent" or side not in drawn:
            drawn[side] = rng.integers(ensemble.size, size=n_episodes)
        assignment[:, i] = drawn[side]
    return assignment
