"""Q-learning in whole runs: what is stored, what is weighted, determinism, what leaves, and what is learned."""

import json

import numpy as np
import pytest
import torch

from nashlens import games
from nashlens.agents import config, records
from nashlens.agents.config import DQN, Exploration, Importance, Rollout, Sharing
from nashlens.agents.engine import Decision, Situation, Transitions
from nashlens.agents.training import train
from nashlens.agents.value_engine import ValueEngine

CPU = torch.device("cpu")
QUICK = Rollout(n_envs=4, warmup_steps=40, update_every_steps=8, replay_capacity=100)
OFTEN = Rollout(n_envs=8, warmup_steps=128, update_every_steps=8, replay_capacity=2000)


def quick(**settings):
    short = Exploration(decay_steps=150)
    return DQN(**{"hidden": (16, 16), "batch_size": 32, "rollout": QUICK, "exploration": short, **settings})


VARIANTS = {
    "plain": {},
    "single, Huber": {"double": False, "loss": "huber"},
    "fingerprints": {"fingerprint": True},
    "importance": {"importance": Importance()},
    "all": {"fingerprint": True, "importance": Importance(clip=None), "sharing": Sharing(mode="full", index=True)},
    "shared": {"sharing": Sharing(mode="side")},
}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("kind", [{}, {"soft": True}, {"masked": True, "ends": True}], ids=str)
def test_a_seed_alone_and_among_others_gives_the_same_parameters(uneven, variant, kind):
    game, settings = uneven(**kind), quick(**VARIANTS[variant])
    among = train(game, settings, seeds=[4, 7, 9], steps=200, n_snapshots=2)
    alone = train(game, settings, seeds=[7], steps=200, n_snapshots=2)
    assert among[1].parameter_hash == alone[0].parameter_hash
    assert len({run.parameter_hash for run in among}) == 3
    np.testing.assert_array_equal(among[1].episode_returns, alone[0].episode_returns)
    assert among[1].n_updates == 21  # every 8th of 200 steps from step 40 on
    assert all(run.status == "done" for run in among)


@pytest.mark.parametrize(
    ("variant", "kind"), [("plain", {}), ("all", {"masked": True}), ("importance", {"ends": True})]
)
def test_a_resumed_run_equals_an_uninterrupted_one(uneven, variant, kind):
    game, settings = uneven(**kind), quick(**VARIANTS[variant])
    how = {"seeds": [1, 2], "steps": 240, "n_snapshots": 4, "evaluation_episodes": 3}
    whole = train(game, settings, **how)
    kept = []
    train(game, settings, **how, checkpoint_every_steps=100, on_checkpoint=kept.append)
    resumed = train(uneven(**kind), settings, **how, resume=kept[0])
    for a, b in zip(whole, resumed, strict=True):
        (arrays_a, settings_a), (arrays_b, settings_b) = records.pack(a), records.pack(b)
        assert settings_a == settings_b
        for name, array in arrays_a.items():
            np.testing.assert_array_equal(array, arrays_b[name], err_msg=name)


def test_runs_are_packed_and_read_again_with_their_policies(uneven):
    game = uneven(masked=True)
    run = train(game, quick(fingerprint=True), seeds=[3], steps=200, n_snapshots=3)[0]
    arrays, settings = records.pack(run)
    again = records.unpack(arrays, json.loads(json.dumps(settings)))
    assert again.actors[0].kind == "values"
    batch = game.start(64, rng=np.random.default_rng(0))
    for t in range(3):
        for i, (kept, read) in enumerate(zip(run.policies(t), again.policies(t), strict=True)):
            chances = kept.probabilities(batch.observations[i], masks=batch.masks[i])
            np.testing.assert_array_equal(chances, read.probabilities(batch.observations[i], masks=batch.masks[i]))
            assert not chances[~batch.masks[i]].any()


