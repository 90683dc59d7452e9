"""MADDPG and DDPG with recurrent actors as an engine: learners, their memories in play, the windows they learn from.

Where one side has a memory, all sides learn from windows, those without one too.
"""

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
from nashlens.agents.layout import Layout
from nashlens.agents.learner_snapshots import LearnerSnapshots
from nashlens.agents.networks import Stack
from nashlens.agents.records import TrainingRun
from nashlens.agents.recurrent_family import check_first_update, common_windows, recurrent_learners
from nashlens.agents.recurrent_maddpg import update_all
from nashlens.agents.replay_schedule import common_rollout, updates_due
from nashlens.agents.sequence_replay import SequenceReplay
from nashlens.agents.snapshots import Snapshots
from nashlens.agents.unrolling import stepped
from nashlens.agents.warm_start import begin_actor, read_actor
from nashlens.games.core import GameSpec


class RecurrentMADDPGEngine:
    """The MADDPG family in one run, where at least one side's actors have a memory.

    Parameters
    ----------
    spec : the game.
    algorithms : the setting of each side.
    seeds : S whole numbers.
    steps : environment steps that one seed will take, which bound the replay.
    device : where networks and replay live.

    Raises
    ------
    ValueError : the sides gather experience or cut windows differently, one has what recurrent runs have not, an update
        is due before a window is full, the replay holds none, or a setting does not fit the game.
    """

    loss_names: tuple[str, ...] = ("critic_loss", "actor_loss")
    ensembles: Sequence[Ensemble] | None = None

    def __init__(
        self,
        spec: GameSpec,
        algorithms: Mapping[str, MADDPGFamily],
        *,
        seeds: Sequence[int],
        steps: int,
        device: torch.device,
    ) -> None:
        self._rollout, windows = common_rollout(algorithms), common_windows(algorithms)
        self.n_envs = self._rollout.n_envs
        check_first_update(self._rollout, windows)
        memories = Layout([algorithms[side].memory or 0 for side in spec.sides])
        self.learners = recurrent_learners(spec, algorithms, seeds, windows=windows, memories=memories, device=device)
        self._homes = {i: (n, k) for n, learner in enumerate(self.learners) for k, i in enumerate(learner.agents)}
        self._replay = SequenceReplay(
            spec,
            windows,
            capacity=self._rollout.replay_capacity,
            n_rounds=-(-steps // self.n_envs),
            n_envs=self.n_envs,
            n_seeds=len(seeds),
            memory_size=memories.total,
            device=device,
        )
        self._memories = [
            torch.zeros(len(seeds), len(learner.agents), self.n_envs, learner.memory_size, device=device)
            for learner in self.learners
        ]
        self._following = self._memories
        self._began = torch.ones(len(seeds), self.n_envs, 1, device=device)

    @property
    def stacks(self) -> list[Stack]:
        """All stacks of all learners."""
        return [stack for learner in self.learners for stack in learner.stacks.values()]

    def decide(self, situation: Situation, *, generators: Generators) -> Decision:
        """Let the online actors draw, after their memories took in what they see."""
        executed: dict[int, Tensor] = {}
        densities: dict[int, Tensor] = {}
        following = []
        for learner, memory in zip(self.learners, self._memories, strict=True):
            inputs = learner.observations.spread(situation.observations, learner.agents)
            outputs, after = stepped(learner.actor, inputs, memory)
            following.append(after)
            masks, head = learner.masks(situation.masks), learner.head
            noise = head.noise(generators, (len(learner.agents), inputs.shape[2], head.padded))
            drawn = head.draw(outputs, noise, masks)
            logs, done = head.log_density(outputs, drawn, masks), head.executed(drawn)
            for k, i in enumerate(learner.agents):
                executed[i], densities[i] = done[:, k, :, : learner.actions.widths[i]], logs[:, k]
        self._following = following
        order = sorted(executed)
        return Decision(
            actions=torch.cat([executed[i] for i in order], dim=-1),
            log_densities=torch.stack([densities[i] for i in order], dim=-1),
        )

    def take_in(self, transitions: Transitions) -> None:
        """Store the round with the memories before it; forget what was remembered of episodes that ended."""
        situation = transitions.situation
        masks = [m.float() for m in (situation.masks, transitions.next_masks) if m is not None]
        columns = [
            situation.observations,
            transitions.decision.actions,
            transitions.rewards,
            transitions.next_observations,
            transitions.terminated,
            self._began,
        ]
        each = [self._memories[n][:, k] for n, k in (self._homes[i] for i in range(len(self._homes)))]
        self._replay.insert([*columns, *masks], memories=torch.cat(each, dim=-1))
        self._began = transitions.ended[..., None].float()
        self._memories = [memory * (1 - self._began[:, None]) for memory in self._following]

    def updates_due(self, before: int, now: int) -> int:
        """Return how many updates are due."""
        return updates_due(self._rollout, before, now)

    def update(self, alive: Tensor, *, n_updates: int, generators: Generators) -> Update:
        """Make one update of every agent."""
        losses = update_all(self.learners, self._replay, alive, n_updates=n_updates, generators=generators)
        return Update(
            curves={"critic_loss": losses.critic, "actor_loss": losses.actor},
            sound=within_limit(losses.computed()),
        )

    def layers(self, *, n_steps: int, n_updates: int) -> Layers:
        """Return the online actors' parameters."""
        return stack_layers({str(n): learner.actor for n, learner in enumerate(self.learners)})

    def actors(self, agent: int, seed: int, kept: Sequence[Layers]) -> tuple[Snapshots, ...]:
        """Return the snapshots of an agent's policy."""
        number, _ = self._homes[agent]
        learner = self.learners[number]
        tensors_T = tensors_over(kept, str(number), seed, stack=learner.actor)
        return (read_actor(learner, agent, tensors_T, temperature=learner.settings.temperature, soft=learner.soft),)

    def learner_layers(self) -> Layers:
        """Return critics and targets."""
        return learner_layers(self.learners)

    def learner_snapshots(self, agent: int, seed: int, kept: Sequence[Layers]) -> tuple[LearnerSnapshots, ...]:
        """Return the snapshots of an agent's critic and targets."""
        number, _ = self._homes[agent]
        return (read_learner(self.learners[number], number, agent, seed, kept),)

    def begin_from(self, seed: int, run: TrainingRun) -> None:
        """Set the actors of one seed, targets included; critics stay new."""
        for learner in self.learners:
            for agent in learner.agents:
                begin_actor(learner, agent, seed, run, stacks=[learner.actor, learner.target_actor])

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return replay, memories, parameters and optimisers."""
        arrays = saved.prefixed("replay", self._replay.state())
        memories = {str(k): memory for k, memory in enumerate(self._memories)}
        arrays |= saved.prefixed("memory", {**memories, "began": self._began})
        for k, learner in enumerate(self.learners):
            arrays |= saved.prefixed(f"learner{k}", learner.state())
        return arrays

    def load(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go back to what `state` returned."""
        self._replay.load(saved.tensors(saved.part(arrays, "replay")))
        memories = saved.tensors(saved.part(arrays, "memory"))
        device = self._began.device
        self._memories = [memories[str(k)].to(device) for k in range(len(self.learners))]
        self._began = memories["began"].to(device)
        for k, learner in enumerate(self.learners):
            learner.load(saved.tensors(saved.part(arrays, f"learner{k}")))
