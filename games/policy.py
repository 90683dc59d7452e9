"""Policies: the one object that learners hand out and every instrument measures.

A policy maps one agent's observations to a distribution over its actions: `Policy.probabilities` for `Choice`
spaces (the probabilities of each factor, one after the other), `Policy.moments` for `Box` spaces. A policy with
memory (recurrent, or a mixture that is drawn once an episode) keeps nothing itself: the caller carries its memory.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nashlens.games.core import ActionSpace, Array, BoolArray, Box, Choice, GameSpec

SIMPLEX_TOLERANCE = 1e-9
LOG_STD_RANGE = (-5.0, 1.0)


class Policy(ABC):
    """A map from observations ``[B, O_i]`` of one agent to distributions over its actions.

    Attributes
    ----------
    action_space : the space of the actions.
    observation_size : ``O_i``.
    memory_size : numbers that the caller carries from step to step for each environment; 0 for most.
    """

    action_space: ActionSpace
    observation_size: int
    memory_size: int = 0

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


def sample_choice(probabilities: Array, space: Choice, *, rng: np.random.Generator) -> Array:
    """Draw one-hot action vectors ``[B, A_i]`` from probabilities ``[B, A_i]``, factor by factor, by inversion."""
    actions = np.zeros_like(probabilities)
    rows = np.arange(len(probabilities))
    for part in space.slices:
        cumulative = np.cumsum(probabilities[:, part], axis=1)
        draws = rng.random((len(rows), 1)) * cumulative[:, -1:]
        chosen = np.minimum((cumulative <= draws).sum(axis=1), part.stop - part.start - 1)
        actions[rows, part.start + chosen] = 1.0
    return actions


def best_of(scores: Array, space: Choice) -> Array:
    """Return one-hot action vectors ``[B, A_i]`` of the highest score of each factor, the first among equals."""
    actions = np.zeros_like(scores)
    rows = np.arange(len(scores))
    for part in space.slices:
        actions[rows, part.start + scores[:, part].argmax(axis=1)] = 1.0
    return actions


def softmax(logits: Array, space: Choice, *, masks: BoolArray | None = None) -> Array:
    """Return the probabilities ``[B, A_i]`` of logits ``[B, A_i]``, factor by factor; illegal actions get exactly 0."""
    if masks is not None:
        logits = np.where(masks, logits, -np.inf)
    parts = []
    for part in space.slices:
        shifted = logits[:, part] - logits[:, part].max(axis=1, keepdims=True)
        weights = np.exp(shifted)
        parts.append(weights / weights.sum(axis=1, keepdims=True))
    return np.concatenate(parts, axis=1)


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


def renormalise(probabilities: Array, space: Choice, masks: BoolArray) -> Array:
    """Return ``[B, A_i]`` probabilities restricted to legal actions; uniform where no mass is left on them."""
    legal = np.where(masks, probabilities, 0.0)
    parts = []
    for part in space.slices:
        total = legal[:, part].sum(axis=1, keepdims=True)
        count = masks[:, part].sum(axis=1, keepdims=True)
        rescaled = legal[:, part] / np.where(total > 0, total, 1.0)
        parts.append(np.where(total > 0, rescaled, masks[:, part] / np.maximum(count, 1)))
    return np.concatenate(parts, axis=1)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A feed-forward network with rectified hidden layers, as arrays.

    Attributes
    ----------
    weights : one ``[in, out]`` a layer.
    biases : one ``[out]`` a layer.
    index : what is appended to every input, such as an agent's one-hot index; empty for most.

    Raises
    ------
    ValueError : there is no layer, or shapes do not fit one another.
    """

    weights: tuple[Array, ...]
    biases: tuple[Array, ...]
    index: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if len(self.weights) != len(self.biases) or not self.weights:
            raise ValueError(f"weights and biases must be one a layer, not {len(self.weights)} and {len(self.biases)}")
        if any(w.ndim != 2 for w in self.weights) or any(a.shape[1] != b.shape[0] for a, b in pairwise(self.weights)):
            raise ValueError(f"layers must fit one another, not shapes {[w.shape for w in self.weights]}")
        if any(b.shape != w.shape[1:] for w, b in zip(self.weights, self.biases, strict=True)):
            raise ValueError(f"biases must have one entry an output, not shapes {[b.shape for b in self.biases]}")

    def check_sizes(self, n_inputs: int, n_outputs: int) -> None:
        """Check that the network reads `n_inputs` numbers, the appended index apart, and returns `n_outputs`.

        Raises
        ------
        ValueError : it does not.
        """
        sizes = (self.weights[0].shape[0] - len(self.index), self.weights[-1].shape[1])
        if sizes != (n_inputs, n_outputs):
            raise ValueError(
                f"network must have {n_inputs} inputs beside its index and {n_outputs} outputs, not {sizes[0]} and "
                f"{sizes[1]}"
            )

    def __call__(self, observations: Array) -> Array:
        """Return the outputs ``[B, out]`` for inputs ``[B, in]``, in float64."""
        layer = np.asarray(observations, dtype=np.float64)
        if self.index:
            layer = np.concatenate([layer, np.broadcast_to(self.index, (len(layer), len(self.index)))], axis=1)
        for weight, bias in zip(self.weights[:-1], self.biases[:-1], strict=True):
            layer = np.maximum(layer @ weight + bias, 0.0)
        return layer @ self.weights[-1] + self.biases[-1]


