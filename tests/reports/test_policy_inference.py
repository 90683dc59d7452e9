"""Stand-ins and their ledgers from runs made by hand, whose numbers are known."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nashlens.agents.learner_snapshots import CriticSnapshots, LearnerSnapshots
from nashlens.agents.records import ActorSnapshots, TrainingRun
from nashlens.games import make
from nashlens.games.core import Choice
from nashlens.games.network_policy import Network, NetworkPolicy
from nashlens.reports.instruments.inference_distances import divergence_numbers, transport_numbers
from nashlens.reports.instruments.inference_pairs import replayed_probes
from nashlens.reports.instruments.inference_probes import Probes, fresh_probes
from nashlens.reports.instruments.inference_values import alternatives, joint_probabilities
from nashlens.reports.instruments.played_actions import gumbel_noise, mean_played
from nashlens.reports.instruments.policy_inference import INSTRUMENT, snapshots_of
from nashlens.reports.instruments.stand_ins import replay_weights, stand_in_of, true_and_fed
from nashlens.reports.provenance import Provenance
from nashlens.reports.report import assemble
from nashlens.reports.store import Store
from nashlens.reports.suite import parse_suite
from nashlens.reports.training_job import Job, train_job

MakeRun = Callable[..., TrainingRun]
PROFILE = [[[0.5, 0.5], [0.6, 0.4]], [[0.5, 0.5], [0.7, 0.3]]]
INFERENCE = {"source": "inferred", "entropy_weight": 0.001, "fed_as": "actions", "dose": 0.0, "dose_of": "uniform"}


def constant(strategies: list[list[float]]) -> ActorSnapshots:
    """Return snapshots that play the given strategies whatever is seen."""
    logs = np.log(np.array(strategies, dtype=np.float64))
    return ActorSnapshots(
        weights=(np.zeros((len(logs), 1, logs.shape[1]), dtype=np.float32),), biases=(logs.astype(np.float32),)
    )


def linear_critic(weights: list[float], n_snapshots: int = 2) -> CriticSnapshots:
    """Return a critic that is linear in two observations and four actions."""
    column = np.array(weights, dtype=np.float32)[None, :, None].repeat(n_snapshots, axis=0)
    return CriticSnapshots(weights=(column,), biases=(np.zeros((n_snapshots, 1), dtype=np.float32),))


def inferring(make_run: MakeRun, *, keep: bool = True, **inference: Any) -> TrainingRun:
    """Return a run of matching pennies: agent 0's model of agent 1 plays (0.4, 0.6), its critic is 3 for heads of 1."""
    settings = {"kind": "maddpg", "critic": "central", "gamma": 0.9, "inference": {**INFERENCE, **inference}}
    sides = make("matching_pennies").spec.sides
    run = make_run(PROFILE, algorithm=dict.fromkeys(sides, settings))
    critic = linear_critic([0, 0, 0, 0, 3, 0])
    models = {0: {1: constant([[0.2, 0.8], [0.4, 0.6]])}, 1: {0: constant([[0.5, 0.5], [0.6, 0.4]])}}
    learners = tuple(
        (
            LearnerSnapshots(
                central=True,
                critics=(critic,),
                target_critics=(critic,),
                target_actor=run.actors[i],
                models=models[i],
                target_models=models[i],
            ),
        )
        for i in range(2)
    )
    return replace(run, learners=learners) if keep else run


def last_numbers(run: TrainingRun, agent: str) -> dict[str, float]:
    rows = pd.DataFrame(list(INSTRUMENT.measure(run, make("matching_pennies"))))
    last = rows[(rows["step"] == rows["step"].max()) & (rows["agent"] == agent)]
    return dict(zip(last["metric"], last["value"], strict=True))


