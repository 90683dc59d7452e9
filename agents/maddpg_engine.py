"""MADDPG, DDPG and their extensions as an engine: learners and the replay that they draw from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor

from nashlens.agents import checkpoint as saved
from nashlens.agents.config import Ensemble, MADDPGFamily
from nashlens.agents.engine import Decision, Generators, Situation, Transitions, Update, within_limit
from nashlens.agents.kept_learners import learner_layers, read_learner
from nashlens.agents.kept_stacks import Layers, stack_layers, tensors_over
from nashlens.agents.learner import Learner
from nashlens.agents.learner_snapshots import LearnerSnapshots
from nashlens.agents.maddpg import joint_decision, update_all
from nashlens.agents.networks import Stack
from nashlens.agents.records import TrainingRun
from nashlens.agents.replay import Replay
from nashlens.agents.replay_schedule import common_rollout, updates_due
from nashlens.agents.snapshots import Snapshots
from nashlens.agents.warm_start import begin_from, read_actor
from nashlens.games.core import Box, GameSpec
from nashlens.games.randomness import child


class MADDPGEngine:
    """The MADDPG family in one run; sides may have different settings of it.

    Parameters
    ----------
    spec : the game.
    algorithms : the setting of each side.
    seeds : S whole numbers.
    steps : environment steps that one seed will take, which bound the replay.
    device : where networks and replay live.

    Raises
    ------
    ValueError : the sides gather experience differently, or a setting does not fit the game.
    """

    loss_names: tuple[str, ...] = ("critic_loss", "actor_loss")

    def __init__(
        self,
        spec: GameSpec,
        algorithms: Mapping[str, MADDPGFamily],
        *,
        seeds: Sequence[int],
        steps: int,
        device: torch.device,
    ) -> None:
        self._rollout = common_rollout(algorithms)
        self.n_envs = self._rollout.n_envs
        self.learners = _learners(spec, algorithms, seeds, device)
        if any(a.inference for a in algorithms.values()) and any(a.ensemble.size > 1 for a in algorithms.values()):
            raise ValueError("algorithm: inference on one side and ensembles on another exclude each other")
        self._homes = {i: n for n, learner in enumerate(self.learners) for i in learner.agents}
        ensembles = [algorithms[side].ensemble for side in spec.sides]
        self.ensembles: Sequence[Ensemble] | None = ensembles if any(e.size > 1 for e in ensembles) else None
        self._replay = Replay(
            spec,
            capacity=min(self._rollout.replay_capacity, -(-steps // self.n_envs) * self.n_envs),
            n_seeds=len(seeds),
            sub_policies=[e.size for e in self.ensembles] if self.ensembles else None,
            next_actions=any(a.inference is not None and a.inference.source == "replay" for a in algorithms.values()),
            device=device,
        )

    @property
    def stacks(self) -> list[Stack]:
        """All stacks of all learners."""
        return [stack for learner in self.learners for stack in learner.stacks.values()]

    def decide(self, situation: Situation, *, generators: Generators) -> Decision:
        """Let the online actors draw."""
        actions, densities = joint_decision(
            self.learners,
            situation.observations,
            situation.masks,
            situation.assignment,
            generators=generators,
        )
        return Decision(actions=actions, log_densities=densities)

    def take_in(self, transitions: Transitions) -> None:
        """Store the transitions."""
        self._replay.insert_transitions(transitions)

    def updates_due(self, before: int, now: int) -> int:
        """Return how many updates are due."""
        return updates_due(self._rollout, before, now)

    def update(self, alive: Tensor, *, n_updates: int, generators: Generators) -> Update:
        """Make one update of every agent."""
        losses = update_all(self.learners, self._replay, alive, n_updates=n_updates, generators=generators)
        return Update(
            curves={"critic_loss": losses.critic, "actor_loss": losses.actor, **losses.divergences},
            sound=within_limit(losses.computed()),
        )

    def layers(self, *, n_steps: int, n_updates: int) -> Layers:
        """Return the online actors' parameters."""
        return stack_layers({str(n): learner.actor for n, learner in enumerate(self.learners)})

    def actors(self, agent: int, seed: int, kept: Sequence[Layers]) -> tuple[Snapshots, ...]:
        """Return the snapshots of an agent's sub-policies."""
        number = self._homes[agent]
        learner = self.learners[number]
        tensors_T = tensors_over(kept, str(number), seed, stack=learner.actor)
        heat, soft = learner.settings.temperature, learner.soft
        return tuple(
            read_actor(learner, agent, tensors_T, sub=sub, temperature=heat, soft=soft) for sub in range(learner.n_subs)
        )

    def learner_layers(self) -> Layers:
        """Return critics, targets and models of the others."""
        return learner_layers(self.learners)

    def learner_snapshots(self, agent: int, seed: int, kept: Sequence[Layers]) -> tuple[LearnerSnapshots, ...]:
        """Return the snapshots of critics, targets and models of an agent's sub-policies."""
        number = self._homes[agent]
        learner = self.learners[number]
        return tuple(read_learner(learner, number, agent, seed, kept, sub=sub) for sub in range(learner.n_subs))

    def begin_from(self, seed: int, run: TrainingRun) -> None:
        """Set the actors of one seed, targets included; critics stay new."""
        begin_from(self.learners, seed, run)

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return replay, parameters and optimisers."""
        arrays = saved.prefixed("replay", self._replay.state())
        for k, learner in enumerate(self.learners):
            arrays |= saved.prefixed(f"learner{k}", learner.state())
        return arrays

    def load(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go back to what `state` returned."""
        self._replay.load(saved.tensors(saved.part(arrays, "replay")))
        for k, learner in enumerate(self.learners):
            learner.load(saved.tensors(saved.part(arrays, f"learner{k}")))


def _learners(
    spec: GameSpec, algorithms: Mapping[str, MADDPGFamily], seeds: Sequence[int], device: torch.device
) -> list[Learner]:
    """Return the fewest learners: agents of equal settings and one kind of action space share a stack."""
    groups: dict[tuple[MADDPGFamily, bool], list[int]] = {}
    for i, (side, space) in enumerate(zip(spec.sides, spec.action_spaces, strict=True)):
        groups.setdefault((algorithms[side], isinstance(space, Box)), []).append(i)
    return [
        Learner(
            spec,
            agents,
            settings,
            device=device,
            rngs=[child(seed, "initial parameters", *agents) for seed in seeds],
        )
        for (settings, _), agents in groups.items()
    ]