class NetworkPolicy(ChoicePolicy):
    """A policy over a `Choice` whose logits are a network's outputs.

    Parameters
    ----------
    network : outputs ``[B, A_i]`` logits.
    action_space, observation_size : as in `Policy`.
    soft : True where the game takes soft actions: then a sample is a Gumbel-softmax point of the simplex, and the
        action without noise is the softmax itself (the policy of the paper's released code).
    temperature : of the Gumbel-softmax, above 0.

    Raises
    ------
    ValueError : the network's inputs or outputs do not fit, or `temperature` is not above 0.
    """

    def __init__(
        self,
        network: Network,
        *,
        action_space: Choice,
        observation_size: int,
        soft: bool = False,
        temperature: float = 1.0,
    ) -> None:
        network.check_sizes(observation_size, action_space.width)
        if not temperature > 0:
            raise ValueError(f"temperature must be above 0, not {temperature!r}")
        self.network = network
        self.action_space = action_space
        self.observation_size = observation_size
        self.soft = soft
        self.temperature = temperature

    def probabilities(
        self, observations: Array, *, masks: BoolArray | None = None, memory: Array | None = None
    ) -> Array:
        """Return the softmax of the logits of each factor."""
        return softmax(self.network(observations), self.action_space, masks=masks)

    def sample(
        self,
        observations: Array,
        *,
        masks: BoolArray | None = None,
        memory: Array | None = None,
        rng: np.random.Generator,
    ) -> Array:
        """Draw one-hot vectors, or points of the simplex where the game takes soft actions."""
        if not self.soft:
            return super().sample(observations, masks=masks, rng=rng)
        noisy = (self.network(observations) + rng.gumbel(size=(len(observations), self.action_space.width))) / (
            self.temperature
        )
        return softmax(noisy, self.action_space, masks=masks)

    def mode(self, observations: Array, *, masks: BoolArray | None = None, memory: Array | None = None) -> Array:
        """Return the most probable alternative, or the softmax itself where the game takes soft actions."""
        return self.probabilities(observations, masks=masks) if self.soft else super().mode(observations, masks=masks)


class GaussianPolicy(Policy):
    """A diagonal Gaussian over a `Box`, clipped to it; a network says where it stands and how wide it is.

    With the box's middle m and half width h, the mean is ``m + h·tanh(output)``, and the standard deviation
    ``h·exp(output)`` with the exponent held within `LOG_STD_RANGE`.

    Parameters
    ----------
    network : outputs ``[B, 2 A_i]``: those of the means, then those of the standard deviations.
    action_space, observation_size : as in `Policy`.

    Raises
    ------
    ValueError : the network's inputs or outputs do not fit.
    """

    action_space: Box

    def __init__(self, network: Network, *, action_space: Box, observation_size: int) -> None:
        network.check_sizes(observation_size, 2 * action_space.width)
        self.network = network
        self.action_space = action_space
        self.observation_size = observation_size

    def moments(self, observations: Array, *, memory: Array | None = None) -> tuple[Array, Array]:
        """Return mean and standard deviation before clipping."""
        low, high = np.array(self.action_space.low), np.array(self.action_space.high)
        half = (high - low) / 2
        place, width = np.split(self.network(observations), 2, axis=1)
        return low + half + half * np.tanh(place), half * np.exp(np.clip(width, *LOG_STD_RANGE))

    def sample(
        self,
        observations: Array,
        *,
        masks: BoolArray | None = None,
        memory: Array | None = None,
        rng: np.random.Generator,
    ) -> Array:
        """Draw ``[B, A_i]``, clipped to the box."""
        mean, std = self.moments(observations)
        return np.clip(mean + std * rng.standard_normal(mean.shape), self.action_space.low, self.action_space.high)

    def mode(self, observations: Array, *, masks: BoolArray | None = None, memory: Array | None = None) -> Array:
        """Return the mean."""
        return self.moments(observations)[0]


