"""Independent Q-learning as an engine: learners, the replay that they draw from, and ε-greedy exploration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from nashlens.agents import checkpoint as saved
from nashlens.agents.config import Ensemble
from nashlens.agents.engine import Decision, Generators, Situation, Transitions, Update, within_limit
from nashlens.agents.epsilon_greedy import by_agent, joint_choice, joint_log_probabilities
from nashlens.agents.kept_stacks import Layers, stack_layers, tensors_over
from nashlens.agents.networks import Stack
from nashlens.agents.records import TrainingRun
from nashlens.agents.replay import Minibatch, Replay
from nashlens.agents.replay_schedule import common_rollout, updates_due
from nashlens.agents.snapshots import Snapshots
from nashlens.agents.value_family import choices, common_exploration, value_learners
from nashlens.agents.value_losses import effective_share, importance_weights
from nashlens.agents.value_settings import DQN
from nashlens.agents.value_snapshots import ValueSnapshots
from nashlens.agents.warm_start import read_layers
from nashlens.games.core import GameSpec

IMPORTANCE_CURVES = ("importance_mean", "importance_ess", "importance_clipped")


class ValueEngine:
    """Independent Q-learning in one run; sides may have different settings of it.

    Parameters
    ----------
    spec : the game.
    algorithms : the setting of each side.
    seeds : S whole numbers.
    steps : environment steps that one seed will take; they bound the replay and scale the fingerprint.
    device : where networks and replay live.

    Raises
    ------
    ValueError : an action space is a `Box` or has too many combinations, or the sides gather experience or explore
        differently.

    Notes
    -----
    A fingerprint is ε and the share of the run's updates that have been made. Foerster et al. (2017) append the number
    of the training iteration itself; in thousands, beside observations of size one, no network could read it. Games
    that take soft actions get corners of the simplex.
    """

    loss_names: tuple[str, ...] = ("value_loss",)
    ensembles: Sequence[Ensemble] | None = None

    def __init__(
        self, spec: GameSpec, algorithms: Mapping[str, DQN], *, seeds: Sequence[int], steps: int, device: torch.device
    ) -> None:
        self._rollout = common_rollout(algorithms)
        self._exploration = common_exploration(algorithms)
        self.n_envs = self._rollout.n_envs
        self.learners, self._importance = value_learners(spec, algorithms, seeds, device)
        self._homes = {i: n for n, learner in enumerate(self.learners) for i in learner.agents}
        self._n_agents = spec.n_agents
        self._n_factors = [len(space.factors) for space in choices(spec, algorithms)]
        self._fingerprint = any(learner.reads_fingerprints for learner in self.learners)
        if any(self._importance):
            self.loss_names += IMPORTANCE_CURVES
        n_steps = -(-steps // self.n_envs) * self.n_envs
        self._all_updates = max(1, updates_due(self._rollout, 0, n_steps))
        self._n_steps = 0
        self._replay = Replay(
            spec,
            capacity=min(self._rollout.replay_capacity, n_steps),
            n_seeds=len(seeds),
            fingerprints=self._fingerprint,
            device=device,
        )

    @property
    def stacks(self) -> list[Stack]:
        """All stacks of all learners."""
        return [stack for learner in self.learners for stack in learner.stacks.values()]

    def decide(self, situation: Situation, *, generators: Generators) -> Decision:
        """Choose ε-greedily, each factor of each agent by itself."""
        actions, logs = joint_choice(
            self.learners,
            situation.observations,
            situation.masks,
            self._fingerprints(situation.observations, situation.n_steps, situation.n_updates),
            epsilon=self._exploration.at(situation.n_steps),
            generators=generators,
        )
        return Decision(actions=actions, log_densities=by_agent(logs, self._n_factors))

    def take_in(self, transitions: Transitions) -> None:
        """Store the transitions, with their fingerprint."""
        before = transitions.situation
        when = self._fingerprint_at(before.n_steps, before.n_updates) if self._fingerprint else None
        self._replay.insert_transitions(transitions, fingerprint=when)
        self._n_steps = before.n_steps + self.n_envs

    def updates_due(self, before: int, now: int) -> int:
        """Return how many updates are due."""
        return updates_due(self._rollout, before, now)

    def update(self, alive: Tensor, *, n_updates: int, generators: Generators) -> Update:
        """Move every network by one step, then the targets; no agent's step reads another's new parameters."""
        curves = {name: torch.full((len(alive), self._n_agents), torch.nan) for name in self.loss_names}
        drawn = [self._draw(k, n_updates, generators) for k in range(len(self.learners))]
        for learner, importance, (batch, weights) in zip(self.learners, self._importance, drawn, strict=True):
            columns = list(learner.agents)
            curves["value_loss"][:, columns] = learner.step(batch, weights, alive).cpu()
            if importance is not None and weights is not None:
                curves["importance_mean"][:, columns] = weights.mean(dim=-1).cpu()
                curves["importance_ess"][:, columns] = effective_share(weights).cpu()
                bound = float("inf") if importance.clip is None else importance.clip
                curves["importance_clipped"][:, columns] = (weights >= bound).float().mean(dim=-1).cpu()
        for learner in self.learners:
            learner.follow()
        return Update(curves=curves, sound=within_limit(curves["value_loss"]))

    def layers(self, *, n_steps: int, n_updates: int) -> Layers:
        """Return the online parameters, ε and the fingerprint."""
        kept = stack_layers({str(n): learner.online for n, learner in enumerate(self.learners)})
        n_seeds = len(kept["0.0"])
        kept["epsilon"] = np.full(n_seeds, self._exploration.at(n_steps), dtype=np.float32)
        fingerprint = np.array(self._fingerprint_at(n_steps, n_updates), dtype=np.float32)
        kept["fingerprint"] = np.tile(fingerprint, (n_seeds, 1))
        return kept

    def actors(self, agent: int, seed: int, kept: Sequence[Layers]) -> tuple[Snapshots, ...]:
        """Return the snapshots of an agent's network."""
        return (self.snapshots(agent, seed, kept),)

    def snapshots(self, agent: int, seed: int, kept: Sequence[Layers]) -> ValueSnapshots:
        """Return the snapshots of an agent's network, the padding cut off."""
        number = self._homes[agent]
        learner = self.learners[number]
        place = learner.place_of(agent)
        weights, biases = read_layers(place, tensors_over(kept, str(number), seed, stack=learner.online))
        width = 2 if learner.reads_fingerprints else 0
        return ValueSnapshots(
            weights=weights,
            biases=biases,
            epsilons=np.array([layers["epsilon"][seed] for layers in kept], dtype=np.float32),
            fingerprints=np.stack([layers["fingerprint"][seed, :width] for layers in kept]),
            index=place.index,
        )

    def begin_from(self, seed: int, run: TrainingRun) -> None:
        """Refuse: values of a former run are those of other partners.

        Raises
        ------
        ValueError : always.
        """
        raise ValueError("warm_start is for learners with an actor; value learners begin with new networks")

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return replay, parameters, optimisers and the clock."""
        arrays = saved.prefixed("replay", self._replay.state())
        for k, learner in enumerate(self.learners):
            arrays |= saved.prefixed(f"learner{k}", learner.state())
        return arrays | {"engine/n_steps": np.array(self._n_steps)}

    def load(self, arrays: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go back to what `state` returned."""
        self._replay.load(saved.tensors(saved.part(arrays, "replay")))
        for k, learner in enumerate(self.learners):
            learner.load(saved.tensors(saved.part(arrays, f"learner{k}")))
        self._n_steps = int(arrays["engine/n_steps"])

    def _draw(self, k: int, n_updates: int, generators: Generators) -> tuple[Minibatch, Tensor | None]:
        """Return a learner's minibatch and the weights of its transitions."""
        learner, importance = self.learners[k], self._importance[k]
        batch = self._replay.sample([(i, 0) for i in learner.agents], learner.settings.batch_size, generators)
        if importance is None:
            return batch, None
        rows = [batch.observations, batch.actions] + ([] if batch.masks is None else [batch.masks])
        observations, actions, *masks = (part.reshape(len(part), -1, part.shape[-1]) for part in rows)
        logs = joint_log_probabilities(
            self.learners,
            observations,
            masks[0] if masks else None,
            self._fingerprints(observations, self._n_steps, n_updates),
            actions=actions,
            epsilon=self._exploration.at(self._n_steps),
        )
        now = by_agent(logs, self._n_factors).view(*batch.log_densities.shape)
        return batch, importance_weights(now, batch.log_densities, learner.agents, clip=importance.clip)

    def _fingerprint_at(self, n_steps: int, n_updates: int) -> tuple[float, float]:
        return self._exploration.at(n_steps), n_updates / self._all_updates

    def _fingerprints(self, observations: Tensor, n_steps: int, n_updates: int) -> Tensor | None:
        """Return the present fingerprint ``[S, R, 2]`` beside observations ``[S, R, …]``."""
        if not self._fingerprint:
            return None
        numbers = torch.tensor(self._fingerprint_at(n_steps, n_updates), device=observations.device)
        return numbers.expand(*observations.shape[:2], 2)
