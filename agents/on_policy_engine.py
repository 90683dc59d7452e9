"""On-policy algorithms as an engine: learners, the window of what their policies just did, the actors' memories."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy.typing as npt
import torch
from torch import Tensor

from nashlens.agents import checkpoint as saved
from nashlens.agents.config import Ensemble
from nashlens.agents.engine import Decision, Generators, Situation, Transitions, Update, within_limit
from nashlens.agents.kept_stacks import Layers, stack_layers, tensors_over
from nashlens.agents.networks import Stack
from nashlens.agents.policy_learner import PolicyLearner
from nashlens.agents.records import TrainingRun
from nashlens.agents.snapshots import Snapshots
from nashlens.agents.trajectories import Trajectories
from nashlens.agents.warm_start import begin_actor, read_actor
from nashlens.games.core import GameSpec


class OnPolicyEngine:
    """On-policy learners in one run.

    Parameters
    ----------
    spec : the game.
    learners : between them, every agent of the game once; their settings gather experience alike.
    n_seeds : S.
    device : where networks and experience live.
    """

    ensembles: Sequence[Ensemble] | None = None

    def __init__(
        self, spec: GameSpec, learners: Sequence[PolicyLearner], *, n_seeds: int, device: torch.device
    ) -> None:
        how = learners[0].settings.rollout
        self.n_envs = how.n_envs
        self.learners = tuple(learners)
        self.loss_names = tuple(dict.fromkeys(name for learner in learners for name in learner.loss_names))
        self._n_agents, self._n_seeds, self._device = spec.n_agents, n_seeds, device
        self._homes = {i: (n, k) for n, learner in enumerate(learners) for k, i in enumerate(learner.agents)}
        self._window = Trajectories(
            spec, n_rounds=how.horizons_per_update * spec.horizon, n_envs=how.n_envs, n_seeds=n_seeds, device=device
        )
        self._memories = [
            torch.zeros(n_seeds, len(learner.agents), how.n_envs, learner.memory_size, device=device)
            for learner in learners
        ]
        self._drawn: Tensor | None = None

    @property
    def stacks(self) -> list[Stack]:
        """All stacks of all learners."""
        return [stack for learner in self.learners for stack in learner.stacks.values()]

    def decide(self, situation: Situation, *, generators: Generators) -> Decision:
        """Let every agent draw from its present policy, and its memory take in what it sees."""
        drawn: dict[int, Tensor] = {}
        executed: dict[int, Tensor] = {}
        densities: dict[int, Tensor] = {}
        for number, learner in enumerate(self.learners):
            outputs, self._memories[number] = learner.outputs(situation.observations, self._memories[number])
            masks, head = learner.masks(situation.masks), learner.head
            noise = head.noise(generators, (len(learner.agents), situation.observations.shape[1], head.padded))
            draws = head.draw(outputs, noise, masks)
            logs, done = head.log_density(outputs, draws, masks), head.executed(draws)
            for k, i in enumerate(learner.agents):
                width = learner.actions.widths[i]
                drawn[i], executed[i], densities[i] = draws[:, k, :, :width], done[:, k, :, :width], logs[:, k]
        order = range(self._n_agents)
        self._drawn = torch.cat([drawn[i] for i in order], dim=-1)
        return Decision(
            actions=torch.cat([executed[i] for i in order], dim=-1),
            log_densities=torch.stack([densities[i] for i in order], dim=-1),
        )

    def take_in(self, transitions: Transitions) -> None:
        """Store the round; forget what was remembered of episodes that ended."""
        assert self._drawn is not None
        situation, ended = transitions.situation, transitions.ended[..., None].float()
        masks = [m.float() for m in (situation.masks, transitions.next_masks) if m is not None]
        self._window.insert(
            [
                situation.observations,
                self._drawn,
                transitions.decision.log_densities,
                transitions.rewards,
                transitions.next_observations,
            ],
            terminated=transitions.terminated,
            ended=ended,
            masks=masks,
        )
        self._memories = [memory * (1 - ended[:, None]) for memory in self._memories]

    def updates_due(self, before: int, now: int) -> int:
        """Return 1 when the window is full, else 0."""
        return int(self._window.is_full)

    def update(self, alive: Tensor, *, n_updates: int, generators: Generators) -> Update:
        """Make one update of every agent from the full window."""
        window = self._window.take()
        curves = {name: torch.full((self._n_seeds, self._n_agents), torch.nan) for name in self.loss_names}
        sound = torch.ones(self._n_seeds, dtype=torch.bool)
        for learner in self.learners:
            found = learner.update(window, alive, n_updates=n_updates, generators=generators)
            for name, values in found.items():
                curves[name][:, list(learner.agents)] = values.cpu()
                sound &= within_limit(values.cpu())
        return Update(curves=curves, sound=sound)

    def layers(self, *, n_steps: int, n_updates: int) -> Layers:
        """Return the actors' parameters."""
        return stack_layers({str(n): learner.actor for n, learner in enumerate(self.learners)})

    def actors(self, agent: int, seed: int, kept: Sequence[Layers]) -> tuple[Snapshots, ...]:
        """Return the snapshots of an agent's policy."""
        number, _ = self._homes[agent]
        learner = self.learners[number]
        tensors_T = tensors_over(kept, str(number), seed, stack=learner.actor)
        return (read_actor(learner, agent, tensors_T),)

    def begin_from(self, seed: int, run: TrainingRun) -> None:
        """Set the actors of one seed to the last ones of a former run; critics stay new."""
        for learner in self.learners:
            for agent in learner.agents:
                begin_actor(learner, agent, seed, run, stacks=[learner.actor])

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return the window so far, memories, parameters and optimisers."""
        arrays = saved.prefixed("window", self._window.state())
        arrays |= saved.prefixed("memory", {str(k): memory for k, memory in enumerate(self._memories)})
        for k, learner in enumerate(self.learners):
            arrays |= saved.prefixed(f"learner{k}", learner.state())
        return arrays

    def load(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go back to what `state` returned."""
        self._window.load(saved.tensors(saved.part(arrays, "window")))
        memories = saved.tensors(saved.part(arrays, "memory"))
        self._memories = [memories[str(k)].to(self._device) for k in range(len(self.learners))]
        for k, learner in enumerate(self.learners):
            learner.load(saved.tensors(saved.part(arrays, f"learner{k}")))
