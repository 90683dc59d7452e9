"""Policies with a memory that a recurrent network keeps up: plain arrays, whatever library trained them.

The network is a rectified layer, a gated recurrent unit and an output layer. The policy itself keeps nothing: the
caller carries the memory, which `RecurrentPolicy.next_memory` moves on with each observation, and which is empty at the
beginning of an episode.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nashlens.games.categorical import softmax
from nashlens.games.core import Array, BoolArray, Box, Choice
from nashlens.games.network_policy import LOG_STD_RANGE
from nashlens.games.policy import ChoicePolicy, Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrentNetwork:
    """A recurrent network as arrays: encoder, gates of the input, gates of the memory, output.

    With input x after the encoder and memory h: ``r = σ(x W_r + h U_r)``, ``z = σ(x W_z + h U_z)``,
    ``n = tanh(x W_n + r ∘ h U_n)``, ``h' = (1 − z) ∘ n + z ∘ h``, each with its biases; the gates stand side by side
    in the order r, z, n.

    Attributes
    ----------
    weights : ``[in, H]``, ``[H, 3 M]``, ``[M, 3 M]`` and ``[M, out]``.
    biases : one ``[·]`` for each of these.
    index : what is appended to every input, such as an agent's one-hot index; empty for most.

    Raises
    ------
    ValueError : there are not four layers, or shapes do not fit one another.
    """

    weights: tuple[Array, ...]
    biases: tuple[Array, ...]
    index: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        if len(self.weights) != 4 or len(self.biases) != 4 or any(w.ndim != 2 for w in self.weights):
            raise ValueError(
                f"weights and biases must be of four layers, not {len(self.weights)} and {len(self.biases)}"
            )
        encoder, from_input, from_memory, output = (w.shape for w in self.weights)
        memory = from_memory[0]
        wanted = (encoder[1], 3 * memory), (memory, 3 * memory), memory
        if wanted != (from_input, from_memory, output[0]):
            raise ValueError(f"layers must fit one another, not shapes {[w.shape for w in self.weights]}")
        if any(b.shape != w.shape[1:] for w, b in zip(self.weights, self.biases, strict=True)):
            raise ValueError(f"biases must have one entry an output, not shapes {[b.shape for b in self.biases]}")

    @property
    def memory_size(self) -> int:
        """M."""
        return int(self.weights[2].shape[0])

    def check_sizes(self, n_inputs: int, n_outputs: int) -> None:
        """Check that the network reads `n_inputs` numbers, the appended index apart, and returns `n_outputs`.

        Raises
        ------
        ValueError : it does not.
        """
        sizes = (self.weights[0].shape[0] - len(self.index), self.weights[3].shape[1])
        if sizes != (n_inputs, n_outputs):
            raise ValueError(
                f"network must have {n_inputs} inputs beside its index and {n_outputs} outputs, not {sizes[0]} and "
                f"{sizes[1]}"
            )

    def remember(self, observations: Array, memory: Array) -> Array:
        """Return the memory ``[B, M]`` after observations ``[B, in]`` were seen, in float64."""
        layer = np.asarray(observations, dtype=np.float64)
        if self.index:
            layer = np.concatenate([layer, np.broadcast_to(self.index, (len(layer), len(self.index)))], axis=1)
        layer = np.maximum(layer @ self.weights[0] + self.biases[0], 0.0)
        x_r, x_z, x_n = np.split(layer @ self.weights[1] + self.biases[1], 3, axis=1)
        h_r, h_z, h_n = np.split(memory @ self.weights[2] + self.biases[2], 3, axis=1)
        kept = _sigmoid(x_z + h_z)
        candidate = np.tanh(x_n + _sigmoid(x_r + h_r) * h_n)
        following: Array = (1 - kept) * candidate + kept * memory
        return following

    def outputs(self, memory: Array) -> Array:
        """Return the outputs ``[B, out]`` of memories ``[B, M]``."""
        result: Array = memory @ self.weights[3] + self.biases[3]
        return result


class RecurrentPolicy(ChoicePolicy):
    """A policy over a `Choice` whose logits a recurrent network's memory decides.

    Parameters
    ----------
    network : outputs ``[B, A_i]`` logits.
    action_space, observation_size : as in `Policy`.
    soft, temperature : as in `network_policy.NetworkPolicy`: whether a sample is a Gumbel-softmax point, and of which
        temperature.

    Raises
    ------
    ValueError : the network's inputs or outputs do not fit, or `temperature` is not above 0.
    """

    def __init__(
        self,
        network: RecurrentNetwork,
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
        self.memory_size = network.memory_size
        self.soft = soft
        self.temperature = temperature

    def probabilities(
        self, observations: Array, *, masks: BoolArray | None = None, memory: Array | None = None
    ) -> Array:
        """Return the softmax of the logits of each factor, given the memory after `observations` were seen.

        Raises
        ------
        ValueError : the memory is missing or has the wrong shape.
        """
        return softmax(self.network.outputs(_carried(self, observations, memory)), self.action_space, masks=masks)

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
            return super().sample(observations, masks=masks, memory=memory, rng=rng)
        logits = self.network.outputs(_carried(self, observations, memory))
        return softmax((logits + rng.gumbel(size=logits.shape)) / self.temperature, self.action_space, masks=masks)

    def mode(self, observations: Array, *, masks: BoolArray | None = None, memory: Array | None = None) -> Array:
        """Return the most probable alternative, or the softmax itself where the game takes soft actions."""
        if self.soft:
            return self.probabilities(observations, masks=masks, memory=memory)
        return super().mode(observations, masks=masks, memory=memory)

    def next_memory(self, observations: Array, memory: Array) -> Array:
        """Return the memory after `observations` ``[E, O_i]`` were seen."""
        return self.network.remember(observations, memory)


class RecurrentGaussianPolicy(Policy):
    """A diagonal Gaussian over a `Box`, clipped to it, that a recurrent network's memory decides.

    Mean and standard deviation follow from the outputs as in `network_policy.GaussianPolicy`.

    Parameters
    ----------
    network : outputs ``[B, 2 A_i]``: those of the means, then those of the standard deviations.
    action_space, observation_size : as in `Policy`.

    Raises
    ------
    ValueError : the network's inputs or outputs do not fit.
    """

    action_space: Box

    def __init__(self, network: RecurrentNetwork, *, action_space: Box, observation_size: int) -> None:
        network.check_sizes(observation_size, 2 * action_space.width)
        self.network = network
        self.action_space = action_space
        self.observation_size = observation_size
        self.memory_size = network.memory_size

    def moments(self, observations: Array, *, memory: Array | None = None) -> tuple[Array, Array]:
        """Return mean and standard deviation before clipping, given the memory after `observations` were seen.

        Raises
        ------
        ValueError : the memory is missing or has the wrong shape.
        """
        low, high = np.array(self.action_space.low), np.array(self.action_space.high)
        half = (high - low) / 2
        place, width = np.split(self.network.outputs(_carried(self, observations, memory)), 2, axis=1)
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
        mean, std = self.moments(observations, memory=memory)
        return np.clip(mean + std * rng.standard_normal(mean.shape), self.action_space.low, self.action_space.high)

    def mode(self, observations: Array, *, masks: BoolArray | None = None, memory: Array | None = None) -> Array:
        """Return the mean."""
        return self.moments(observations, memory=memory)[0]

    def next_memory(self, observations: Array, memory: Array) -> Array:
        """Return the memory after `observations` ``[E, O_i]`` were seen."""
        return self.network.remember(observations, memory)


def _carried(policy: Policy, observations: Array, memory: Array | None) -> Array:
    expected = (len(observations), policy.memory_size)
    if memory is None or memory.shape != expected:
        found = "none" if memory is None else memory.shape
        raise ValueError(f"memory of a recurrent policy must have shape {expected}, not {found}")
    return memory


def _sigmoid(values: Array) -> Array:
    result: Array = 0.5 * (1 + np.tanh(0.5 * values))
    return result
