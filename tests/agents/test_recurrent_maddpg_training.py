"""Recurrent MADDPG and DDPG in the common loop: seeds apart, resuming, keeping, acting, and what is refused."""

import json
import math

import numpy as np
import pytest
from pydantic import ValidationError

from nashlens import games
from nashlens.agents import config, records
from nashlens.agents.config import Ensemble, Inference, Minimax, Rollout, Sharing, Twin, Windows
from nashlens.agents.families import check_settings
from nashlens.agents.recurrent_maddpg_engine import RecurrentMADDPGEngine
from nashlens.agents.recurrent_snapshots import RecurrentSnapshots
from nashlens.agents.snapshots import ActorSnapshots
from nashlens.agents.training import train

ROLLOUT = Rollout(n_envs=4, warmup_steps=24, update_every_steps=12)
QUICK = {"hidden": (8,), "memory": 5, "batch_size": 16, "rollout": ROLLOUT}
SHORT = Windows(steps=4, burn_in_steps=2)
ONE_FOR_ALL = Sharing(mode="full", index=True)


def quick(kind=config.MADDPG, **settings):
    return kind(**{**QUICK, "windows": SHORT, **settings})


VARIANTS = {
    "maddpg": quick(),
    "ddpg": quick(config.DDPG),
    "no burn-in": quick(windows=Windows(steps=5)),
    "score": quick(gradient="score"),
    "current": quick(other_actions="current"),
    "gumbel-rao": quick(estimator="gumbel_rao", rao_samples=2),
    "shared": quick(sharing=ONE_FOR_ALL, minibatch="shared"),
    "small replay": quick(rollout=ROLLOUT.model_copy(update={"replay_capacity": 52})),
}
BOTH = [{"masked": True, "ends": True}, {"boxes": True}]


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("kind", BOTH, ids=str)
def test_a_seed_alone_and_among_others_gives_the_same_run(uneven, variant, kind):
    game, settings = uneven(**kind), VARIANTS[variant]
    among = train(game, settings, seeds=[4, 7, 9], steps=100, n_snapshots=2)
    alone = train(game, settings, seeds=[7], steps=100, n_snapshots=2)
    assert among[1].parameter_hash == alone[0].parameter_hash
    assert len({run.parameter_hash for run in among}) == 3
    np.testing.assert_array_equal(among[1].episode_returns, alone[0].episode_returns)
    assert among[1].update_steps.tolist() == [24, 36, 48, 60, 72, 84, 96]
    for name, curve in among[1].losses.items():
        np.testing.assert_array_equal(curve, alone[0].losses[name], err_msg=name)
        assert np.isfinite(curve).all()
    assert all(run.status == "done" for run in among)


@pytest.mark.parametrize("variant", ["maddpg", "small replay", "score"])
@pytest.mark.parametrize("kind", BOTH, ids=str)
def test_a_resumed_run_equals_an_uninterrupted_one(uneven, variant, kind):
    game, settings = uneven(**kind), VARIANTS[variant]
    how = {"seeds": [1, 2], "steps": 120, "n_snapshots": 3, "evaluation_episodes": 2}
    whole = train(game, settings, **how)
    kept = []
    train(game, settings, **how, checkpoint_every_steps=41, on_checkpoint=kept.append)
    assert (
        len(kept) == 2
    )  # at step 44 and 84, rounds 11 and 21: inside windows and, at three steps each, inside episodes
    for checkpoint in kept:
        resumed = train(uneven(**kind), settings, **how, resume=checkpoint)
        for a, b in zip(whole, resumed, strict=True):
            packed_a, packed_b = records.pack(a), records.pack(b)
            assert packed_a[1] == packed_b[1]
            for name, array in packed_a[0].items():
                np.testing.assert_array_equal(array, packed_b[0][name], err_msg=name)


