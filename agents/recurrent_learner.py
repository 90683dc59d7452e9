"""Recurrent actors with feed-forward critics: the networks of some agents in all seeds, and the steps that move them.

An actor is unrolled over windows of consecutive steps from the memory that it had where they begin, and its gradient
flows back through time within them. Critics read observations and actions of one step, as those of `learner` do.
Beside recurrent actors there may be feed-forward ones, which carry a memory of width 0, so that sides may differ.

References
----------
Lowe, Wu, Tamar, Harb, Abbeel, Mordatch (2017), arXiv:1706.02275, Algorithm 1.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from nashlens.agents import losses
from nashlens.agents.adam import Adam
from nashlens.agents.config import MADDPGFamily, Sharing
from nashlens.agents.distributions import Noise, head_for
from nashlens.agents.layout import Layout
from nashlens.agents.networks import Stack, clip_each
from nashlens.agents.parameter_state import load_parameters, parameter_state
from nashlens.agents.recurrent import RecurrentStack
from nashlens.agents.recurrent_settings import Windows
from nashlens.agents.sequence_replay import SequenceBatch
from nashlens.agents.sharing import Slots, assign
from nashlens.agents.unrolling import in_rows, unrolled
from nashlens.games.core import GameSpec


class RecurrentLearner:
    """Actors, recurrent or not, and critics of n agents under one setting, in S seeds.

    Parameters
    ----------
    spec : the game.
    agents : which n agents of it; their action spaces are all `Choice` or all `Box`.
    settings : the algorithm, without ensembles, twin critics, inference and minimax.
    windows : what it learns from.
    memories : where each agent's memory stands among those of all agents.
    rngs : one generator a seed, for the initial parameters.
    device : where everything lives.

    Attributes
    ----------
    actor, target_actor, critic, target_critic : stacks of the n agents.
    """

    def __init__(
        self,
        spec: GameSpec,
        agents: Sequence[int],
        settings: MADDPGFamily,
        *,
        windows: Windows,
        memories: Layout,
        device: torch.device,
        rngs: Sequence[np.random.Generator],
    ) -> None:
        self.spec, self.settings, self.agents = spec, settings, tuple(agents)
        self.windows, self.memories = windows, memories
        self.soft = spec.soft_actions and settings.gradient == "deterministic" and settings.estimator == "soft"
        self.observations, self.actions = Layout(spec.observation_sizes), Layout(spec.action_widths)
        spaces = [spec.action_spaces[i] for i in self.agents]
        self.head = head_for(spaces, soft=self.soft, settings=settings, device=device)
        actor_slots, critic_slots = self._slots()
        self.actor = self._initial_actor(actor_slots, device=device, rngs=rngs).trained()
        joint = self.observations.total + self.actions.total
        own = self.observations.padded + self.actions.padded
        width = joint if settings.critic == "central" else own
        self.critic = Stack.initial(width, settings.hidden, 1, slots=critic_slots, device=device, rngs=rngs).trained()
        self.target_actor, self.target_critic = self.actor.copy(), self.critic.copy()
        self.actor_optimiser = Adam(self.actor.tensors, settings.learning_rate)
        self.critic_optimiser = Adam(self.critic.tensors, settings.learning_rate)

    @property
    def stacks(self) -> dict[str, Stack]:
        """All stacks by name, in the order in which they are stored and hashed."""
        return {
            "actor": self.actor,
            "target_actor": self.target_actor,
            "critic": self.critic,
            "target_critic": self.target_critic,
        }

    @property
    def memory_size(self) -> int:
        """Numbers that one agent's actor carries from step to step."""
        return self.settings.memory or 0

    @property
    def n_windows(self) -> int:
        """Windows in a minibatch: as many whole ones as hold `batch_size` transitions."""
        return -(-self.settings.batch_size // self.windows.steps)

    def masks(self, joint_masks: Tensor | None) -> Tensor | None:
        """Return the n agents' masks ``[S, n, R, A]`` of joint masks ``[S, R, ΣA]``."""
        return None if joint_masks is None else self.actions.spread(joint_masks, self.agents)[..., : self.head.padded]

    def step_critic(self, batch: SequenceBatch, next_actions: Tensor, alive: Tensor) -> Tensor:
        """Move the critics towards their targets; return the losses ``[S, n]``.

        Parameters
        ----------
        batch : each agent's windows.
        next_actions : joint actions ``[S, n, W, B, ΣA]`` that the target policies take at the successors; those of the
            burn-in are not read.
        alive : ``[S]``; seeds that still learn.
        """
        with torch.no_grad():
            rewards = torch.stack([batch.rewards[:, k, ..., i] for k, i in enumerate(self.agents)], dim=1)
            later, chosen = self._counted(batch.next_observations), self._counted(next_actions)
            targets = losses.temporal_difference_target(
                self._counted(rewards),
                self._value(self.target_critic, later, chosen),
                self._counted(batch.terminated),
                gamma=self.settings.gamma,
            )
        values = self._value(self.critic, self._counted(batch.observations), self._counted(batch.actions))
        loss = losses.critic_loss(values, targets)
        self._descend(loss, self.critic_optimiser, alive)
        return loss.detach()

    def step_actor(
        self, batch: SequenceBatch, joint_actions: Tensor, noise: Noise, alive: Tensor, *, n_updates: int
    ) -> Tensor:
        """Move the actors; return the losses ``[S, n]``.

        Parameters
        ----------
        batch : each agent's windows.
        joint_actions : ``[S, n, W, B, ΣA]``; what the other agents do; the agent's own part is replaced.
        noise : from `draw_gradient`.
        alive : ``[S]``; seeds that still learn.
        n_updates : updates made before this one.
        """
        outputs = self.own_outputs(batch)
        masks = None
        if batch.masks is not None:
            masks = self.actions.own(self._counted(batch.masks), self.agents)[..., : self.head.padded]
        penalty, weight = self.head.penalty(outputs), self.settings.logit_penalty
        if self.settings.gradient == "deterministic":
            own = self.head.relaxed(outputs, noise, masks, n_updates=n_updates)
            values = self._value_of_own(batch, joint_actions, own)
            loss = losses.deterministic_actor_loss(values, penalty, penalty_weight=weight)
        else:
            with torch.no_grad():
                drawn = self.head.draw(outputs, noise.first, masks)
                values = self._value_of_own(batch, joint_actions, self.head.executed(drawn))
            density = self.head.log_density(outputs, drawn, masks)
            loss = losses.score_actor_loss(density, values, penalty, penalty_weight=weight)
        self._descend(loss, self.actor_optimiser, alive)
        return loss.detach()

    def draw_gradient(self, generators: Sequence[torch.Generator]) -> Noise:
        """Draw the noise of one sample at each counted step of each agent's minibatch."""
        n_rows = self.n_windows * self.windows.steps
        return self.head.gradient_noise(generators, (len(self.agents), n_rows, self.head.padded))

    def own_outputs(self, batch: SequenceBatch) -> Tensor:
        """Return the online outputs ``[S, n, R, out]`` at the counted steps of each agent's windows.

        Gradients flow back to the first counted step; what the burn-in left in memory is a constant.
        """
        skipped, began = self.windows.burn_in_steps, batch.began
        inputs = self.observations.own(batch.observations, self.agents)
        memory = self.memories.own(batch.memories, self.agents)[..., : self.memory_size]
        if skipped:
            with torch.no_grad():
                memory = unrolled(self.actor, inputs[:, :, :skipped], began[:, :, :skipped], memory)[1][:, :, -1]
        return in_rows(unrolled(self.actor, inputs[:, :, skipped:], began[:, :, skipped:], memory)[0])

    def follow(self) -> None:
        """Move all targets towards the online networks by the share tau."""
        self.target_actor.follow(self.actor, self.settings.tau)
        self.target_critic.follow(self.critic, self.settings.tau)

    def state(self) -> dict[str, Tensor]:
        """Return every parameter and the optimisers' moments, for a checkpoint."""
        return parameter_state(self.stacks, self._optimisers)

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go back to what `state` returned."""
        load_parameters(self.stacks, self._optimisers, state)

    @property
    def _optimisers(self) -> dict[str, Adam]:
        return {"actor": self.actor_optimiser, "critic": self.critic_optimiser}

    def _counted(self, part: Tensor) -> Tensor:
        """Return the rows ``[S, n, R, …]`` of a part ``[S, n, W, B, …]`` that stand behind the burn-in."""
        return in_rows(part[:, :, self.windows.burn_in_steps :])

    def _value(self, critic: Stack, joint_observations: Tensor, joint_actions: Tensor) -> Tensor:
        """Return ``Q`` of each agent as ``[S, n, R]`` of joint observations and actions ``[S, n, R, …]``."""
        if self.settings.critic == "central":
            return critic(torch.cat([joint_observations, joint_actions], dim=-1)).squeeze(-1)
        observed = self.observations.own(joint_observations, self.agents)
        return critic(torch.cat([observed, self.actions.own(joint_actions, self.agents)], dim=-1)).squeeze(-1)

    def _value_of_own(self, batch: SequenceBatch, joint_actions: Tensor, own: Tensor) -> Tensor:
        """Return the critic's value, as a constant function of the own actions ``[S, n, R, A]``."""
        joint = self.actions.replace(self._counted(joint_actions), own, self.agents)
        return self._value(self.critic.frozen(), self._counted(batch.observations), joint)

    def _initial_actor(self, slots: Slots, *, device: torch.device, rngs: Sequence[np.random.Generator]) -> Stack:
        n_inputs, n_outputs, how = self.observations.padded, self.head.n_outputs, self.settings
        if how.memory is None:
            return Stack.initial(n_inputs, how.hidden, n_outputs, slots=slots, device=device, rngs=rngs)
        return RecurrentStack.drawn(
            n_inputs, how.hidden[0], how.memory, n_outputs, slots=slots, device=device, rngs=rngs
        )

    def _slots(self) -> tuple[Slots, Slots]:
        """Return who shares an actor and who a critic; a critic that is shared always reads the index."""
        sides = [self.spec.sides[i] for i in self.agents]
        critic_sharing = self.settings.critic_sharing or self.settings.sharing
        if critic_sharing.mode != "none":
            critic_sharing = Sharing(mode=critic_sharing.mode, index=True)
        return assign(self.settings.sharing, sides), assign(critic_sharing, sides)

    def _descend(self, loss: Tensor, optimiser: Adam, alive: Tensor) -> None:
        optimiser.zero_grad()
        torch.where(alive[:, None], loss, 0.0).sum().backward()  # type: ignore[no-untyped-call]
        clip_each(optimiser.tensors, self.settings.clip)
        optimiser.step()