def test_snapshots_have_the_epsilon_and_the_fingerprint_of_their_moment(uneven):
    # ε falls from 1 by 0.95 over 150 steps: 1 − 0.95 · 100 / 150 at step 100, 0.05 at 200. Updates: 21 in all, those
    # due at 40, 48, …, 96 by step 100: 8.
    run = train(uneven(), quick(fingerprint=True), seeds=[3], steps=200, n_snapshots=3)[0]
    assert run.snapshot_steps.tolist() == [0, 100, 200]
    kept = run.actors[1]
    np.testing.assert_allclose(kept.epsilons, [1.0, 1 - 0.95 * 100 / 150, 0.05], rtol=1e-6)
    np.testing.assert_allclose(kept.fingerprints[:, 0], kept.epsilons)
    np.testing.assert_allclose(kept.fingerprints[:, 1], [0, 8 / 21, 1], rtol=1e-6)
    assert [policy.epsilon for policy in run.policies(0)] == [1.0, 1.0]
    assert kept.weights[0].shape == (3, 4 + 2, 16)
    assert run.actors[0].weights[0].shape == (3, 2 + 2, 16)


def test_policies_are_the_networks_that_acted(uneven):
    game = uneven()
    engine = ValueEngine(game.spec, {"a": quick(), "b": quick()}, seeds=[0, 1], steps=100, device=CPU)
    kept = [engine.layers(n_steps=10**6, n_updates=0)]  # far behind the fall of ε
    observations = torch.rand(2, 200, 6, generator=torch.Generator().manual_seed(0))
    situation = Situation(observations=observations, masks=None, assignment=None, n_steps=10**6, n_updates=0)
    decision = engine.decide(situation, generators=[torch.Generator().manual_seed(s) for s in range(2)])
    for s in range(2):
        for i, part in enumerate((slice(0, 2), slice(2, 6))):
            policy = engine.actors(i, s, kept)[0].policy(game.spec, i, -1)
            chances = policy.probabilities(observations[s, :, part].double().numpy())
            done = decision.actions[s, :, slice(0, 3) if i == 0 else slice(3, 8)].numpy() > 0
            expected = np.log(chances[done].reshape(200, -1)).sum(axis=1)
            np.testing.assert_allclose(decision.log_densities[s, :, i], expected, rtol=1e-5, atol=1e-6)


def fed_engine(game, *, stored, **settings):
    """An engine whose replay holds transitions at one situation whose actions had the probabilities `stored`."""
    how = quick(exploration=Exploration(start=0.5, end=0.5, decay_steps=1), **settings)
    engine = ValueEngine(game.spec, {"agent_0": how, "agent_1": how}, seeds=[0], steps=100, device=CPU)
    situation = Situation(observations=torch.ones(1, 4, 2), masks=None, assignment=None, n_steps=0, n_updates=0)
    actions = torch.tensor([[[1.0, 0, 1, 0], [1, 0, 0, 1], [0, 1, 1, 0], [0, 1, 0, 1]]])
    engine.take_in(
        Transitions(
            situation=situation,
            decision=Decision(actions=actions, log_densities=torch.full((1, 4, 2), stored).log()),
            rewards=torch.zeros(1, 4, 2),
            next_observations=torch.ones(1, 4, 2),
            terminated=torch.ones(1, 4, 1),
            ended=torch.ones(1, 4, dtype=torch.bool),
            next_masks=None,
        )
    )
    return engine


