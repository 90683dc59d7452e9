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
from nashlens.games.frozen_policies import FrozenPolicies
from nashlens.games.policy import Policy, check_joint_policy
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
        self._game = game
        self._inner = game.game.begin(streams)
        fixed = [game.policies[j] for j in game.fixed]
        self._others = FrozenPolicies(fixed, game.fixed, streams, explore=game.explore)

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
        joint |= {j: drawn for j, (drawn,) in zip(self._game.fixed, self._others.actions(self._inner), strict=True)}
        step = self._inner.step([joint[i] for i in range(len(joint))])
        self._others.remember(step.ended)
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
        return {f"inner.{name}": array for name, array in self._inner.state().items()} | self._others.state()

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        prefix = "inner."
        self._inner.restore({k.removeprefix(prefix): a for k, a in state.items() if k.startswith(prefix)})
        self._others.restore(state)
