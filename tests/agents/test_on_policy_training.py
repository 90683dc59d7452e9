"""What holds for every on-policy algorithm in the common loop: seeds apart, resuming, failing, keeping, learning."""

import json

import numpy as np
import pytest
import torch

from nashlens import games
from nashlens.agents import config, records
from nashlens.agents.config import Sharing
from nashlens.agents.engine import Situation, Transitions
from nashlens.agents.on_policy_engine import OnPolicyEngine
from nashlens.agents.on_policy_settings import Advantage, Episodes, LocalValue
from nashlens.agents.policy_learner import PolicyLearner
from nashlens.agents.training import train
from nashlens.games.episodes import play

QUICK = Episodes(n_envs=4, horizons_per_update=3)  # of a horizon of 3: an update every 36 steps
ONE_BY_ONE = Sharing(mode="full", index=True)


def quick(kind, **settings):
    return kind(**{"hidden": (8, 8), "rollout": QUICK, **settings})


REINFORCE, CRITIC, TRPO, COMA = config.REINFORCE, config.AdvantageActorCritic, config.TRPO, config.COMA
VARIANTS = {
    "reinforce": quick(REINFORCE),
    "reinforce without baseline": quick(REINFORCE, baseline=None, standardise=True),
    "actor-critic": quick(CRITIC),
    "n-step": quick(CRITIC, advantage=Advantage(estimator="n_step", n_steps=2)),
    "side": quick(CRITIC, sharing=Sharing(mode="side", index=True)),
    "full, critics apart": quick(REINFORCE, sharing=Sharing(mode="full"), baseline=LocalValue(sharing=Sharing())),
    "recurrent": quick(CRITIC, memory=5),
    "recurrent and shared": quick(REINFORCE, memory=5, sharing=ONE_BY_ONE),
    "trpo": quick(TRPO),
    "first-order trpo": quick(TRPO, variant="first_order", sharing=ONE_BY_ONE),
    "recurrent trpo": quick(TRPO, memory=4),
    "coma": quick(COMA, target_every_updates=2),
    "recurrent coma": quick(COMA, memory=5, sharing=ONE_BY_ONE),
}
BOTH = [{"masked": True, "common": True}, {"boxes": True, "ends": True}]


def _skip_boxes_of_coma(variant, kind):
    if "boxes" in kind and "coma" in variant:
        pytest.skip("COMA sums over alternatives; a Box is refused, and tested with it")


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("kind", BOTH, ids=str)
def test_a_seed_alone_and_among_others_gives_the_same_run(uneven, variant, kind):
    _skip_boxes_of_coma(variant, kind)
    game, settings = uneven(**kind), VARIANTS[variant]
    among = train(game, settings, seeds=[4, 7, 9], steps=150, n_snapshots=2)
    alone = train(game, settings, seeds=[7], steps=150, n_snapshots=2)
    assert among[1].parameter_hash == alone[0].parameter_hash
    assert len({run.parameter_hash for run in among}) == 3
    np.testing.assert_array_equal(among[1].episode_returns, alone[0].episode_returns)
    assert among[1].update_steps.tolist() == [36, 72, 108, 144]
    for name, curve in among[1].losses.items():
        np.testing.assert_array_equal(curve, alone[0].losses[name], err_msg=name)
    assert all(run.status == "done" for run in among)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("kind", BOTH, ids=str)
def test_a_resumed_run_equals_an_uninterrupted_one(uneven, variant, kind):
    _skip_boxes_of_coma(variant, kind)
    game, settings = uneven(**kind), VARIANTS[variant]
    how = {"seeds": [1, 2], "steps": 160, "n_snapshots": 3, "evaluation_episodes": 2}
    whole = train(game, settings, **how)
    kept = []
    train(game, settings, **how, checkpoint_every_steps=55, on_checkpoint=kept.append)
    assert len(kept) == 2  # at step 56 and 112: inside a window and inside episodes
    resumed = train(uneven(**kind), settings, **how, resume=kept[0])
    for a, b in zip(whole, resumed, strict=True):
        packed_a, packed_b = records.pack(a), records.pack(b)
        assert packed_a[1] == packed_b[1]
        for name, array in packed_a[0].items():
            np.testing.assert_array_equal(array, packed_b[0][name], err_msg=name)