def test_settings_without_memory_are_written_as_they_were_and_those_with_it_come_back():
    # A run's id is a digest of its settings' text: the ids of runs without memory must not change.
    assert {"memory", "windows"}.isdisjoint(config.MADDPG().model_dump(mode="json"))
    settings = config.DDPG(memory=3, windows=SHORT)
    plain = settings.model_dump(mode="json")
    assert (plain["memory"], plain["windows"]) == (3, {"steps": 4, "burn_in_steps": 2})
    assert config.parse(json.loads(json.dumps(plain))) == settings


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"kind": "maddpg", "memory": 0}, "memory"),
        ({"kind": "maddpg", "memory": 4, "hidden": []}, "hidden must have at least one width"),
        ({"kind": "maddpg", "windows": {"steps": 3}}, "they need memory"),
        ({"kind": "ddpg", "memory": 4, "windows": {"steps": 0}}, "windows.steps"),
        ({"kind": "ddpg", "memory": 4, "windows": {"burn_in_steps": -1}}, "burn_in_steps"),
        ({"kind": "maddpg", "memory": 4, "inference": {}}, "excludes inference and minimax"),
        ({"kind": "maddpg", "memory": 4, "minimax": {}}, "excludes inference and minimax"),
        ({"kind": "maddpg", "memory": 4, "twin": {}}, "excludes ensemble and twin"),
        ({"kind": "ddpg", "memory": 4, "ensemble": {"size": 2}}, "excludes ensemble and twin"),
    ],
)
def test_settings_that_a_memory_excludes_are_refused(settings, named):
    with pytest.raises(ValidationError, match=named):
        config.parse(settings)


@pytest.mark.parametrize(
    ("other", "named"),
    [
        (config.MADDPG(inference=Inference()), "inference"),
        (config.MADDPG(minimax=Minimax()), "minimax"),
        (config.DDPG(twin=Twin()), "twin"),
        (config.DDPG(ensemble=Ensemble(size=2)), "ensemble"),
    ],
)
def test_a_side_beside_one_with_memory_must_be_without_what_recurrent_runs_lack(uneven, other, named):
    sides = {"a": quick(), "b": other.model_copy(update={"rollout": ROLLOUT})}
    with pytest.raises(ValueError, match=f"beside a side with memory, b must be without {named}"):
        check_settings(uneven().spec, sides)


def test_sides_that_cut_windows_differently_are_refused(uneven):
    with pytest.raises(ValueError, match=r"the sides \['a', 'b'\] must have equal windows"):
        check_settings(uneven().spec, {"a": quick(), "b": quick(windows=Windows(steps=3))})


def test_an_update_before_a_window_is_full_is_refused_before_anything_runs(uneven):
    # Four environments take 24 steps in 6 rounds, a window of 4 steps behind 3 of burn-in needs 7.
    fits, too_long = quick(), quick(windows=Windows(steps=4, burn_in_steps=3))
    check_settings(uneven().spec, {"a": fits, "b": fits})
    with pytest.raises(ValueError, match=r"rollout.warmup_steps: 24 .* it must be at least 28"):
        check_settings(uneven().spec, {"a": too_long, "b": too_long})


def test_a_replay_without_room_for_a_window_is_refused(uneven):
    # Windows of 6 steps, one begun every 4: 12 rounds of 4 environments always hold a whole one.
    small = quick(rollout=ROLLOUT.model_copy(update={"replay_capacity": 47}))
    with pytest.raises(ValueError, match=r"rollout.replay_capacity: 47 .* at least 48"):
        check_settings(uneven().spec, {"a": small, "b": small})


def test_sides_may_differ_in_whether_they_remember(uneven):
    sides = {"a": quick(), "b": config.DDPG(hidden=(8, 8), batch_size=16, rollout=ROLLOUT)}
    run = train(uneven(), sides, seeds=[0], steps=60, n_snapshots=2, evaluation_episodes=2)[0]
    assert run.status == "done"
    assert isinstance(run.actors[0], RecurrentSnapshots)
    assert isinstance(run.actors[1], ActorSnapshots)
    assert all((a.weights[0][0] != a.weights[0][1]).any() for a in run.actors)


