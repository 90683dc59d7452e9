"""The learner's steps against computations by other means, and against the mistakes that other codes have made."""

import numpy as np
import pytest
import torch

from nashlens.agents import config, maddpg
from nashlens.agents.actor_critic_steps import step_actor, step_critic
from nashlens.agents.learner import Learner
from nashlens.agents.maddpg import joint_actions, joint_decision, update_all
from nashlens.agents.replay import Minibatch, Replay

CPU = torch.device("cpu")
ALIVE = torch.ones(2, dtype=torch.bool)


def generators():
    return [torch.Generator().manual_seed(seed) for seed in range(2)]


def a_learner(game, **settings):
    settings.setdefault("hidden", (8,))
    return Learner(
        game.spec,
        range(game.spec.n_agents),
        config.MADDPG(**settings),
        device=CPU,
        rngs=[np.random.default_rng(seed) for seed in range(2)],
    )


def joined(learner, batch):
    return learner.inputs.join(batch.observations, batch.actions)


def a_batch(game, n_rows=16, n_learners=2):
    g = torch.Generator().manual_seed(7)

    def draw(width):
        return torch.rand(2, n_learners, n_rows, width, generator=g)

    n_observations, n_actions = sum(game.spec.observation_sizes), sum(game.spec.action_widths)
    return Minibatch(
        observations=draw(n_observations),
        actions=draw(n_actions),
        rewards=draw(2),
        next_observations=draw(n_observations),
        terminated=(draw(1) > 0.5).float().squeeze(-1),
        log_densities=draw(2),
    )


def q_by_hand(stack, seed, agent, inputs):
    layer = inputs
    for k, (w, b) in enumerate(zip(stack.weights, stack.biases, strict=True)):
        layer = layer @ w[seed, agent] + b[seed, agent]
        layer = torch.relu(layer) if k < len(stack.weights) - 1 else layer
    return layer[:, 0]


def moved(learner):
    """The same learner with target networks that differ from the online ones."""
    for stack in (learner.target_actor, *learner.target_critics):
        for tensor in stack.tensors:
            tensor.mul_(-1.5)
    return learner


def test_critic_step_regresses_on_the_target_critic_and_stops_at_the_end(uneven):
    game, next_actions = uneven(), torch.rand(2, 2, 16, 8, generator=torch.Generator().manual_seed(3))
    learner, batch = moved(a_learner(game)), a_batch(game)
    expected = torch.zeros(2, 2)
    for s in range(2):
        for i in range(2):
            now = torch.cat([batch.observations[s, i], batch.actions[s, i]], dim=1)
            then = torch.cat([batch.next_observations[s, i], next_actions[s, i]], dim=1)
            bootstrap = 0.95 * q_by_hand(learner.target_critics[0], s, i, then) * (1 - batch.terminated[s, i])
            target = batch.rewards[s, i, :, i] + bootstrap
            expected[s, i] = (q_by_hand(learner.critics[0], s, i, now) - target).square().mean()
    assert torch.allclose(
        step_critic(learner, batch, joined(learner, batch), next_actions, ALIVE), expected.detach(), rtol=1e-5
    )


def test_local_critic_sees_its_own_observation_and_action_only(uneven):
    game, batch = uneven(), a_batch(uneven())
    learner = a_learner(game, critic="local")
    values = learner.value(learner.critics[0], batch.observations, batch.actions)
    other_observations, other_actions = batch.observations.clone(), batch.actions.clone()
    other_observations[:, 0, :, 2:] = 9.0
    other_actions[:, 0, :, 3:] = 9.0
    again = learner.value(learner.critics[0], other_observations, other_actions)
    assert torch.equal(values[:, 0], again[:, 0])
    central = a_learner(game)
    assert not torch.equal(
        central.value(central.critics[0], batch.observations, batch.actions)[:, 0],
        central.value(central.critics[0], other_observations, other_actions)[:, 0],
    )


def test_actor_step_follows_the_critics_action_gradient_with_others_as_stored(uneven):
    game, batch = uneven(), a_batch(uneven())
    learner = a_learner(game, learning_rate=1.0, clip=1e9, logit_penalty=0.0)
    noise = learner.draw_gradient(generators(), 16)
    before = [t.detach().clone() for t in learner.actor.tensors]
    learner.actor_optimiser = torch.optim.SGD(learner.actor.tensors, lr=1.0)
    step_actor(learner, batch, joined(learner, batch), noise, ALIVE, n_updates=0)
    s, i = 1, 0
    weights = [t[s, i].clone().requires_grad_(True) for t in before]
    hidden = torch.relu(batch.observations[s, i, :, :2] @ weights[0][:2] + weights[1])
    logits = (hidden @ weights[2] + weights[3])[:, :3]
    own = torch.softmax(logits + noise.first[s, i, :, :3], dim=-1)
    joint = torch.cat([batch.observations[s, i], own, batch.actions[s, i, :, 3:]], dim=1)
    q_by_hand(learner.critics[0], s, i, joint).mean().backward()
    for now, then, weight in zip(learner.actor.tensors, before, weights, strict=True):
        gain = weight.grad if weight.grad is not None else torch.zeros_like(weight)
        assert torch.allclose(now[s, i] - then[s, i], gain, atol=1e-6)


