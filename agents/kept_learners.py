"""What a training keeps of its learners beside their actors, where it is asked to: critics, targets and models.

The names of the kept arrays begin with `PREFIX`, so that they stand beside the actors' in one snapshot.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt

from nashlens.agents.distributions import Head
from nashlens.agents.kept_stacks import Layers, stack_layers, tensors_over
from nashlens.agents.layout import Layout
from nashlens.agents.learner_snapshots import CriticSnapshots, LearnerSnapshots
from nashlens.agents.networks import Stack
from nashlens.agents.opponents import Opponents
from nashlens.agents.snapshots import ActorSnapshots, Floats
from nashlens.agents.warm_start import output_columns, read_actor
from nashlens.games.core import GameSpec

PREFIX = "beside."


@runtime_checkable
class KeepsLearners(Protocol):
    """An engine whose learners hold critics that can be kept."""

    def learner_layers(self) -> Layers:
        """Return copies of what the learners hold beside their actors now, by name ``[S, …]``."""
        ...

    def learner_snapshots(self, agent: int, seed: int, kept: Sequence[Layers]) -> tuple[LearnerSnapshots, ...]:
        """Return the snapshots of an agent's learner, one for each sub-policy.

        Parameters
        ----------
        agent : which agent.
        seed : position of the seed.
        kept : T snapshots that hold the results of `learner_layers`.
        """
        ...


class ActorAndCritic(Protocol):
    """What is read of a learner.

    Attributes
    ----------
    spec, agents, settings, soft, head, observations, actions, actor : as in `Learner`.
    """

    spec: GameSpec
    agents: tuple[int, ...]
    settings: Any
    soft: bool
    head: Head
    observations: Layout
    actions: Layout
    actor: Stack

    @property
    def stacks(self) -> dict[str, Stack]:
        """All stacks by name; those of critics begin with ``critic`` and ``target_critic``."""
        ...


def learner_layers(learners: Sequence[ActorAndCritic]) -> dict[str, npt.NDArray[np.float32]]:
    """Return copies of every stack of some learners but the actors and what never changes, by name ``[S, …]``."""
    return stack_layers(
        {
            f"{PREFIX}{n}.{name}": stack
            for n, learner in enumerate(learners)
            for name, stack in learner.stacks.items()
            if name not in {"actor", "initial_opponents"}
        }
    )


def read_learner(
    learner: ActorAndCritic, number: int, agent: int, seed: int, kept: Sequence[Layers], *, sub: int = 0
) -> LearnerSnapshots:
    """Return T snapshots of the learner of an agent's sub-policy, with all padding cut off.

    Parameters
    ----------
    learner, number : which learner, and its place in `learner_layers`.
    agent, sub : whose networks.
    seed : position of the seed.
    kept : T snapshots that hold the results of `learner_layers`.
    """
    member = learner.agents.index(agent) + sub * len(learner.agents)
    stacks = learner.stacks

    def tensors(name: str) -> list[list[npt.NDArray[np.float32]]]:
        return tensors_over(kept, f"{PREFIX}{number}.{name}", seed, stack=stacks[name])

    def critics(start: str) -> tuple[CriticSnapshots, ...]:
        names = [name for name in stacks if name.startswith(start)]
        return tuple(_critic(learner, stacks[name], agent, member, tensors(name)) for name in names)

    opponents: Opponents | None = getattr(learner, "opponents", None)
    return LearnerSnapshots(
        central=learner.settings.critic == "central",
        critics=critics("critic"),
        target_critics=critics("target_critic"),
        target_actor=read_actor(
            learner,
            agent,
            tensors("target_actor"),
            sub=sub,
            temperature=learner.settings.temperature,
            soft=learner.soft,
        ),
        models={} if opponents is None else _models(learner, opponents, agent, tensors("opponents")),
        target_models={} if opponents is None else _models(learner, opponents, agent, tensors("target_opponents")),
    )


def _critic(
    learner: ActorAndCritic,
    stack: Stack,
    agent: int,
    member: int,
    tensors_T: Sequence[Sequence[npt.NDArray[np.float32]]],
) -> CriticSnapshots:
    slot, index = stack.slots.of_agent[member], tuple(stack.slots.index[member].tolist())
    weights, biases = _layers(slot, tensors_T)
    if learner.settings.critic != "central":
        observed, acted = learner.observations, learner.actions
        n_read = observed.padded + acted.padded
        rows = [
            *range(observed.widths[agent]),
            *range(observed.padded, observed.padded + acted.widths[agent]),
            *range(n_read, n_read + len(index)),
        ]
        weights[0] = weights[0][:, rows]
    return CriticSnapshots(weights=tuple(weights), biases=tuple(biases), index=index)


def _models(
    learner: ActorAndCritic,
    opponents: Opponents,
    agent: int,
    tensors_T: Sequence[Sequence[npt.NDArray[np.float32]]],
) -> dict[int, ActorSnapshots]:
    found = {}
    for p, (i, j) in enumerate(opponents.pairs):
        if i != agent:
            continue
        n_inputs, columns = learner.observations.widths[j], output_columns(opponents.head, learner.actions.widths[j])
        weights, biases = _layers(opponents.model.slots.of_agent[p], tensors_T)
        weights[0] = weights[0][:, :n_inputs]
        weights[-1], biases[-1] = weights[-1][:, :, columns], biases[-1][:, columns]
        found[j] = ActorSnapshots(
            weights=tuple(weights),
            biases=tuple(biases),
            temperature=learner.settings.temperature,
            soft=learner.soft,
        )
    return found


def _layers(slot: int, tensors_T: Sequence[Sequence[npt.NDArray[np.float32]]]) -> tuple[list[Floats], list[Floats]]:
    parts = [np.stack([tensors[p][slot] for tensors in tensors_T]) for p in range(len(tensors_T[0]))]
    return parts[0::2], [bias[:, 0] for bias in parts[1::2]]
