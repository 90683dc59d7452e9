from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from nashlens.agents.records import ActorSnapshots, TrainingRun
from nashlens.games import Profile, make
from nashlens.games.mixture_policy import MixturePolicy
from nashlens.games.policy import ConstantPolicy
from nashlens.games.randomness import child
from nashlens.reports.correlated_measures import draws_together, joint_distribution
from nashlens.reports.measures import first_learned, measure, time_average
from nashlens.reports.probes import probe_observations

MakeRun = Callable[..., TrainingRun]


def values(run: TrainingRun, metric: str, agent: str = "") -> list[float]:
    frame = pd.DataFrame(measure(run))
    chosen = frame[(frame["metric"] == metric) & (frame["agent"] == agent)].sort_values("step")
    return [float(value) for value in chosen["value"]]


def pennies(*chances: float) -> list[list[float]]:
    return [[p, 1 - p] for p in chances]


def test_nash_conv_of_pennies_is_its_closed_form_at_every_snapshot(make_run: MakeRun) -> None:
    # NashConv of matching pennies at (p, q) is |2p − 1| + |2q − 1|
    run = make_run([pennies(0.5, 0.9, 0.9, 0.2), pennies(0.5, 0.5, 0.7, 0.6)])
    assert values(run, "nash_conv") == pytest.approx([0.0, 0.8, 1.2, 0.8], abs=1e-6)


def test_nash_conv_average_is_that_of_the_mean_strategies_since_the_first_update(make_run: MakeRun) -> None:
    # first update at step 1, so the snapshots at 100, 200, 300 count: means of p .9, .5, .4 and of q .5, .6, .6
    run = make_run([pennies(0.1, 0.9, 0.1, 0.2), pennies(0.1, 0.5, 0.7, 0.6)])
    expected = [1.6, 0.8, 0.2, 2 * 0.1 + 2 * 0.1]
    assert values(run, "nash_conv_average") == pytest.approx(expected, abs=1e-6)


def test_drift_of_pennies_is_its_closed_form(make_run: MakeRun) -> None:
    # opponent's P(H) from .5 to .9: total variation .4, and |ΔR| = .8 for both own actions (span 2 × .4)
    run = make_run([pennies(0.5, 0.5), pennies(0.5, 0.9)])
    assert values(run, "policy_drift", "agent_0") == pytest.approx([0.0], abs=1e-6)
    assert values(run, "policy_drift", "agent_1") == pytest.approx([0.4], abs=1e-6)
    assert values(run, "reward_drift", "agent_0") == pytest.approx([0.8], abs=1e-6)
    assert values(run, "reward_drift", "agent_1") == pytest.approx([0.0], abs=1e-6)
    assert values(run, "reward_drift_joint", "agent_0") == [0.0]


def test_turns_of_a_path_around_the_equilibrium_are_counted(make_run: MakeRun) -> None:
    # a circle around (½, ½), twice around in 16 snapshots after the untrained one
    angles = np.linspace(0.0, 4 * math.pi, 17)
    run = make_run(
        [pennies(0.5, *(0.5 + 0.3 * np.cos(angles)).tolist()), pennies(0.5, *(0.5 + 0.3 * np.sin(angles)).tolist())]
    )
    assert values(run, "turns") == pytest.approx([2.0], abs=1e-6)


def test_turns_are_left_out_where_a_path_jumps_more_than_a_quarter_between_snapshots(make_run: MakeRun) -> None:
    # two turns in 6 snapshots are a third of a turn each; in 9 snapshots of two ninths they are counted
    def path(n: int) -> TrainingRun:
        angles = np.linspace(0.0, 4 * math.pi, n + 1)
        x, y = 0.5 + 0.3 * np.cos(angles), 0.5 + 0.3 * np.sin(angles)
        return make_run([pennies(0.5, *x.tolist()), pennies(0.5, *y.tolist())])

    assert math.isnan(values(path(6), "turns")[0])
    assert values(path(9), "turns") == pytest.approx([2.0], abs=1e-6)
    assert [row["bound"] for row in measure(path(9)) if row["metric"] == "turns"] == ["estimate"]


def team(make_run: MakeRun, draw: str) -> TrainingRun:
    """Climbing, in which the first sub-policies play (1, 1) and the second ones (2, 2)."""
    first, second = [[1.0, 0.0, 0.0]] * 2, [[0.0, 1.0, 0.0]] * 2
    run = make_run([first, first], game="climbing")
    settings = {side: {"kind": "maddpg", "ensemble": {"size": 2, "draw": draw}} for side in run.spec.sides}
    others = make_run([second, second], game="climbing").actors
    return replace(run, more_actors=tuple((actor,) for actor in others), algorithm=settings)


