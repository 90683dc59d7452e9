"""Policies that act inside an environment: they draw from its blocks' generators and remember from step to step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from nashlens.games.core import Array, Batch, BoolArray
from nashlens.games.episodes import initial_memories
from nashlens.games.policy import Policy, seen_by
from nashlens.games.randomness import Streams


class FrozenPolicies:
    """Policies of some agents of a batch, with the memories that they carry.

    Parameters
    ----------
    policies : one for each of `agents`.
    agents : indices of the agents in the batch.
    streams : the environments' generators, from which each block's policies draw.
    explore : whether they sample (True) or act without exploration noise.
    """

    def __init__(
        self, policies: Sequence[Policy], agents: Sequence[int], streams: Streams, *, explore: bool = True
    ) -> None:
        self._policies, self._agents, self._streams, self._explore = tuple(policies), tuple(agents), streams, explore
        self._blocks = [slice(k * streams.block, (k + 1) * streams.block) for k in range(len(streams.generators))]
        self._memories = [np.zeros((streams.n_envs, policy.memory_size)) for policy in self._policies]
        self.remember(np.ones(streams.n_envs, dtype=np.bool_))

    def actions(self, batch: Batch, *, draws: int = 1) -> list[list[Array]]:
        """Return for each agent its `draws` independent actions ``[E, A_i]`` at what it sees now."""
        return [self._actions(place, j, batch, draws) for place, j in enumerate(self._agents)]

    def remember(self, beginning: BoolArray) -> None:
        """Give the policies the memory with which an episode begins, where one begins."""
        if not any(policy.memory_size for policy in self._policies):
            return
        for block, rng in zip(self._blocks, self._streams.generators, strict=True):
            rows = np.flatnonzero(beginning[block]) + block.start
            fresh = initial_memories(self._policies, len(rows), rng=rng)
            for memory, new in zip(self._memories, fresh, strict=True):
                memory[rows] = new

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return copies of the memories, ``memory.0`` and so on."""
        return {f"memory.{place}": memory.copy() for place, memory in enumerate(self._memories)}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go back to the memories of `state`."""
        self._memories = [state[f"memory.{place}"].copy() for place in range(len(self._memories))]

    def _actions(self, place: int, agent: int, batch: Batch, draws: int) -> list[Array]:
        policy = self._policies[place]
        seen, legal = seen_by(policy, agent, batch.observations, batch.masks)
        memory = self._memories[place] = policy.next_memory(seen, self._memories[place])
        if not self._explore:
            return [policy.mode(seen, masks=legal, memory=memory)] * draws
        drawn = [
            [
                policy.sample(seen[b], masks=None if legal is None else legal[b], memory=memory[b], rng=rng)
                for b, rng in zip(self._blocks, self._streams.generators, strict=True)
            ]
            for _ in range(draws)
        ]
        return [np.concatenate(parts) for parts in drawn]
