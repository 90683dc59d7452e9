"""A game as some of its agents see it when the others' policies stand still.

The other agents act by given policies inside the environment. What remains is a game of the free agents alone: with one
of them, the decision problem whose best return is a best response.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from nashlens.games.core import Array, Batch, BoolArray, Game, GameSpec, Step
from nashlens.games.episodes import initial_memories
from nashlens.games.policy import Policy, check_joint_policy, seen_by
from nashlens.games.randomness import Streams


class Against(Game):
    """The game of some free agents against fixed policies of all others.

    Parameters
    ----------
    game : the whole game.
    policies : one an agent; those of the free agents are not used.
    free : indices of the free agents, in the order of the game.
    explore : whether the fixed policies sample (True) or act without exploration noise.

    Raises
    ------
    ValueError : the policies do not fit, or `free` names no agent, one twice, or one that is not there.

    Notes
    -----
    The fixed policies draw from the generator of their own block of environments, as the game does.
    """

    def __init__(self, game: Game, policies: Sequence[Policy], *, free: Sequence[int], explore: bool = True) -> None:
        spec = game.spec
        self.policies = check_joint_policy(spec, policies, central=True)
        if not free or sorted(set(free)) != sorted(free) or not set(free) <= set(range(spec.n_agents)):
            raise ValueError(
                f"free must name one or more of the agents 0 to {spec.n_agents - 1} once, not {list(free)}"
            )
        self.game = game
        self.free = tuple(sorted(free))
        self.fixed = tuple(j for j in range(spec.n_agents) if j not in free)
        self.explore = explore
        self.spec = GameSpec(
            name=f"{spec.name} against fixed policies",
            parameters={},
            agents=tuple(spec.agents[i] for i in self.free),
            sides=tuple(spec.sides[i] for i in self.free),
            observation_sizes=tuple(spec.observation_sizes[i] for i in self.free),
            action_spaces=tuple(spec.action_spaces[i] for i in self.free),
            horizon=spec.horizon,
            common_reward=spec.common_reward or len(self.free) == 1,
            soft_actions=spec.soft_actions,
            masked=spec.masked,
        )

    def begin(self, streams: Streams) -> Batch:
        """Return started environments."""
        return _AgainstBatch(self, streams)


class _AgainstBatch(Batch):
    def __init__(self, game: Against, streams: Streams) -> None:
        self.spec, self.n_envs = game.spec, streams.n_envs
        self._game, self._streams = game, streams
        self._inner = game.game.begin(streams)
        self._policies = [game.policies[j] for j in game.fixed]
        self._blocks = [slice(k * streams.block, (k + 1) * streams.block) for k in range(len(streams.generators))]
        self._memories = [np.zeros((self.n_envs, p.memory_size)) for p in self._policies]
        self._remember(np.ones(self.n_envs, dtype=np.bool_))

    @property
    def observations(self) -> tuple[Array, ...]:  # type: ignore[override]
        return tuple(self._inner.observations[i] for i in self._game.free)

    @property
    def masks(self) -> tuple[BoolArray, ...] | None:  # type: ignore[override]
        inner = self._inner.masks
        return None if inner is None else tuple(inner[i] for i in self._game.free)

    def step(self, actions: Sequence[npt.NDArray[np.floating[Any]]]) -> Step:
        if len(actions) != len(self._game.free):
            raise ValueError(f"actions must be {len(self._game.free)} arrays, one a free agent, not {len(actions)}")
        joint: dict[int, npt.NDArray[Any]] = dict(zip(self._game.free, actions, strict=True))
        for place, j in enumerate(self._game.fixed):
            joint[j] = self._act(place, j)
        step = self._inner.step([joint[i] for i in range(len(joint))])
        self._remember(step.ended)
        free = list(self._game.free)
        return Step(
            next_observations=tuple(step.next_observations[i] for i in free),
            rewards=step.rewards[:, free],
            terminated=step.terminated,
            truncated=step.truncated,
            measures={name: v if v.ndim == 1 else v[:, free] for name, v in step.measures.items()},
            next_masks=None if step.next_masks is None else tuple(step.next_masks[i] for i in free),
        )

    def state(self) -> dict[str, npt.NDArray[Any]]:
        memories = {f"memory.{place}": memory.copy() for place, memory in enumerate(self._memories)}
        return {f"inner.{name}": array for name, array in self._inner.state().items()} | memories

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        prefix = "inner."
        self._inner.restore({k.removeprefix(prefix): a for k, a in state.items() if k.startswith(prefix)})
        self._memories = [state[f"memory.{place}"].copy() for place in range(len(self._memories))]

    def _act(self, place: int, j: int) -> Array:
        """Return the actions of one fixed agent, each block's from the block's own generator."""
        policy = self._policies[place]
        seen, legal = seen_by(policy, j, self._inner.observations, self._inner.masks)
        memory = self._memories[place] = policy.next_memory(seen, self._memories[place])
        if not self._game.explore:
            return policy.mode(seen, masks=legal, memory=memory)
        drawn = [
            policy.sample(seen[b], masks=None if legal is None else legal[b], memory=memory[b], rng=rng)
            for b, rng in zip(self._blocks, self._streams.generators, strict=True)
        ]
        return np.concatenate(drawn)

    def _remember(self, beginning: BoolArray) -> None:
        """Give the fixed policies the memory with which an episode begins, where one begins."""
        if not any(policy.memory_size for policy in self._policies):
            return
        for block, rng in zip(self._blocks, self._streams.generators, strict=True):
            rows = np.flatnonzero(beginning[block]) + block.start
            fresh = initial_memories(self._policies, len(rows), rng=rng)
            for memory, new in zip(self._memories, fresh, strict=True):
                memory[rows] = new