@pytest.mark.parametrize("variant", ["reinforce without baseline", "actor-critic", "trpo"])
def test_a_failing_seed_is_stopped_and_the_others_go_on_unchanged(uneven, variant, monkeypatch):
    game, settings = uneven(), VARIANTS[variant]
    sound = train(game, settings, seeds=[1, 2, 3], steps=150, n_snapshots=3)
    update, calls = PolicyLearner.update, []

    def poisoned(self, *arguments, **named):
        curves = update(self, *arguments, **named)
        calls.append(1)
        if len(calls) == 2:
            with torch.no_grad():
                self.actor.weights[0][1] = float("nan")
        return curves

    monkeypatch.setattr(PolicyLearner, "update", poisoned)
    runs = train(game, settings, seeds=[1, 2, 3], steps=150, n_snapshots=3, evaluation_episodes=1)
    assert [run.status for run in runs] == ["done", "failed", "done"]
    assert runs[1].reason.startswith("stopped at step 72, update 2")
    assert [runs[k].parameter_hash for k in (0, 2)] == [sound[k].parameter_hash for k in (0, 2)]
    assert len(runs[1].losses["actor_loss"]) == 2
    assert np.isfinite(runs[1].evaluation_returns).all()


def test_a_loss_without_bound_stops_its_seed():
    paid = games.NormalFormGame(np.full((2, 2, 2), 1e7))
    run = train(paid, quick(REINFORCE), seeds=[0], steps=100, n_snapshots=2)[0]
    assert run.status == "failed"
    assert run.n_updates == 1


@pytest.mark.parametrize("variant", ["actor-critic", "recurrent and shared", "recurrent trpo"])
@pytest.mark.parametrize("kind", [{"masked": True}, {"boxes": True}], ids=str)
def test_policies_act_as_the_networks_did(uneven, variant, kind):
    # Every decision of a training's first window, judged again by the plain policies of the first snapshot.
    game, settings, seen = uneven(**kind), VARIANTS[variant], []
    take_in = OnPolicyEngine.take_in

    def watched(self, transitions):
        seen.append((transitions, self._drawn.clone(), [m.clone() for m in self._memories]))
        take_in(self, transitions)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(OnPolicyEngine, "take_in", watched)
        run = train(game, settings, seeds=[3], steps=36, n_snapshots=2)[0]
    for i, policy in enumerate(run.policies(0)):
        memory = policy.initial_memory(4, rng=np.random.default_rng(0))
        part = slice(*np.cumsum([0, *game.spec.observation_sizes])[i : i + 2])
        acts = slice(*np.cumsum([0, *game.spec.action_widths])[i : i + 2])
        for transitions, drawn, _ in seen:
            situation = transitions.situation
            observed = situation.observations[0, :, part].double().numpy()
            memory = policy.next_memory(observed, memory)
            done = drawn[0, :, acts].double().numpy()
            if isinstance(game.spec.action_spaces[i], games.Box):
                mean, std = policy.moments(observed, memory=memory)
                expected = (-0.5 * ((done - mean) / std) ** 2 - np.log(std * np.sqrt(2 * np.pi))).sum(axis=1)
            else:
                masks = None if situation.masks is None else situation.masks[0, :, acts].numpy()
                chances = policy.probabilities(observed, masks=masks, memory=memory)
                expected = np.log(np.where(done > 0, chances, 1.0)).sum(axis=1)
            np.testing.assert_allclose(transitions.decision.log_densities[0, :, i], expected, atol=2e-5)
            memory[transitions.ended[0].numpy()] = 0.0