@pytest.mark.parametrize(
    ("inference", "expected"),
    [
        ({}, [0.4, 0.6]),
        ({"source": "true"}, [0.7, 0.3]),
        ({"source": "true", "dose": 0.5}, [0.6, 0.4]),  # half of (.7, .3), half of (.5, .5)
        ({"source": "true", "dose": 1.0, "dose_of": "permuted"}, [0.3, 0.7]),
        ({"source": "true", "dose": 0.5, "dose_of": "frozen"}, [0.45, 0.55]),  # half of the first model, (.2, .8)
        ({"dose": 0.5, "dose_of": "permuted"}, [0.5, 0.5]),
    ],
)
def test_what_stands_in_follows_from_the_settings(
    make_run: MakeRun, inference: dict[str, Any], expected: list[float]
) -> None:
    run = inferring(make_run, **inference)
    true, fed = true_and_fed(run, 0, 1, np.ones((1, 1)), snapshot=1)
    np.testing.assert_allclose(true, [[0.7, 0.3]], atol=1e-6)
    np.testing.assert_allclose(fed, [expected], atol=1e-6)


def test_actions_from_the_replay_stand_in_by_the_mean_of_what_filled_it(make_run: MakeRun) -> None:
    how = {**INFERENCE, "source": "replay"}
    settings = {"kind": "maddpg", "critic": "central", "gamma": 0.9, "inference": how}
    settings["rollout"] = {"replay_capacity": 250}
    sides = make("matching_pennies").spec.sides
    played = [[0.5, 0.5], [0.1, 0.9], [0.6, 0.4], [0.7, 0.3], [0.2, 0.8]]
    run = make_run([played, played], algorithm=dict.fromkeys(sides, settings))
    learner = LearnerSnapshots(
        central=True,
        critics=(linear_critic([0, 0, 0, 0, 3, 0], 5),),
        target_critics=(linear_critic([0, 0, 0, 0, 3, 0], 5),),
        target_actor=run.actors[0],
    )
    run = replace(run, learners=((learner,), (learner,)))
    # 400 steps in steps of 100, of which the last 250 are held: half an interval of the third, then two whole ones
    np.testing.assert_allclose(replay_weights(run, snapshot=4), [0, 0, 0.2, 0.4, 0.4])
    true, fed = true_and_fed(run, 0, 1, np.ones((1, 1)), snapshot=4)
    np.testing.assert_allclose(true, [[0.2, 0.8]], atol=1e-6)
    heads = 0.2 * 0.6 + 0.4 * 0.7 + 0.4 * 0.2
    np.testing.assert_allclose(fed, [[heads, 1 - heads]], atol=1e-6)
    np.testing.assert_allclose(replay_weights(run, snapshot=0), [1.0])
    probes = [
        Probes(observations=(np.full((1, 1), t),) * 2, weights=np.ones(1), exact=False, episodes=np.zeros(1, dtype=int))
        for t in (0, 1, 3, 4)
    ]
    filled, shares, buffer = replayed_probes(run, [0, 1, 3, 4], probes)  # the third's part is the fourth's
    assert filled == [3, 4]
    np.testing.assert_allclose(shares, [0.6, 0.4])
    np.testing.assert_allclose(buffer.weights, [0.6, 0.4])
    np.testing.assert_array_equal(buffer.observations[0], [[3], [4]])
    found = last_numbers(run, "agent_0 of agent_1")
    assert found["inference_delta_q"] == pytest.approx(3 * (heads - 0.2), abs=1e-6)
    assert "inference_lag" not in found  # nothing was fitted


def test_permuted_is_what_training_permutes() -> None:
    import torch

    from nashlens.agents import config
    from nashlens.agents.distributions import ChoiceHead

    space = Choice((2, 3))
    head = ChoiceHead([space], soft=False, settings=config.MADDPG(), device=torch.device("cpu"))
    given = np.array([[0.9, 0.1, 0.5, 0.3, 0.2]])
    theirs = head.permuted(torch.tensor(given)[None, None])[0, 0].numpy()
    ours = np.concatenate([np.roll(given[:, part], 1, axis=1) for part in space.slices], axis=1)
    np.testing.assert_array_equal(theirs, ours)


