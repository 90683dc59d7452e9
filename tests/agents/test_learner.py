"""The learner's steps, written out, against automatic differentiation of the losses that they descend."""

import numpy as np
import pytest
import torch

from nashlens.agents import config, losses
from nashlens.agents.actor_critic_steps import step_actor, step_critic
from nashlens.agents.adam import BlockAdam
from nashlens.agents.config import Ensemble, Minimax, Sharing, Twin
from nashlens.agents.learner import Learner
from nashlens.agents.replay import Minibatch

CPU = torch.device("cpu")
ALIVE = torch.ones(2, dtype=torch.bool)
N_ROWS = 12
ESTIMATORS = ("soft", "straight_through", "annealed", "gumbel_rao", "gapped")
SETTINGS = {
    **{name: {"estimator": name} for name in ESTIMATORS},
    "score": {"gradient": "score"},
    "local": {"critic": "local"},
    "local score": {"critic": "local", "gradient": "score"},
    "shared": {"sharing": Sharing(mode="full")},
    "shared by side, index": {"sharing": Sharing(mode="side", index=True)},
    "ensemble": {"ensemble": Ensemble(size=2)},
    "twin": {"twin": Twin()},
    "no penalty, another temperature": {"logit_penalty": 0.0, "temperature": 0.5},
}


def a_learner(game, agents, **settings):
    learner = Learner(
        game.spec,
        agents,
        config.MADDPG(**{"hidden": (8, 6), "clip": 1e9, **settings}),
        device=CPU,
        rngs=[np.random.default_rng(seed) for seed in range(2)],
    )
    for stack in (learner.target_actor, *learner.target_critics):
        stack.block.mul_(-1.5)  # targets that differ from the online networks
    learner.actor_optimiser = BlockAdam([learner.actor], 0.0)  # the gradients are what is looked at
    learner.critic_optimiser = BlockAdam(learner.critics, 0.0)
    return learner


def joined(learner, batch):
    return learner.inputs.join(batch.observations, batch.actions)


def a_batch(game, n_members):
    g = torch.Generator().manual_seed(7)

    def draw(width):
        return torch.rand(2, n_members, N_ROWS, width, generator=g)

    n_observations, n_actions = sum(game.spec.observation_sizes), sum(game.spec.action_widths)
    masks = draw(n_actions) > 0.3
    masks[..., [1, 4, -1]] = True  # a legal alternative of every factor
    return Minibatch(
        observations=draw(n_observations),
        actions=draw(n_actions),
        rewards=draw(2),
        next_observations=draw(n_observations),
        terminated=(draw(1) > 0.5).float().squeeze(-1),
        log_densities=draw(2),
        masks=masks if game.spec.masked else None,
        next_masks=masks if game.spec.masked else None,
    )


def gradients(loss, tensors):
    found = torch.autograd.grad(loss, tensors, allow_unused=True)
    return [torch.zeros_like(t) if g is None else g for t, g in zip(tensors, found, strict=True)]


def recording(stack):
    """The same parameters, whose gradients are recorded."""
    return stack.copy().trained()


CASES = [
    (name, kind, agents)
    for name in SETTINGS
    for kind, agents in (({}, (0, 1)), ({}, (1, 0)), ({"masked": True}, (0, 1)), ({"boxes": True}, (1,)), ({}, (0,)))
]


