"""What cannot be measured is named, counted and left out; everything else stays in the report."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from nashlens.agents.records import TrainingRun
from nashlens.reports import frames
from nashlens.reports.cli import main
from nashlens.reports.document import write
from nashlens.reports.execution import run_suite
from nashlens.reports.measure_rows import Row
from nashlens.reports.measures import measure
from nashlens.reports.recheck import differences
from nashlens.reports.report import assemble
from nashlens.reports.run_records import COMMON
from nashlens.reports.store import Store
from nashlens.reports.suite import Suite
from nashlens.reports.unmeasured import Unmeasured, failures_of, known_failures, unmeasured_table


def here(workers: int) -> Executor:
    return ThreadPoolExecutor(1)


def fails_for(seed: int, error: Exception) -> Callable[[TrainingRun], Iterator[Row]]:
    """Return how runs are measured, but for those of one seed."""

    def measuring(run: TrainingRun) -> Iterator[Row]:
        if run.seed == seed:
            raise error
        yield from measure(run)

    return measuring


@pytest.mark.parametrize("error", [KeyError("actors"), ValueError("no actors"), ZeroDivisionError("0"), OSError("x")])
def test_a_run_that_was_trained_is_done_whatever_its_measuring_raises(
    tmp_path: Path, suite: Suite, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    store = Store.create(tmp_path / "new")
    monkeypatch.setattr(frames, "measure", fails_for(1, error))
    done = run_suite(suite, store, workers=1, pool=here)
    assert (done.n_done, dict(done.failed)) == (4, {})
    reason = "no actors" if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
    assert done.warnings == (f"measures could not be taken of seed 1 of matching_pennies: {reason}",)
    assert {store.status(run.run_id).state for run in suite.runs} == {"done"}
    assert [failures_of(store, run.run_id) for run in suite.runs] == [{}, {COMMON: reason}] * 2


def test_a_report_goes_on_without_what_cannot_be_measured_and_names_it(
    store: Store, suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "measure", fails_for(1, KeyError("actors")))
    report = assemble(store, suite)
    (table,) = [each for each in report.tables if each.name == "unmeasured"]
    assert table.rows == tuple(
        ("matching_pennies", algorithm, "measures", "1", "KeyError: 'actors'") for algorithm in ("maddpg", "ddpg")
    )
    assert set(report.frame["seed"]) == {0}
    assert report.headlines[-1] == "2 of 4 finished runs could not be measured in full; a table says why."
    write(report, store.folder("report", suite.name))
    assert differences(store, suite) == []
    monkeypatch.undo()
    mended = assemble(store, suite)
    assert "unmeasured" not in {each.name for each in mended.tables}
    assert set(mended.frame["seed"]) == {0, 1}
    assert [failures_of(store, run.run_id) for run in suite.runs] == [{}] * 4


def test_a_check_does_not_let_a_new_failure_of_measuring_pass(
    store: Store, suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(assemble(store, suite), store.folder("report", suite.name))
    monkeypatch.setattr(frames, "measure", fails_for(1, KeyError("actors")))
    with pytest.raises(KeyError, match="actors"):
        differences(store, suite)


def test_a_damaged_run_is_named_in_the_report_and_blocks_none_of_the_others(store: Store, suite: Suite) -> None:
    path = store.root / "runs" / suite.runs[1].run_id / "arrays.safetensors"
    path.write_bytes(path.read_bytes()[:-1])
    report = assemble(store, suite)
    (table,) = [each for each in report.tables if each.name == "unmeasured"]
    assert [row[:4] for row in table.rows] == [("matching_pennies", "maddpg", "measures", "1")]
    assert table.rows[0][4].startswith("arrays.safetensors is damaged")


def test_status_tells_what_could_not_be_measured(
    store: Store, suite: Suite, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "measure", fails_for(0, KeyError("actors")))
    assemble(store, suite)
    assert main(["suite", "status", str(store.root)]) == 0
    assert "KeyError: 'actors'" in capsys.readouterr().out
    assert [each.algorithm for each in known_failures(store, suite)] == ["maddpg", "ddpg"]


@pytest.mark.parametrize("content", ["", "[]", "{"])
def test_a_damaged_note_says_nothing(store: Store, suite: Suite, content: str) -> None:
    run_id = suite.runs[0].run_id
    (store.root / "runs" / run_id / "unmeasured.json").write_text(content)
    assert failures_of(store, run_id) == {}


def test_a_disk_that_keeps_no_note_stops_no_report(store: Store, suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(frames, "measure", fails_for(1, KeyError("actors")))
    monkeypatch.setattr("nashlens.reports.unmeasured.atomic.write_json", full)
    assert "unmeasured" in {table.name for table in assemble(store, suite).tables}


def test_load_frame_warns_where_nobody_asks_what_was_lost(
    store: Store, suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(frames, "measure", fails_for(1, KeyError("actors")))
    with pytest.warns(UserWarning, match="measures could not be taken of seed 1 of (maddpg|ddpg) in matching_pennies"):
        frames.load_frame(store, suite)


def test_unmeasured_table_groups_seeds_of_one_reason_and_says_all_where_none_is_named() -> None:
    whose = {"game": "chicken", "algorithm": "ddpg", "instrument": "drift"}
    found = [Unmeasured(**whose, seed=seed, reason="no critics") for seed in (0, 2)]
    found += [Unmeasured(game="chicken", algorithm="", seed=None, instrument="cross_play", reason="one run")]
    table = unmeasured_table(found)
    assert table is not None
    assert table.rows == (
        ("chicken", "ddpg", "drift", "0 and 2", "no critics"),
        ("chicken", "all", "cross_play", "all", "one run"),
    )
    assert json.loads(table.data.to_json(orient="records"))[2]["seed"] is None
    assert unmeasured_table([]) is None
