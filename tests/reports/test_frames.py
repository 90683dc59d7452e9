from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from nashlens.agents.records import TrainingRun
from nashlens.reports import frames, load
from nashlens.reports.provenance import Provenance
from nashlens.reports.store import Store, StoreError
from nashlens.reports.suite import Suite

HALF = [[0.5, 0.5], [0.9, 0.1]]


@pytest.fixture
def store(tmp_path: Path, suite: Suite, make_run: Callable[..., TrainingRun], provenance: Provenance) -> Store:
    """Of four runs two are done, one failed, one was never run."""
    store = Store.create(tmp_path / "out")
    store.add_suite(suite)
    for spec in suite.runs[:2]:
        store.write_done(spec, make_run([HALF, HALF], seed=spec.seed), provenance=provenance, seconds=1.0)
    store.write_failed(suite.runs[2], "broke", provenance=provenance, seconds=1.0)
    return store


def test_load_frame_has_the_columns_and_the_finished_runs_only(store: Store, suite: Suite) -> None:
    frame = frames.load_frame(store, suite)
    assert tuple(frame.columns) == frames.COLUMNS
    assert set(frame["run_id"]) == {run.run_id for run in suite.runs[:2]}
    assert (set(frame["suite"]), set(frame["game"]), set(frame["algorithm"])) == (
        {"small"},
        {"matching_pennies"},
        {"maddpg"},
    )


def test_load_is_the_frame_of_the_only_suite(store: Store, suite: Suite) -> None:
    frame = frames.load_frame(store, suite)
    pd.testing.assert_frame_equal(load(store.root), frame)


def test_load_of_no_store_raises(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="is no folder of nashlens runs"):
        load(tmp_path)


def test_load_frame_of_nothing_has_columns_and_no_rows(tmp_path: Path, suite: Suite) -> None:
    frame = frames.load_frame(Store.create(tmp_path / "empty"), suite)
    assert tuple(frame.columns) == frames.COLUMNS
    assert frame.empty


def test_measured_is_kept_and_read_back_the_same(store: Store, suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = suite.runs[0].run_id
    first = frames.measured(store, run_id)
    monkeypatch.setattr(frames, "measure", None)  # a second measurement would fail
    pd.testing.assert_frame_equal(frames.measured(store, run_id), first)


@pytest.mark.parametrize("content", [b"", b"PAR1 but not really PAR1"])
def test_measured_is_taken_again_where_its_file_is_damaged(store: Store, suite: Suite, content: bytes) -> None:
    run_id = suite.runs[0].run_id
    first = frames.measured(store, run_id)
    store.measures_path(run_id).write_bytes(content)
    pd.testing.assert_frame_equal(frames.measured(store, run_id), first)


@pytest.mark.parametrize("error", [KeyError("value"), NotImplementedError("type"), TypeError("name"), OSError("gone")])
def test_measured_is_taken_again_whatever_reading_it_raises(
    store: Store, suite: Suite, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def failing(*_: object, **__: object) -> pd.DataFrame:
        raise error

    run_id = suite.runs[0].run_id
    first = frames.measured(store, run_id)
    with monkeypatch.context() as changed:
        changed.setattr(pd, "read_parquet", failing)
        pd.testing.assert_frame_equal(frames.measured(store, run_id), first)
    pd.testing.assert_frame_equal(frames.measured(store, run_id), first)


def test_measured_is_taken_again_by_another_version(
    store: Store, suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_id = suite.runs[0].run_id
    frames.measured(store, run_id)
    monkeypatch.setattr(frames, "VERSION", frames.VERSION + 1)
    monkeypatch.setattr(frames, "measure", lambda run: [])
    assert frames.measured(store, run_id).empty


def test_measured_of_a_damaged_run_raises(store: Store, suite: Suite) -> None:
    (store.root / "runs" / suite.runs[0].run_id / "arrays.safetensors").write_bytes(b"")
    with pytest.raises(StoreError, match="is damaged"):
        frames.measured(store, suite.runs[0].run_id)


def test_inventory_says_what_became_of_every_run(store: Store, suite: Suite) -> None:
    runs = frames.inventory(store, suite)
    assert list(runs["state"]) == ["done", "done", "failed", "planned"]
    assert list(runs["reason"]) == ["", "", "broke", ""]
    assert list(runs["seed"]) == [0, 1, 0, 1]


def test_lost_cells_are_those_that_ran_and_gave_no_number(store: Store, suite: Suite) -> None:
    runs, frame = frames.inventory(store, suite), frames.load_frame(store, suite)
    lost = [("matching_pennies", "ddpg", "1 of 2 runs failed")]
    assert list(frames.lost_cells(runs, frame).itertuples(index=False, name=None)) == lost
    lost.insert(0, ("matching_pennies", "maddpg", "2 of 2 runs could not be measured"))
    assert list(frames.lost_cells(runs, frame.iloc[:0]).itertuples(index=False, name=None)) == lost
    runs.loc[3, "state"] = "done"
    lost[1] = ("matching_pennies", "ddpg", "1 of 2 runs failed, 1 of 2 runs could not be measured")
    assert list(frames.lost_cells(runs, frame.iloc[:0]).itertuples(index=False, name=None)) == lost
    runs["state"] = "planned"
    assert frames.lost_cells(runs, frame.iloc[:0]).empty