@pytest.mark.parametrize(("name", "kind", "agents"), CASES, ids=str)
def test_actor_step_descends_its_loss(uneven, name, kind, agents):
    game = uneven(**kind)
    learner = a_learner(game, agents, **SETTINGS[name])
    members = learner.members
    batch, how = a_batch(game, len(members)), learner.settings
    noise = learner.draw_gradient([torch.Generator().manual_seed(s) for s in range(2)], N_ROWS)
    actor, critic = recording(learner.actor), learner.critics[0]
    outputs = actor(learner.observations.own(batch.observations, members))
    masks = None if batch.masks is None else learner.actions.own(batch.masks, members)[..., : learner.head.padded]
    penalty = learner.head.penalty(outputs)

    def value_of(own):
        padded = torch.nn.functional.pad(own, (0, learner.actions.padded - own.shape[-1]))
        return learner.value(critic, batch.observations, learner.actions.replace(batch.actions, padded, members))

    if how.gradient == "deterministic":
        values = value_of(learner.head.relaxed(outputs, noise, masks, n_updates=3))
        loss = losses.deterministic_actor_loss(values, penalty, penalty_weight=how.logit_penalty)
    else:
        drawn = learner.head.draw(outputs.detach(), noise.first, masks)
        values = value_of(learner.head.executed(drawn))
        density = learner.head.log_density(outputs, drawn, masks)
        loss = losses.score_actor_loss(density, values, penalty, penalty_weight=how.logit_penalty)
    expected = gradients(loss.sum() / how.ensemble.size, actor.tensors)
    found = step_actor(learner, batch, joined(learner, batch), noise, ALIVE, n_updates=3)
    assert torch.allclose(found, loss.detach(), atol=1e-6)
    for tensor, gradient in zip(learner.actor.tensors, expected, strict=True):
        assert torch.allclose(tensor.grad, gradient, atol=1e-6)
    assert any(g.abs().max() > 1e-4 for g in expected)


@pytest.mark.parametrize(("name", "kind", "agents"), CASES, ids=str)
def test_critic_step_descends_its_loss(uneven, name, kind, agents):
    game = uneven(**kind)
    learner = a_learner(game, agents, **SETTINGS[name])
    batch = a_batch(game, len(learner.members))
    next_actions = torch.rand(batch.actions.shape, generator=torch.Generator().manual_seed(3))
    targets = losses.temporal_difference_target(
        torch.stack([batch.rewards[:, k, :, i] for k, i in enumerate(learner.members)], dim=1),
        learner.target_value(batch.next_observations, next_actions),
        batch.terminated,
        gamma=0.95,
    )
    critics = [recording(critic) for critic in learner.critics]
    each = [losses.critic_loss(learner.value(c, batch.observations, batch.actions), targets) for c in critics]
    loss = torch.stack(each).sum(dim=0)
    expected = gradients(loss.sum(), [t for critic in critics for t in critic.tensors])
    found = step_critic(learner, batch, joined(learner, batch), next_actions, ALIVE)
    assert torch.allclose(found, loss.detach(), atol=1e-6)
    tensors = [t for critic in learner.critics for t in critic.tensors]
    for tensor, gradient in zip(tensors, expected, strict=True):
        assert torch.allclose(tensor.grad, gradient, atol=1e-6)


def test_minimax_moves_the_others_before_it_differentiates(uneven):
    # The others' actions stand a step down the learner's value, as constants: their part of the slope does not count.
    game = uneven()
    learner = a_learner(game, (0, 1), minimax=Minimax(opponent_step=0.3, teammate_step=0.2))
    still = a_learner(game, (0, 1), minimax=Minimax(opponent_step=0.0, teammate_step=0.0))
    plain = a_learner(game, (0, 1))
    batch = a_batch(game, 2)
    noise = learner.draw_gradient([torch.Generator().manual_seed(s) for s in range(2)], N_ROWS)
    found = [step_actor(x, batch, joined(x, batch), noise, ALIVE, n_updates=0) for x in (learner, still, plain)]
    assert torch.allclose(found[1], found[2])
    assert torch.allclose(still.actor.block.grad, plain.actor.block.grad)
    assert bool((found[0] > found[2]).all())  # −Q rises: the others act against the learner


def test_dead_seeds_have_no_gradient(uneven):
    learner, batch = a_learner(uneven(), (0, 1)), a_batch(uneven(), 2)
    alive = torch.tensor([True, False])
    noise = learner.draw_gradient([torch.Generator().manual_seed(s) for s in range(2)], N_ROWS)
    step_critic(learner, batch, joined(learner, batch), batch.actions, alive)
    step_actor(learner, batch, joined(learner, batch), noise, alive, n_updates=0)
    for tensor in (*learner.critics[0].tensors, *learner.actor.tensors):
        assert not tensor.grad[1].any()
        assert tensor.grad[0].any()
