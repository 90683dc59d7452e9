"""Policies: the one object that learners hand out and every instrument measures.

A policy maps one agent's observations to a distribution over its actions: `Policy.probabilities` for `Choice`
spaces (the probabilities of each factor, one after the other), `Policy.moments` for `Box` spaces. A policy with
memory (recurrent, or a mixture that is drawn once an episode) keeps nothing itself: the caller carries its memory.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence

import numpy as np

from nashlens.games.categorical import best_of, renormalise, sample_choice
from nashlens.games.core import ActionSpace, Array, BoolArray, Box, Choice, GameSpec

SIMPLEX_TOLERANCE = 1e-9


class Policy(ABC):
    """A map from observations ``[B, O_i]`` of one agent to distributions over its actions.

    Attributes
    ----------
    action_space : the space of the actions.
    observation_size : ``O_i``.
    memory_size : numbers that the caller carries from step to step for each environment; 0 for most.
    central : True where the policy reads the observations and masks of all agents, one after the other, instead of its
        own agent's; then `observation_size` is ``ΣO``. See `seen_by`.
    """

    action_space: ActionSpace
    observation_size: int
    memory_size: int = 0
    central: bool = False

    def probabilities(
        self, observations: Array, *, masks: BoolArray | None = None, memory: Array | None = None
    ) -> Array:
        """Return ``[B, A_i]``, for each factor of a `Choice` the probabilities of its alternatives.

        Raises
        ------
        ValueError : the actions of this policy are not a `Choice`.
        """
        raise ValueError(f"probabilities are defined for Choice actions, not {type(self.action_space).__name__}")

    def moments(self, observations: Array, *, memory: Array | None = None) -> tuple[Array, Array]:
        """Return mean and standard deviation, each ``[B, A_i]``, of a policy over a `Box`.

        Raises
        ------
        ValueError : the actions of this policy are not a `Box`.
        """
        raise ValueError(f"moments are defined for Box actions, not {type(self.action_space).__name__}")

    @abstractmethod
    def sample(
        self,
        observations: Array,
        *,
        masks: BoolArray | None = None,
        memory: Array | None = None,
        rng: np.random.Generator,
    ) -> Array:
        """Draw one action vector ``[B, A_i]`` for each observation."""

    @abstractmethod
    def mode(self, observations: Array, *, masks: BoolArray | None = None, memory: Array | None = None) -> Array:
        """Return the action vector ``[B, A_i]`` without exploration noise."""

    def initial_memory(self, n_envs: int, *, rng: np.random.Generator) -> Array:
        """Return the memory ``[E, memory_size]`` with which episodes begin."""
        return np.zeros((n_envs, self.memory_size))

    def next_memory(self, observations: Array, memory: Array) -> Array:
        """Return the memory after `observations` ``[E, O_i]`` were seen."""
        return memory


class ChoicePolicy(Policy):
    """A policy over a `Choice`: a subclass says its `probabilities`, the rest follows."""

    action_space: Choice

    @abstractmethod
    def probabilities(
        self, observations: Array, *, masks: BoolArray | None = None, memory: Array | None = None
    ) -> Array:
        """Return ``[B, A_i]``, for each factor the probabilities of its alternatives."""

    def sample(
        self,
        observations: Array,
        *,
        masks: BoolArray | None = None,
        memory: Array | None = None,
        rng: np.random.Generator,
    ) -> Array:
        """Draw one-hot action vectors ``[B, A_i]``."""
        return sample_choice(self.probabilities(observations, masks=masks, memory=memory), self.action_space, rng=rng)

    def mode(self, observations: Array, *, masks: BoolArray | None = None, memory: Array | None = None) -> Array:
        """Return the one-hot vector of the most probable alternative of each factor, the first among equals."""
        return best_of(self.probabilities(observations, masks=masks, memory=memory), self.action_space)


class ConstantPolicy(ChoicePolicy):
    """The same mixed strategy at every observation.

    Parameters
    ----------
    probabilities : ``[A_i]``; each factor sums to 1.
    action_space : the space of the actions; one factor if it is left out.
    observation_size : ``O_i``.

    Raises
    ------
    ValueError : a factor is no distribution: an entry is negative or a sum is not 1, by more than ``1e-9``.
    """

    def __init__(
        self, probabilities: Array | Sequence[float], *, action_space: Choice | None = None, observation_size: int = 1
    ) -> None:
        vector = np.array(probabilities, dtype=np.float64)
        self.action_space = action_space or Choice((vector.size,))
        self.observation_size = observation_size
        if vector.shape != (self.action_space.width,):
            raise ValueError(f"probabilities must have shape ({self.action_space.width},), not {vector.shape}")
        fits = bool(np.isfinite(vector).all()) and bool((vector >= -SIMPLEX_TOLERANCE).all())
        if not fits or any(abs(vector[part].sum() - 1) > SIMPLEX_TOLERANCE for part in self.action_space.slices):
            raise ValueError(f"probabilities must be non-negative and sum to 1 in each factor, not {vector.tolist()}")
        self._vector = np.maximum(vector, 0.0)
        self._vector.flags.writeable = False

    def probabilities(
        self, observations: Array, *, masks: BoolArray | None = None, memory: Array | None = None
    ) -> Array:
        """Return the strategy for each observation; among legal actions only, rescaled, where `masks` says so."""
        spread = np.broadcast_to(self._vector, (len(observations), self.action_space.width))
        return spread if masks is None else renormalise(spread, self.action_space, masks)


def uniform_policy(action_space: Choice, *, observation_size: int = 1) -> ConstantPolicy:
    """Return the policy that plays each alternative of each factor with the same probability."""
    vector = np.concatenate([np.full(n, 1 / n) for n in action_space.factors])
    return ConstantPolicy(vector, action_space=action_space, observation_size=observation_size)


class ScriptedPolicy(ChoicePolicy):
    """A policy that a function of the observations describes.

    Parameters
    ----------
    rule : maps observations ``[B, O_i]`` to probabilities ``[B, A_i]``; their shape is checked, their values are not.
    action_space, observation_size : as in `Policy`.
    """

    def __init__(self, rule: Callable[[Array], Array], *, action_space: Choice, observation_size: int) -> None:
        self._rule = rule
        self.action_space = action_space
        self.observation_size = observation_size

    def probabilities(
        self, observations: Array, *, masks: BoolArray | None = None, memory: Array | None = None
    ) -> Array:
        """Return what the rule says, restricted to legal actions.

        Raises
        ------
        ValueError : the rule's answer has the wrong shape.
        """
        answer = np.asarray(self._rule(observations), dtype=np.float64)
        if answer.shape != (len(observations), self.action_space.width):
            expected = (len(observations), self.action_space.width)
            raise ValueError(f"rule must return probabilities of shape {expected}, not {answer.shape}")
        return answer if masks is None else renormalise(answer, self.action_space, masks)


class UniformBoxPolicy(Policy):
    """Uniform over a `Box`; its `mode` is the middle."""

    action_space: Box

    def __init__(self, action_space: Box, *, observation_size: int = 1) -> None:
        self.action_space = action_space
        self.observation_size = observation_size

    def moments(self, observations: Array, *, memory: Array | None = None) -> tuple[Array, Array]:
        """Return the middle of the box, and its width over the square root of 12."""
        low, high = np.array(self.action_space.low), np.array(self.action_space.high)
        shape = (len(observations), self.action_space.width)
        return np.broadcast_to((low + high) / 2, shape), np.broadcast_to((high - low) / np.sqrt(12.0), shape)

    def sample(
        self,
        observations: Array,
        *,
        masks: BoolArray | None = None,
        memory: Array | None = None,
        rng: np.random.Generator,
    ) -> Array:
        """Draw ``[B, A_i]`` uniformly from the box."""
        return rng.uniform(self.action_space.low, self.action_space.high, (len(observations), self.action_space.width))

    def mode(self, observations: Array, *, masks: BoolArray | None = None, memory: Array | None = None) -> Array:
        """Return the middle of the box."""
        return self.moments(observations)[0].copy()


def uniform_for(action_space: ActionSpace, *, observation_size: int = 1) -> Policy:
    """Return the uniform policy over any action space."""
    if isinstance(action_space, Choice):
        return uniform_policy(action_space, observation_size=observation_size)
    return UniformBoxPolicy(action_space, observation_size=observation_size)


JointPolicy = tuple[Policy, ...]


def seen_by(
    policy: Policy, agent: int, observations: Sequence[Array], masks: Sequence[BoolArray] | None = None
) -> tuple[Array, BoolArray | None]:
    """Return what an agent's policy reads: the agent's own observations and masks, or all agents' if it is central.

    Parameters
    ----------
    policy : the policy.
    agent : whose policy it is.
    observations, masks : one ``[B, O_i]`` and one ``[B, A_i]`` an agent; masks only where the game has them.
    """
    if policy.central:
        return np.concatenate(observations, axis=1), None if masks is None else np.concatenate(masks, axis=1)
    return observations[agent], None if masks is None else masks[agent]


def check_joint_policy(spec: GameSpec, policies: Sequence[Policy], *, central: bool = False) -> JointPolicy:
    """Return the policies as a `JointPolicy` of this game, or say what does not fit.

    Parameters
    ----------
    spec : the game.
    policies : one an agent.
    central : whether policies may read the observations of all agents, because the caller hands out what `seen_by`
        says.

    Raises
    ------
    ValueError : the number of policies, an action space or an observation size does not fit the game, or a policy is
        central and may not be.
    """
    if len(policies) != spec.n_agents:
        raise ValueError(f"policies must be {spec.n_agents}, one an agent of {spec.name}, not {len(policies)}")
    for name, policy, space, size in zip(
        spec.agents, policies, spec.action_spaces, spec.observation_sizes, strict=True
    ):
        if policy.action_space != space:
            raise ValueError(f"the policy of {name} must act in {space}, not {policy.action_space}")
        if policy.central and not central:
            raise ValueError(f"the policy of {name} must read its own observation alone; it is a central one")
        reads = sum(spec.observation_sizes) if policy.central else size
        if policy.observation_size != reads:
            raise ValueError(f"the policy of {name} must read {reads} numbers, not {policy.observation_size}")
    return tuple(policies)
