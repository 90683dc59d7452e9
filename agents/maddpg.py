"""MADDPG and DDPG: actors that follow the gradient of a critic, central or local, for all seeds at once.

A `Learner` holds the networks of n agents of one kind of action space under one setting, in S seeds. `update_all` makes
one update of every learner in the order of Algorithm 1: each agent its critic, then its actor, and when all have moved,
the targets. No agent's step reads another's new parameters, so that the agents of a learner step at once.

References
----------
Lowe, Wu, Tamar, Harb, Abbeel, Mordatch (2017), arXiv:1706.02275, Algorithm 1, equations 5 and 6.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import Tensor

from nashlens.agents import losses
from nashlens.agents.config import Algorithm, Sharing
from nashlens.agents.distributions import head_for
from nashlens.agents.layout import Layout
from nashlens.agents.networks import Stack, clip_each
from nashlens.agents.replay import Minibatch, Replay
from nashlens.agents.sharing import assign
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
    actor, critic, target_actor, target_critic : the stacks.
    """

    def __init__(
        self,
        spec: GameSpec,
        agents: Sequence[int],
        settings: Algorithm,
        *,
        device: torch.device,
        rngs: Sequence[np.random.Generator],
    ) -> None:
        self.spec = spec
        self.agents = tuple(agents)
        self.settings = settings
        self.soft = spec.soft_actions and settings.gradient == "deterministic"
        self.head = head_for(
            [spec.action_spaces[i] for i in agents],
            soft=self.soft,
            straight_through=settings.estimator == "straight_through",
            temperature=settings.temperature,
            device=device,
        )
        self.observations = Layout(spec.observation_sizes)
        self.actions = Layout(spec.action_widths)
        sides = [spec.sides[i] for i in agents]
        critic_sharing = settings.critic_sharing or settings.sharing
        if critic_sharing.mode != "none":
            critic_sharing = Sharing(mode=critic_sharing.mode, index=True)
        if settings.critic == "central":
            critic_width = self.observations.total + self.actions.total
        else:
            critic_width = self.observations.padded + self.actions.padded
        self.actor = Stack.initial(
            self.observations.padded,
            settings.hidden,
            self.head.n_outputs,
            slots=assign(settings.sharing, sides),
            device=device,
            rngs=rngs,
        ).trained()
        self.critic = Stack.initial(
            critic_width, settings.hidden, 1, slots=assign(critic_sharing, sides), device=device, rngs=rngs
        ).trained()
        self.target_actor = self.actor.copy()
        self.target_critic = self.critic.copy()
        self.actor_optimiser = torch.optim.Adam(self.actor.tensors, lr=settings.learning_rate)
        self.critic_optimiser = torch.optim.Adam(self.critic.tensors, lr=settings.learning_rate)

    @property
    def stacks(self) -> tuple[Stack, Stack, Stack, Stack]:
        """All four stacks, in the order in which they are stored and hashed."""
        return self.actor, self.critic, self.target_actor, self.target_critic

    def decide(
        self, actor: Stack, joint_observations: Tensor, joint_masks: Tensor | None, noise: Tensor
    ) -> tuple[Tensor, Tensor, Tensor | None]:
        """Return executed actions ``[S, n, R, A]``, the outputs behind them, and the masks of these agents.

        Parameters
        ----------
        actor : the online or the target stack.
        joint_observations, joint_masks : ``[S, R, ΣO]``, ``[S, R, ΣA]``.
        noise : as `Head.noise` draws it for ``(n, R, A)``.
        """
        outputs = actor(self.observations.spread(joint_observations, self.agents))
        masks = None if joint_masks is None else self._own_masks(joint_masks)
        return self.head.act(outputs, noise, masks), outputs, masks

    def draw(self, generators: Sequence[torch.Generator], n_rows: int) -> Tensor:
        """Draw the noise of R decisions of each of the n agents, ``[S, n, R, A]``."""
        return self.head.noise(generators, (len(self.agents), n_rows, self.head.padded))

    def value(self, critic: Stack, joint_observations: Tensor, joint_actions: Tensor) -> Tensor:
        """Return ``Q_i`` as ``[S, n, B]`` of joint observations and actions ``[S, n, B, …]``."""
        if self.settings.critic == "central":
            inputs = torch.cat([joint_observations, joint_actions], dim=-1)
        else:
            own_observations = self.observations.own(joint_observations, self.agents)
            inputs = torch.cat([own_observations, self.actions.own(joint_actions, self.agents)], dim=-1)
        return critic(inputs).squeeze(-1)

    def step_critic(self, batch: Minibatch, next_actions: Tensor, alive: Tensor) -> Tensor:
        """Move the critics towards their targets; return the losses ``[S, n]``.

        Parameters
        ----------
        batch : each learner's minibatch.
        next_actions : joint actions ``[S, n, B, ΣA]`` that the target policies take at the successors.
        alive : ``[S]``; seeds that still learn.
        """
        with torch.no_grad():
            targets = losses.temporal_difference_target(
                batch.rewards.gather(3, self._own_column(batch.rewards)).squeeze(-1),
                self.value(self.target_critic, batch.next_observations, next_actions),
                batch.terminated,
                gamma=self.settings.gamma,
            )
        loss = losses.critic_loss(self.value(self.critic, batch.observations, batch.actions), targets)
        self._descend(loss, self.critic, self.critic_optimiser, alive)
        return loss.detach()

    def step_actor(self, batch: Minibatch, joint_actions: Tensor, noise: Tensor, alive: Tensor) -> Tensor:
        """Move the actors; return the losses ``[S, n]``.

        Parameters
        ----------
        batch : each learner's minibatch.
        joint_actions : ``[S, n, B, ΣA]``; what the other agents do; the learner's own part is replaced.
        noise : as `Head.noise` draws it for ``(n, B, A)``.
        alive : ``[S]``; seeds that still learn.
        """
        outputs = self.actor(self.observations.own(batch.observations, self.agents))
        masks = None if batch.masks is None else self.actions.own(batch.masks, self.agents)
        penalty = self.head.penalty(outputs)
        critic = self.critic.frozen()
        weight = self.settings.logit_penalty
        if self.settings.gradient == "deterministic":
            own = self._padded(self.head.relaxed(outputs, noise, masks))
            values = self.value(critic, batch.observations, self.actions.replace(joint_actions, own, self.agents))
            loss = losses.deterministic_actor_loss(values, penalty, penalty_weight=weight)
        else:
            with torch.no_grad():
                own = self.head.act(outputs, noise, masks)
                joint = self.actions.replace(joint_actions, self._padded(own), self.agents)
                values = self.value(critic, batch.observations, joint)
            density = self.head.log_density(outputs, own, masks)
            loss = losses.score_actor_loss(density, values, penalty, penalty_weight=weight)
        self._descend(loss, self.actor, self.actor_optimiser, alive)
        return loss.detach()

    def follow(self) -> None:
        """Move the targets towards the online networks by the share tau."""
        self.target_actor.follow(self.actor, self.settings.tau)
        self.target_critic.follow(self.critic, self.settings.tau)

    def state(self) -> dict[str, Tensor]:
        """Return every parameter and the optimisers' moments, for a checkpoint."""
        state: dict[str, Tensor] = {}
        for name, stack in zip(("actor", "critic", "target_actor", "target_critic"), self.stacks, strict=True):
            state |= {f"{name}.{k}": t.detach().clone() for k, t in enumerate(stack.tensors)}
        for name, optimiser in (("actor", self.actor_optimiser), ("critic", self.critic_optimiser)):
            for k, moments in optimiser.state_dict()["state"].items():
                state |= {f"{name}_optimiser.{k}.{label}": t.clone() for label, t in moments.items()}
        return state

    def load(self, state: Mapping[str, Tensor]) -> None:
        """Go back to what `state` returned."""
        with torch.no_grad():
            for name, stack in zip(("actor", "critic", "target_actor", "target_critic"), self.stacks, strict=True):
                for k, tensor in enumerate(stack.tensors):
                    tensor.copy_(state[f"{name}.{k}"])
        for name, optimiser in (("actor", self.actor_optimiser), ("critic", self.critic_optimiser)):
            moments: dict[int, dict[str, Tensor]] = {}
            for key, tensor in state.items():
                owner, *place = key.split(".")
                if owner == f"{name}_optimiser":
                    moments.setdefault(int(place[0]), {})[place[1]] = tensor.clone()
            groups = optimiser.state_dict()["param_groups"]
            optimiser.load_state_dict({"state": moments, "param_groups": groups})

    def _descend(self, loss: Tensor, stack: Stack, optimiser: torch.optim.Adam, alive: Tensor) -> None:
        optimiser.zero_grad(set_to_none=True)
        torch.where(alive[:, None], loss, 0.0).sum().backward()  # type: ignore[no-untyped-call]
        clip_each(stack.tensors, self.settings.clip)
        optimiser.step()

    def _own_masks(self, joint_masks: Tensor) -> Tensor:
        return self.actions.spread(joint_masks, self.agents)

    def _own_column(self, rewards: Tensor) -> Tensor:
        columns = torch.tensor(self.agents, device=rewards.device)[None, :, None, None]
        return columns.expand(len(rewards), -1, rewards.shape[2], 1)

    def _padded(self, own: Tensor) -> Tensor:
        short = self.actions.padded - self.head.padded
        return torch.nn.functional.pad(own, (0, short)) if short else own


