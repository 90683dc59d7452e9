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

from nashlens.agents import losses
from nashlens.agents.adversary import step_lengths, worst_case
from nashlens.agents.config import MADDPGFamily, Sharing
from nashlens.agents.distributions import Noise, head_for
from nashlens.agents.layout import Layout
from nashlens.agents.networks import Stack, clip_each
from nashlens.agents.opponents import Opponents
from nashlens.agents.parameter_state import load_parameters, parameter_state
from nashlens.agents.replay import Minibatch
from nashlens.agents.sharing import Slots, assign
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
        actor_slots, critic_slots = self._slots()
        joint = self.observations.total + self.actions.total
        own = self.observations.padded + self.actions.padded
        width = joint if settings.critic == "central" else own
        hidden = settings.hidden
        self.actor = Stack.initial(
            self.observations.padded, hidden, self.head.n_outputs, slots=actor_slots, device=device, rngs=rngs
        ).trained()
        self.critics = tuple(
            Stack.initial(width, hidden, 1, slots=critic_slots, device=device, rngs=rngs).trained()
            for _ in range(2 if settings.twin else 1)
        )
        self.target_actor = self.actor.copy()
        self.target_critics = tuple(critic.copy() for critic in self.critics)
        self.actor_optimiser = torch.optim.Adam(self.actor.tensors, lr=settings.learning_rate)
        self.critic_optimiser = torch.optim.Adam(
            [t for critic in self.critics for t in critic.tensors], lr=settings.learning_rate
        )
        self.opponents: Opponents | None = None
        if settings.inference is not None:
            self.opponents = Opponents(
                spec, self.agents, settings, settings.inference, soft=self.soft, device=device, rngs=rngs
            )
        self._lengths = step_lengths(settings.minimax, self.members, spec.sides) if settings.minimax else None

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
        outputs = actor(self.observations.spread(joint_observations, self.members))
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
        if self.settings.critic == "central":
            inputs = torch.cat([joint_observations, joint_actions], dim=-1)
        else:
            own_observations = self.observations.own(joint_observations, self.members)
            inputs = torch.cat([own_observations, self.actions.own(joint_actions, self.members)], dim=-1)
        return critic(inputs).squeeze(-1)

    def target_value(self, joint_observations: Tensor, joint_actions: Tensor) -> Tensor:
        """Return the target critics' value ``[S, m, B]``, the smaller one of two."""
        values = [self.value(critic, joint_observations, joint_actions) for critic in self.target_critics]
        return values[0] if len(values) == 1 else torch.minimum(*values)

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
                batch.rewards.gather(3, self._own_column(batch.rewards)).squeeze(-1),
                self.target_value(batch.next_observations, next_actions),
                batch.terminated,
                gamma=self.settings.gamma,
            )
        each = [
            losses.critic_loss(self.value(critic, batch.observations, batch.actions), targets)
            for critic in self.critics
        ]
        loss = torch.stack(each).sum(dim=0)
        self._descend(loss, self.critic_optimiser, alive)
        return loss.detach()

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
        outputs = self.actor(self.observations.own(batch.observations, self.members))
        masks = None
        if batch.masks is not None:
            masks = self.actions.own(batch.masks, self.members)[..., : self.head.padded]
        penalty = self.head.penalty(outputs)
        weight = self.settings.logit_penalty
        if self.settings.gradient == "deterministic":
            own = self._padded(self.head.relaxed(outputs, noise, masks, n_updates=n_updates))
            values = self._value_of_own(batch, joint_actions, own)
            loss = losses.deterministic_actor_loss(values, penalty, penalty_weight=weight)
        else:
            with torch.no_grad():
                drawn = self.head.draw(outputs, noise.first, masks)
                own = self.head.executed(drawn)
                values = self._value_of_own(batch, joint_actions, self._padded(own))
            density = self.head.log_density(outputs, drawn, masks)
            loss = losses.score_actor_loss(density, values, penalty, penalty_weight=weight)
        self._descend(loss / self.n_subs, self.actor_optimiser, alive)
        return loss.detach()

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
    def _optimisers(self) -> dict[str, torch.optim.Adam]:
        named = {"actor": self.actor_optimiser, "critic": self.critic_optimiser}
        return named | ({"opponents": self.opponents.optimiser} if self.opponents else {})

    def _slots(self) -> tuple[Slots, Slots]:
        """Return who shares an actor and who a critic; a critic that is shared always reads the index."""
        sides = [self.spec.sides[i] for i in self.agents]
        critic_sharing = self.settings.critic_sharing or self.settings.sharing
        if critic_sharing.mode != "none":
            critic_sharing = Sharing(mode=critic_sharing.mode, index=True)
        actor, critic = assign(self.settings.sharing, sides), assign(critic_sharing, sides)
        return actor.repeated(self.n_subs), critic.repeated(self.n_subs)

    def _value_of_own(self, batch: Minibatch, joint_actions: Tensor, own: Tensor) -> Tensor:
        """Return the first critic's value, as a constant function of the own actions ``[S, m, B, A]``."""
        critic = self.critics[0].frozen()
        if self._lengths is not None:
            joint_actions = worst_case(
                self.actions.replace(joint_actions, own.detach(), self.members),
                lambda joint: self.value(critic, batch.observations, joint),
                self._lengths,
                self.actions,
            )
        return self.value(critic, batch.observations, self.actions.replace(joint_actions, own, self.members))

    def _descend(self, loss: Tensor, optimiser: torch.optim.Adam, alive: Tensor) -> None:
        optimiser.zero_grad(set_to_none=True)
        torch.where(alive[:, None], loss, 0.0).sum().backward()  # type: ignore[no-untyped-call]
        clip_each([p for group in optimiser.param_groups for p in group["params"]], self.settings.clip)
        optimiser.step()

    def _own_column(self, rewards: Tensor) -> Tensor:
        columns = torch.tensor(self.members, device=rewards.device)[None, :, None, None]
        return columns.expand(len(rewards), -1, rewards.shape[2], 1)

    def _padded(self, own: Tensor) -> Tensor:
        short = self.actions.padded - self.head.padded
        return torch.nn.functional.pad(own, (0, short)) if short else own
