"""The networks of some agents under one setting, in all seeds, and the steps that move them.

A `Learner` holds n agents with one kind of action space. Where they have K sub-policies each, its networks stand for
n · K members, agent by agent for the first sub-policy, then for the second, and so on; without ensembles the members
are the agents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from nashlens.agents import losses, passes
from nashlens.agents.adam import Adam, BlockAdam
from nashlens.agents.adversary import step_lengths, worst_case
from nashlens.agents.config import MADDPGFamily
from nashlens.agents.distributions import Noise, head_for
from nashlens.agents.joint_inputs import JointInputs
from nashlens.agents.layout import Layout
from nashlens.agents.networks import Stack
from nashlens.agents.opponents import Opponents
from nashlens.agents.parameter_state import load_parameters, parameter_state
from nashlens.agents.replay import Minibatch
from nashlens.agents.sharing import slots_of
from nashlens.games.core import GameSpec


class Learner:
    """The networks of n agents under one setting, in S seeds.

    Parameters
    ----------
    spec : the game.
    agents : which n agents of it; their action spaces are all `Choice` or all `Box`.
    settings : the algorithm.
    rngs : one generator a seed, for the initial parameters.
    device : where everything lives.

    Attributes
    ----------
    members : the agent of each of the m = n · K members.
    actor, target_actor : stacks of the m members.
    critics, target_critics : one stack, or two under MATD3.
    opponents : models of the others' policies, or None.
    """

    def __init__(
        self,
        spec: GameSpec,
        agents: Sequence[int],
        settings: MADDPGFamily,
        *,
        device: torch.device,
        rngs: Sequence[np.random.Generator],
    ) -> None:
        self.spec, self.settings = spec, settings
        self.agents = tuple(agents)
        self.n_subs = settings.ensemble.size
        self.members = self.agents * self.n_subs
        self.soft = spec.soft_actions and settings.gradient == "deterministic" and settings.estimator == "soft"
        self.observations = Layout(spec.observation_sizes)
        self.actions = Layout(spec.action_widths)
        spaces = [spec.action_spaces[i] for i in self.members]
        self.head = head_for(spaces, soft=self.soft, settings=settings, device=device)
        self.acting_head = head_for(spaces[: len(self.agents)], soft=self.soft, settings=settings, device=device)
        sides = [spec.sides[i] for i in self.agents]
        actor_slots, critic_slots = slots_of(settings.sharing, settings.critic_sharing, sides, n_subs=self.n_subs)
        self.inputs = JointInputs(self.observations, self.actions, self.members, central=settings.critic == "central")
        hidden = settings.hidden
        self.actor = Stack.initial(
            self.observations.padded, hidden, self.head.n_outputs, slots=actor_slots, device=device, rngs=rngs
        ).packed()
        self.critics = tuple(
            Stack.initial(self.inputs.width, hidden, 1, slots=critic_slots, device=device, rngs=rngs).packed()
            for _ in range(2 if settings.twin else 1)
        )
        self.target_actor = self.actor.copy().packed()
        self.target_critics = tuple(critic.copy().packed() for critic in self.critics)
        self.actor_optimiser = BlockAdam([self.actor], settings.learning_rate)
        self.critic_optimiser = BlockAdam(self.critics, settings.learning_rate)
        self.opponents: Opponents | None = None
        if settings.inference is not None:
            self.opponents = Opponents(
                spec, self.agents, settings, settings.inference, soft=self.soft, device=device, rngs=rngs
            )
        self._own_rewards = torch.tensor(self.members, device=device)[None, :, None, None]
        self._lengths = (
            step_lengths(settings.minimax, self.members, spec.sides, device=device) if settings.minimax else None
        )

    @property
    def stacks(self) -> dict[str, Stack]:
        """All stacks by name, in the order in which they are stored and hashed."""
        named = {"actor": self.actor, "target_actor": self.target_actor}
        for k, (critic, target) in enumerate(zip(self.critics, self.target_critics, strict=True)):
            named |= {f"critic{k}": critic, f"target_critic{k}": target}
        return named | (self.opponents.stacks if self.opponents else {})

    @property
    def places(self) -> list[tuple[int, int]]:
        """Agent and sub-policy of every member."""
        return [(i, k) for k in range(self.n_subs) for i in self.agents]

    def draw(self, generators: Sequence[torch.Generator], n_rows: int) -> Tensor:
        """Draw the noise of R decisions of each of the n agents, ``[S, n, R, A]``."""
        return self.head.noise(generators, (len(self.agents), n_rows, self.head.padded))

    def draw_gradient(self, generators: Sequence[torch.Generator], n_rows: int) -> Noise:
        """Draw the noise of R samples of each of the m members through which gradients pass."""
        return self.head.gradient_noise(generators, (len(self.members), n_rows, self.head.padded))

    def outputs(self, actor: Stack, joint_observations: Tensor, assignment: Tensor | None) -> Tensor:
        """Return the n agents' outputs ``[S, n, R, width]`` at joint observations ``[S, R, ΣO]``.

        `assignment` ``[S, R, N]`` says which sub-policy decides for each agent; None where there is one.
        """
        outputs = passes.outputs(actor, self.observations.spread(joint_observations, self.members))
        if self.n_subs == 1:
            return outputs
        assert assignment is not None
        n_seeds, _, n_rows, width = outputs.shape
        chosen = assignment[..., list(self.agents)].transpose(1, 2)[:, None, :, :, None]
        by_sub = outputs.view(n_seeds, self.n_subs, len(self.agents), n_rows, width)
        return by_sub.gather(1, chosen.expand(-1, -1, -1, -1, width)).squeeze(1)

    def masks(self, joint_masks: Tensor | None) -> Tensor | None:
        """Return the n agents' masks ``[S, n, R, A]`` of joint masks ``[S, R, ΣA]``."""
        return None if joint_masks is None else self.actions.spread(joint_masks, self.agents)[..., : self.head.padded]

    def value(self, critic: Stack, joint_observations: Tensor, joint_actions: Tensor) -> Tensor:
        """Return ``Q`` of each member as ``[S, m, B]`` of joint observations and actions ``[S, m, B, …]``."""
        return critic(self.inputs.join(joint_observations, joint_actions)).squeeze(-1)

    def target_value(self, joint_observations: Tensor, joint_actions: Tensor) -> Tensor:
        """Return the target critics' value ``[S, m, B]``, the smaller one of two."""
        inputs = self.inputs.join(joint_observations, joint_actions)
        values = [passes.outputs(critic, inputs).squeeze(-1) for critic in self.target_critics]
        return values[0] if len(values) == 1 else torch.minimum(*values)

    @torch.no_grad()
    def step_critic(self, batch: Minibatch, next_actions: Tensor, alive: Tensor) -> Tensor:
        """Move the critics towards their targets; return the losses ``[S, m]``.

        Parameters
        ----------
        batch : each member's minibatch.
        next_actions : joint actions ``[S, m, B, ΣA]`` that the target policies take at the successors.
        alive : ``[S]``; seeds that still learn.
        """
        if self._lengths is not None:
            next_actions = worst_case(
                next_actions,
                lambda joint: self.target_value(batch.next_observations, joint),
                self._lengths,
                self.actions,
            )
        with torch.no_grad():
            targets = losses.temporal_difference_target(
                batch.rewards.gather(3, self._own_rewards.expand(*batch.rewards.shape[:3], 1)).squeeze(-1),
                self.target_value(batch.next_observations, next_actions),
                batch.terminated,
                gamma=self.settings.gamma,
            )
        found = torch.zeros(targets.shape[:2], device=targets.device)
        inputs = self.inputs.join(batch.observations, batch.actions)
        for critic in self.critics:
            activations = passes.forward(critic, critic.rows(inputs))
            errors = activations[-1].view(targets.shape) - targets
            found += errors.square().mean(dim=-1)
            slope = torch.where(alive[:, None, None], errors * (2 / errors.shape[-1]), 0.0)
            passes.descend(critic, activations, slope.view(-1, slope.shape[-1], 1))
        self._move(self.critics, self.critic_optimiser)
        return found

    @torch.no_grad()
    def step_actor(
        self, batch: Minibatch, joint_actions: Tensor, noise: Noise, alive: Tensor, *, n_updates: int
    ) -> Tensor:
        """Move the actors; return the losses ``[S, m]``.

        Parameters
        ----------
        batch : each member's minibatch.
        joint_actions : ``[S, m, B, ΣA]``; what the other agents do; the member's own part is replaced.
        noise : from `draw_gradient`.
        alive : ``[S]``; seeds that still learn.
        n_updates : updates made before this one.
        """
        activations = passes.forward(
            self.actor, self.actor.rows(self.observations.own(batch.observations, self.members))
        )
        n_seeds, n_members, n_rows = batch.rewards.shape[0], len(self.members), batch.rewards.shape[2]
        outputs = activations[-1].view(n_seeds, n_members, n_rows, -1)
        masks = None
        if batch.masks is not None:
            masks = self.actions.own(batch.masks, self.members)[..., : self.head.padded]
        step = self._climb if self.settings.gradient == "deterministic" else self._score
        loss, slope = step(batch, joint_actions, outputs, noise, masks, n_updates=n_updates)
        weight = self.settings.logit_penalty
        loss += weight * self.head.penalty(outputs)
        slope = (slope + weight * self.head.penalty_slope(outputs)) / self.n_subs
        slope = torch.where(alive[:, None, None, None], slope, 0.0)
        passes.descend(self.actor, activations, slope.flatten(0, 1))
        self._move([self.actor], self.actor_optimiser)
        return loss

    def follow(self) -> None:
        """Move all targets towards the online networks by the share tau."""
        share = self.settings.tau
        self.target_actor.follow(self.actor, share)
        for critic, target in zip(self.critics, self.target_critics, strict=True):
            target.follow(critic, share)

    def state(self) -> dict[str, Tensor]:
        """Return every parameter and the optimisers' moments, for a checkpoint."""
        return parameter_state(self.stacks, self._optimisers)

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go back to what `state` returned."""
        load_parameters(self.stacks, self._optimisers, state)

    @property
    def _optimisers(self) -> dict[str, Adam]:
        named = {"actor": self.actor_optimiser, "critic": self.critic_optimiser}
        return named | ({"opponents": self.opponents.optimiser} if self.opponents else {})

    def _climb(
        self,
        batch: Minibatch,
        joint_actions: Tensor,
        outputs: Tensor,
        noise: Noise,
        masks: Tensor | None,
        *,
        n_updates: int,
    ) -> tuple[Tensor, Tensor]:
        """Return ``−mean Q`` of the actors' own actions ``[S, m]``, and its slope in their outputs."""
        own, back = self.head.pull_back(outputs, noise, masks, n_updates=n_updates)
        activations = self._pass_of_own(batch, joint_actions, own)
        n_rows = own.shape[2]
        values = activations[-1].view(*own.shape[:3])
        down = torch.full_like(activations[-1], -1 / n_rows)
        slope = passes.slope_in_inputs(self.critics[0], activations, down, self.inputs.columns, width=own.shape[-1])
        return -values.mean(dim=-1), back(slope.view(own.shape))

    def _score(
        self,
        batch: Minibatch,
        joint_actions: Tensor,
        outputs: Tensor,
        noise: Noise,
        masks: Tensor | None,
        *,
        n_updates: int,
    ) -> tuple[Tensor, Tensor]:
        """Return ``−mean log π · Q`` of actions that the actors draw ``[S, m]``, and its slope in their outputs."""
        drawn = self.head.draw(outputs, noise.first, masks)
        values = self._pass_of_own(batch, joint_actions, self.head.executed(drawn))[-1].view(*drawn.shape[:3])
        density, back = self.head.pull_back_density(outputs, drawn, masks)
        return -(density * values).mean(dim=-1), back(values / -values.shape[-1])

    def _pass_of_own(self, batch: Minibatch, joint_actions: Tensor, own: Tensor) -> list[Tensor]:
        """Return the first critic's activations where the own actions ``[S, m, B, A]`` replace those given."""
        critic, own = self.critics[0], self._padded(own)
        if self._lengths is not None:
            joint_actions = worst_case(
                self.actions.replace(joint_actions, own, self.members),
                lambda joint: self.value(critic.frozen(), batch.observations, joint),
                self._lengths,
                self.actions,
            )
        inputs = self.inputs.join_with_own(batch.observations, joint_actions, own)
        return passes.forward(critic, critic.rows(inputs))

    def _move(self, stacks: Sequence[Stack], optimiser: Adam) -> None:
        for stack in stacks:
            stack.clip(self.settings.clip)
        optimiser.step()

    def _padded(self, own: Tensor) -> Tensor:
        short = self.actions.padded - self.head.padded
        return torch.nn.functional.pad(own, (0, short)) if short else own
