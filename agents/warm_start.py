"""Where an agent's actor stands in a learner's padded stack: reading snapshots out, and putting a former actor in."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch

from nashlens.agents.distributions import Head
from nashlens.agents.layout import Layout
from nashlens.agents.learner import Learner
from nashlens.agents.networks import Stack
from nashlens.agents.records import TrainingRun
from nashlens.agents.recurrent_snapshots import RecurrentSnapshots
from nashlens.agents.snapshots import ActorSnapshots, Floats
from nashlens.games.core import GameSpec


class Acting(Protocol):
    """A learner whose actors stand in one padded stack.

    Attributes
    ----------
    spec : the game.
    agents : which of its agents.
    actor : their stack.
    head : what its outputs mean.
    observations, actions : where each agent's part stands in joint vectors.
    """

    spec: GameSpec
    agents: tuple[int, ...]
    actor: Stack
    head: Head
    observations: Layout
    actions: Layout


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The entries of one agent's sub-policy in the actor stack of its learner.

    Attributes
    ----------
    slot : which slot.
    inputs, outputs : rows of the first and columns of the last layer that are not padding.
    index : what is appended to the agent's observation.
    """

    slot: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    index: tuple[float, ...]


def place_of(learner: Acting, agent: int, sub: int = 0) -> Place:
    """Return where the actor of an agent's sub-policy stands."""
    member = learner.agents.index(agent) + sub * len(learner.agents)
    slots, head, padded = learner.actor.slots, learner.head, learner.observations.padded
    index = tuple(slots.index[member].tolist())
    return Place(
        slot=slots.of_agent[member],
        inputs=(*range(learner.observations.widths[agent]), *range(padded, padded + len(index))),
        outputs=tuple(output_columns(head, learner.actions.widths[agent])),
        index=index,
    )


def output_columns(head: Head, width: int) -> list[int]:
    """Return which of a head's outputs are not padding, for an agent whose action has `width` numbers."""
    return [block * head.padded + column for block in range(head.n_outputs // head.padded) for column in range(width)]


def read_actor(
    learner: Acting,
    agent: int,
    tensors_T: Sequence[Sequence[npt.NDArray[np.float32]]],
    *,
    sub: int = 0,
    **relaxed: Any,
) -> ActorSnapshots | RecurrentSnapshots:
    """Return T snapshots of an agent's sub-policy with the padding cut off.

    Parameters
    ----------
    learner : whose stack was kept.
    agent, sub : which actor.
    tensors_T : for each of the T moments one seed's actor tensors ``[L, …]``, in the order of `Stack.tensors`.
    relaxed : the `temperature` of an actor that is relaxed, and whether it acts `soft`; see `ActorSnapshots`.
    """
    place = place_of(learner, agent, sub)
    weights, biases = read_layers(place, tensors_T)
    kind = RecurrentSnapshots if learner.actor.recurrent else ActorSnapshots
    return kind(weights=weights, biases=biases, index=place.index, **relaxed)


def read_layers(
    place: Place, tensors_T: Sequence[Sequence[npt.NDArray[np.float32]]]
) -> tuple[tuple[Floats, ...], tuple[Floats, ...]]:
    """Return T snapshots of the weights and the biases at a place, with the padding cut off."""
    parts = [np.stack([tensors[p][place.slot] for tensors in tensors_T]) for p in range(len(tensors_T[0]))]
    weights, biases = parts[0::2], [b[:, 0] for b in parts[1::2]]
    weights[0] = weights[0][:, list(place.inputs)]
    weights[-1] = weights[-1][:, :, list(place.outputs)]
    biases[-1] = biases[-1][:, list(place.outputs)]
    return tuple(weights), tuple(biases)


@torch.no_grad()
def begin_from(learners: Sequence[Learner], seed: int, run: TrainingRun) -> None:
    """Set the actors of one seed, targets included, to the last ones of a former run; critics stay new.

    Parameters
    ----------
    learners : whose actors are set.
    seed : position of the seed in the stacks.
    run : a run of a game with agents of the same names, observations and actions.

    Raises
    ------
    ValueError : an agent is not in the run, or its networks have other shapes.
    """
    for learner in learners:
        for agent in learner.agents:
            for sub in range(learner.n_subs):
                begin_actor(learner, agent, seed, run, sub=sub, stacks=[learner.actor, learner.target_actor])


@torch.no_grad()
def begin_actor(
    learner: Acting, agent: int, seed: int, run: TrainingRun, *, sub: int = 0, stacks: Sequence[Stack]
) -> None:
    """Set one agent's actor in some stacks to the last one of a former run.

    Parameters
    ----------
    learner : whose agent it is.
    agent, sub : which actor.
    seed : position of the seed in the stacks.
    run : a run of a game with agents of the same names, observations and actions.
    stacks : the stacks of the learner's actors, targets included.

    Raises
    ------
    ValueError : the agent is not in the run, or its networks have other shapes.
    """
    name = learner.spec.agents[agent]
    if name not in run.spec.agents:
        raise ValueError(f"warm_start: the run has no agent {name!r}; it has {list(run.spec.agents)}")
    former = run.actors[run.spec.agents.index(name)]
    if not isinstance(former, ActorSnapshots | RecurrentSnapshots):
        raise ValueError(f"warm_start: the policy of {name} must be an actor's network, not {former.kind!r}")
    for stack in stacks:
        _write(stack, place_of(learner, agent, sub), seed, former, name=name)


def _write(stack: Stack, place: Place, seed: int, former: ActorSnapshots | RecurrentSnapshots, *, name: str) -> None:
    last = len(stack.weights) - 1
    wanted: Mapping[str, Any] = {"layers": last + 1, "index": place.index, "recurrent": stack.recurrent}
    found = {
        "layers": len(former.weights),
        "index": former.index,
        "recurrent": isinstance(former, RecurrentSnapshots),
    }
    if wanted != found:
        raise ValueError(f"warm_start: the networks of {name} must have {wanted}, not {found}")
    for k, (weight, bias) in enumerate(zip(stack.weights, stack.biases, strict=True)):
        rows = list(place.inputs) if k == 0 else list(range(weight.shape[2]))
        columns = list(place.outputs) if k == last else list(range(weight.shape[3]))
        new_weight, new_bias = former.weights[k][-1], former.biases[k][-1]
        if new_weight.shape != (len(rows), len(columns)):
            raise ValueError(
                f"warm_start: layer {k} of {name} must have shape {(len(rows), len(columns))}, not {new_weight.shape}"
            )
        weight[seed, place.slot, torch.tensor(rows)[:, None], torch.tensor(columns)] = torch.tensor(new_weight)
        bias[seed, place.slot, 0, torch.tensor(columns)] = torch.tensor(new_bias)
