"""On-policy learners: stacked actors with local critics or none, and the steps of REINFORCE and actor-critic."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from nashlens.agents.adam import Adam
from nashlens.agents.config import ActorCritic
from nashlens.agents.distributions import head_for
from nashlens.agents.divergence import entropy
from nashlens.agents.judgement import Judgement, judgement
from nashlens.agents.layout import Layout
from nashlens.agents.networks import Stack, clip_each
from nashlens.agents.on_policy_settings import (
    REINFORCE,
    TRPO,
    AdvantageActorCritic,
    GradientSteps,
    LocalValue,
    OnPolicy,
)
from nashlens.agents.parameter_state import load_parameters, parameter_state
from nashlens.agents.policy_gradient import counted_mean, policy_loss, standardised, value_loss
from nashlens.agents.recurrent import RecurrentStack
from nashlens.agents.settings import Sharing
from nashlens.agents.sharing import assign
from nashlens.agents.trajectories import Window, over_time, rowwise, timewise
from nashlens.games.core import GameSpec


class PolicyLearner:
    """Actors of n agents in S seeds, with local critics or none.

    A window's W rounds of E environments are R = W · E rows, round by round.

    Parameters
    ----------
    spec : the game.
    agents : which n agents of it; their action spaces are all `Choice` or all `Box`.
    settings : the algorithm.
    device : where everything lives.
    rngs : one generator a seed, for the initial parameters.

    Attributes
    ----------
    actor : stack of the n agents, recurrent where the settings give them a memory.
    critic : stack of the n agents, or None.
    loss_names : the curves that `update` returns.
    """

    loss_names: tuple[str, ...] = ("critic_loss", "actor_loss", "entropy")

    def __init__(
        self,
        spec: GameSpec,
        agents: Sequence[int],
        settings: OnPolicy,
        *,
        device: torch.device,
        rngs: Sequence[np.random.Generator],
    ) -> None:
        self.spec, self.settings, self.agents = spec, settings, tuple(agents)
        self.observations = Layout(spec.observation_sizes)
        self.actions = Layout(spec.action_widths)
        spaces = [spec.action_spaces[i] for i in self.agents]
        self.head = head_for(spaces, soft=False, settings=ActorCritic(), device=device)
        self._sides = [spec.sides[i] for i in self.agents]
        self.actor = self._actor(device=device, rngs=rngs).trained()
        self.actor_optimiser: Adam | None = None
        if isinstance(settings, GradientSteps):
            self.actor_optimiser = Adam(self.actor.tensors, settings.learning_rate)
        self.critic: Stack | None = None
        self.critic_optimiser: Adam | None = None
        self._value = _local_value(settings)
        if self._value is not None:
            self.critic = self._local_critic(self._value, device=device, rngs=rngs).trained()
            self.critic_optimiser = Adam(self.critic.tensors, self._value.learning_rate)

    @property
    def stacks(self) -> dict[str, Stack]:
        """All stacks by name, in the order in which they are stored and hashed."""
        return {"actor": self.actor} | ({} if self.critic is None else {"critic": self.critic})

    @property
    def optimisers(self) -> dict[str, Adam]:
        """All optimisers by name."""
        named = {"actor": self.actor_optimiser, "critic": self.critic_optimiser}
        return {name: optimiser for name, optimiser in named.items() if optimiser is not None}

    @property
    def memory_size(self) -> int:
        """Numbers that an actor carries from step to step."""
        return self.settings.memory or 0

    def outputs(self, joint_observations: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Return outputs ``[S, n, B, width]`` at joint observations ``[S, B, ΣO]``, and the memory that follows.

        `memory` is ``[S, n, B, M]``, M being 0 for feed-forward actors.
        """
        inputs = self.observations.spread(joint_observations, self.agents)
        if isinstance(self.actor, RecurrentStack):
            return self.actor.step(inputs, memory)
        return self.actor(inputs), memory

    def outputs_over(self, window: Window) -> Tensor:
        """Return the outputs ``[S, n, R, width]`` at every step of a window."""
        inputs = self.observations.spread(window.observations.flatten(1, 2), self.agents)
        if not isinstance(self.actor, RecurrentStack):
            return self.actor(inputs)
        return self._unrolled(self.actor, inputs, window.began)[0]

    def outputs_behind(self, window: Window) -> Tensor:
        """Return the outputs ``[S, n, R, width]`` at the successors of every step of a window."""
        following = self.observations.spread(window.next_observations.flatten(1, 2), self.agents)
        if not isinstance(self.actor, RecurrentStack):
            return self.actor(following)
        inputs = self.observations.spread(window.observations.flatten(1, 2), self.agents)
        return self.actor.step(following, self._unrolled(self.actor, inputs, window.began)[1])[0]

    @staticmethod
    def _unrolled(actor: RecurrentStack, inputs: Tensor, began: Tensor) -> tuple[Tensor, Tensor]:
        """Return outputs and memories, ``[S, n, R, ·]`` each, after every step of rows ``[S, n, R, O]``."""
        by_round = inputs.view(*inputs.shape[:2], began.shape[1], -1, inputs.shape[-1])
        outputs, memories = actor.unroll(by_round, began)
        return outputs.flatten(2, 3), memories.flatten(2, 3)

    def masks(self, joint_masks: Tensor | None) -> Tensor | None:
        """Return the n agents' masks ``[S, n, B, A]`` of joint masks ``[S, B, ΣA]``."""
        return None if joint_masks is None else self.actions.spread(joint_masks, self.agents)[..., : self.head.padded]

    def update(
        self, window: Window, alive: Tensor, *, n_updates: int, generators: Sequence[torch.Generator]
    ) -> dict[str, Tensor]:
        """Move the actors once and then the critics; return the curves, ``[S, n]`` each.

        Parameters
        ----------
        window : what the present policies did.
        alive : ``[S]``; seeds that still learn.
        n_updates : updates made before this one.
        generators : one a seed, where something is drawn.
        """
        judgement = self._judge(window)
        advantages = judgement.advantages
        counted = window.counted.flatten(1)[:, None]
        if self.settings.standardise:
            advantages = standardised(advantages, counted)
        curves = self._step_actor(window, advantages, counted, alive)
        if self.critic is not None:
            curves["critic_loss"] = self._step_critic(window, judgement.returns, counted, alive)
        return curves

    def _step_actor(self, window: Window, advantages: Tensor, counted: Tensor, alive: Tensor) -> dict[str, Tensor]:
        assert isinstance(self.settings, GradientSteps)
        assert self.actor_optimiser is not None
        outputs, masks = self.outputs_over(window), self._masks_over(window)
        densities = self.head.log_density(outputs, self._own_actions(window), masks)
        entropies = entropy(self.head, outputs, masks)
        loss = policy_loss(densities, advantages, entropies, counted, entropy_weight=self.settings.entropy_weight)
        self._descend(loss, self.actor_optimiser, alive)
        return {"actor_loss": loss.detach(), "entropy": counted_mean(entropies.detach(), counted)}

    def _step_critic(self, window: Window, returns: Tensor, counted: Tensor, alive: Tensor) -> Tensor:
        """Fit the critic to the returns; return the loss ``[S, n]`` before the first step."""
        assert self._value is not None
        assert self.critic_optimiser is not None
        first: Tensor | None = None
        for _ in range(self._value.steps):
            loss = value_loss(self._values(window.observations).flatten(2), returns, counted)
            first = loss.detach() if first is None else first
            self._descend(loss, self.critic_optimiser, alive)
        assert first is not None
        return first

    @torch.no_grad()
    def _judge(self, window: Window) -> Judgement:
        """Return what the window's steps were worth to each agent, ``[S, n, R]``."""
        rewards = timewise(self._own_rewards(window))
        values, next_values = (
            timewise(self._values(seen)) if self.critic is not None else torch.zeros_like(rewards)
            for seen in (window.observations, window.next_observations)
        )
        terminated, ended = over_time(window.terminated, rewards), over_time(window.ended, rewards)
        found = judgement(self.settings, rewards, values, next_values, terminated=terminated, ended=ended)
        return Judgement(advantages=rowwise(found.advantages), returns=rowwise(found.returns))

    def _values(self, joint_observations: Tensor) -> Tensor:
        """Return the critic's values ``[S, n, W, E]`` at joint observations ``[S, W, E, ΣO]``."""
        assert self.critic is not None
        values = self.critic(self.observations.spread(joint_observations.flatten(1, 2), self.agents))
        return values.view(*values.shape[:2], *joint_observations.shape[1:3])

    def _own_rewards(self, window: Window) -> Tensor:
        """Return each agent's rewards ``[S, n, W, E]``."""
        return window.rewards[..., list(self.agents)].permute(0, 3, 1, 2)

    def _own_actions(self, window: Window) -> Tensor:
        """Return each agent's actions ``[S, n, R, A]`` as they were drawn."""
        return self.actions.spread(window.actions.flatten(1, 2), self.agents)[..., : self.head.padded]

    def _masks_over(self, window: Window) -> Tensor | None:
        return self.masks(None if window.masks is None else window.masks.flatten(1, 2))

    def _actor(self, *, device: torch.device, rngs: Sequence[np.random.Generator]) -> Stack:
        slots, how = assign(self.settings.sharing, self._sides), self.settings
        n_inputs, n_outputs = self.observations.padded, self.head.n_outputs
        if how.memory is None:
            return Stack.initial(n_inputs, how.hidden, n_outputs, slots=slots, device=device, rngs=rngs)
        return RecurrentStack.drawn(
            n_inputs, how.hidden[0], how.memory, n_outputs, slots=slots, device=device, rngs=rngs
        )

    def _local_critic(self, value: LocalValue, *, device: torch.device, rngs: Sequence[np.random.Generator]) -> Stack:
        sharing = value.sharing or self.settings.sharing
        if sharing.mode != "none":
            sharing = Sharing(mode=sharing.mode, index=True)
        slots = assign(sharing, self._sides)
        return Stack.initial(self.observations.padded, self.settings.hidden, 1, slots=slots, device=device, rngs=rngs)

    def _descend(self, loss: Tensor, optimiser: Adam, alive: Tensor) -> None:
        optimiser.zero_grad()
        torch.where(alive[:, None], loss, 0.0).sum().backward()  # type: ignore[no-untyped-call]
        clip_each(optimiser.tensors, self.settings.clip)
        optimiser.step()

    def state(self) -> dict[str, Tensor]:
        """Return every parameter and the optimisers' moments, for a checkpoint."""
        return parameter_state(self.stacks, self.optimisers)

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go back to what `state` returned."""
        load_parameters(self.stacks, self.optimisers, state)


def _local_value(settings: OnPolicy) -> LocalValue | None:
    if isinstance(settings, REINFORCE):
        return settings.baseline
    return settings.value if isinstance(settings, AdvantageActorCritic | TRPO) else None
