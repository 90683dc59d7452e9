"""A game in which one agent's choice changes nothing that can be gained: a negative control of whoever looks for gains.

The agent's place is played by a given policy of its own, of which two actions are drawn at every step; all that the
agent decides is which of the two is played. It sees neither of them beforehand, so that whatever it decides the played
action is a draw of that policy: every way to play has the same expected return, while single episodes differ. The gain
of any deviation is exactly 0, and what is found beyond it is the finder's own doing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from nashlens.games.core import ActionSpace, Array, Batch, BoolArray, Box, Game, Step
from nashlens.games.frozen_policies import FrozenPolicies
from nashlens.games.policy import Policy, check_joint_policy
from nashlens.games.randomness import Streams


class Indifferent(Game):
    """The game to whose returns one agent's decisions make no difference.

    Parameters
    ----------
    game : the whole game.
    policy : by which the agent's place is played, whatever the agent does.
    agent : index of the agent.

    Raises
    ------
    ValueError : there is no such agent, or the policy does not fit its place or reads what others observe.
    """

    def __init__(self, game: Game, policy: Policy, *, agent: int) -> None:
        if agent not in range(game.spec.n_agents):
            raise ValueError(f"agent must be a number from 0 to {game.spec.n_agents - 1}, not {agent!r}")
        spec = game.spec
        alone = replace(
            spec,
            agents=spec.agents[agent : agent + 1],
            sides=spec.sides[agent : agent + 1],
            observation_sizes=spec.observation_sizes[agent : agent + 1],
            action_spaces=spec.action_spaces[agent : agent + 1],
        )
        check_joint_policy(alone, [policy])
        self.game, self.policy, self.agent = game, policy, agent
        self.spec = replace(spec, name=f"{spec.name} indifferent to {spec.agents[agent]}", parameters={})

    def begin(self, streams: Streams) -> Batch:
        """Return started environments."""
        return _IndifferentBatch(self, streams)


class _IndifferentBatch(Batch):
    def __init__(self, game: Indifferent, streams: Streams) -> None:
        self.spec, self.n_envs = game.spec, streams.n_envs
        self._agent = game.agent
        self._inner = game.game.begin(streams)
        self._own = FrozenPolicies([game.policy], [game.agent], streams)

    @property
    def observations(self) -> tuple[Array, ...]:  # type: ignore[override]
        return self._inner.observations

    @property
    def masks(self) -> tuple[BoolArray, ...] | None:  # type: ignore[override]
        return self._inner.masks

    def step(self, actions: Sequence[npt.NDArray[np.floating[Any]]]) -> Step:
        if len(actions) != self.spec.n_agents:
            raise ValueError(f"actions must be {self.spec.n_agents} arrays, one an agent, not {len(actions)}")
        ((first, second),) = self._own.actions(self._inner, draws=2)
        takes_first = is_even(np.asarray(actions[self._agent]), self.spec.action_spaces[self._agent])
        joint = list(actions)
        joint[self._agent] = np.where(takes_first[:, None], first, second)
        step = self._inner.step(joint)
        self._own.remember(step.ended)
        return step

    def state(self) -> dict[str, npt.NDArray[Any]]:
        return {f"game.{name}": array for name, array in self._inner.state().items()} | self._own.state()

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        prefix = "game."
        self._inner.restore({k.removeprefix(prefix): a for k, a in state.items() if k.startswith(prefix)})
        self._own.restore(state)


def is_even(actions: Array, space: ActionSpace) -> BoolArray:
    """Return ``[E]``: whether actions ``[E, A_i]`` choose an alternative of even number, or the lower half of a box.

    Of several factors the first one counts, and of several numbers the first.
    """
    if isinstance(space, Box):
        lower: BoolArray = actions[:, 0] < (space.low[0] + space.high[0]) / 2
        return lower
    even: BoolArray = actions[:, space.slices[0]].argmax(axis=1) % 2 == 0
    return even
