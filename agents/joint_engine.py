"""One Q-function of the joint action as an engine: Q-learning in the game that one agent with everyone's actions plays.

The central learner reads all observations and chooses all actions at once; what it maximises is one reward. Seen so,
the game has one agent, and the learner is that of `value_engine`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor

from nashlens.agents.engine import Generators, Transitions, Update
from nashlens.agents.joint_size import check_joint_size
from nashlens.agents.kept_stacks import Layers
from nashlens.agents.snapshots import Snapshots
from nashlens.agents.value_engine import ValueEngine
from nashlens.agents.value_settings import DQN, JointDQN, ValueLearning
from nashlens.agents.value_snapshots import CentralSnapshots, ValueSnapshots
from nashlens.games.core import Choice, GameSpec

EVERYONE = "everyone"


class JointEngine(ValueEngine):
    """The fully centralised learner in one run.

    Parameters
    ----------
    spec : the game.
    algorithms : the setting, the same for each side.
    seeds : S whole numbers.
    steps : environment steps that one seed will take.
    device : where network and replay live.

    Raises
    ------
    ValueError : the sides have different settings, the reward that is asked for is no common goal, an action space is a
        `Box`, or there are too many joint actions; nothing was allocated then.

    Notes
    -----
    Each factor of each agent explores by itself: an agent departs from the greedy joint action with probability ε, not
    all together, so that the joint policy is a product and each agent's part of it is a policy.
    """

    def __init__(
        self,
        spec: GameSpec,
        algorithms: Mapping[str, JointDQN],
        *,
        seeds: Sequence[int],
        steps: int,
        device: torch.device,
    ) -> None:
        settings, *others = algorithms.values()
        if any(other != settings for other in others):
            raise ValueError(f"algorithm: one learner decides for the sides {list(algorithms)}; give it one setting")
        check_reward(spec, settings)
        check_joint_size(spec, settings, n_seeds=len(seeds))
        super().__init__(central_spec(spec), {EVERYONE: _alone(settings)}, seeds=seeds, steps=steps, device=device)
        self._reward = settings.reward
        self._n_all = spec.n_agents
        self._n_factors = [len(space.factors) for space in spec.action_spaces if isinstance(space, Choice)]
        self._last: tuple[int, tuple[Layers, ...], ValueSnapshots] | None = None

    def take_in(self, transitions: Transitions) -> None:
        """Store the transitions with the one reward and the log density of the joint action."""
        rewards = transitions.rewards
        one = rewards[..., :1] if self._reward == "common" else rewards.sum(dim=-1, keepdim=True)
        joint = transitions.decision.log_densities.sum(dim=-1, keepdim=True)
        super().take_in(replace(transitions, rewards=one, decision=replace(transitions.decision, log_densities=joint)))

    def update(self, alive: Tensor, *, n_updates: int, generators: Generators) -> Update:
        """Move the network by one step, then its target; the one loss stands in every agent's column."""
        update = super().update(alive, n_updates=n_updates, generators=generators)
        return replace(update, curves={name: curve.repeat(1, self._n_all) for name, curve in update.curves.items()})

    def actors(self, agent: int, seed: int, kept: Sequence[Layers]) -> tuple[Snapshots, ...]:
        """Return an agent's part of the snapshots; all agents of a seed share the arrays."""
        same = self._last is not None and self._last[0] == seed and len(self._last[1]) == len(kept)
        if self._last is None or not same or any(a is not b for a, b in zip(self._last[1], kept, strict=True)):
            self._last = (seed, tuple(kept), self.snapshots(0, seed, kept))
        return (CentralSnapshots(joint=self._last[2]),)


def central_spec(spec: GameSpec) -> GameSpec:
    """Return the game as one agent sees it that observes what all observe and acts for all.

    The actions of all agents must be `Choice`.
    """
    factors = [n for space in spec.action_spaces if isinstance(space, Choice) for n in space.factors]
    return GameSpec(
        name=spec.name,
        parameters=spec.parameters,
        agents=(EVERYONE,),
        sides=(EVERYONE,),
        observation_sizes=(sum(spec.observation_sizes),),
        action_spaces=(Choice(tuple(factors)),),
        horizon=spec.horizon,
        common_reward=True,
        soft_actions=spec.soft_actions,
        masked=spec.masked,
    )


def check_reward(spec: GameSpec, settings: JointDQN) -> None:
    """Check that the reward that a central learner is asked to maximise is a goal of all agents.

    Raises
    ------
    ValueError : ``common`` without a common reward, or ``sum`` in a game of several sides.
    """
    if settings.reward == "common" and not spec.common_reward:
        raise ValueError(
            f"reward is 'common', and the agents of {spec.name} have rewards of their own; if they share a goal, "
            "reward='sum' learns the sum"
        )
    n_sides = len(set(spec.sides))
    if settings.reward == "sum" and n_sides > 1:
        raise ValueError(
            f"reward is 'sum', and {spec.name} has {n_sides} sides with goals of their own: no one maximises their sum "
            "(where the sides are opposed it does not even depend on what they do)"
        )


def _alone(settings: JointDQN) -> DQN:
    """Return the settings of the one agent that the central learner is."""
    shared = {name: getattr(settings, name) for name in ValueLearning.model_fields}
    return DQN(**shared, max_alternatives=settings.max_joint_actions)