class MixturePolicy(Policy):
    """One of K policies, drawn anew for each episode and kept to its end.

    Its memory is the index that was drawn. It is not the policy that mixes anew at every step: over several steps the
    two differ, since an episode's actions are correlated through the index.

    Parameters
    ----------
    members : K policies over one action space.
    weights : ``[K]`` probabilities; uniform if left out.
    group : agents whose mixtures name one group play the same index in an episode, as team-mates that change together.

    Raises
    ------
    ValueError : there is no member, their spaces or observation sizes differ, one has a memory of its own, or the
        weights are no distribution.
    """

    memory_size = 1

    def __init__(
        self, members: Sequence[Policy], *, weights: Sequence[float] | None = None, group: str | None = None
    ) -> None:
        if not members or any(m.action_space != members[0].action_space for m in members):
            raise ValueError("members must be one or more policies over one action space")
        if any(m.observation_size != members[0].observation_size for m in members):
            raise ValueError(f"members must read equally much, not {[m.observation_size for m in members]} numbers")
        if any(m.memory_size for m in members):
            raise ValueError("members must be policies without memory")
        self.members = tuple(members)
        self.group = group
        self.weights = np.full(len(members), 1 / len(members)) if weights is None else np.asarray(weights, np.float64)
        if self.weights.shape != (len(members),) or not (self.weights >= 0).all() or abs(self.weights.sum() - 1) > 1e-9:
            raise ValueError(f"weights must be {len(members)} probabilities that sum to 1, not {self.weights.tolist()}")
        self.action_space = members[0].action_space
        self.observation_size = members[0].observation_size

    def initial_memory(self, n_envs: int, *, rng: np.random.Generator) -> Array:
        """Draw the index ``[E, 1]`` of the member that plays each episode."""
        return rng.choice(len(self.members), p=self.weights, size=(n_envs, 1)).astype(np.float64)

    def probabilities(
        self, observations: Array, *, masks: BoolArray | None = None, memory: Array | None = None
    ) -> Array:
        """Return the probabilities of the member in `memory`; without memory, those of an episode's first step."""
        if memory is None:
            each = [m.probabilities(observations, masks=masks) for m in self.members]
            return np.tensordot(self.weights, np.stack(each), axes=1)
        return self._by_member(memory, lambda m, rows: m.probabilities(observations[rows], masks=_rows(masks, rows)))

    def moments(self, observations: Array, *, memory: Array | None = None) -> tuple[Array, Array]:
        """Return the moments of the member in `memory`; without memory, those of an episode's first step."""
        if memory is not None:
            mean = self._by_member(memory, lambda m, rows: m.moments(observations[rows])[0])
            return mean, self._by_member(memory, lambda m, rows: m.moments(observations[rows])[1])
        means, stds = (np.stack(each) for each in zip(*(m.moments(observations) for m in self.members), strict=True))
        mean = np.tensordot(self.weights, means, axes=1)
        variance = np.tensordot(self.weights, stds**2 + (means - mean) ** 2, axes=1)
        return mean, np.sqrt(variance)

    def sample(
        self,
        observations: Array,
        *,
        masks: BoolArray | None = None,
        memory: Array | None = None,
        rng: np.random.Generator,
    ) -> Array:
        """Draw from the member in `memory`; without memory, from a member drawn now."""
        chosen = self.initial_memory(len(observations), rng=rng) if memory is None else memory
        return self._by_member(chosen, lambda m, rows: m.sample(observations[rows], masks=_rows(masks, rows), rng=rng))

    def mode(self, observations: Array, *, masks: BoolArray | None = None, memory: Array | None = None) -> Array:
        """Return the noise-free action of the member in `memory`; without memory, of the likeliest member."""
        chosen = np.full((len(observations), 1), float(self.weights.argmax())) if memory is None else memory
        return self._by_member(chosen, lambda m, rows: m.mode(observations[rows], masks=_rows(masks, rows)))

    def _by_member(self, memory: Array, ask: Callable[[Policy, BoolArray], Array]) -> Array:
        index = memory[:, 0].astype(np.int64)
        answer = np.zeros((len(index), self.action_space.width))
        for k in np.unique(index):
            rows = index == k
            answer[rows] = ask(self.members[k], rows)
        return answer


def _rows(masks: BoolArray | None, rows: BoolArray) -> BoolArray | None:
    return None if masks is None else masks[rows]


JointPolicy = tuple[Policy, ...]


def check_joint_policy(spec: GameSpec, policies: Sequence[Policy]) -> JointPolicy:
    """Return the policies as a `JointPolicy` of this game, or say what does not fit.

    Raises
    ------
    ValueError : the number of policies, an action space or an observation size does not fit the game.
    """
    if len(policies) != spec.n_agents:
        raise ValueError(f"policies must be {spec.n_agents}, one an agent of {spec.name}, not {len(policies)}")
    for name, policy, space, size in zip(
        spec.agents, policies, spec.action_spaces, spec.observation_sizes, strict=True
    ):
        if policy.action_space != space:
            raise ValueError(f"the policy of {name} must act in {space}, not {policy.action_space}")
        if policy.observation_size != size:
            raise ValueError(f"the policy of {name} must read {size} numbers, not {policy.observation_size}")
    return tuple(policies)