def test_actor_step_leaves_the_critic_alone_and_critic_step_the_actor(uneven):
    learner, batch = a_learner(uneven()), a_batch(uneven())
    critic = [t.detach().clone() for t in learner.critics[0].tensors]
    step_actor(learner, batch, joined(learner, batch), learner.draw_gradient(generators(), 16), ALIVE, n_updates=0)
    assert all(torch.equal(a, b) for a, b in zip(critic, learner.critics[0].tensors, strict=True))
    actor = [t.detach().clone() for t in learner.actor.tensors]
    step_critic(learner, batch, joined(learner, batch), batch.actions, ALIVE)
    assert all(torch.equal(a, b) for a, b in zip(actor, learner.actor.tensors, strict=True))
    assert not all(torch.equal(a, b) for a, b in zip(critic, learner.critics[0].tensors, strict=True))


def test_score_form_has_the_mean_gradient_of_the_enumerated_policy_gradient(uneven):
    # E[∇ log π(a) Q(a)] over the first agent's three actions, against the mean over many draws of the step's gradient.
    game = uneven()
    learner = a_learner(game, gradient="score", hidden=(4,), clip=1e9, logit_penalty=0.0)
    n_rows = 40_000
    one = a_batch(game, n_rows=1)
    batch = Minibatch(
        **{
            name: getattr(one, name).expand(-1, -1, n_rows, *getattr(one, name).shape[3:])
            for name in ("observations", "actions", "rewards", "next_observations", "terminated", "log_densities")
        }
    )
    learner.actor_optimiser = torch.optim.SGD(learner.actor.tensors, lr=1.0)
    before = [t.detach().clone() for t in learner.actor.tensors]
    step_actor(learner, batch, joined(learner, batch), learner.draw_gradient(generators(), n_rows), ALIVE, n_updates=0)
    s, i = 0, 0
    weights = [t[s, i].clone().requires_grad_(True) for t in before]
    hidden = torch.relu(one.observations[s, i, :, :2] @ weights[0][:2] + weights[1])
    chances = torch.softmax((hidden @ weights[2] + weights[3])[0, :3], dim=-1)
    joints = torch.cat(
        [one.observations[s, i].expand(3, -1), torch.eye(3), one.actions[s, i, :, 3:].expand(3, -1)], dim=1
    )
    (chances * q_by_hand(learner.critics[0], s, i, joints).detach()).sum().backward()
    step = learner.actor.tensors[3][s, i] - before[3][s, i]
    scale = float(q_by_hand(learner.critics[0], s, i, joints).detach().abs().max()) / n_rows**0.5
    assert torch.allclose(step[0, :3], weights[3].grad[0, :3], atol=5 * scale)
    assert float(weights[3].grad.abs().max()) > 20 * scale  # the test could tell a wrong gradient


def test_score_of_a_clipped_gaussian_has_mean_zero(uneven):
    # E[∇ log π] = 0 for the density of the draw itself; a third of these draws is clipped, and the density of the
    # clipped value would have a mean of about −0.5 in the width.
    game, n_rows = uneven(boxes=True), 100_000
    learner = Learner(
        game.spec, [1], config.MADDPG(gradient="score", hidden=(4,)), device=CPU, rngs=[np.random.default_rng(0)]
    )
    outputs = torch.zeros(1, 1, n_rows, 4, requires_grad=True)
    noise = learner.head.noise(generators()[:1], (1, n_rows, 2))
    drawn = learner.head.draw(outputs.detach(), noise, None)
    assert (learner.head.executed(drawn) != drawn).float().mean() > 0.2
    learner.head.log_density(outputs, drawn, None).sum().backward()
    score = outputs.grad[0, 0]
    assert (score.mean(dim=0).abs() < 5 * score.std(dim=0) / n_rows**0.5).all()


def test_stored_densities_are_those_of_the_draws(uneven):
    learners = [
        Learner(uneven(boxes=True).spec, [i], config.MADDPG(hidden=(4,)), device=CPU, rngs=[np.random.default_rng(i)])
        for i in range(2)
    ]
    observations = torch.rand(1, 4000, 6, generator=torch.Generator().manual_seed(1))
    _, logs = joint_decision(learners, observations, None, generators=generators()[:1])
    # The mean log density of a Gaussian is minus its entropy: −Σ (ln σ + ½ ln 2πe), whatever the box cuts off.
    outputs = learners[1].outputs(learners[1].actor, observations, None)
    _, std = learners[1].head.moments(outputs)
    entropy = (std.log() + 0.5 * np.log(2 * np.pi * np.e)).sum(-1).mean()
    assert float((logs[0, :, 1].mean() + entropy).detach().abs()) < 0.06


