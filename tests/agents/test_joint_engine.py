"""The fully centralised learner: what it refuses, what it decides, what leaves, and what it learns."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch

from nashlens import games
from nashlens.agents import records
from nashlens.agents.config import DQN, Exploration, JointDQN, Rollout
from nashlens.agents.engine import Decision, Situation, Transitions
from nashlens.agents.joint_engine import JointEngine, central_spec
from nashlens.agents.networks import Stack
from nashlens.agents.replay import Replay
from nashlens.agents.training import train

CPU = torch.device("cpu")
QUICK = Rollout(n_envs=4, warmup_steps=40, update_every_steps=8, replay_capacity=100)
OFTEN = Rollout(n_envs=8, warmup_steps=128, update_every_steps=8, replay_capacity=2000)


def quick(**settings):
    short = Exploration(decay_steps=150)
    return JointDQN(**{"hidden": (16,), "batch_size": 32, "rollout": QUICK, "exploration": short, **settings})


@pytest.fixture
def together(uneven):
    """The uneven game, with one side and one reward for both agents."""

    class Together(uneven):
        def __init__(self, **kind):
            super().__init__(common=True, **kind)
            self.spec = replace(self.spec, sides=("all", "all"))

    return Together


@pytest.mark.parametrize("kind", [{}, {"soft": True}, {"masked": True, "ends": True}], ids=str)
def test_a_seed_alone_and_among_others_gives_the_same_parameters(together, kind):
    among = train(together(**kind), quick(), seeds=[4, 7, 9], steps=200, n_snapshots=2)
    alone = train(together(**kind), quick(), seeds=[7], steps=200, n_snapshots=2)
    assert among[1].parameter_hash == alone[0].parameter_hash
    assert len({run.parameter_hash for run in among}) == 3
    np.testing.assert_array_equal(among[1].episode_returns, alone[0].episode_returns)
    assert among[0].losses["value_loss"].shape == (21, 2)


def test_a_resumed_run_equals_an_uninterrupted_one(together):
    how = {"seeds": [1, 2], "steps": 240, "n_snapshots": 4, "evaluation_episodes": 3}
    whole = train(together(masked=True), quick(), **how)
    kept = []
    train(together(masked=True), quick(), **how, checkpoint_every_steps=100, on_checkpoint=kept.append)
    resumed = train(together(masked=True), quick(), **how, resume=kept[0])
    for a, b in zip(whole, resumed, strict=True):
        assert records.pack(a)[1] == records.pack(b)[1]
        for name, array in records.pack(a)[0].items():
            np.testing.assert_array_equal(array, records.pack(b)[0][name], err_msg=name)


def test_the_joint_action_is_the_legal_one_of_the_highest_value_by_enumeration(together):
    game = together(masked=True)
    never = quick(exploration=Exploration(start=0.0, end=0.0))
    engine = JointEngine(game.spec, {"all": never}, seeds=[0, 1], steps=100, device=CPU)
    g = torch.Generator().manual_seed(0)
    observations, masks = torch.rand(2, 30, 6, generator=g), torch.rand(2, 30, 8, generator=g) < 0.5
    masks[..., [0, 3, 5]] = True
    situation = Situation(observations=observations, masks=masks, assignment=None, n_steps=0, n_updates=0)
    decision = engine.decide(situation, generators=[torch.Generator().manual_seed(s) for s in range(2)])
    assert torch.equal(decision.log_densities, torch.zeros(2, 30, 2))
    values = engine.learners[0].values(observations, None)[:, 0].detach()
    for s, row in np.ndindex(2, 30):
        found = {}
        for place, (a, b, c) in enumerate(np.ndindex(3, 2, 3)):
            if masks[s, row, a] and masks[s, row, 3 + b] and masks[s, row, 5 + c]:
                found[a, b, c] = float(values[s, row, place])
        a, b, c = max(found, key=found.__getitem__)
        expected = np.concatenate([np.eye(3)[a], np.eye(2)[b], np.eye(3)[c]])
        np.testing.assert_array_equal(decision.actions[s, row], expected)


def test_each_agent_explores_by_itself_and_has_its_own_log_density(together):
    half = quick(exploration=Exploration(start=0.6, end=0.6))
    engine = JointEngine(together().spec, {"all": half}, seeds=[0], steps=100, device=CPU)
    situation = Situation(observations=torch.ones(1, 20_000, 6), masks=None, assignment=None, n_steps=0, n_updates=0)
    decision = engine.decide(situation, generators=[torch.Generator().manual_seed(0)])
    # The first agent: greedy 0.4 + 0.6 / 3 = 0.6, others 0.2; the second: (0.7 or 0.3) · (0.6 or 0.2).
    chances = decision.log_densities.exp()[0]
    assert sorted(chances[:, 0].unique().tolist()) == pytest.approx([0.2, 0.6])
    assert sorted(chances[:, 1].unique().tolist()) == pytest.approx([0.06, 0.14, 0.18, 0.42])
    greedy = (chances[:, 0] > 0.5).float()
    assert greedy.mean().item() == pytest.approx(0.6, abs=0.015)
    both = (greedy * (chances[:, 1] > 0.4)).mean().item()
    assert both == pytest.approx(0.6 * 0.42, abs=0.015)


@pytest.mark.parametrize(("reward", "expected"), [("common", 1.0), ("sum", 3.0)])
def test_the_stored_reward_is_the_common_one_or_the_sum(together, reward, expected):
    engine = JointEngine(together().spec, {"all": quick(reward=reward)}, seeds=[0], steps=100, device=CPU)
    situation = Situation(observations=torch.zeros(1, 4, 6), masks=None, assignment=None, n_steps=0, n_updates=0)
    engine.take_in(
        Transitions(
            situation=situation,
            decision=Decision(actions=torch.zeros(1, 4, 8), log_densities=torch.tensor([-1.0, -2.0]).expand(1, 4, 2)),
            rewards=torch.tensor([1.0, 2.0]).expand(1, 4, 2),
            next_observations=torch.zeros(1, 4, 6),
            terminated=torch.zeros(1, 4, 1),
            ended=torch.zeros(1, 4, dtype=torch.bool),
            next_masks=None,
        )
    )
    kept = engine._replay.latest(1)
    assert kept.rewards.flatten().tolist() == [expected]
    assert kept.log_densities.flatten().tolist() == [-3.0]


def test_runs_leave_central_policies_whose_arrays_are_kept_once(together):
    game = together(masked=True)
    run = train(game, quick(), seeds=[3], steps=200, n_snapshots=3, evaluation_episodes=4)[0]
    arrays, settings = records.pack(run)
    assert {name.split(".")[0] for name in arrays if name.startswith("actor")} == {"actor0"}
    again = records.unpack(arrays, json.loads(json.dumps(settings)))
    assert records.pack(again)[1] == settings
    batch = game.start(16, rng=np.random.default_rng(0))
    seen, legal = (np.concatenate(parts, axis=1) for parts in (batch.observations, batch.masks))
    for kept, read in zip(run.policies(), again.policies(), strict=True):
        assert kept.central
        np.testing.assert_array_equal(kept.probabilities(seen, masks=legal), read.probabilities(seen, masks=legal))
    assert np.isfinite(run.evaluation_returns).all()


def test_too_large_a_joint_action_space_is_refused_before_anything_is_allocated(monkeypatch):
    def never(*_, **__):
        raise AssertionError("something was allocated")

    monkeypatch.setattr(Stack, "initial", never)
    monkeypatch.setattr(Replay, "__init__", never)
    game = games.make("simple_spread", n_agents=40)  # 5^40 values would not fit into any memory
    with pytest.raises(ValueError, match=r"max_joint_actions is 20,000, and simple_spread has 9.09e\+27 joint actions"):
        train(game, JointDQN(reward="sum"), seeds=[0, 1], steps=10)


def test_goals_that_are_not_common_are_refused(uneven):
    with pytest.raises(ValueError, match="reward is 'common', and the agents of uneven have rewards of their own"):
        train(uneven(), quick(), seeds=[0], steps=10)
    with pytest.raises(ValueError, match="reward is 'sum', and uneven has 2 sides"):
        train(uneven(), quick(reward="sum"), seeds=[0], steps=10)


def test_one_learner_has_one_setting(uneven):
    with pytest.raises(ValueError, match=r"one learner decides for the sides \['a', 'b'\]"):
        train(uneven(), {"a": quick(), "b": quick(gamma=0.5)}, seeds=[0], steps=10)
    with pytest.raises(ValueError, match="settings of one family"):
        train(uneven(), {"a": quick(), "b": DQN(rollout=QUICK)}, seeds=[0], steps=10)


def test_boxes_are_refused(uneven):
    with pytest.raises(ValueError, match=r"joint Q-learning needs a value for each .* long in uneven are a Box"):
        train(uneven(boxes=True, common=True), quick(), seeds=[0], steps=10)


def test_the_central_game_has_one_agent_with_everyones_factors(uneven):
    spec = central_spec(uneven(masked=True).spec)
    assert (spec.n_agents, spec.observation_sizes, spec.action_spaces[0].factors) == (1, (6,), (3, 2, 3))
    assert (spec.masked, spec.common_reward, spec.horizon) == (True, True, 3)


def test_all_of_ten_seeds_find_the_best_joint_action_of_climbing():
    # Climbing's equilibrium of payoff 11 is shadowed: independent learners leave it for 5 or 7; one learner of the
    # joint action has nothing in its way.
    game = games.make("climbing")
    how = quick(rollout=OFTEN, batch_size=64, exploration=Exploration(decay_steps=1000))
    runs = train(game, how, seeds=range(10), steps=2000, n_snapshots=2, evaluation_episodes=1)
    for run in runs:
        assert run.evaluation_returns[-1].tolist() == [11.0, 11.0]