def test_ledgers_of_a_matrix_game_are_exact(make_run: MakeRun) -> None:
    found = last_numbers(inferring(make_run), "agent_0 of agent_1")
    p, q = np.array([0.7, 0.3]), np.array([0.4, 0.6])
    kl = float((p * np.log(p / q)).sum())
    assert found["inference_tv"] == pytest.approx(0.3, abs=1e-6)
    assert found["inference_kl_true_model"] == pytest.approx(kl, abs=1e-6)
    assert found["inference_kl_model_true"] == pytest.approx(float((q * np.log(q / p)).sum()), abs=1e-6)
    assert found["inference_kl_everywhere"] == pytest.approx(kl, abs=1e-6)  # there is one situation
    assert found["inference_agreement"] == 0
    # the critic gives 3 for heads of the other: E_true Q − E_model Q = 3 · (0.7 − 0.4)
    assert found["inference_delta_q"] == pytest.approx(0.9, abs=1e-6)
    assert found["inference_delta_q_direct"] == pytest.approx(0.9, abs=1e-6)
    # of two actions the value fixes the distribution: all of the divergence is about value
    assert found["inference_relevant"] == pytest.approx(kl, abs=1e-6)
    assert found["inference_irrelevant"] == pytest.approx(0.0, abs=1e-6)
    # a linear Q over two actions: |ΔQ| = 0.9, its sd under p is 3 √(0.7 · 0.3)
    assert found["inference_relevance"] == pytest.approx(0.9 / (3 * (0.21) ** 0.5 * (2 * kl) ** 0.5), abs=1e-6)
    # the replay's mixture is the last snapshot alone, since no step was taken before the first
    assert found["inference_lag"] == pytest.approx(0.0, abs=1e-6)
    assert found["inference_fit"] == pytest.approx(kl, abs=1e-6)
    assert found["inference_shift"] == pytest.approx(0.0, abs=1e-9)
    assert "inference_shift_low" not in found  # all situations are listed: there is nothing to resample
    for whole, parts in {
        "kl_true_model": ("calibration", "shape"),
        "kl_replay": ("lag", "fit", "interaction"),
    }.items():
        total = sum(found[f"inference_{part}"] for part in parts)
        assert total == pytest.approx(found[f"inference_{whole}"], abs=1e-9)
    for parts in (
        ("relevant", "irrelevant"),
        ("nested_value", "nested_temperature", "nested_residual"),
        ("mode", "tail"),
        ("agree", "disagree"),
        ("regulariser", "residual"),
    ):
        assert sum(found[f"inference_{part}"] for part in parts) == pytest.approx(kl, abs=1e-6)


def test_a_perfect_model_leaves_nothing(make_run: MakeRun) -> None:
    found = last_numbers(inferring(make_run), "agent_1 of agent_0")
    for name in ("tv", "kl_true_model", "js", "delta_q", "relevant", "shape", "fit"):
        assert found[f"inference_{name}"] == pytest.approx(0.0, abs=1e-6)
    assert found["inference_agreement"] == 1


def test_a_critic_of_log_probabilities_has_an_error_but_no_value_of_alternatives(make_run: MakeRun) -> None:
    found = last_numbers(inferring(make_run, fed_as="log_probabilities"), "agent_0 of agent_1")
    # 3 · (ln 0.7 − ln 0.4), with the logarithms that the critic reads
    assert found["inference_delta_q_direct"] == pytest.approx(3 * np.log(0.7 / 0.4), abs=1e-5)
    assert "inference_relevant" not in found
    assert "inference_delta_q" not in found


def test_in_a_game_of_one_round_no_next_action_moves_an_actor(make_run: MakeRun) -> None:
    rows = list(INSTRUMENT.measure(inferring(make_run), make("matching_pennies")))
    assert rows
    assert {row["bound"] for row in rows} == {"exact"}
    assert not any(row["metric"].startswith("inference_gradient") for row in rows)


