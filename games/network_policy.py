"""Policies that a network decides: plain arrays, whatever library trained them.

A network stands between two worlds: learners hand out its weights as arrays, and `NetworkPolicy` (for `Choice`) and
`GaussianPolicy` (for `Box`) act with them in float64.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from nashlens.games.categorical import softmax
from nashlens.games.core import Array, BoolArray, Box, Choice
from nashlens.games.policy import ChoicePolicy, Policy

LOG_STD_RANGE = (-5.0, 1.0)


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
