"""One step of a learner's critics and one of its actors, with the gradients of both written out.

The critics' step is towards the temporal difference target of the target networks; the actors' climbs the first critic,
through their own actions or by the score of the actions that they draw.

References
----------
Lowe, Wu, Tamar, Harb, Abbeel, Mordatch (2017), arXiv:1706.02275, equations 5 and 6.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from nashlens.agents import losses, passes
from nashlens.agents.adam import Adam
from nashlens.agents.adversary import worst_case
from nashlens.agents.distributions import Noise
from nashlens.agents.learner import Learner
from nashlens.agents.networks import Stack
from nashlens.agents.replay import Minibatch


@torch.no_grad()
def step_critic(learner: Learner, batch: Minibatch, inputs: Tensor, next_actions: Tensor, alive: Tensor) -> Tensor:
    """Move the critics towards their targets; return the losses ``[S, m]``.

    Parameters
    ----------
    learner : whose networks move.
    batch : each member's minibatch.
    inputs : ``[S, m, B, width]``; what the critics read of it.
    next_actions : joint actions ``[S, m, B, ΣA]`` that the target policies take at the successors.
    alive : ``[S]``; seeds that still learn.
    """
    if learner.adversary_lengths is not None:
        next_actions = worst_case(
            next_actions,
            lambda joint: learner.target_value(batch.next_observations, joint),
            learner.adversary_lengths,
            learner.actions,
        )
    targets = losses.temporal_difference_target(
        batch.rewards.gather(3, learner.reward_columns.expand(*batch.rewards.shape[:3], 1)).squeeze(-1),
        learner.target_value(batch.next_observations, next_actions),
        batch.terminated,
        gamma=learner.settings.gamma,
    )
    found: list[Tensor] = []
    for critic in learner.critics:
        activations = passes.forward(critic, critic.rows(inputs))
        errors = activations[-1].view(targets.shape) - targets
        found.append(errors.square().mean(dim=-1))
        slope = torch.where(alive.view(-1, 1, 1), errors * (2 / errors.shape[-1]), 0.0)
        passes.descend(critic, activations, slope.view(-1, slope.shape[-1], 1))
    _move(learner, learner.critics, learner.critic_optimiser)
    return found[0] if len(found) == 1 else found[0] + found[1]


@torch.no_grad()
def step_actor(
    learner: Learner, batch: Minibatch, inputs: Tensor, noise: Noise, alive: Tensor, *, n_updates: int
) -> Tensor:
    """Move the actors; return the losses ``[S, m]``.

    Parameters
    ----------
    learner : whose networks move.
    batch : each member's minibatch.
    inputs : ``[S, m, B, width]``; what the critics read of it and of what the other agents do; the members' own actions
        are written into it.
    noise : from `Learner.draw_gradient`.
    alive : ``[S]``; seeds that still learn.
    n_updates : updates made before this one.
    """
    activations = passes.forward(
        learner.actor, learner.actor.rows(learner.observations.own(batch.observations, learner.members))
    )
    n_seeds, n_members, n_rows = batch.rewards.shape[0], len(learner.members), batch.rewards.shape[2]
    outputs = activations[-1].view(n_seeds, n_members, n_rows, -1)
    masks = None
    if batch.masks is not None:
        masks = learner.actions.own(batch.masks, learner.members)[..., : learner.head.padded]
    step = _climb if learner.settings.gradient == "deterministic" else _score
    loss, slope = step(learner, batch, inputs, outputs, noise, masks=masks, n_updates=n_updates)
    weight = learner.settings.logit_penalty
    loss += weight * learner.head.penalty(outputs)
    slope = slope + weight * learner.head.penalty_slope(outputs)
    if learner.n_subs > 1:
        slope = slope / learner.n_subs
    slope = torch.where(alive.view(-1, 1, 1, 1), slope, 0.0)
    passes.descend(learner.actor, activations, slope.flatten(0, 1))
    _move(learner, [learner.actor], learner.actor_optimiser)
    return loss


def _climb(
    learner: Learner,
    batch: Minibatch,
    inputs: Tensor,
    outputs: Tensor,
    noise: Noise,
    *,
    masks: Tensor | None,
    n_updates: int,
) -> tuple[Tensor, Tensor]:
    """Return ``−mean Q`` of the actors' own actions ``[S, m]``, and its slope in their outputs."""
    own, back = learner.head.pull_back(outputs, noise, masks, n_updates=n_updates)
    activations = _pass_of_own(learner, batch, inputs, own)
    n_rows = own.shape[2]
    values = activations[-1].view(*own.shape[:3])
    down = torch.full_like(activations[-1], -1 / n_rows)
    slope = passes.slope_in_inputs(learner.critics[0], activations, down, learner.inputs.columns, width=own.shape[-1])
    return -values.mean(dim=-1), back(slope.view(own.shape))


def _score(
    learner: Learner,
    batch: Minibatch,
    inputs: Tensor,
    outputs: Tensor,
    noise: Noise,
    *,
    masks: Tensor | None,
    n_updates: int,
) -> tuple[Tensor, Tensor]:
    """Return ``−mean log π · Q`` of actions that the actors draw ``[S, m]``, and its slope in their outputs."""
    drawn = learner.head.draw(outputs, noise.first, masks)
    values = _pass_of_own(learner, batch, inputs, learner.head.executed(drawn))[-1].view(*drawn.shape[:3])
    density, back = learner.head.pull_back_density(outputs, drawn, masks)
    return -(density * values).mean(dim=-1), back(values / -values.shape[-1])


def _pass_of_own(learner: Learner, batch: Minibatch, inputs: Tensor, own: Tensor) -> list[Tensor]:
    """Return the first critic's activations where the own actions ``[S, m, B, A]`` replace those in the inputs."""
    critic, own = learner.critics[0], _padded(learner, own)
    inputs = learner.inputs.with_own(inputs, own)
    if learner.adversary_lengths is not None:
        moved = worst_case(
            learner.inputs.joint_actions(inputs),
            lambda joint: learner.value(critic.frozen(), batch.observations, joint),
            learner.adversary_lengths,
            learner.actions,
        )
        inputs = learner.inputs.with_own(learner.inputs.join(batch.observations, moved), own)
    return passes.forward(critic, critic.rows(inputs))


def _move(learner: Learner, stacks: Sequence[Stack], optimiser: Adam) -> None:
    for stack in stacks:
        stack.clip(learner.settings.clip)
    optimiser.step()


def _padded(learner: Learner, own: Tensor) -> Tensor:
    short = learner.actions.padded - learner.head.padded
    return torch.nn.functional.pad(own, (0, short)) if short else own