def test_an_ensemble_that_a_side_draws_together_is_measured_as_the_joint_distribution(make_run: MakeRun) -> None:
    run = team(make_run, "side")
    # half (1, 1), which pays 11, half (2, 2), which pays 7; the best sum is 22, so that 22 − 18 is missing
    assert values(run, "expected_payoff", "agent_0") == pytest.approx([9.0, 9.0])
    assert values(run, "welfare_gap") == pytest.approx([4.0, 4.0])
    # a fixed action against half 1, half 2 pays −9.5, −11.5 or, the third, agent 0: 0, agent 1: 3; all below 9
    assert values(run, "cce_gap") == pytest.approx([0.0, 0.0], abs=1e-9)
    assert values(run, "nash_conv") == values(run, "nash_conv_average") == values(run, "probability_0") == []
    assert values(run, "policy_drift", "agent_0") == pytest.approx([0.0])


def test_an_ensemble_that_each_agent_draws_alone_is_the_product_of_its_mixtures(make_run: MakeRun) -> None:
    # a quarter each of 11, −30, −30 and 7
    assert values(team(make_run, "agent"), "expected_payoff", "agent_0") == pytest.approx([-10.5, -10.5])
    assert len(values(team(make_run, "agent"), "nash_conv")) == 2


def test_a_joint_distribution_mixes_within_groups_and_multiplies_between_them() -> None:
    pure = [ConstantPolicy([1.0, 0.0]), ConstantPolicy([0.0, 1.0])]
    both = MixturePolicy(pure, weights=[0.25, 0.75], group="a")
    alone = MixturePolicy(pure, weights=[0.5, 0.5])
    # the first two are equal, (0, 0) a quarter of the time; the third tosses a coin by itself
    expected = np.zeros((2, 2, 2))
    expected[0, 0], expected[1, 1] = 0.125, 0.375
    assert joint_distribution((both, both, alone)) == pytest.approx(expected)
    assert draws_together((both, both, alone))
    assert not draws_together((both, alone, pure[0]))


def test_welfare_gap_of_climbing_is_the_best_sum_less_the_expected_one(make_run: MakeRun) -> None:
    # climbing pays both 11, 7 and 5 on its diagonal: 22 − 14 at (2, 2), 22 − 10 at (3, 3)
    second, third = [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]
    run = make_run([[second, third], [second, third]], game="climbing")
    assert values(run, "welfare_gap") == pytest.approx([8.0, 12.0], abs=1e-5)
    assert values(run, "expected_payoff", "agent_1") == pytest.approx([7.0, 5.0], abs=1e-5)
    # (2, 2) is an equilibrium; at (3, 3) the second agent gains 6 − 5 by playing the second action
    assert values(run, "nash_conv") == pytest.approx([0.0, 1.0], abs=1e-5)


def test_the_strategies_of_small_games_are_kept(make_run: MakeRun) -> None:
    run = make_run([pennies(0.5, 0.9), pennies(0.5, 0.3)])
    assert values(run, "probability_0", "agent_0") == pytest.approx([0.5, 0.9], abs=1e-6)
    assert values(run, "probability_1", "agent_1") == pytest.approx([0.5, 0.7], abs=1e-6)


def test_constant_sum_games_have_no_welfare_gap(make_run: MakeRun) -> None:
    assert values(make_run([pennies(0.5, 0.5), pennies(0.5, 0.5)]), "welfare_gap") == []


def test_training_return_is_the_mean_of_the_episodes_between_two_snapshots(make_run: MakeRun) -> None:
    run = make_run(
        [pennies(0.5, 0.5, 0.5, 0.5), pennies(0.5, 0.5, 0.5, 0.5)],
        episode_steps=[1, 100, 101, 301],
        episode_returns=[[1, -1], [0, 0], [4, -4], [9, -9]],
    )
    frame = pd.DataFrame(measure(run))
    own = frame[(frame["metric"] == "training_return") & (frame["agent"] == "agent_0")]
    # snapshots at 0, 100, 200, 300: the last episode ended after the last of them; no episode in (200, 300]
    assert [tuple(row) for row in own[["step", "value", "n"]].to_numpy()] == [(100, 0.5, 2), (200, 4.0, 1)]
    assert set(own["bound"]) == {"estimate"}


def test_evaluation_return_is_there_only_where_episodes_were_played(make_run: MakeRun) -> None:
    run = make_run([pennies(0.5, 0.5), pennies(0.5, 0.5)])
    assert values(run, "evaluation_return", "agent_0") == []
    played = replace(run, n_evaluation_episodes=8, evaluation_returns=np.array([[1.0, -1.0], [0.5, -0.5]]))
    assert values(played, "evaluation_return", "agent_0") == [1.0, 0.5]


def test_every_row_says_seed_bound_unit_and_n(make_run: MakeRun) -> None:
    rows = measure(make_run([pennies(0.5, 0.4), pennies(0.5, 0.6)], seed=7))
    assert {row["seed"] for row in rows} == {7}
    assert all(row["bound"] in {"exact", "estimate"} and row["unit"] and row["n"] >= 1 for row in rows)


def test_measure_of_another_game_under_the_same_name_raises(make_run: MakeRun) -> None:
    run = make_run([pennies(0.5, 0.5), pennies(0.5, 0.5)])
    other = replace(run, spec=replace(run.spec, horizon=3))
    with pytest.raises(ValueError, match="matching_pennies is no longer the one that was trained on: its horizon are"):
        measure(other)


