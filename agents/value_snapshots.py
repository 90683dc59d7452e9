"""Snapshots of value networks: what a learner of action values leaves behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from nashlens.agents.snapshots import Arrays, Floats, layers_from_arrays, layers_to_arrays, network_of
from nashlens.games import Policy
from nashlens.games.core import Choice, GameSpec
from nashlens.games.value_policy import CentralPolicy, EpsilonGreedyPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueSnapshots:
    """T snapshots of a network with one value for each alternative, acted on by ε-greedy.

    Attributes
    ----------
    weights : one ``[T, in, out]`` a layer.
    biases : one ``[T, out]`` a layer.
    epsilons : ``[T]``; ε when the snapshot was taken.
    fingerprints : ``[T, 2]``; what the network read beside the observation then; ``[T, 0]`` without fingerprints.
    index : what is appended behind that (the agent's one-hot index under indexed sharing); often empty.
    """

    kind: ClassVar[str] = "values"
    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]
    epsilons: Floats
    fingerprints: Floats
    index: tuple[float, ...] = ()

    def policy(self, spec: GameSpec, agent: int, snapshot: int) -> Policy:
        """Return one snapshot as a plain policy of agent `agent`, in float64."""
        space = spec.action_spaces[agent]
        assert isinstance(space, Choice)
        return self.over(space, spec.observation_sizes[agent], snapshot)

    def over(self, space: Choice, observation_size: int, snapshot: int) -> EpsilonGreedyPolicy:
        """Return one snapshot as a policy over a space."""
        appended = (*self.fingerprints[snapshot].astype(np.float64).tolist(), *self.index)
        return EpsilonGreedyPolicy(
            network_of(self.weights, self.biases, appended, snapshot),
            action_space=space,
            observation_size=observation_size,
            epsilon=float(self.epsilons[snapshot]),
        )

    def to_arrays(self) -> Arrays:
        """Return the layers, the exploration and the fingerprints."""
        layers = layers_to_arrays(self.weights, self.biases)
        return {**layers, "epsilons": self.epsilons, "fingerprints": self.fingerprints}

    def to_settings(self) -> dict[str, Any]:
        """Return the rest, as plain values."""
        return {"n_layers": len(self.weights), "index": list(self.index)}

    @classmethod
    def of(cls, arrays: Mapping[str, npt.NDArray[Any]], settings: Mapping[str, Any]) -> ValueSnapshots:
        """Return the snapshots that `to_arrays` and `to_settings` took apart."""
        weights, biases = layers_from_arrays(arrays, settings["n_layers"])
        return cls(
            weights=weights,
            biases=biases,
            epsilons=arrays["epsilons"],
            fingerprints=arrays["fingerprints"],
            index=tuple(settings["index"]),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class CentralSnapshots:
    """T snapshots of one network that decides for all agents; each agent's policy is its part of the joint action.

    Attributes
    ----------
    joint : of the network; all agents of a run hold the same arrays, which are kept once.
    """

    kind: ClassVar[str] = "central_values"
    joint: ValueSnapshots

    def policy(self, spec: GameSpec, agent: int, snapshot: int) -> Policy:
        """Return one snapshot as agent `agent`'s part; it reads the observations of all agents."""
        own = spec.action_spaces[agent]
        assert isinstance(own, Choice)
        factors = [n for space in spec.action_spaces if isinstance(space, Choice) for n in space.factors]
        joint = self.joint.over(Choice(tuple(factors)), sum(spec.observation_sizes), snapshot)
        return CentralPolicy(joint, action_space=own, start=sum(spec.action_widths[:agent]))

    def to_arrays(self) -> Arrays:
        """Return the joint network's arrays."""
        return self.joint.to_arrays()

    def to_settings(self) -> dict[str, Any]:
        """Return the rest, as plain values."""
        return self.joint.to_settings()

    @classmethod
    def of(cls, arrays: Mapping[str, npt.NDArray[Any]], settings: Mapping[str, Any]) -> CentralSnapshots:
        """Return the snapshots that `to_arrays` and `to_settings` took apart."""
        return cls(joint=ValueSnapshots.of(arrays, settings))
