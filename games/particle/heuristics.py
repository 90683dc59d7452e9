"""Rules of thumb as policies: for every agent of every particle world one that plays sensibly without learning.

They are anchors for scores: 0 is what random play gets and 1 what a rule of thumb gets, so that returns of different
worlds can be compared. None of them is optimal, and none claims to be. Each reads its own agent's observation alone,
has no memory, and knows which agent it is; conventions between agents stand in the modules of the rules.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType

import numpy as np

from nashlens.games.core import ActionSpace, Array, BoolArray, Box, Choice
from nashlens.games.particle import coverage_rules, pursuit_rules, speech_rules, treasure_rules
from nashlens.games.particle.controls import Mode
from nashlens.games.particle.steering import Rule, move
from nashlens.games.particle.world import ParticleWorld
from nashlens.games.policy import JointPolicy, Policy, ScriptedPolicy

MakesRule = Callable[[ParticleWorld, int], Rule]

RULES: Mapping[str, MakesRule] = MappingProxyType(
    {
        "simple": coverage_rules.simple,
        "simple_spread": coverage_rules.simple_spread,
        "simple_line": coverage_rules.simple_line,
        "simple_formation": coverage_rules.simple_formation,
        "simple_adversary": coverage_rules.simple_adversary,
        "simple_push": coverage_rules.simple_push,
        "simple_speaker_listener": speech_rules.simple_speaker_listener,
        "simple_reference": speech_rules.simple_reference,
        "simple_crypto": speech_rules.simple_crypto,
        "simple_tag": pursuit_rules.simple_tag,
        "simple_world_comm": pursuit_rules.simple_world_comm,
        "collect_treasure": treasure_rules.collect_treasure,
    }
)
RULES_WITHOUT_LISTENING: Mapping[str, MakesRule] = MappingProxyType(
    {
        "simple_speaker_listener": partial(speech_rules.simple_speaker_listener, listening=False),
        "simple_reference": partial(speech_rules.simple_reference, listening=False),
    }
)


class SteeredPolicy(Policy):
    """A policy without chance whose action is a vector between the corners: for soft and for continuous actions.

    Parameters
    ----------
    act : maps observations ``[B, O_i]`` to actions ``[B, A_i]``.
    action_space, observation_size : as in `Policy`. Over a `Choice`, the action is a point of each factor's simplex,
        and `probabilities` is that point.
    """

    def __init__(self, act: Callable[[Array], Array], *, action_space: ActionSpace, observation_size: int) -> None:
        self._act = act
        self.action_space = action_space
        self.observation_size = observation_size

    def probabilities(
        self, observations: Array, *, masks: BoolArray | None = None, memory: Array | None = None
    ) -> Array:
        """Return the point of the simplex that is played."""
        if isinstance(self.action_space, Box):
            return super().probabilities(observations)
        return self._act(observations)

    def moments(self, observations: Array, *, memory: Array | None = None) -> tuple[Array, Array]:
        """Return the action, and a standard deviation of 0."""
        if isinstance(self.action_space, Choice):
            return super().moments(observations)
        action = self._act(observations)
        return action, np.zeros_like(action)

    def sample(
        self,
        observations: Array,
        *,
        masks: BoolArray | None = None,
        memory: Array | None = None,
        rng: np.random.Generator,
    ) -> Array:
        """Return the action ``[B, A_i]``; nothing is drawn."""
        return self._act(observations)

    def mode(self, observations: Array, *, masks: BoolArray | None = None, memory: Array | None = None) -> Array:
        """Return the action ``[B, A_i]``."""
        return self._act(observations)


def heuristic(world: ParticleWorld, agent: int) -> Policy:
    """Return the rule of thumb of one agent.

    Parameters
    ----------
    world : a particle world.
    agent : index of the agent.

    Raises
    ------
    ValueError : `world` is no particle world, or has no such agent.

    Examples
    --------
    >>> from nashlens import games
    >>> heuristic(games.make("simple"), 0).mode(np.array([[0.0, 0.0, 0.9, 0.1]])).tolist()  # the landmark is right
    [[0.0, 0.0, 1.0, 0.0, 0.0]]
    """
    if not isinstance(world, ParticleWorld):
        raise ValueError(f"world must be a particle world, not {type(world).__name__}")
    if agent not in range(world.n_agents):
        raise ValueError(f"agent must be a number from 0 to {world.n_agents - 1}, not {agent!r}")
    return _policy(world, agent, RULES[world.spec.name])


def heuristics(world: ParticleWorld, *, listening: bool = True) -> JointPolicy | None:
    """Return the rules of thumb of all agents of a particle world; None where the world has none of the kind asked for.

    Parameters
    ----------
    world : a particle world.
    listening : False for agents of speaker-listener and reference that pay no attention to what is said, and go to the
        centroid of the landmarks: the best that can be done without communication, or near it.
    """
    rules = RULES if listening else RULES_WITHOUT_LISTENING
    if world.spec.name not in rules:
        return None
    return tuple(_policy(world, agent, rules[world.spec.name]) for agent in range(world.n_agents))


def _policy(world: ParticleWorld, agent: int, makes_rule: MakesRule) -> Policy:
    mode: Mode = world.spec.parameters["actions"]
    space, size = world.spec.action_spaces[agent], world.spec.observation_sizes[agent]
    rule = makes_rule(world, agent)

    def act(observations: Array) -> Array:
        wanted = rule(observations)
        parts = [] if wanted.force is None else [move(wanted.force, mode)]
        return np.concatenate([*parts, *([] if wanted.said is None else [wanted.said])], axis=1)

    if mode == "one_hot" and isinstance(space, Choice):
        return ScriptedPolicy(act, action_space=space, observation_size=size)
    return SteeredPolicy(act, action_space=space, observation_size=size)
