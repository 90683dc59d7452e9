"""Snapshots of what a learner holds beside its actor: critics, targets and models of the others; read without torch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy.typing as npt

from nashlens.agents.critic import Critic
from nashlens.agents.snapshot_kinds import from_plain, to_plain
from nashlens.agents.snapshots import (
    ActorSnapshots,
    Arrays,
    Floats,
    Snapshots,
    layers_from_arrays,
    layers_to_arrays,
    network_of,
)
from nashlens.games.core import GameSpec
from nashlens.games.network_policy import Network

MODELS = ("models", "target_models")
CRITICS = ("critics", "target_critics")


@dataclass(frozen=True, slots=True, kw_only=True)
class CriticSnapshots:
    """T snapshots of one critic's network.

    Attributes
    ----------
    weights : one ``[T, in, out]`` a layer; the input is what the critic reads of the joint observation, then of the
        joint action, then `index`.
    biases : one ``[T, out]`` a layer.
    index : what is appended to the inputs of a shared critic; often empty.
    """

    weights: tuple[Floats, ...]
    biases: tuple[Floats, ...]
    index: tuple[float, ...] = ()

    def network(self, snapshot: int) -> Network:
        """Return one snapshot, in float64."""
        return network_of(self.weights, self.biases, self.index, snapshot)


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnerSnapshots:
    """T snapshots of what the learner of one agent's sub-policy held beside its actor.

    Attributes
    ----------
    central : whether the critics read all observations and actions, or the agent's own only.
    critics : the critics that were trained; one, or MATD3's two.
    target_critics : the slow copies that stand in their targets.
    target_actor : the slow copy of the actor.
    models : under inference, by agent, the models of the others; empty otherwise.
    target_models : the slow copies of the models.
    """

    central: bool
    critics: tuple[CriticSnapshots, ...]
    target_critics: tuple[CriticSnapshots, ...]
    target_actor: Snapshots
    models: Mapping[int, ActorSnapshots] = field(default_factory=dict)
    target_models: Mapping[int, ActorSnapshots] = field(default_factory=dict)

    def critic(self, spec: GameSpec, agent: int, snapshot: int, *, target: bool) -> Critic:
        """Return one snapshot of the critic: the first one online, which the actor climbs, or the least of the targets.

        Parameters
        ----------
        spec : the game.
        agent : whose learner this is.
        snapshot : which.
        target : whether to return the slow copy.
        """
        chosen = self.target_critics if target else self.critics[:1]
        networks = tuple(each.network(snapshot) for each in chosen)
        return Critic(networks, spec=spec, agent=agent, central=self.central)


def pack_learners(learners: Sequence[Sequence[LearnerSnapshots]]) -> tuple[list[list[dict[str, Any]]], Arrays]:
    """Return the settings and arrays of every agent's sub-policies' learners."""
    settings: list[list[dict[str, Any]]] = []
    arrays: Arrays = {}
    for i, subs in enumerate(learners):
        settings.append([])
        for sub, learner in enumerate(subs):
            about, parts = _taken_apart(learner)
            settings[-1].append(about)
            arrays |= {f"learner{i}.{sub}.{name}": array for name, array in parts.items()}
    return settings, arrays


def unpack_learners(
    arrays: Mapping[str, npt.NDArray[Any]], settings: Sequence[Sequence[Mapping[str, Any]]]
) -> tuple[tuple[LearnerSnapshots, ...], ...]:
    """Return the learners that `pack_learners` took apart.

    Raises
    ------
    KeyError : an array or a setting is missing.
    """
    return tuple(
        tuple(_put_together(_part(arrays, f"learner{i}.{sub}."), about) for sub, about in enumerate(subs))
        for i, subs in enumerate(settings)
    )


def _taken_apart(learner: LearnerSnapshots) -> tuple[dict[str, Any], Arrays]:
    about: dict[str, Any] = {"central": learner.central}
    actor, about["target_actor"] = to_plain(learner.target_actor)
    parts: Arrays = {f"target_actor.{name}": array for name, array in actor.items()}
    for kind in CRITICS:
        about[kind] = []
        for k, critic in enumerate(getattr(learner, kind)):
            about[kind].append({"n_layers": len(critic.weights), "index": list(critic.index)})
            layers = layers_to_arrays(critic.weights, critic.biases)
            parts |= {f"{kind}.{k}.{name}": array for name, array in layers.items()}
    for kind in MODELS:
        about[kind] = {}
        for other, model in getattr(learner, kind).items():
            layers, about[kind][str(other)] = to_plain(model)
            parts |= {f"{kind}.{other}.{name}": array for name, array in layers.items()}
    return about, parts


def _put_together(arrays: Mapping[str, npt.NDArray[Any]], about: Mapping[str, Any]) -> LearnerSnapshots:
    def critics(kind: str) -> tuple[CriticSnapshots, ...]:
        return tuple(_critic(_part(arrays, f"{kind}.{k}."), each) for k, each in enumerate(about[kind]))

    def models(kind: str) -> dict[int, ActorSnapshots]:
        return {int(j): ActorSnapshots.of(_part(arrays, f"{kind}.{j}."), each) for j, each in about[kind].items()}

    return LearnerSnapshots(
        central=about["central"],
        critics=critics("critics"),
        target_critics=critics("target_critics"),
        target_actor=from_plain(_part(arrays, "target_actor."), about["target_actor"]),
        models=models("models"),
        target_models=models("target_models"),
    )


def _critic(arrays: Mapping[str, npt.NDArray[Any]], about: Mapping[str, Any]) -> CriticSnapshots:
    weights, biases = layers_from_arrays(arrays, about["n_layers"])
    return CriticSnapshots(weights=weights, biases=biases, index=tuple(about["index"]))


def _part(arrays: Mapping[str, npt.NDArray[Any]], prefix: str) -> dict[str, npt.NDArray[Any]]:
    return {key.removeprefix(prefix): array for key, array in arrays.items() if key.startswith(prefix)}
