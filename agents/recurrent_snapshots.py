"""Snapshots of a recurrent actor over a training, as arrays that need no torch to read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from nashlens.agents.snapshots import Arrays, Floats, layers_from_arrays, layers_to_arrays
from nashlens.games import Policy
from nashlens.games.core import Box, GameSpec
from nashlens.games.recurrent_policy import RecurrentGaussianPolicy, RecurrentNetwork, RecurrentPolicy

N_LAYERS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class RecurrentSnapshots:
    """T snapshots of one agent's recurrent actor.

    Attributes
    ----------
    weights : ``[T, in, H]``, ``[T, H, 3 M]``, ``[T, M, 3 M]`` and ``[T, M, out]``, see `RecurrentNetwork`.
    biases : one ``[T, ·]`` for each of these.
    index : what is appended to the agent's observation (its one-hot index under indexed sharing); often empty.
    temperature : of the Gumbel-softmax that a soft actor acts by.
    soft : whether a sample is a Gumbel-softmax point of the simplex rather than one alternative.
    """

    kind: ClassVar[str] = "recurrent"
    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]
    index: tuple[float, ...] = ()
    temperature: float = 1.0
    soft: bool = False

    def policy(self, spec: GameSpec, agent: int, snapshot: int) -> Policy:
        """Return one snapshot as a plain policy of agent `agent`, in float64; the caller carries its memory."""
        network = RecurrentNetwork(
            weights=tuple(w[snapshot].astype(np.float64) for w in self.weights),
            biases=tuple(b[snapshot].astype(np.float64) for b in self.biases),
            index=self.index,
        )
        space, size = spec.action_spaces[agent], spec.observation_sizes[agent]
        if isinstance(space, Box):
            return RecurrentGaussianPolicy(network, action_space=space, observation_size=size)
        return RecurrentPolicy(
            network, action_space=space, observation_size=size, soft=self.soft, temperature=self.temperature
        )

    def to_arrays(self) -> Arrays:
        """Return weights and biases by layer."""
        return layers_to_arrays(self.weights, self.biases)

    def to_settings(self) -> dict[str, Any]:
        """Return the rest, as plain values; how soft points are drawn only where they are."""
        softness = {"temperature": self.temperature, "soft": True} if self.soft else {}
        return {"index": list(self.index), **softness}

    @classmethod
    def of(cls, arrays: Mapping[str, npt.NDArray[Any]], settings: Mapping[str, Any]) -> RecurrentSnapshots:
        """Return the snapshots that `to_arrays` and `to_settings` took apart."""
        weights, biases = layers_from_arrays(arrays, N_LAYERS)
        return cls(
            weights=weights,
            biases=biases,
            index=tuple(settings["index"]),
            temperature=settings.get("temperature", 1.0),
            soft=settings.get("soft", False),
        )