def test_runs_that_infer_nothing_have_no_rows(make_run: MakeRun) -> None:
    assert list(INSTRUMENT.measure(make_run(PROFILE), make("matching_pennies"))) == []
    ddpg = make_run(PROFILE, algorithm={side: {"kind": "ddpg"} for side in make("matching_pennies").spec.sides})
    assert stand_in_of(ddpg, 0) is None
    assert list(INSTRUMENT.measure(ddpg, make("matching_pennies"))) == []


def test_runs_without_stand_ins_are_named_and_counted(make_run: MakeRun) -> None:
    game = make("matching_pennies")
    ddpg = make_run(PROFILE, algorithm={side: {"kind": "ddpg"} for side in game.spec.sides})
    plain = make_run(PROFILE, algorithm={side: {"kind": "maddpg", "critic": "central"} for side in game.spec.sides})
    runs = {"inferred": [inferring(make_run)] * 2, "ddpg": [ddpg] * 3, "plain": [plain]}
    compared = INSTRUMENT.compare(runs, game, label="pennies")
    frame = pd.DataFrame(columns=["game", "algorithm", "metric", "agent", "seed", "step", "value"])
    answers = INSTRUMENT.chapter(frame, {"pennies": compared}, {}).answers
    what = "What stands in for the others is not measured where"
    assert f"{what} critics read no other agent's action: pennies, ddpg: 3 runs." in answers
    assert f"{what} targets use the true policies without any bookkeeping: pennies, plain: 1 run." in answers
    assert len(compared["left_out"]) == 2


def test_bad_input_is_refused(make_run: MakeRun) -> None:
    with pytest.raises(ValueError, match="policy_inference needs runs that kept their critics"):
        list(INSTRUMENT.measure(inferring(make_run, keep=False), make("matching_pennies")))
    with pytest.raises(ValueError, match="game must be the one that was trained on: its name must be"):
        list(INSTRUMENT.measure(inferring(make_run), make("climbing")))
    with pytest.raises(ValueError, match=r"observations must be \[P, 1\].*probes of another agent"):
        true_and_fed(inferring(make_run), 0, 1, np.ones((2, 3)), snapshot=0)
    ddpg = make_run(PROFILE, algorithm={side: {"kind": "ddpg"} for side in make("matching_pennies").spec.sides})
    with pytest.raises(ValueError, match="reads no other agent's action"):
        true_and_fed(ddpg, 0, 1, np.ones((1, 1)), snapshot=0)


def test_different_supports_have_an_infinite_divergence_and_a_total_variation(make_run: MakeRun) -> None:
    run = inferring(make_run)
    sure = ActorSnapshots(
        weights=(np.zeros((2, 1, 2), dtype=np.float32),), biases=(np.array([[2000.0, 0.0]] * 2, dtype=np.float32),)
    )
    learner = replace(run.learners[0][0], target_models={1: sure})
    found = last_numbers(replace(run, learners=((learner,), run.learners[1])), "agent_0 of agent_1")
    assert found["inference_kl_true_model"] == np.inf
    assert found["inference_tv"] == pytest.approx(0.3, abs=1e-6)
    assert np.isnan(found["inference_relevant"])
    assert found["inference_infinite"] == 1  # there is one situation, and tails are ruled out in it
    assert found["inference_infinite_reverse"] == 0
    assert found["inference_clamped"] == 0.5
    # with a floor of 1e-8 the model plays (1, 1e-8) up to its sum
    floored = 0.7 * np.log(0.7) + 0.3 * np.log(0.3 / 1e-8) + np.log1p(1e-8)
    assert found["inference_kl_floored"] == pytest.approx(floored, abs=1e-5)
    assert found["inference_kl_high"] == np.inf


