from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from nashlens.agents.records import TrainingRun
from nashlens.reports.inference_measures import inference_measures
from nashlens.reports.quantities import quantity

MakeRun = Callable[..., TrainingRun]
HALF = [[0.5, 0.5]] * 2
NAME = "kl_model_true_target_replay"


def run_with(make_run: MakeRun, curve_U: np.ndarray[tuple[int], np.dtype[np.float64]]) -> TrainingRun:
    """Return a run in which only the second agent has a model, of the first."""
    curve_UNN = np.full((len(curve_U), 2, 2), np.nan, dtype=np.float32)
    curve_UNN[:, 1, 0] = curve_U
    return make_run(
        [HALF, HALF],
        losses={NAME: curve_UNN, "critic_loss": curve_UNN[:, 0]},
        update_steps=10 * np.arange(len(curve_U)),
    )


def test_windows_are_means_at_the_step_of_their_last_update(make_run: MakeRun) -> None:
    # 80 updates in 40 windows of two: 0.5, 2.5, 4.5, …
    rows = [row for row in inference_measures(run_with(make_run, np.arange(80.0))) if row["metric"] == NAME]
    assert len(rows) == 40
    assert [row["value"] for row in rows[:3]] == [0.5, 2.5, 4.5]
    assert [row["step"] for row in rows[:3]] == [10, 30, 50]
    assert {(row["agent"], row["n"], row["unit"]) for row in rows} == {("agent_1 of agent_0", 2, "update")}


def test_the_last_500_updates_have_a_row_of_their_own(make_run: MakeRun) -> None:
    rows = [row for row in inference_measures(run_with(make_run, np.arange(1000.0))) if row["metric"] == f"last_{NAME}"]
    # the mean of 500 … 999
    assert [(row["value"], row["n"], row["step"]) for row in rows] == [(749.5, 500, 9990)]


def test_fewer_updates_than_windows_have_one_row_each(make_run: MakeRun) -> None:
    rows = list(inference_measures(run_with(make_run, np.array([3.0, np.nan, 5.0]))))
    assert [(row["metric"], row["value"], row["n"]) for row in rows] == [
        (NAME, 3.0, 1),
        (NAME, 5.0, 1),
        (f"last_{NAME}", 4.0, 2),
    ]


def sparse(n_updates: int, every: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Return 0, 1, 2, … with only each `every`-th number left, from the first on."""
    return np.where(np.arange(n_updates) % every == 0, np.arange(n_updates, dtype=np.float64), np.nan)


def test_means_are_over_the_updates_that_were_recorded(make_run: MakeRun) -> None:
    rows = list(inference_measures(run_with(make_run, sparse(1000, 10))))
    # windows of 25 updates hold 0, 10, 20 | 30, 40 | …; of the last 500, 500, 510, …, 990 were recorded: 745
    assert [(row["value"], row["n"], row["step"]) for row in rows[:2]] == [(10.0, 3, 240), (35.0, 2, 490)]
    assert [(row["value"], row["n"]) for row in rows if row["metric"] == f"last_{NAME}"] == [(745.0, 50)]


def test_windows_without_a_record_have_no_row_and_the_last_record_stands_alone(make_run: MakeRun) -> None:
    rows = list(inference_measures(run_with(make_run, sparse(2000, 700))))
    # records at 0, 700 and 1400; the last 500 updates, 1500 to 1999, hold none
    assert [(row["metric"], row["value"], row["n"]) for row in rows] == [
        (NAME, 0.0, 1),
        (NAME, 700.0, 1),
        (NAME, 1400.0, 1),
        (f"last_{NAME}", 1400.0, 1),
    ]


def test_runs_that_infer_nothing_have_no_rows(make_run: MakeRun) -> None:
    assert list(inference_measures(make_run([HALF, HALF]))) == []
    assert list(inference_measures(run_with(make_run, np.zeros(0)))) == []


def test_every_divergence_says_what_it_is() -> None:
    what = quantity(f"last_{NAME}")
    assert what.title == "Divergence of inferred from true policies (target, replay), last 500 updates"
    assert (what.value_unit, what.least) == ("nats", 0.0)
    assert "window of updates" in quantity("kl_true_model_online_fresh").definition
    for name in ("kl_true", "kl_model_true_target_nowhere", "kl_a_b_target_replay"):
        with pytest.raises(ValueError, match="metric must be kl_"):
            quantity(name)
