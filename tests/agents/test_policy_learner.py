"""The steps of REINFORCE and actor-critic against gradients and returns found by other means."""

import numpy as np
import pytest
import torch

from nashlens.agents import config
from nashlens.agents.judgement import judgement
from nashlens.agents.on_policy_settings import COMA, Advantage, Episodes
from nashlens.agents.policy_learner import PolicyLearner
from nashlens.agents.training import train
from nashlens.agents.trajectories import over_time, rowwise, timewise

CPU = torch.device("cpu")
ALIVE = torch.ones(2, dtype=torch.bool)


def a_learner(game, settings):
    rngs = [np.random.default_rng(seed) for seed in range(2)]
    return PolicyLearner(game.spec, [0, 1], settings, device=CPU, rngs=rngs)


def a_window(game):
    """Six rounds of three environments, as the engine gathers them."""
    seen = []
    update = PolicyLearner.update

    def keep(self, window, alive, **named):
        seen.append(window)
        return update(self, window, alive, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(PolicyLearner, "update", keep)
        how = config.REINFORCE(hidden=(), baseline=None, rollout=Episodes(n_envs=3, horizons_per_update=2))
        train(game, how, seeds=[0, 1], steps=18, n_snapshots=2)
    return seen[0]


def row(*values):
    return torch.tensor(values).view(-1, 1)


def test_reinforce_supposes_nothing_behind_an_end_and_takes_the_baseline_off():
    # Rewards 1, 2, 4 and γ = 1/2: returns 1 + 1 + 1 = 3, 2 + 2 = 4, 4; less the values 1, 1, 1.
    zeros, ended = row(0.0, 0.0, 0.0), row(0.0, 0.0, 1.0)
    found = judgement(
        config.REINFORCE(gamma=0.5),
        row(1.0, 2.0, 4.0),
        row(1.0, 1.0, 1.0),
        row(9.0, 9.0, 9.0),
        terminated=zeros,
        ended=ended,
    )
    assert found.returns.flatten().tolist() == [3.0, 4.0, 4.0]
    assert found.advantages.flatten().tolist() == [2.0, 3.0, 3.0]


@pytest.mark.parametrize(("over", "last"), [(0.0, 4.0 + 4.0), (1.0, 4.0)], ids=["cut", "over"])
@pytest.mark.parametrize("kind", [config.AdvantageActorCritic, config.TRPO])
def test_actor_critics_go_on_through_a_cut_and_not_through_an_end(kind, over, last):
    # The successor of the last step is worth 8, γ = 1/2; one-step: 1 + 2/2, 2 + 3/2, and the last; values 1, 2, 3.
    parts = (row(1.0, 2.0, 4.0), row(1.0, 2.0, 3.0), row(2.0, 3.0, 8.0))
    flags = {"terminated": row(0.0, 0.0, over), "ended": row(0.0, 0.0, 1.0)}
    for advantage in (Advantage(estimator="n_step", n_steps=1), Advantage(trace=0.0)):
        found = judgement(kind(gamma=0.5, advantage=advantage), *parts, **flags)
        assert found.returns.flatten().tolist() == [2.0, 3.5, last]
        assert found.advantages.flatten().tolist() == [1.0, 1.5, last - 3.0]
    two = judgement(kind(gamma=0.5, advantage=Advantage(estimator="n_step", n_steps=2)), *parts, **flags)
    assert two.returns.flatten().tolist() == [2.75, 2.0 + last / 2, last]


def test_other_algorithms_are_not_judged_here():
    nothing = row(0.0)
    with pytest.raises(ValueError, match="must be of REINFORCE, actor-critic or TRPO, not COMA"):
        judgement(COMA(), nothing, nothing, nothing, terminated=nothing, ended=nothing)


def test_rows_and_time_are_one_order():
    values = torch.arange(2 * 3 * 4 * 5).view(2, 3, 4, 5)
    assert torch.equal(rowwise(timewise(values)), values.flatten(2))
    flags = torch.arange(2 * 4 * 5).view(2, 4, 5)
    spread = over_time(flags, timewise(values))
    assert torch.equal(rowwise(spread)[:, 1], flags.flatten(1))


@pytest.mark.parametrize("masked", [False, True])
def test_the_actors_step_follows_the_score_by_hand(uneven, masked):
    # d/dz of log π(a) is a − π factor by factor, so the gradient in the bias is −mean A (a − π) over counted steps.
    game = uneven(masked=masked)
    learner = a_learner(game, config.REINFORCE(hidden=(), baseline=None, clip=1e9))
    window = a_window(game)
    advantages = torch.randn(2, 2, 18, generator=torch.Generator().manual_seed(0))
    counted = torch.ones(2, 1, 18)
    counted[:, :, 4:9] = 0
    outputs, masks = learner.outputs_over(window).detach(), learner._masks_over(window)
    learner._step_actor(window, advantages, counted, ALIVE)
    for i, factors in enumerate([[slice(0, 3)], [slice(0, 2), slice(2, 5)]]):
        expected = torch.zeros(2, 5)
        for f in factors:
            logits = outputs[:, i, :, f]
            if masks is not None:
                logits = logits.masked_fill(~masks[:, i, :, f], -torch.inf)
            score = learner._own_actions(window)[:, i, :, f] - torch.softmax(logits, dim=-1)
            weight = (advantages * counted)[:, i, :, None]
            expected[:, f] = -(weight * score).sum(dim=1) / 13
        assert torch.allclose(learner.actor.biases[-1].grad[:, i, 0], expected, atol=1e-6)


def test_box_policies_are_moved_by_what_was_drawn_before_clipping(uneven):
    # In the mean's output z with mean = low + half + half·tanh z: d log π/dz = (a − mean)/std² · half · (1 − tanh² z).
    game = uneven(boxes=True)
    spec = game.spec
    rngs = [np.random.default_rng(seed) for seed in range(2)]
    how = config.REINFORCE(hidden=(), baseline=None, clip=1e9, rollout=Episodes(n_envs=3, horizons_per_update=2))
    learner = PolicyLearner(spec, [1], how, device=CPU, rngs=rngs)
    window = a_window(game)
    drawn = window.actions[..., 3:].flatten(1, 2)
    assert (drawn.abs() > torch.tensor([1.0, 2.0])).any()  # some fell outside the box
    outputs = learner.outputs_over(window).detach()[:, 0]
    half = torch.tensor([1.0, 2.0])
    tanh, std = outputs[..., :2].tanh(), half * outputs[..., 2:].clamp(-5, 1).exp()
    advantages = torch.randn(2, 1, 18, generator=torch.Generator().manual_seed(0))
    learner._step_actor(window, advantages, torch.ones(2, 1, 18), ALIVE)
    score = (drawn - half * tanh) / std.square() * half * (1 - tanh.square())
    expected = -(advantages[:, 0, :, None] * score).mean(dim=1)
    assert torch.allclose(learner.actor.biases[-1].grad[:, 0, 0, :2], expected, rtol=1e-4, atol=1e-5)


def test_the_critic_reads_its_own_observation_only_and_approaches_the_returns(uneven):
    game = uneven()
    learner = a_learner(game, config.AdvantageActorCritic(hidden=(16,)))
    window = a_window(game)
    values = learner._values(window.observations)
    moved = window.observations.clone()
    moved[..., :2] += 1.0
    again = learner._values(moved)
    assert torch.equal(values[:, 1], again[:, 1])
    assert not torch.equal(values[:, 0], again[:, 0])
    returns = 3 * window.observations[..., [0, 2]].flatten(1, 2).transpose(1, 2)  # of each agent's first number
    losses = [learner._step_critic(window, returns, torch.ones(2, 1, 18), ALIVE).sum() for _ in range(25)]
    assert losses[-1] < 0.1 * losses[0]


def test_entropy_is_rewarded(uneven):
    game, window = uneven(), a_window(uneven())
    nothing = torch.zeros(2, 2, 18)
    learner = a_learner(game, config.AdvantageActorCritic(hidden=(8,), entropy_weight=1.0))
    entropies = [learner._step_actor(window, nothing, torch.ones(2, 1, 18), ALIVE)["entropy"].sum() for _ in range(30)]
    assert entropies[-1] > entropies[0]
    # The largest entropies are log 3 and log 2 + log 3.
    assert entropies[-1] <= 2 * (np.log(3) + np.log(6)) + 1e-5


def test_dead_seeds_do_not_move(uneven):
    game, window = uneven(), a_window(uneven())
    learner = a_learner(game, config.AdvantageActorCritic(hidden=(8,)))
    before = [t.detach().clone() for stack in learner.stacks.values() for t in stack.tensors]
    learner.update(window, torch.tensor([True, False]), n_updates=0, generators=[])
    after = [t for stack in learner.stacks.values() for t in stack.tensors]
    assert all(torch.equal(a[1], b[1]) for a, b in zip(after, before, strict=True))
    assert any(not torch.equal(a[0], b[0]) for a, b in zip(after, before, strict=True))


@pytest.mark.parametrize("mode", ["side", "full"])
def test_shared_critics_always_read_the_index(uneven, mode):
    learner = a_learner(uneven(), config.AdvantageActorCritic(sharing=config.Sharing(mode=mode)))
    assert learner.actor.slots.index.shape == (2, 0)
    assert learner.critic.slots.index.shape == (2, 2)