@pytest.mark.parametrize(("clip", "clipped"), [(None, 0.0), (2.0, 0.5)])
def test_importance_weights_are_the_others_present_probabilities_over_the_stored_ones(clip, clipped):
    # Two actions, ε = 0.5: greedy 0.75, the other 0.25, against the stored 0.25: weights 3 and 1. Every joint action
    # was stored once, so a large minibatch has each weight half the time: mean 2, share (1 + 3)² / (2 (1 + 9)) = 0.8.
    # Clipped at 2: mean 1.5, share (1 + 2)² / (2 (1 + 4)) = 0.9, and half of the weights at the bound.
    game = games.make("matching_pennies")
    engine = fed_engine(game, stored=0.25, importance=Importance(clip=clip), batch_size=20_000)
    update = engine.update(torch.ones(1, dtype=torch.bool), n_updates=0, generators=[torch.Generator().manual_seed(0)])
    mean, share = (2.0, 0.8) if clip is None else (1.5, 0.9)
    np.testing.assert_allclose(update.curves["importance_mean"], [[mean, mean]], atol=0.03)
    np.testing.assert_allclose(update.curves["importance_ess"], [[share, share]], atol=0.01)
    np.testing.assert_allclose(update.curves["importance_clipped"], [[clipped, clipped]], atol=0.02)


def test_one_step_games_are_learned_without_bias_by_weights_and_with_bias_without():
    # Metrics, replay-induced bias in matching pennies: a replay of which half was stored when the second agent played
    # heads with 0.9 and half with 0.1 says Q(heads) = 0; now it plays heads with 0.1: the true value is −0.8. Weighted
    # transitions give the true one: here the second agent's present policy has ε = 0.2 and prefers tails.
    game = games.make("matching_pennies")
    found = {}
    for name, importance in (("plain", None), ("weighted", Importance(clip=None))):
        how = quick(
            exploration=Exploration(start=0.2, end=0.2, decay_steps=1),
            importance=importance,
            rollout=Rollout(n_envs=4, replay_capacity=4000),
            batch_size=512,
            clip=100.0,
        )
        never = DQN(**{**dict(how), "learning_rate": 1e-12, "importance": None})
        engine = ValueEngine(game.spec, {"agent_0": how, "agent_1": never}, seeds=[0], steps=4000, device=CPU)
        second = engine.learners[1]
        second.online.biases[-1].data[0, 0, 0] = torch.tensor([-5.0, 5.0])  # tails is greedy
        rng = np.random.default_rng(0)
        for chance in (0.9, 0.1):
            heads = rng.random((2, 1000)) < np.array([[0.5], [chance]])
            played = torch.from_numpy(np.stack([heads[0], ~heads[0], heads[1], ~heads[1]], axis=1))[None].float()
            was = torch.from_numpy(np.stack([np.full(1000, 0.5), np.where(heads[1], chance, 1 - chance)], axis=1))
            gain = torch.from_numpy(np.where(heads[0] == heads[1], 1.0, -1.0)).float()
            for start in range(0, 1000, 4):
                rows = slice(start, start + 4)
                engine.take_in(
                    Transitions(
                        situation=Situation(
                            observations=torch.ones(1, 4, 2), masks=None, assignment=None, n_steps=0, n_updates=0
                        ),
                        decision=Decision(actions=played[:, rows], log_densities=was[None, rows].log().float()),
                        rewards=torch.stack([gain[rows], -gain[rows]], dim=-1)[None],
                        next_observations=torch.ones(1, 4, 2),
                        terminated=torch.ones(1, 4, 1),
                        ended=torch.ones(1, 4, dtype=torch.bool),
                        next_masks=None,
                    )
                )
        generators = [torch.Generator().manual_seed(0)]
        for k in range(300):
            engine.update(torch.ones(1, dtype=torch.bool), n_updates=k, generators=generators)
        found[name] = engine.learners[0].values(torch.ones(1, 1, 2), None)[0, 0, 0, 0].item()
    assert found["plain"] == pytest.approx(0.0, abs=0.15)
    assert found["weighted"] == pytest.approx(-0.8, abs=0.15)


