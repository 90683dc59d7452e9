"""Stand-ins and their ledgers from runs made by hand, whose numbers are known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from nashlens.games import make
from nashlens.reports.instruments.policy_inference import INSTRUMENT, snapshots_of
from nashlens.reports.instruments.stand_ins import stand_in_of, true_and_fed
from nashlens.reports.provenance import Provenance
from nashlens.reports.report import assemble
from nashlens.reports.store import Store
from nashlens.reports.suite import parse_suite
from nashlens.reports.training_job import Job, train_job
from tests.reports.inferring_runs import PROFILE, MakeRun, inferring, last_numbers


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