def test_supports_that_differ_in_some_situations_are_counted_by_their_weight() -> None:
    true, fed = np.array([[0.5, 0.5], [0.5, 0.5], [1.0, 0.0]]), np.array([[1.0, 0.0], [0.5, 0.5], [0.5, 0.5]])
    probes = Probes(observations=(np.zeros((3, 1)),), weights=np.array([0.2, 0.5, 0.3]), exact=True)
    found = divergence_numbers(true, fed, probes)
    assert found["inference_kl_true_model"] == np.inf
    assert found["inference_infinite"] == pytest.approx(0.2)
    assert found["inference_infinite_reverse"] == pytest.approx(0.3)
    assert found["inference_kl_median"] == 0  # half of the weight has no divergence
    assert found["inference_kl_high"] == np.inf
    assert found["inference_tv_median"] == 0
    assert found["inference_tv_high"] == 0.5


def test_the_wasserstein_distance_of_a_product_adds_the_squares_of_its_factors() -> None:
    from scipy.optimize import linprog

    space = Choice((2, 3))
    true, fed = np.array([[0.9, 0.1, 0.5, 0.3, 0.2]]), np.array([[0.6, 0.4, 0.1, 0.3, 0.6]])
    probes = Probes(observations=(np.zeros((1, 1)),), weights=np.ones(1), exact=True)
    found = transport_numbers(true, fed, space, probes, moves=False)
    # by the linear programme over all pairs of the six joint alternatives, as points
    points = alternatives(space)
    costs = ((points[:, None] - points[None]) ** 2).sum(axis=-1)
    p, q = (joint_probabilities(each, space)[0] for each in (true, fed))
    rows = np.concatenate([np.kron(np.eye(6), np.ones(6)), np.kron(np.ones(6), np.eye(6))])
    least = linprog(costs.ravel(), A_eq=rows, b_eq=np.concatenate([p, q])).fun
    assert found["inference_w2"] == pytest.approx(np.sqrt(least), abs=1e-9)
    assert "inference_w2_force" not in found


def test_the_wasserstein_distance_of_forces_is_how_far_they_lie_apart() -> None:
    space = Choice((5,))
    true, fed = np.eye(5)[[1]], np.eye(5)[[2]]  # left and right, one unit of force each
    probes = Probes(observations=(np.zeros((1, 1)),), weights=np.ones(1), exact=True)
    assert transport_numbers(true, fed, space, probes, moves=True)["inference_w2_force"] == pytest.approx(2.0)


def test_situations_that_are_never_met_count_in_the_divergence_over_all_alike() -> None:
    true, fed = np.array([[0.5, 0.5], [0.9, 0.1]]), np.array([[0.5, 0.5], [0.1, 0.9]])
    probes = Probes(observations=(np.zeros((2, 1)),), weights=np.array([1.0, 0.0]), exact=True)
    found = divergence_numbers(true, fed, probes)
    assert found["inference_kl_true_model"] == 0
    # half of 0.8 ln 9
    assert found["inference_kl_everywhere"] == pytest.approx(0.4 * np.log(9))
    drawn = divergence_numbers(true, fed, replace(probes, exact=False))
    assert "inference_kl_everywhere" not in drawn


def test_situations_of_small_games_are_weighed_by_their_visits() -> None:
    game = make("repeated", stage="matching_pennies", rounds=3, memory=1)
    policies = tuple(
        NetworkPolicy(
            Network(weights=(np.zeros((4, 2)),), biases=(np.log([0.8, 0.2]),)),
            action_space=Choice((2,)),
            observation_size=4,
        )
        for _ in range(2)
    )
    probes = fresh_probes(game, policies, rng=np.random.default_rng(0))
    assert probes.exact
    assert probes.weights.sum() == pytest.approx(1.0)
    # a third of the rounds is the first, in which nothing is remembered
    first = (probes.observations[0] == 0).all(axis=1)
    assert probes.weights[first].sum() == pytest.approx(1 / 3)
    # of the others, both played heads in 0.64
    both = (probes.observations[0] == [1, 0, 1, 0]).all(axis=1)
    assert probes.weights[both].sum() == pytest.approx(0.64 * 2 / 3)