def test_memories_are_emptied_where_episodes_end_and_nowhere_else(uneven):
    spec = uneven().spec
    learner = PolicyLearner(
        spec, [0, 1], VARIANTS["recurrent"], device=torch.device("cpu"), rngs=[np.random.default_rng(0)]
    )
    engine = OnPolicyEngine(spec, [learner], n_seeds=1, device=torch.device("cpu"))
    batch = uneven().start(4, rng=np.random.default_rng(1))
    batch._clock[:] = [0, 1, 2, 1]  # after the first step the third environment's episode is over
    observations = torch.tensor(np.concatenate(batch.observations, axis=1), dtype=torch.float32)[None]
    situation = Situation(observations=observations, masks=None, assignment=None, n_steps=0, n_updates=0)
    with torch.no_grad():
        decision = engine.decide(situation, generators=[torch.Generator().manual_seed(0)])
    before = engine._memories[0].clone()
    assert (before.abs().sum(-1) > 0).all()
    ended = torch.tensor([[False, False, True, False]])
    engine.take_in(
        Transitions(
            situation=situation,
            decision=decision,
            rewards=torch.zeros(1, 4, 2),
            next_observations=observations,
            terminated=torch.zeros(1, 4, 1),
            ended=ended,
            next_masks=None,
        )
    )
    after = engine._memories[0]
    assert not after[:, :, 2].any()
    assert torch.equal(after[:, :, [0, 1, 3]], before[:, :, [0, 1, 3]])


@pytest.mark.parametrize("variant", ["actor-critic", "recurrent"])
def test_a_run_survives_packing(uneven, variant):
    run = train(uneven(boxes=True), VARIANTS[variant], seeds=[5], steps=40, n_snapshots=2)[0]
    arrays, settings = records.pack(run)
    again = records.unpack(arrays, json.loads(json.dumps(settings)))
    assert records.pack(again)[1] == settings
    for name, array in arrays.items():
        np.testing.assert_array_equal(array, records.pack(again)[0][name])
    a, b = (play(uneven(boxes=True), r.policies(), n_episodes=20, rng=np.random.default_rng(0)) for r in (run, again))
    np.testing.assert_array_equal(a.returns, b.returns)


@pytest.mark.parametrize("variant", ["actor-critic", "recurrent and shared"])
def test_a_warm_start_begins_with_the_former_actors(uneven, variant):
    former = train(uneven(), VARIANTS[variant], seeds=[1], steps=72, n_snapshots=2)[0]
    warm = train(uneven(), VARIANTS[variant], seeds=[8], steps=8, n_snapshots=2, warm_start={8: former})[0]
    for i in range(2):
        for new, old in zip(warm.actors[i].weights, former.actors[i].weights, strict=True):
            np.testing.assert_array_equal(new[0], old[-1])


def test_a_warm_start_from_another_kind_of_network_is_refused(uneven):
    former = train(uneven(), VARIANTS["recurrent"], seeds=[1], steps=36, n_snapshots=2)[0]
    with pytest.raises(ValueError, match="warm_start: the networks of short must have"):
        train(uneven(), quick(CRITIC), seeds=[1], steps=36, warm_start={1: former})


def test_sides_may_learn_by_different_settings_of_the_family(uneven):
    mixed = {"a": VARIANTS["trpo"], "b": VARIANTS["reinforce without baseline"]}
    run = train(uneven(), mixed, seeds=[0], steps=80, n_snapshots=2)[0]
    assert np.isfinite(run.losses["divergence"][:, 0]).all()
    assert np.isnan(run.losses["divergence"][:, 1]).all()
    assert np.isnan(run.losses["critic_loss"][:, 1]).all()
    assert run.algorithm["b"]["kind"] == "reinforce"


def test_sides_that_gather_differently_or_learn_by_another_family_are_refused(uneven):
    other = quick(REINFORCE, rollout=Episodes(n_envs=2))
    with pytest.raises(ValueError, match="equal rollout settings"):
        train(uneven(), {"a": quick(REINFORCE), "b": other}, seeds=[0], steps=10)
    with pytest.raises(ValueError, match="settings of one family"):
        train(uneven(), {"a": quick(REINFORCE), "b": config.MADDPG()}, seeds=[0], steps=10)