@pytest.mark.parametrize("kind", [{"masked": True}, {"boxes": True}, {"soft": True}], ids=str)
def test_policies_act_as_the_networks_did(uneven, kind):
    # Every decision before the first update, judged again by the plain policies of the first snapshot.
    game, settings, seen = uneven(**kind), quick(sharing=Sharing(mode="side", index=True), temperature=0.8), []
    decide = RecurrentMADDPGEngine.decide

    def watched(self, situation, *, generators):
        outputs = decide(self, situation, generators=generators)
        seen.append((situation, outputs))
        return outputs

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(RecurrentMADDPGEngine, "decide", watched)
        run = train(game, settings, seeds=[3], steps=23, n_snapshots=2)[0]
    assert run.n_updates == 1  # after the last of the decisions
    for i, policy in enumerate(run.policies(0)):
        memory = policy.initial_memory(4, rng=np.random.default_rng(0))
        part = slice(*np.cumsum([0, *game.spec.observation_sizes])[i : i + 2])
        acts = slice(*np.cumsum([0, *game.spec.action_widths])[i : i + 2])
        n_judged = 0
        for t, (situation, decision) in enumerate(seen):
            memory = memory if t % 3 else 0 * memory  # episodes of three steps
            observed = situation.observations[0, :, part].double().numpy()
            memory = policy.next_memory(observed, memory)
            done = decision.actions[0, :, acts].double().numpy()
            masks = None if situation.masks is None else situation.masks[0, :, acts].numpy()
            expected = _log_density(policy, observed, done, memory=memory, masks=masks)
            found = decision.log_densities[0, :, i].double().numpy()
            known = np.isfinite(expected)
            np.testing.assert_allclose(found[known], expected[known], atol=1e-4)
            n_judged += known.sum()
        assert n_judged >= 8


def _log_density(policy, observed, done, *, memory, masks):
    if isinstance(policy.action_space, games.Box):
        mean, std = policy.moments(observed, memory=memory)
        inside = np.abs(done) < np.array(policy.action_space.high)  # of a clipped draw only the clipped point is seen
        logs = -0.5 * ((done - mean) / std) ** 2 - np.log(std * np.sqrt(2 * np.pi))
        return np.where(inside, logs, np.nan).sum(axis=1)
    chances = policy.probabilities(observed, masks=masks, memory=memory)
    if not policy.soft:
        return np.log(np.where(done > 0, chances, 1.0)).sum(axis=1)
    # Maddison, Mnih and Teh (2017), definition 1: (n − 1)! λ^(n−1) Π p_k x_k^(−λ−1) / (Σ p_k x_k^(−λ))^n
    total, heat = np.zeros(len(done)), policy.temperature
    for factor in policy.action_space.slices:
        p, x, n = chances[:, factor], done[:, factor], factor.stop - factor.start
        total += math.lgamma(n) + (n - 1) * np.log(heat) + (np.log(p) - (heat + 1) * np.log(x)).sum(axis=1)
        total -= n * np.log((p * x**-heat).sum(axis=1))
    return total


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("climbing", {}),
        ("repeated", {"stage": "prisoners_dilemma", "rounds": 3, "memory": 1}),
        ("kuhn_poker", {}),
        ("simple_speaker_listener", {"actions": "soft"}),
        ("simple_reference", {}),
        ("simple_tag", {"actions": "continuous"}),
    ],
)
def test_actors_with_memory_train_in_every_kind_of_game(name, arguments):
    run = train(
        games.make(name, **arguments), quick(), seeds=[0], steps=48, n_snapshots=2, evaluation_episodes=2, explore=True
    )[0]
    assert (run.status, run.n_updates) == ("done", 3)
    assert np.isfinite(run.evaluation_returns).all()
    moved = [any((a.weights[k][0] != a.weights[k][-1]).any() for k in range(len(a.weights))) for a in run.actors]
    assert all(moved)
    again = records.unpack(*records.pack(run))
    for kept, found in zip(run.actors, again.actors, strict=True):
        assert (kept.soft, kept.temperature, kept.index) == (found.soft, found.temperature, found.index)
    assert run.actors[0].soft == (arguments.get("actions") == "soft")


def test_a_run_begins_from_the_actors_of_a_former_one(uneven):
    former = train(uneven(), quick(), seeds=[5], steps=60, n_snapshots=2)[0]
    run = train(uneven(), quick(), seeds=[1], steps=30, n_snapshots=2, warm_start={1: former})[0]
    for a, b in zip(former.actors, run.actors, strict=True):
        for last, first in zip(a.weights, b.weights, strict=True):
            np.testing.assert_array_equal(first[0], last[-1])
    with pytest.raises(ValueError, match="warm_start: the networks of short must have"):
        train(uneven(), config.MADDPG(hidden=(8,)), seeds=[1], steps=8, n_snapshots=2, warm_start={1: former})