def test_terminated_games_stop_and_truncated_ones_go_on(uneven):
    # One state, reward 1 a step whatever is done, cut after three steps: Q = 1 / (1 − 0.5) = 2 where the end is a time
    # limit. Where it is a true end, the last of the three steps is worth 1: the average target of equally frequent
    # steps is 1 + 0.5 · Q · 2/3, so Q = 1.5.
    class Constant(uneven):
        def begin(self, streams):
            batch = super().begin(streams)
            step = batch.step

            def paid(actions):
                return type(found := step(actions))(
                    **{name: getattr(found, name) for name in ("terminated", "truncated", "measures", "next_masks")},
                    rewards=np.ones_like(found.rewards),
                    next_observations=tuple(np.zeros_like(o) for o in found.next_observations),
                )

            batch.step = paid
            batch._show = lambda: setattr(batch, "observations", tuple(np.zeros((batch.n_envs, o)) for o in (2, 4)))
            batch._show()
            return batch

    for ends, expected in ((False, 2.0), (True, 1.5)):
        how = quick(gamma=0.5, tau=0.1, rollout=OFTEN, batch_size=256)
        run = train(Constant(ends=ends), how, seeds=[0], steps=6000, n_snapshots=2)[0]
        for i, policy in enumerate(run.policies()):
            values = policy.values(np.zeros((1, (2, 4)[i])))
            np.testing.assert_allclose(values.max(), expected, atol=0.1)


@pytest.mark.parametrize("sharing", ["none", "full"])
def test_all_of_ten_seeds_defect_in_the_prisoners_dilemma(sharing):
    game = games.make("prisoners_dilemma")
    how = quick(rollout=OFTEN, batch_size=64, sharing=Sharing(mode=sharing), exploration=Exploration(decay_steps=2000))
    runs = train(game, how, seeds=range(10), steps=6000, n_snapshots=2)
    for run in runs:
        assert [policy.mode(np.ones((1, 1))).tolist() for policy in run.policies()] == [[[0.0, 1.0]]] * 2


def test_all_of_ten_seeds_coordinate_where_no_equilibrium_is_shadowed():
    # Common payoffs 2 and 1 on the diagonal, 0 elsewhere: against a uniform partner the better convention already pays
    # more (1 against 0.5), so that no learner is drawn away from it.
    game = games.NormalFormGame([[[2, 0], [0, 1]]] * 2)
    how = quick(rollout=OFTEN, batch_size=64, exploration=Exploration(decay_steps=2000))
    for run in train(game, how, seeds=range(10), steps=4000, n_snapshots=2):
        assert [policy.mode(np.ones((1, 1))).tolist() for policy in run.policies()] == [[[1.0, 0.0]]] * 2


def test_boxes_are_refused_with_the_reason(uneven):
    with pytest.raises(ValueError, match="needs a value for each action, and the actions of long in uneven are a Box"):
        train(uneven(boxes=True), quick(), seeds=[0], steps=10)


def test_too_many_combinations_are_refused(uneven):
    with pytest.raises(ValueError, match=r"max_alternatives is 5, and long in uneven has 6 combinations .* \(2, 3\)"):
        train(uneven(), quick(max_alternatives=5), seeds=[0], steps=10)


def test_sides_may_differ_but_not_in_how_they_explore_or_in_family(uneven):
    run = train(uneven(), {"a": quick(), "b": quick(gamma=0.5)}, seeds=[0], steps=100)[0]
    assert run.algorithm["b"]["gamma"] == 0.5
    with pytest.raises(ValueError, match=r"the sides \['a', 'b'\] must explore on one schedule"):
        train(uneven(), {"a": quick(), "b": quick(exploration=Exploration())}, seeds=[0], steps=10)
    with pytest.raises(ValueError, match=r"settings of one family, not {'a': 'dqn', 'b': 'maddpg'}"):
        train(uneven(), {"a": quick(), "b": config.MADDPG(rollout=QUICK)}, seeds=[0], steps=10)


def test_warm_start_is_refused(uneven):
    run = train(uneven(), quick(), seeds=[0], steps=8)[0]
    with pytest.raises(ValueError, match="warm_start is for learners with an actor"):
        train(uneven(), quick(), seeds=[0], steps=8, warm_start={0: run})
