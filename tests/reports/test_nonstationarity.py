"""The instrument of non-stationarity: numbers of hand-made runs, and what is refused."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from nashlens.agents.records import ActorSnapshots
from nashlens.games import make
from nashlens.games.particle.world import ParticleWorld
from nashlens.reports.instruments.drift_frames import over_agents
from nashlens.reports.instruments.nonstationarity import INSTRUMENT
from nashlens.reports.instruments.outcome_sampling import sampled_outcomes, travelled, world_probes
from nashlens.reports.instruments.policy_movement import probed_policy_rows
from nashlens.reports.instruments.probe_moments import probe_moments
from nashlens.reports.instruments.run_games import discount_of
from nashlens.reports.instruments.seed_estimates import known_estimate, seed_estimate, seed_halves, seed_means
from nashlens.reports.quantities import Quantity
from tests.reports.instrument_runs import constant_run, values_of
from tests.reports.nonstationarity_runs import HEADS, ONE, TURNING, ZERO, measured, pennies


def test_measure_of_matching_pennies_is_the_closed_form() -> None:
    rows = measured(pennies())
    # metrics T02: the other's P(H) from .5 to .9 moves the reward of both own actions by .8; agent 1 sees nothing move
    assert values_of(rows, "ns_reward_drift", agent="agent_0") == pytest.approx([0.8, 0.8])
    assert values_of(rows, "ns_reward_drift", agent="agent_1") == [0.0, 0.0]
    assert values_of(rows, "ns_joint_drift") == [0.0] * 4
    assert values_of(rows, "ns_budget_reward") == pytest.approx([1.6, 0.0])  # two changes of .8 at the worst place
    assert {row["bound"] for row in rows} == {"exact"}
    # TV of .5 and .9 is .4, there and back; KL(.9 ‖ .5) = .368064, KL(.5 ‖ .9) = .510826 (metrics §1.1), swapped back
    assert values_of(rows, "ns_policy_tv", agent="agent_1") == pytest.approx([0.4, 0.4])
    assert values_of(rows, "ns_policy_kl_new_old", agent="agent_1") == pytest.approx([0.368064, 0.510826], abs=1e-6)
    assert values_of(rows, "ns_policy_kl_old_new", agent="agent_1") == pytest.approx([0.510826, 0.368064], abs=1e-6)
    assert values_of(rows, "ns_policy_path", agent="agent_1") == pytest.approx([0.4, 0.8])
    assert values_of(rows, "ns_policy_straight", agent="agent_1") == pytest.approx([0.4, 0.0])
    assert values_of(rows, "ns_policy_rate", agent="agent_1") == pytest.approx([4.0, 4.0])  # .4 in 100 steps
    assert not values_of(rows, "ns_policy_w2")  # actions are no numbers
    # agent_1's path is .4 there and .4 back to where it began: no straight distance; agent_0 never moved
    assert np.isnan(values_of(rows, "ns_tortuosity")).all()
    assert values_of(rows, "ns_value_others") == [0.0] * 4  # against even play nothing changes a value
    assert np.isnan(values_of(rows, "ns_others_share")).all()
    assert not values_of(rows, "ns_kernel_drift")  # one state cannot be left


def test_measure_splits_a_value_s_change() -> None:
    # both play heads; the second turns to tails: agent_0 loses 2 by the other's doing alone
    run = constant_run(make("matching_pennies"), [[[1.0, 0.0]] * 2, [[1.0, 0.0], [0.0, 1.0]]])
    rows = measured(run)
    assert values_of(rows, "ns_value_others", agent="agent_0") == pytest.approx([-2.0])
    assert values_of(rows, "ns_value_own", agent="agent_1") == pytest.approx([2.0])
    assert values_of(rows, "ns_others_share") == pytest.approx([1.0, 0.0])


def test_measure_of_a_repeated_game_adds_what_follows() -> None:
    game = make("repeated", stage="matching_pennies", rounds=3, memory=1)
    rows = list(INSTRUMENT.measure(constant_run(game, [HEADS, TURNING]), game))
    # TV .4 wherever there is a next round: in 5 of the 9 states of three rounds
    assert values_of(rows, "ns_kernel_drift", agent="agent_0") == pytest.approx([0.4 * 5 / 9] * 2)
    assert values_of(rows, "ns_budget_kernel", agent="agent_0") == pytest.approx([2 * 0.4 * 2])  # L1 is twice TV
    assert values_of(rows, "ns_joint_drift") == [0.0] * 4
    # the divergence of the other's move wherever there is a next round; the other sees nothing move
    assert values_of(rows, "ns_kernel_kl", agent="agent_0") == pytest.approx(
        [0.368064 * 5 / 9, 0.510826 * 5 / 9], abs=1e-6
    )
    # From even play, worth 0 in every state, the backup moves by the reward alone: |ΔR| = .8. Back again every state
    # of one round has one value, so that what follows moves nothing: .8 once more.
    assert values_of(rows, "ns_backup_drift", agent="agent_0") == pytest.approx([0.8, 0.8])
    assert values_of(rows, "ns_backup_drift", agent="agent_1") == [0.0, 0.0]


def test_measure_of_a_tree_is_exact_with_an_exact_control() -> None:
    game = make("kuhn_poker")
    still = [[0.45, 0.45, 0.1]] * 2
    rows = list(INSTRUMENT.measure(constant_run(game, [still, [[0.45, 0.45, 0.1], [0.09, 0.81, 0.1]]]), game))
    # pass against bet .5 to .9 at every information set of the other: .2 on average, as analysis' test works out
    assert values_of(rows, "ns_kernel_drift") == pytest.approx([0.2, 0.0])
    assert values_of(rows, "ns_kernel_kl") == pytest.approx([0.368064 / 2, 0.0], abs=1e-6)
    assert values_of(rows, "ns_policy_tv") == pytest.approx([0.0, 0.4])  # at each of its information sets
    assert values_of(rows, "ns_joint_drift") == [0.0, 0.0]
    total = sum(values_of(rows, f"ns_value_{part}", agent="agent_0")[0] for part in ("own", "others", "interaction"))
    assert total == pytest.approx(-values_of(rows, "ns_value_own", agent="agent_1")[0])  # constant sum: one moved


@pytest.fixture(scope="module")
def spread() -> ParticleWorld:
    game = make("simple_spread", n_agents=2, physics="lowe2017", max_cycles=5)
    assert isinstance(game, ParticleWorld)
    return game


def test_measure_of_a_particle_world_tells_movers_from_noise(spread: ParticleWorld) -> None:
    # agent_1 goes left, then right, for certain; agent_0 plays evenly throughout
    left, right = [0.0, 1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0, 0.0]
    rows = list(INSTRUMENT.measure(constant_run(spread, [[[0.2] * 5] * 2, [left, right]]), spread))
    moved = values_of(rows, "ns_outcome_drift_5", agent="agent_0")[0]
    # Under the 2017 order a force F moves a position in step k by dt·v_k, v_k = .75 v + F dt: after five steps two
    # agents that push opposite ways are 2 F dt² Σ_{k=1..5} (1 − .75^k) / .25 apart, F = 5, dt = .1.
    apart = 2 * 5 * 0.01 * sum((1 - 0.75**k) / 0.25 for k in range(1, 6))
    assert moved == pytest.approx(apart, rel=0.2)  # collisions shift some
    assert values_of(rows, "ns_outcome_p", agent="agent_0")[0] == pytest.approx(1 / 200)
    floor = values_of(rows, "ns_outcome_floor_5", agent="agent_1")[0]
    assert values_of(rows, "ns_outcome_drift_5", agent="agent_1")[0] == pytest.approx(floor, rel=0.25)
    assert values_of(rows, "ns_joint_drift") == [0.0, 0.0]
    assert not values_of(rows, "ns_outcome_drift_25")  # an episode has five steps
    assert values_of(rows, "ns_budget_outcome", agent="agent_0") == [moved]  # one change between two snapshots
    assert values_of(rows, "ns_budget_outcome_floor", agent="agent_1") == [floor]
    # a certain move to another certain action: TV 1, straight, divergence of the networks' logs
    assert values_of(rows, "ns_policy_tv", agent="agent_1") == pytest.approx([1.0])
    assert values_of(rows, "ns_policy_kl_new_old", agent="agent_1")[0] > 50
    # agent_1's own change is a change by the other to agent_0, nobody's to itself
    assert values_of(rows, "ns_others_share", agent="agent_0") == pytest.approx([1.0])
    assert values_of(rows, "ns_others_p", agent="agent_1") == [1.0]
    assert values_of(rows, "ns_others_share_floor", agent="agent_0") == [1.0]  # as its own part is 0 for certain


def test_measure_of_real_valued_actions_is_gaussian() -> None:
    game = make("simple_spread", n_agents=2, actions="continuous", max_cycles=4)
    size, width = game.spec.observation_sizes[0], 2 * len(game.spec.action_spaces[0].low)
    flat = np.zeros((3, size, width), dtype=np.float32)
    biases = np.zeros((3, width), dtype=np.float32)
    biases[1, 0] = np.arctanh(0.5)  # of a box [−1, 1] the mean of the first coordinate goes from 0 to .5 and back
    biases[:, width // 2 :] = np.log(0.25)  # every standard deviation is .25
    actor = ActorSnapshots(weights=(flat,), biases=(biases,))
    run = constant_run(game, [[[0.2] * 5] * 3] * 2, actors=(actor, actor))
    rows = list(probed_policy_rows(run, game))
    half = (game.spec.action_spaces[0].high[0] - game.spec.action_spaces[0].low[0]) / 2
    gap, width_of = 0.5 * half, 0.25 * half
    assert values_of(rows, "ns_policy_w2", agent="agent_0") == pytest.approx([gap, gap])
    assert values_of(rows, "ns_policy_kl_new_old", agent="agent_0") == pytest.approx([gap**2 / (2 * width_of**2)] * 2)
    # metrics §1.5: TV = 2 Φ(Δ / 2σ) − 1, here Δ = 2 σ: .682689
    assert values_of(rows, "ns_policy_tv", agent="agent_0") == pytest.approx([0.682689] * 2, abs=1e-6)
    assert values_of(rows, "ns_policy_path", agent="agent_0") == pytest.approx([gap, 2 * gap])


def test_shapley_shares_of_three_agents_add_up() -> None:
    # everybody gets 1 if all play 1 and 0 otherwise; 0 and 1 turn to it, 2 plays it throughout: whoever of the two
    # comes last makes the difference, so that each has one half of it (and the third, who never moved, nothing)
    game = make("all_ones", n_agents=3)
    rows = list(INSTRUMENT.measure(constant_run(game, [[ZERO, ONE], [ZERO, ONE], [ONE, ONE]]), game))
    gained = values_of(rows, "ns_shapley_0", agent="agent_0")[0]
    assert gained > 0
    for i in range(3):
        shares = [values_of(rows, f"ns_shapley_{j}", agent=f"agent_{i}")[0] for j in range(3)]
        assert shares == pytest.approx([gained, gained, 0.0])
        parts = (
            values_of(rows, f"ns_value_{part}", agent=f"agent_{i}")[0] for part in ("own", "others", "interaction")
        )
        assert sum(shares) == pytest.approx(sum(parts))
    assert not values_of(measured(pennies()), "ns_shapley_0")  # of two agents own, others and interaction say it all


def test_measure_of_a_world_is_the_same_twice(spread: ParticleWorld) -> None:
    run = constant_run(spread, [[[0.2] * 5, [0.6, 0.1, 0.1, 0.1, 0.1]]] * 2)
    assert list(INSTRUMENT.measure(run, spread)) == list(INSTRUMENT.measure(run, spread))


def test_outcomes_follow_scripts_and_policies(spread: ParticleWorld) -> None:
    probes = world_probes(spread, n_probes=4, n_episodes=2, n_steps=5, rng=np.random.default_rng(0))
    assert probes.n_probes == 4
    assert (probes.states["clock"] == 0).all()
    both = [
        sampled_outcomes(
            spread, probes, policies=None, agent=0, n_samples=2, horizons=(1, 5), rng=np.random.default_rng(seed)
        )
        for seed in (0, 1)
    ]
    for h in (1, 5):
        assert (both[0][h].observations == both[1][h].observations).all()
        assert both[0][h].rewards.shape == (4, 2)
    assert travelled(spread, probes, both[0][5], agent=0) > travelled(spread, probes, both[0][1], agent=0) > 0


def test_outcome_sampling_refuses_what_does_not_fit(spread: ParticleWorld) -> None:
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="n_probes must be from 1 to the 5 states of n_episodes = 1 episodes, not 6"):
        world_probes(spread, n_probes=6, n_episodes=1, n_steps=1, rng=rng)
    with pytest.raises(ValueError, match="n_steps must be from 1 to the horizon 5"):
        world_probes(spread, n_probes=1, n_episodes=1, n_steps=6, rng=rng)
    probes = world_probes(spread, n_probes=1, n_episodes=1, n_steps=2, rng=rng)
    with pytest.raises(ValueError, match="n_samples must be at least 1 and horizons from 1 to 2, not 1 and"):
        sampled_outcomes(spread, probes, policies=None, agent=0, n_samples=1, horizons=(3,), rng=rng)


def test_probe_moments_refuse_what_cannot_be_probed() -> None:
    game = make("kuhn_poker")
    policies = constant_run(game, [[[0.4, 0.5, 0.1]] * 2] * 2).policies()
    with pytest.raises(ValueError, match="n_probes and n_episodes must be at least 1, not 0 and 1"):
        probe_moments(game, policies, n_probes=0, n_episodes=1, rng=np.random.default_rng(0))


def test_measure_refuses_another_game() -> None:
    with pytest.raises(ValueError, match="game must be the one that was trained on: its name must be matching_pennies"):
        list(INSTRUMENT.measure(pennies(), make("climbing")))
    one, other = (make("repeated", stage="matching_pennies", rounds=n, memory=1) for n in (3, 4))
    with pytest.raises(ValueError, match="its horizon must be 3, not 4"):
        list(INSTRUMENT.measure(constant_run(one, [HEADS] * 2), other))


def test_discount_of_refuses_sides_that_differ() -> None:
    run = pennies()
    assert discount_of(run) == 0.9
    sides = {
        side: {**each, "gamma": gamma} for (side, each), gamma in zip(run.algorithm.items(), (0.5, 0.6), strict=True)
    }
    with pytest.raises(ValueError, match=r"algorithm: the sides must discount alike, not by \[0.5, 0.6\]"):
        discount_of(replace(run, algorithm=sides))


def test_measure_says_why_a_run_is_left_out() -> None:
    game = make("bilinear")
    actor = ActorSnapshots(weights=(np.zeros((2, 1, 2), np.float32),), biases=(np.zeros((2, 2), np.float32),))
    run = constant_run(game, [[[0.5, 0.5]] * 2] * 2, actors=(actor, actor))
    (why,) = INSTRUMENT.measure(run, game)
    assert (why["metric"], why["value"]) == ("ns_left_out_untold", 1.0)


def test_over_agents_keeps_a_missing_number_missing() -> None:
    rows = [
        {"game": "g", "algorithm": "a", "run_id": "r", "seed": 0, "step": 1, "metric": "m", "bound": "exact"}
        | {"unit": "run", "n": 1, "agent": agent, "value": value}
        for agent, value in (("x", 1.0), ("y", np.nan))
    ]
    assert np.isnan(over_agents(pd.DataFrame(rows))["value"]).all()


def test_seed_numbers() -> None:
    frame = pd.DataFrame({"metric": "m", "seed": [0, 0, 1, 1], "step": [1, 2, 1, 2], "value": [1.0, 3.0, 2.0, 4.0]})
    assert list(seed_means(frame, "m")) == [2.0, 3.0]
    early, late = seed_halves(frame, "m")
    assert (list(early), list(late)) == ([1.0, 2.0], [3.0, 4.0])
    assert seed_estimate([]).reason == "no seed"
    assert "at least 5" in seed_estimate([1.0, 2.0]).reason
    # mean .2, s = √(.2 · .8 · 5 / 4) = .447, t_4 = 2.776: low = .2 − .555 < 0, cut at 0
    cut = seed_estimate([0.0, 0.0, 0.0, 0.0, 1.0], least=0.0)
    assert seed_estimate([1.0, 1.0, 1.0, 1.0, 0.0], most=1.0).high == 1.0
    what = Quantity(name="m", title="M", value_unit="0 to 1", definition="", least=0.0, missing="nothing moved")
    assert known_estimate(pd.Series([1.0, 1.0, 1.0, 1.0, 0.0]), what).high == 1.0
    assert known_estimate(pd.Series([np.nan] * 5), what).reason.endswith("no finite value: nothing moved")
    assert (cut.low, cut.high) == (0.0, pytest.approx(0.2 + 2.7764451 * 0.4472136 / 5**0.5))
