"""Snapshots of one agent's policy over a training, as arrays that need no torch to read.

Each kind of snapshots says how it becomes arrays and plain values, and how it comes back, so that a run of any
algorithm is kept and read in one way.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, Protocol

import numpy as np
import numpy.typing as npt

from nashlens.games import Policy
from nashlens.games.core import Box, Choice, GameSpec
from nashlens.games.network_policy import GaussianPolicy, Network, NetworkPolicy

Floats = npt.NDArray[np.float32]
Arrays = dict[str, npt.NDArray[Any]]


class Snapshots(Protocol):
    """T snapshots of one agent's policy.

    Attributes
    ----------
    kind : names the class in `snapshot_kinds`.
    """

    kind: ClassVar[str]

    def policy(self, spec: GameSpec, agent: int, snapshot: int) -> Policy:
        """Return one snapshot as a plain policy of agent `agent`, in float64."""
        ...

    def to_arrays(self) -> Arrays:
        """Return the arrays by name."""
        ...

    def to_settings(self) -> dict[str, Any]:
        """Return the rest, as plain values."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ActorSnapshots:
    """T snapshots of one agent's actor: a feed-forward network of logits, or of a Gaussian's place and width.

    Attributes
    ----------
    weights : one ``[T, in, out]`` a layer.
    biases : one ``[T, out]`` a layer.
    index : what is appended to the agent's observation (its one-hot index under indexed sharing); often empty.
    temperature : of the Gumbel-softmax that the agent acts by.
    soft : whether a sample is a Gumbel-softmax point of the simplex rather than one alternative.
    """

    kind: ClassVar[str] = "network"
    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]
    index: tuple[float, ...] = ()
    temperature: float = 1.0
    soft: bool = False

    def policy(self, spec: GameSpec, agent: int, snapshot: int) -> Policy:
        """Return one snapshot as a plain policy of agent `agent`, in float64."""
        network = network_of(self.weights, self.biases, self.index, snapshot)
        space = spec.action_spaces[agent]
        size = spec.observation_sizes[agent]
        if isinstance(space, Box):
            return GaussianPolicy(network, action_space=space, observation_size=size)
        assert isinstance(space, Choice)
        return NetworkPolicy(
            network, action_space=space, observation_size=size, soft=self.soft, temperature=self.temperature
        )

    def to_arrays(self) -> Arrays:
        """Return weights and biases by layer."""
        return layers_to_arrays(self.weights, self.biases)

    def to_settings(self) -> dict[str, Any]:
        """Return the rest, as plain values."""
        return {
            "n_layers": len(self.weights),
            "index": list(self.index),
            "temperature": self.temperature,
            "soft": self.soft,
        }

    @classmethod
    def of(cls, arrays: Mapping[str, npt.NDArray[Any]], settings: Mapping[str, Any]) -> ActorSnapshots:
        """Return the snapshots that `to_arrays` and `to_settings` took apart."""
        weights, biases = layers_from_arrays(arrays, settings["n_layers"])
        return cls(
            weights=weights,
            biases=biases,
            index=tuple(settings["index"]),
            temperature=settings["temperature"],
            soft=settings["soft"],
        )


def network_of(
    weights: tuple[Floats, ...], biases: tuple[Floats, ...], index: tuple[float, ...], snapshot: int
) -> Network:
    """Return one of T snapshots of a feed-forward network, in float64."""
    return Network(
        weights=tuple(w[snapshot].astype(np.float64) for w in weights),
        biases=tuple(b[snapshot].astype(np.float64) for b in biases),
        index=index,
    )


def layers_to_arrays(weights: tuple[Floats, ...], biases: tuple[Floats, ...]) -> Arrays:
    """Return the layers of a feed-forward network as arrays by name."""
    named: Arrays = {f"weight{k}": w for k, w in enumerate(weights)}
    return named | {f"bias{k}": b for k, b in enumerate(biases)}


def layers_from_arrays(
    arrays: Mapping[str, npt.NDArray[Any]], n_layers: int
) -> tuple[tuple[Floats, ...], tuple[Floats, ...]]:
    """Return the weights and biases that `layers_to_arrays` named."""
    layers = range(n_layers)
    return tuple(arrays[f"weight{k}"] for k in layers), tuple(arrays[f"bias{k}"] for k in layers)
