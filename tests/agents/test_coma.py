"""COMA's critic, baseline and targets, each against the sum or the recursion that defines it."""

import itertools

import numpy as np
import pytest
import torch

from nashlens import games
from nashlens.agents import config
from nashlens.agents.coma import COMALearner, counterfactual_advantages
from nashlens.agents.on_policy_settings import COMA, Episodes
from nashlens.agents.training import train
from nashlens.games.core import Choice, GameSpec

CPU = torch.device("cpu")
ALIVE = torch.ones(2, dtype=torch.bool)


def generators():
    return [torch.Generator().manual_seed(seed) for seed in range(2)]


def a_learner(game, **settings):
    how = COMA(**{"hidden": (8,), **settings})
    rngs = [np.random.default_rng(seed) for seed in range(2)]
    learner = COMALearner(game.spec, [0, 1], how, device=CPU, rngs=rngs)
    for tensor in learner.target.tensors:
        tensor.mul_(-1.5)  # a target that is not the critic
    return learner


def a_window(game, learner, *, n_rounds=6):
    """What the learner's policies do in a few rounds, as the engine gathers it."""
    window, seen = None, []
    update = COMALearner.update

    def keep(self, window, alive, **named):
        seen.append(window)
        return update(self, window, alive, **named)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(COMALearner, "update", keep)
        how = COMA(hidden=(8,), memory=learner.settings.memory, rollout=Episodes(n_envs=3, horizons_per_update=2))
        train(game, how, seeds=[0, 1], steps=3 * n_rounds, n_snapshots=2)
    (window,) = seen
    return window


def test_advantages_by_hand():
    # Q = (1, 4, −2), π = (1/2, 1/4, 1/4): baseline 1/2 + 1 − 1/2 = 1; taking the second is worth 3 more.
    values, chances = torch.tensor([[[[1.0, 4.0, -2.0]]]]), torch.tensor([[[[0.5, 0.25, 0.25]]]])
    assert counterfactual_advantages(values, chances, torch.tensor([[[1]]])).item() == pytest.approx(3.0)
    assert counterfactual_advantages(values, chances, torch.tensor([[[2]]])).item() == pytest.approx(-3.0)


def q_by_hand(stack, seed, agent, observations, joint):
    layer = torch.cat([observations, joint, torch.eye(2)[agent]])
    for k, (w, b) in enumerate(zip(stack.weights, stack.biases, strict=True)):
        layer = layer @ w[seed, 0] + b[seed, 0, 0]
        layer = torch.relu(layer) if k < len(stack.weights) - 1 else layer
    return layer


@pytest.mark.parametrize("masked", [False, True])
def test_baseline_is_the_mean_over_the_own_alternatives_by_enumeration(uneven, masked):
    # Agent 1 has two factors of 2 and 3: its alternatives are their 6 pairs, π of a pair the product of two softmaxes.
    game = uneven(common=True, masked=masked)
    learner = a_learner(game)
    window = a_window(game, learner)
    actions, observations = window.actions.flatten(1, 2), window.observations.flatten(1, 2)
    masks = learner._masks_over(window)
    outputs = learner.outputs_over(window).detach()
    places = learner.alternatives.places(learner._own_actions(window))
    found = counterfactual_advantages(
        learner.values(learner.central, observations, actions), learner.chances(outputs, masks), places
    )
    for s, i, r in itertools.product(range(2), range(2), range(18)):
        factors = [slice(0, 3)] if i == 0 else [slice(0, 2), slice(2, 5)]
        legal = torch.ones(5, dtype=torch.bool) if masks is None else masks[s, i, r]
        others = actions[s, r].clone()
        others[slice(0, 3) if i == 0 else slice(3, 8)] = 0
        q = q_by_hand(learner.central, s, i, observations[s, r], others)
        chances = [torch.softmax(outputs[s, i, r, f].masked_fill(~legal[f], -torch.inf), dim=0) for f in factors]
        pairs = list(itertools.product(*(range(len(c)) for c in chances)))
        mine = actions[s, r][slice(0, 3) if i == 0 else slice(3, 8)]
        taken = tuple(int(mine[f].argmax()) for f in factors)
        baseline = sum(
            float(np.prod([float(c[a]) for c, a in zip(chances, pair, strict=True)])) * q[k]
            for k, pair in enumerate(pairs)
        )
        assert found[s, i, r].item() == pytest.approx((q[pairs.index(taken)] - baseline).item(), abs=1e-5)