def test_a_recurrent_actor_needs_a_layer_before_its_memory():
    with pytest.raises(ValueError, match="hidden must have at least one width"):
        REINFORCE(hidden=(), memory=4)
    assert config.parse({"kind": "trpo", "variant": "first_order", "memory": 16}).memory == 16


@pytest.mark.parametrize("variant", VARIANTS)
def test_settings_survive_plain_values(variant):
    settings = VARIANTS[variant]
    assert config.parse(json.loads(json.dumps(settings.model_dump(mode="json")))) == settings


def test_soft_games_are_played_with_one_alternative_each(uneven):
    # These learners judge alternatives, and a point of the simplex that is a corner is a soft action too.
    run = train(uneven(soft=True), quick(CRITIC), seeds=[0], steps=40, n_snapshots=2)[0]
    for i, policy in enumerate(run.policies()):
        drawn = policy.sample(np.zeros((50, run.spec.observation_sizes[i])), rng=np.random.default_rng(0))
        assert set(np.unique(drawn)) == {0.0, 1.0}


def test_no_illegal_action_is_taken_where_players_move_in_turn():
    # In Kuhn poker who is not to move may only wait; the game would refuse anything else.
    game = games.make("kuhn_poker")
    for settings in (REINFORCE(hidden=(8,)), TRPO(hidden=(8,), memory=4)):
        run = train(game, settings, seeds=[0, 1], steps=2000, n_snapshots=2, evaluation_episodes=20, explore=True)[0]
        assert run.status == "done"
        assert np.abs(run.episode_returns).max() <= 2
        np.testing.assert_array_equal(run.episode_returns.sum(axis=1), 0.0)
        chances = run.policies()[0].probabilities(
            np.zeros((1, run.spec.observation_sizes[0])),
            masks=np.array([[True, False, True]]),
            memory=np.zeros((1, run.policies()[0].memory_size)),
        )
        assert chances[0, 1] == 0.0


LEARNERS = {
    "reinforce": REINFORCE(hidden=(16,)),
    "reinforce without baseline": REINFORCE(hidden=(16,), baseline=None),
    "actor-critic": CRITIC(hidden=(16,)),
    "trpo": TRPO(hidden=(16,)),
    "first-order trpo": TRPO(hidden=(16,), variant="first_order"),
}


@pytest.mark.parametrize("name", LEARNERS)
def test_every_seed_defects_in_the_prisoners_dilemma(name):
    # Defection dominates, so that every sound learner must find it: 10 of 10 seeds.
    game = games.make("prisoners_dilemma")
    for run in train(game, LEARNERS[name], seeds=range(10), steps=4000, n_snapshots=2):
        for policy in run.policies():
            assert policy.probabilities(np.ones((1, 1)))[0, 1] > 0.95


@pytest.mark.parametrize("name", LEARNERS)
def test_every_seed_coordinates_where_no_equilibrium_is_shadowed(name):
    # Common interest; each agent's second action is better whatever the other does, the best outcome pays 4.
    game = games.NormalFormGame([[[0.0, 1.0], [1.0, 4.0]]] * 2)
    for run in train(game, LEARNERS[name], seeds=range(10), steps=4000, n_snapshots=2):
        first, second = (policy.probabilities(np.ones((1, 1)))[0, 1] for policy in run.policies())
        assert first * second > 0.9


def test_only_an_actor_that_remembers_repeats_a_signal_that_is_gone(recall):
    # The signal is shown at the first step only, and repeating it pays at the second: without memory 1/2 is the most.
    remembers = train(recall(), REINFORCE(hidden=(16,), memory=8), seeds=[0, 1], steps=12_000, n_snapshots=2)
    forgets = train(recall(), REINFORCE(hidden=(16,)), seeds=[0, 1], steps=12_000, n_snapshots=2)
    for kept, gone in zip(remembers, forgets, strict=True):
        means = [
            play(recall(), run.policies(), n_episodes=400, rng=np.random.default_rng(5)).returns.mean()
            for run in (kept, gone)
        ]
        assert means[0] > 0.95
        assert means[1] < 0.6