def joint_decision(
    learners: Sequence[Learner],
    observations: Tensor,
    masks: Tensor | None,
    *,
    target: bool,
    generators: Sequence[torch.Generator],
) -> Tensor:
    """Return joint actions ``[S, R, ΣA]`` of all agents at joint observations ``[S, R, ΣO]``.

    Parameters
    ----------
    learners : between them, every agent of the game once.
    observations, masks : joint vectors; masks only where the game has them.
    target : True for the target actors, False for the online ones.
    generators : one a seed.
    """
    parts: dict[int, Tensor] = {}
    for learner in learners:
        actor = learner.target_actor if target else learner.actor
        noise = learner.draw(generators, observations.shape[1])
        actions, _, _ = learner.decide(actor, observations, masks, noise)
        for k, i in enumerate(learner.agents):
            parts[i] = actions[:, k, :, : learner.actions.widths[i]]
    return torch.cat([parts[i] for i in sorted(parts)], dim=-1)


def update_all(
    learners: Sequence[Learner], replay: Replay, alive: Tensor, *, generators: Sequence[torch.Generator]
) -> tuple[Tensor, Tensor]:
    """Make one update of every agent; return critic and actor losses, each ``[S, N]``.

    Parameters
    ----------
    learners : between them, every agent of the game once.
    replay : where the minibatches come from.
    alive : ``[S]``; seeds that still learn; the others' parameters stay as they are.
    generators : one a seed, for minibatches and noise.
    """
    n_seeds, n_agents = len(alive), learners[0].spec.n_agents
    critic_losses = torch.zeros(n_seeds, n_agents)
    actor_losses = torch.zeros(n_seeds, n_agents)
    for learner in learners:
        columns = list(learner.agents)
        batch = _minibatch(learner, replay, generators)
        next_actions = _flat_decision(learners, batch.next_observations, batch.next_masks, True, generators)
        critic_losses[:, columns] = learner.step_critic(batch, next_actions, alive).cpu()
        others = batch.actions
        if learner.settings.other_actions == "current":
            others = _flat_decision(learners, batch.observations, batch.masks, False, generators)
        noise = learner.draw(generators, learner.settings.batch_size)
        actor_losses[:, columns] = learner.step_actor(batch, others, noise, alive).cpu()
    for learner in learners:
        learner.follow()
    return critic_losses, actor_losses


def _minibatch(learner: Learner, replay: Replay, generators: Sequence[torch.Generator]) -> Minibatch:
    n_own, size = len(learner.agents), learner.settings.batch_size
    if learner.settings.minibatch == "separate":
        return replay.sample(n_own, size, generators)
    return replay.sample(1, size, generators).for_all(n_own)


@torch.no_grad()
def _flat_decision(
    learners: Sequence[Learner],
    observations: Tensor,
    masks: Tensor | None,
    target: bool,
    generators: Sequence[torch.Generator],
) -> Tensor:
    n_seeds, n_own, size, width = observations.shape
    rows = observations.reshape(n_seeds, n_own * size, width)
    legal = None if masks is None else masks.reshape(n_seeds, n_own * size, -1)
    joint = joint_decision(learners, rows, legal, target=target, generators=generators)
    return joint.view(n_seeds, n_own, size, -1)