def test_the_critic_does_not_read_the_own_action_and_reads_the_others(uneven):
    game = uneven(common=True)
    learner = a_learner(game)
    observations, actions = (torch.rand(2, 4, width, generator=generators()[0]) for width in (6, 8))
    values = learner.values(learner.central, observations, actions)
    moved = actions.clone()
    moved[..., :3] += 1.0
    again = learner.values(learner.central, observations, moved)
    assert torch.equal(values[:, 0], again[:, 0])
    assert not torch.allclose(values[:, 1], again[:, 1])


@pytest.mark.parametrize("ends", [False, True])
def test_targets_are_the_recursion_with_the_next_joint_action_and_the_value_behind_a_cut(uneven, ends, monkeypatch):
    game = uneven(common=True, ends=ends)
    learner = a_learner(game, gamma=0.9, trace=0.6)
    window = a_window(game, learner)
    actions, observations = window.actions.flatten(1, 2), window.observations.flatten(1, 2)
    places = learner.alternatives.places(learner._own_actions(window))
    behind = torch.arange(2 * 2 * 18.0).view(2, 2, 18)
    monkeypatch.setattr(COMALearner, "_values_behind", lambda self, window, generators: behind)
    found = learner.targets(window, places, generators=generators()).view(2, 2, 6, 3)
    q = learner.values(learner.target, observations, actions).gather(-1, places[..., None]).view(2, 2, 6, 3)
    assert window.ended[:, [2, 5]].all()
    for s, i, e in itertools.product(range(2), range(2), range(3)):
        following = 0.0
        for t in reversed(range(6)):
            reward = window.rewards[s, t, e, i]
            if t in {2, 5}:
                following = reward + (0.0 if ends else 0.9 * behind.view(2, 2, 6, 3)[s, i, t, e])
            else:
                following = reward + 0.9 * (0.4 * q[s, i, t + 1, e] + 0.6 * following)
            assert found[s, i, t, e].item() == pytest.approx(following.item(), rel=1e-5)


@pytest.mark.parametrize("memory", [None, 4])
def test_the_value_behind_a_cut_is_that_of_the_present_policies(uneven, memory):
    # Both policies made certain of their alternatives (2) and (1, 0): place 2 of 3, and place 3 of 6.
    game = uneven(common=True)
    learner = a_learner(game, memory=memory)
    window = a_window(game, learner)
    with torch.no_grad():
        bias = learner.actor.biases[-1]
        bias.zero_()
        bias[:, 0, :, 2] = bias[:, 1, :, 1] = bias[:, 1, :, 2] = 1e4
    found = learner._values_behind(window, generators())
    joint = torch.tensor([0.0, 0, 1, 0, 1, 1, 0, 0]).expand(2, 18, 8)
    values = learner.values(learner.target, window.next_observations.flatten(1, 2), joint)
    assert torch.allclose(found[:, 0], values[:, 0, :, 2], atol=1e-5)
    assert torch.allclose(found[:, 1], values[:, 1, :, 3], atol=1e-5)


def test_successors_are_judged_with_the_memory_of_their_episode(uneven):
    game = uneven(common=True)
    learner = a_learner(game, memory=4)
    window = a_window(game, learner)
    behind = learner.outputs_behind(window).view(2, 2, 6, 3, -1)
    ahead = learner.outputs_over(window).view(2, 2, 6, 3, -1)
    # Inside an episode the successor is the next step: its outputs are the same seen from either side.
    for t in (0, 1, 3, 4):
        assert torch.allclose(behind[:, :, t], ahead[:, :, t + 1], atol=1e-6)
    assert not torch.allclose(behind[:, :, 2], ahead[:, :, 3])