@pytest.mark.parametrize("estimator", ["straight_through", "annealed", "gumbel_rao", "gapped"])
def test_in_soft_games_only_the_soft_estimator_plays_soft_actions(uneven, estimator):
    observations = torch.rand(2, 50, 6, generator=torch.Generator().manual_seed(1))

    def largest(name):
        learner = a_learner(uneven(soft=True), estimator=name)
        joint, _ = joint_decision([learner], observations, None, generators=generators())
        return joint[..., :3].max(dim=-1).values

    assert torch.equal(largest(estimator), torch.ones(2, 50))
    assert float(largest("soft").detach().mean()) < 0.95


@pytest.mark.parametrize(("minibatch", "same"), [("shared", True), ("separate", False)])
def test_learners_of_one_minibatch_read_the_same_target_actions(uneven, monkeypatch, minibatch, same):
    game, seen = uneven(), []
    replay = Replay(game.spec, capacity=64, n_seeds=2, device=CPU)
    g = torch.Generator().manual_seed(5)
    replay.insert([torch.rand(2, 64, width, generator=g) for width in (6, 8, 2, 6, 1, 2)], n_updates=0)

    def spy(learner, batch, inputs, next_actions, alive):
        seen.append((batch.observations, next_actions))
        return step_critic(learner, batch, inputs, next_actions, alive)

    monkeypatch.setattr(maddpg, "step_critic", spy)
    update_all([a_learner(game, minibatch=minibatch)], replay, ALIVE, generators=generators())
    ((observations, actions),) = seen
    assert observations.shape[1] == actions.shape[1] == 2
    for each in (observations, actions):
        assert torch.equal(each[:, 0], each[:, 1]) is same


def test_other_actions_are_replayed_by_default_and_current_on_request(uneven, monkeypatch):
    game, seen = uneven(), {}
    replay = Replay(game.spec, capacity=64, n_seeds=2, device=CPU)
    g = torch.Generator().manual_seed(5)
    replay.insert([torch.rand(2, 64, width, generator=g) for width in (6, 8, 2, 6, 1, 2)], n_updates=0)

    def spy(learner, batch, inputs, noise, alive, *, n_updates):
        seen[learner.settings.other_actions] = torch.equal(inputs, joined(learner, batch))
        return step_actor(learner, batch, inputs, noise, alive, n_updates=n_updates)

    monkeypatch.setattr(maddpg, "step_actor", spy)
    for source in ("replay", "current"):
        update_all([a_learner(game, other_actions=source)], replay, ALIVE, generators=generators())
    assert seen == {"replay": True, "current": False}


def test_target_actions_come_from_the_target_actors(uneven):
    learner = a_learner(uneven(soft=True))
    for tensor in learner.target_actor.tensors:
        tensor.zero_()
    learner.target_actor.biases[-1][:, :, :, 1] = 60.0  # the targets choose alternative 1 of the first factor for sure
    observations = torch.rand(2, 5, 6, generator=torch.Generator().manual_seed(1))
    target = joint_actions([learner], observations, None, target=True, generators=generators())
    online = joint_actions([learner], observations, None, target=False, generators=generators())
    assert torch.allclose(target[..., 1], torch.ones(2, 5))
    assert not torch.allclose(online[..., 1], torch.ones(2, 5))


def test_update_moves_the_targets_by_tau_after_all_steps(uneven):
    game = uneven()
    learner = a_learner(game, tau=0.25)
    replay = Replay(game.spec, capacity=64, n_seeds=2, device=CPU)
    g = torch.Generator().manual_seed(5)
    replay.insert([torch.rand(2, 64, width, generator=g) for width in (6, 8, 2, 6, 1, 2)], n_updates=0)
    before = [t.clone() for t in learner.target_critics[0].tensors]
    update_all([learner], replay, ALIVE, generators=generators())
    for target, old, online in zip(learner.target_critics[0].tensors, before, learner.critics[0].tensors, strict=True):
        assert torch.allclose(target, 0.75 * old + 0.25 * online.detach(), atol=1e-6)


def test_dead_seeds_do_not_move(uneven):
    learner, batch = a_learner(uneven()), a_batch(uneven())
    before = [t.detach().clone() for t in learner.critics[0].tensors]
    step_critic(learner, batch, joined(learner, batch), batch.actions, torch.tensor([True, False]))
    for old, new in zip(before, learner.critics[0].tensors, strict=True):
        assert torch.equal(old[1], new[1])
    assert any(not torch.equal(old[0], new[0]) for old, new in zip(before, learner.critics[0].tensors, strict=True))


@pytest.mark.parametrize("mode", ["side", "full"])
def test_shared_critics_always_read_the_index(uneven, mode):
    learner = a_learner(uneven(), sharing=config.Sharing(mode=mode))
    assert learner.actor.slots.index.shape == (2, 0)
    assert learner.critics[0].slots.index.shape == (2, 2)