@pytest.mark.parametrize(("first_update", "first"), [(None, 3), (1, 1), (100, 1), (150, 2), (900, 3)])
def test_first_learned_is_the_first_snapshot_after_an_update(
    make_run: MakeRun, first_update: int | None, first: int
) -> None:
    half = pennies(0.5, 0.5, 0.5, 0.5)
    assert first_learned(make_run([half, half], first_update=first_update)) == first


def test_time_average_begins_where_it_is_told() -> None:
    profile = Profile([pennies(1.0, 0.0, 1.0)])
    assert time_average(profile)[0][:, 0].tolist() == pytest.approx([1.0, 0.5, 2 / 3])
    assert time_average(profile, first=1)[0][:, 0].tolist() == [1.0, 0.0, 0.5]


@pytest.mark.parametrize("first", [-1, 3])
def test_time_average_from_a_snapshot_that_is_not_there_raises(first: int) -> None:
    with pytest.raises(ValueError, match="first must be one of the 3 snapshots"):
        time_average(Profile([pennies(1.0, 0.0, 1.0)]), first=first)


@pytest.fixture
def particle_run(make_run: MakeRun) -> TrainingRun:
    """A speaker that always says the first thing, then the second; a listener that always stays, then goes left."""
    game = make("simple_speaker_listener", physics="lowe2017", actions="soft")
    run = make_run([pennies(0.5, 0.5), pennies(0.5, 0.5)])

    def always(size: int, first: list[float], second: list[float]) -> ActorSnapshots:
        biases = np.array([first, second], dtype=np.float32)
        return ActorSnapshots(weights=(np.zeros((2, size, len(first)), dtype=np.float32),), biases=(biases,), soft=True)

    actors = (always(3, [60, 0, 0], [0, 60, 0]), always(11, [60, 0, 0, 0, 0], [0, 60, 0, 0, 0]))
    return replace(run, spec=game.spec, actors=actors, algorithm={"team": {"kind": "maddpg"}})


def test_policy_drift_in_a_particle_world_is_asked_at_probes(particle_run: TrainingRun) -> None:
    rows = [row for row in measure(particle_run) if row["metric"] == "policy_drift"]
    assert [(row["agent"], row["n"], row["bound"]) for row in rows] == [
        ("speaker_0", 512, "estimate"),
        ("listener_0", 512, "estimate"),
    ]
    # from one pure action to another: total variation 1 wherever it is asked
    assert [row["value"] for row in rows] == pytest.approx([1.0, 1.0], abs=1e-6)


def test_an_ensemble_is_probed_as_the_mixture_of_its_members(particle_run: TrainingRun) -> None:
    # the other member of either agent does at first what this one does later, and the other way round: the mixture
    # is the same at both snapshots
    turned = tuple(
        ActorSnapshots(weights=actor.weights, biases=tuple(b[::-1].copy() for b in actor.biases), soft=True)
        for actor in particle_run.actors
    )
    ensemble = replace(particle_run, more_actors=tuple((actor,) for actor in turned))
    rows = [row for row in measure(ensemble) if row["metric"] == "policy_drift"]
    assert [row["value"] for row in rows] == pytest.approx([0.0, 0.0], abs=1e-6)


def test_final_episodes_give_returns_and_what_the_game_measures(particle_run: TrainingRun) -> None:
    assert len(values(particle_run, "episode_distance")) == 1
    # a listener that goes left for 25 steps ends far away: reward is −d² a step, so below −1 on average
    assert values(particle_run, "final_return", "listener_0")[0] < -25.0
    assert values(particle_run, "final_return", "listener_0") == values(particle_run, "final_return", "speaker_0")


def test_measure_gives_the_same_numbers_every_time(particle_run: TrainingRun) -> None:
    assert measure(particle_run) == measure(particle_run)


def test_probes_come_from_the_game_and_are_as_many_as_there_are(particle_run: TrainingRun) -> None:
    game = make("simple_speaker_listener", physics="lowe2017", actions="soft")
    probes = probe_observations(game, particle_run.policies(), n_probes=10**6, n_episodes=3, rng=child(0, "probe"))
    assert [p.shape for p in probes] == [(75, 3), (75, 11)]
    # the speaker sees one of three colours, and nothing else
    assert len(np.unique(probes[0], axis=0)) <= 3


def test_probes_refuse_counts_below_one_and_masked_games(particle_run: TrainingRun) -> None:
    game = make("simple_speaker_listener", physics="lowe2017", actions="soft")
    with pytest.raises(ValueError, match="must be at least 1, not 0 and 3"):
        probe_observations(game, particle_run.policies(), n_probes=0, n_episodes=3, rng=child(0, "probe"))
    with pytest.raises(ValueError, match="policies must be 2"):
        probe_observations(game, particle_run.policies()[:1], n_probes=1, n_episodes=3, rng=child(0, "probe"))
