"""What the training loop asks of an algorithm, and the records that pass between the two.

The loop knows environments, rounds, snapshots and checkpoints; an `Engine` knows networks, losses and stored
experience. A round is: the engine decides a joint action at each situation, the game moves, the engine takes the
transitions in and makes the updates that are due.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy.typing as npt
import torch
from torch import Tensor

from nashlens.agents.config import Ensemble
from nashlens.agents.kept_stacks import Layers
from nashlens.agents.networks import Stack
from nashlens.agents.records import TrainingRun
from nashlens.agents.snapshots import Snapshots

LOSS_LIMIT = 1e12
Generators = Sequence[torch.Generator]


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """Where E environments of each of S seeds stand before a decision.

    Attributes
    ----------
    observations : joint vectors ``[S, E, ΣO]``.
    masks : ``[S, E, ΣA]``, True where an action is legal; None unless the game masks.
    assignment : ``[S, E, N]``; which sub-policy plays for each agent; None without ensembles.
    n_steps : environment steps of one seed so far.
    n_updates : updates made so far.
    """

    observations: Tensor
    masks: Tensor | None
    assignment: Tensor | None
    n_steps: int
    n_updates: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What all agents do.

    Attributes
    ----------
    actions : joint vectors ``[S, E, ΣA]``, as the game executes them.
    log_densities : ``[S, E, N]``; of each agent's action under the policy that chose it.
    """

    actions: Tensor
    log_densities: Tensor


@dataclass(frozen=True, slots=True, kw_only=True)
class Transitions:
    """What one joint decision led to, in E environments of each of S seeds.

    Attributes
    ----------
    situation, decision : where, and what was done.
    rewards : ``[S, E, N]``.
    next_observations : successors before any restart, ``[S, E, ΣO]``.
    terminated : ``[S, E, 1]``; 1 where the game was over, the time limit apart.
    ended : ``[S, E]``; True where the episode ended, for either reason: the next situation begins a new one.
    next_masks : as `Situation.masks`, at the successors.
    """

    situation: Situation
    decision: Decision
    rewards: Tensor
    next_observations: Tensor
    terminated: Tensor
    ended: Tensor
    next_masks: Tensor | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Update:
    """What one update reports.

    Attributes
    ----------
    curves : by name, ``[S, …]``, of the same names and shapes in every update of a run; NaN where nothing was
        computed. They stay on the learners' device: whoever keeps them fetches them.
    sound : ``[S]``; False where a loss is not finite or passes `LOSS_LIMIT`: that seed will be stopped.
    """

    curves: Mapping[str, Tensor]
    sound: Tensor


class Engine(Protocol):
    """One run's algorithm, for all agents of a game and S seeds.

    What a seed decides and learns must not depend on the other seeds, bit for bit.

    Attributes
    ----------
    n_envs : environments in parallel that it wants for each seed.
    ensembles : the sub-policies of each agent, one of which plays an episode; None where no agent has several.
    loss_names : the curves that every update reports, for runs that end before the first.
    """

    n_envs: int
    ensembles: Sequence[Ensemble] | None
    loss_names: tuple[str, ...]

    @property
    def stacks(self) -> Sequence[Stack]:
        """All parameters, targets included, in the order in which they are hashed."""
        ...

    def decide(self, situation: Situation, *, generators: Generators) -> Decision:
        """Choose a joint action in every environment; called once a round, without gradients.

        Parameters
        ----------
        situation : where the environments stand.
        generators : one a seed, for exploration.
        """
        ...

    def take_in(self, transitions: Transitions) -> None:
        """Take in what the last decision led to."""
        ...

    def updates_due(self, before: int, now: int) -> int:
        """Return how many updates are due after the environment steps `before` of a round became `now`."""
        ...

    def update(self, alive: Tensor, *, n_updates: int, generators: Generators) -> Update:
        """Make one update.

        Parameters
        ----------
        alive : ``[S]``; seeds that still learn; the parameters of the others stay as they are.
        n_updates : updates made before this one.
        generators : one a seed, for minibatches and noise.
        """
        ...

    def layers(self, *, n_steps: int, n_updates: int) -> Layers:
        """Return copies of all that the acting policies consist of now, by name ``[S, …]``, for one snapshot."""
        ...

    def actors(self, agent: int, seed: int, kept: Sequence[Layers]) -> tuple[Snapshots, ...]:
        """Return the snapshots of an agent's sub-policies, one without ensembles.

        Parameters
        ----------
        agent : which agent.
        seed : position of the seed.
        kept : T results of `layers`.
        """
        ...

    def begin_from(self, seed: int, run: TrainingRun) -> None:
        """Set the policies of one seed to the last ones of a former run.

        Parameters
        ----------
        seed : position of the seed.
        run : a run whose agents have the same names, observations and actions.

        Raises
        ------
        ValueError : the run does not fit.
        """
        ...

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return all that `load` needs, generators excepted, for a checkpoint."""
        ...

    def load(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go back to what `state` returned; the mapping may hold more."""
        ...


def within_limit(losses: Tensor) -> Tensor:
    """Return ``[S]``: whether all losses ``[S, n]`` of a seed are finite and within `LOSS_LIMIT`."""
    return (losses.abs() < LOSS_LIMIT).all(dim=1)