def test_the_target_becomes_the_critic_after_so_many_updates_and_stands_still_between(uneven):
    game = uneven(common=True)
    learner = a_learner(game, target_every_updates=3)
    window = a_window(game, learner)
    for n_updates in range(6):
        before = [t.clone() for t in learner.target.tensors]
        learner.update(window, ALIVE, n_updates=n_updates, generators=generators())
        wanted = learner.central.tensors if n_updates in {2, 5} else before
        assert all(torch.equal(a, b) for a, b in zip(learner.target.tensors, wanted, strict=True))


def test_the_critic_approaches_its_targets(uneven):
    game = uneven(common=True)
    learner = a_learner(game, learning_rate=1e-12, target_every_updates=1000)
    window = a_window(game, learner)
    losses = [
        learner.update(window, ALIVE, n_updates=k, generators=generators())["critic_loss"].sum() for k in range(30)
    ]
    assert losses[-1] < 0.5 * losses[0]


def test_dead_seeds_do_not_move(uneven):
    game = uneven(common=True)
    learner = a_learner(game)
    window = a_window(game, learner)
    before = {name: [t.detach().clone() for t in stack.tensors] for name, stack in learner.stacks.items()}
    learner.update(window, torch.tensor([True, False]), n_updates=0, generators=generators())
    for name in ("actor", "critic"):
        after = learner.stacks[name].tensors
        assert all(torch.equal(a[1], b[1]) for a, b in zip(after, before[name], strict=True))
        assert any(not torch.equal(a[0], b[0]) for a, b in zip(after, before[name], strict=True))


def test_games_that_it_cannot_play_are_refused_with_the_reason(uneven):
    how = COMA(hidden=(8,))
    with pytest.raises(ValueError, match=r"coma needs a game with a common reward.*agents of prisoners_dilemma"):
        train(games.make("prisoners_dilemma"), how, seeds=[0], steps=10)
    with pytest.raises(ValueError, match=r"alternatives of an agent's own action, and long of uneven acts in a Box"):
        train(uneven(boxes=True, common=True), how, seeds=[0], steps=10)
    with pytest.raises(ValueError, match=r"max_alternatives is 5, and long of uneven has 6"):
        train(uneven(common=True), COMA(hidden=(8,), max_alternatives=5), seeds=[0], steps=10)
    for other in (COMA(hidden=(9,)), config.REINFORCE(hidden=(8,))):
        with pytest.raises(ValueError, match=r"every side of uneven must learn by the same settings"):
            train(uneven(common=True), {"a": how, "b": other}, seeds=[0], steps=10)


def test_a_lone_agent_with_one_alternative_gains_nothing():
    spec = GameSpec(
        name="x",
        agents=("a",),
        sides=("s",),
        observation_sizes=(1,),
        action_spaces=(Choice((1,)),),
        horizon=1,
        common_reward=True,
    )
    learner = COMALearner(spec, [0], COMA(hidden=(4,)), device=CPU, rngs=[np.random.default_rng(0)])
    values = learner.values(learner.central, torch.ones(1, 5, 1), torch.ones(1, 5, 1))
    chances = learner.chances(torch.randn(1, 1, 5, 1, generator=generators()[0]), None)
    assert chances.eq(1).all()
    assert not counterfactual_advantages(values, chances, torch.zeros(1, 1, 5, dtype=torch.int64)).any()


@pytest.mark.parametrize("memory", [None, 8])
def test_every_seed_coordinates_where_no_equilibrium_is_shadowed(memory):
    # Common interest; each agent's second action is better whatever the other does, the best outcome pays 4.
    game = games.NormalFormGame([[[0.0, 1.0], [1.0, 4.0]]] * 2)
    for run in train(game, COMA(hidden=(16,), memory=memory), seeds=range(10), steps=5000, n_snapshots=2):
        chances = []
        for policy in run.policies():
            remembered = policy.next_memory(np.ones((1, 1)), np.zeros((1, policy.memory_size)))
            chances.append(policy.probabilities(np.ones((1, 1)), memory=remembered)[0, 1])
        assert np.prod(chances) > 0.9
