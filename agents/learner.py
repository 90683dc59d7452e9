"""The networks of some agents under one setting, in all seeds.

A `Learner` holds n agents with one kind of action space. Where they have K sub-policies each, its networks stand for
n · K members, agent by agent for the first sub-policy, then for the second, and so on; without ensembles the members
are the agents.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from nashlens.agents import passes
from nashlens.agents.adam import Adam, BlockAdam
from nashlens.agents.adversary import step_lengths
from nashlens.agents.config import MADDPGFamily
from nashlens.agents.distributions import Noise, head_for
from nashlens.agents.joint_inputs import JointInputs
from nashlens.agents.layout import Layout
from nashlens.agents.networks import Stack
from nashlens.agents.opponents import Opponents
from nashlens.agents.parameter_state import load_parameters, parameter_state
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
    reward_columns : ``[1, m, 1, 1]``; the agent of each member, to gather its reward.
    adversary_lengths : ``[m, N]``; how far an adversary may move each agent's action, or None where there is none.
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
        self.reward_columns = torch.tensor(self.members, device=device)[None, :, None, None]
        self.adversary_lengths = (
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