def test_alternatives_of_two_factors_are_their_product() -> None:
    space = Choice((2, 3))
    assert alternatives(space).shape == (6, 5)
    joint = joint_probabilities(np.array([[0.9, 0.1, 0.5, 0.3, 0.2]]), space)
    np.testing.assert_allclose(joint, [[0.45, 0.27, 0.18, 0.05, 0.03, 0.02]])
    np.testing.assert_allclose(joint @ alternatives(space), [[0.9, 0.1, 0.5, 0.3, 0.2]])


def test_soft_points_of_two_alternatives_have_a_known_mean() -> None:
    # With two alternatives at temperature 1 a soft point is the logistic function of logit and logistic noise; its mean
    # is r / (r − 1) − r ln r / (r − 1)², r = e^logit, by integration (1/2 at logit 0).
    logit = 2.0
    policy = NetworkPolicy(
        Network(weights=(np.zeros((1, 2)),), biases=(np.array([logit, 0.0]),)),
        action_space=Choice((2,)),
        observation_size=1,
        soft=True,
    )
    noise = gumbel_noise(20_000, 2, rng=np.random.default_rng(0))
    ratio = np.exp(logit)
    expected = ratio / (ratio - 1) - ratio * np.log(ratio) / (ratio - 1) ** 2
    assert mean_played(policy, np.ones((1, 1)), noise=noise)[0, 0] == pytest.approx(
        expected, abs=8e-3
    )  # four standard errors
    hard = NetworkPolicy(policy.network, action_space=Choice((2,)), observation_size=1)
    np.testing.assert_array_equal(mean_played(hard, np.ones((1, 1)), noise=noise), hard.probabilities(np.ones((1, 1))))


def test_snapshots_are_spread_from_first_to_last(make_run: MakeRun) -> None:
    many = make_run([[[0.5, 0.5]] * 21, [[0.5, 0.5]] * 21])
    assert snapshots_of(many)[0] == 0
    assert snapshots_of(many)[-1] == 20
    assert snapshots_of(make_run([[[0.5, 0.5]] * 2] * 2)) == [0, 1]


SUITE = """
name = "tiny-inference"
question = "Does it work from end to end?"
seeds = 5
steps = 200
snapshots = 2
keep_critics = true
metrics = ["policy_inference"]

[games.handover]
settings = { hidden = [8], batch_size = 16, rollout = { n_envs = 10, warmup_steps = 100, update_every_steps = 50 } }

[algorithms.true]
kind = "maddpg"
inference = { source = "true" }

[algorithms.inferred]
kind = "maddpg"
inference = {}

[algorithms.logs]
kind = "maddpg"
inference = { fed_as = "log_probabilities" }

[algorithms.uniform-1]
kind = "maddpg"
inference = { source = "true", dose = 1.0 }
"""


def test_a_tiny_suite_ends_in_a_report(tmp_path: Any, provenance: Provenance) -> None:
    suite = parse_suite(SUITE)
    store = Store.create(tmp_path / "out")
    store.add_suite(suite)
    for cell in suite.cells:
        assert train_job(Job(root=str(store.root), label="one", runs=cell.runs)).failed == {}
    report = assemble(store, suite)
    frame = report.frame[report.frame["metric"].str.startswith("inference_")]
    assert {"inference_gradient_cosine", "inference_kl_everywhere", "inference_lag"} <= set(frame["metric"])
    pairs = frame[~frame["metric"].str.startswith("inference_gradient")]
    assert set(pairs["bound"]) == {"exact"}
    assert (frame.loc[frame["metric"] == "inference_tv", "value"].between(0, 1)).all()
    # what the critic is fed is the truth in the arm of true policies, and uniform in the other
    tv = frame[(frame["metric"] == "inference_tv") & (frame["algorithm"] == "true")]
    assert (tv["value"] == 0).all()
    assert {table.name for table in report.tables} >= {"dose-response", "inference-ledgers", "inference-explanations"}
    assert {figure.name for figure in report.figures} >= {"dose-response-returns", "inference-parts"}
    assert any("handover: with the true policies of the others" in line for line in report.headlines)
