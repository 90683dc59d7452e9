"""Every run is measured once, whoever does it, and what goes wrong with one is no matter of the others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from math import inf
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from nashlens.agents.records import TrainingRun
from nashlens.reports import frames, job_checkpoints, job_measuring, job_rounds
from nashlens.reports.execution import run_suite
from nashlens.reports.job_measuring import mark_unmeasured, measure_stored, unmeasured_by
from nashlens.reports.job_planning import left_to_measure, one_by_one, plan, plan_measuring
from nashlens.reports.job_rounds import PROCESS_DIED
from nashlens.reports.measure_rows import Row
from nashlens.reports.measures import measure
from nashlens.reports.run_records import COMMON
from nashlens.reports.store import Store
from nashlens.reports.suite import Suite, parse_suite
from nashlens.reports.training_job import Job, JobOutcome, train_job
from nashlens.reports.unmeasured import failures_of


def here(workers: int) -> Executor:
    return ThreadPoolExecutor(1)


def processes_that(words: str) -> Any:
    """Return what makes worker processes that begin by running some lines."""
    begin = f"from nashlens.reports.training_job import begin_worker\nbegin_worker()\n{words}"

    def pool(workers: int) -> Executor:
        return ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=exec, initargs=(begin,))

    return pool


@pytest.fixture
def suite(suite_text: str) -> Suite:
    return parse_suite(suite_text.replace("seeds = 2", "seeds = 3"))


@pytest.fixture
def empty(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "empty")


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counter[str]:
    """Return how often each run was measured, by its id."""
    counts: Counter[str] = Counter()
    real = frames.measured_anew

    def counting(store: Store, run_id: str) -> pd.DataFrame:
        frame = real(store, run_id)
        counts[run_id] += 1
        return frame

    monkeypatch.setattr(frames, "measured_anew", counting)
    return counts


def each_once(suite: Suite) -> Counter[str]:
    return Counter(run.run_id for run in suite.runs)


def measures(store: Store, suite: Suite) -> list[bytes]:
    return [store.measures_path(run.run_id).read_bytes() for run in suite.runs]


def job_of(store: Store, suite: Suite, **changes: Any) -> Job:
    """Return the job of the first cell."""
    cell = suite.cells[0]
    return replace(Job(root=str(store.root), label="chicken · maddpg", runs=cell.runs), **changes)


@pytest.mark.parametrize("how", [(0.0, 1), (0.0, 2), (1e9, 1), (1e9, 2)])
def test_run_suite_measures_every_run_once_however_long_a_job_goes_on(
    empty: Store, suite: Suite, counted: Counter[str], monkeypatch: pytest.MonkeyPatch, how: tuple[float, int]
) -> None:
    seconds, workers = how
    monkeypatch.setattr(job_measuring, "MEASURING_SECONDS", seconds)
    done = run_suite(suite, empty, workers=workers, pool=here)
    assert (done.n_done, dict(done.failed), done.warnings) == (6, {}, ())
    assert counted == each_once(suite)
    again = run_suite(suite, empty, workers=workers, pool=here)
    assert (again.n_stored, again.n_done) == (6, 6)
    assert counted == each_once(suite)


def test_measures_of_two_workers_are_the_bytes_of_one(empty: Store, tmp_path: Path, suite: Suite) -> None:
    alone = Store.create(tmp_path / "alone")
    run_suite(suite, alone, workers=1, pool=here)
    one_each = "from nashlens.reports import job_measuring\njob_measuring.MEASURING_SECONDS = 0.0"
    run_suite(suite, empty, workers=2, pool=processes_that(one_each))
    assert measures(empty, suite) == measures(alone, suite)


def test_runs_that_are_trained_and_not_measured_are_measured_and_not_trained(
    store: Store, suite: Suite, counted: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_checkpoints, "train_seeds", None)  # nobody may call it
    frames.measured(store, suite.runs[0].run_id)
    done = run_suite(suite, store, workers=2, pool=here)
    assert (done.n_stored, done.n_done, dict(done.failed), done.warnings) == (6, 6, {}, ())
    assert counted == each_once(suite)


def test_an_exception_in_measuring_one_run_leaves_the_others_and_the_next_time_tries_again(
    empty: Store, suite: Suite, counted: Counter[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def failing(run: TrainingRun) -> list[Row]:
        if run.seed == 0:
            raise MemoryError("too large")
        return measure(run)

    monkeypatch.setattr(frames, "measure", failing)
    monkeypatch.setattr(job_measuring, "MEASURING_SECONDS", 0.0)
    done = run_suite(suite, empty, workers=1, pool=here)
    assert (done.n_done, dict(done.failed)) == (6, {})
    assert done.warnings == ("measures could not be taken of seed 0 of matching_pennies: MemoryError: too large",)
    for cell in suite.cells:
        assert [unmeasured_by(empty, run, ()) for run in cell.runs] == [[COMMON], [], []]
    monkeypatch.setattr(frames, "measure", measure)
    assert run_suite(suite, empty, workers=1, pool=here).warnings == ()
    assert counted == each_once(suite)
    assert [failures_of(empty, run.run_id) for run in suite.runs] == [{}] * 6


@pytest.mark.slow
def test_a_process_that_dies_in_measuring_one_run_leaves_the_others_measured(empty: Store, suite: Suite) -> None:
    dying = (
        "import os\nfrom nashlens.reports import frames\nmeasure = frames.measure\n"
        "frames.measure = lambda run: os._exit(1) if run.seed == 0 else measure(run)\n"
    )
    suite = replace(suite, cells=suite.cells[:1])
    done = run_suite(suite, empty, workers=1, pool=processes_that(f"exec({dying!r}, globals())"))
    assert (done.n_done, dict(done.failed)) == (3, {})
    assert done.warnings == (f"measures could not be taken of seed 0 of matching_pennies: {PROCESS_DIED}",)
    assert [unmeasured_by(empty, run, ()) for run in suite.runs] == [[COMMON], [], []]
    assert [failures_of(empty, run.run_id) for run in suite.runs] == [{COMMON: PROCESS_DIED}, {}, {}]


def test_jobs_that_train_come_first_and_then_the_longest_measuring(
    empty: Store, suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = {"maddpg": 3.0, "ddpg": 5.0}
    begun: list[tuple[str, bool, list[int]]] = []

    def pretending(job: Job) -> JobOutcome:
        kind = str(job.runs[0].algorithm["*"]["kind"])
        begun.append((kind, job.only_measures, [run.seed for run in job.runs]))
        left = () if job.only_measures else job.runs[1:]
        return JobOutcome(unmeasured=left, measuring_seconds=seconds[kind])

    monkeypatch.setattr(job_rounds, "train_job", pretending)
    run_suite(suite, empty, workers=1, pool=here)
    assert begun == [
        ("maddpg", False, [0, 1, 2]),
        ("ddpg", False, [0, 1, 2]),
        ("ddpg", True, [1]),
        ("ddpg", True, [2]),
        ("maddpg", True, [1]),
        ("maddpg", True, [2]),
    ]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Return the time, which passes by 1.5 seconds a run that is measured."""
    now = [0.0]

    def measuring(run: TrainingRun) -> Iterator[Row]:
        now[0] += 1.5
        return iter(measure(run))

    monkeypatch.setattr(job_measuring.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(frames, "measure", measuring)
    return now


def test_measure_stored_leaves_what_it_has_not_begun_after_two_seconds(
    store: Store, suite: Suite, clock: list[float]
) -> None:
    # two runs take 3 s; the third, and no time that the first two were given, is left
    runs = suite.cells[0].runs
    found = measure_stored(store, runs, ())
    assert (found.warnings, found.left, found.seconds) == ((), runs[2:], 1.5)
    assert measure_stored(store, runs, ()).left == ()
    assert clock == [4.5]


def test_train_job_says_what_it_has_left_to_measure(store: Store, suite: Suite, clock: list[float]) -> None:
    job = job_of(store, suite)
    outcome = train_job(job)
    assert set(outcome.done) == {run.run_id for run in job.runs}
    assert outcome.unmeasured == job.runs[2:]
    (left,) = left_to_measure(job, outcome, workers=2)
    assert (left.runs, left.measuring_seconds, left.cost) == (job.runs[2:], 1.5, 0)
    assert left.words == "chicken · maddpg · measuring seed 2"
    assert train_job(left).unmeasured == ()
    assert left_to_measure(left, train_job(left), workers=2) == []


def test_train_job_leaves_several_runs_with_instruments_to_as_many_jobs_as_workers(empty: Store, suite: Suite) -> None:
    job = job_of(empty, suite, metrics=("selection",))
    outcome = train_job(job)
    assert (outcome.unmeasured, outcome.measuring_seconds) == (job.runs, inf)
    left = left_to_measure(job, outcome, workers=2)
    assert [each.runs for each in left] == [job.runs[:2], job.runs[2:]]
    assert [train_job(each).unmeasured for each in left] == [(), ()]
    assert [unmeasured_by(empty, run, job.metrics) for run in job.runs] == [[], [], []]


def test_train_job_measures_a_single_run_with_instruments(empty: Store, suite: Suite) -> None:
    job = job_of(empty, suite, metrics=("selection",), runs=suite.runs[:1])
    assert train_job(job).unmeasured == ()
    assert unmeasured_by(empty, suite.runs[0], job.metrics) == []


def test_left_to_measure_makes_jobs_of_about_two_seconds(empty: Store, suite_text: str) -> None:
    suite = parse_suite(suite_text.replace("seeds = 2", "seeds = 9"))
    job = job_of(empty, suite)
    for seconds, sizes in ((0.45, [4, 4, 1]), (0.0, [9]), (300.0, [1] * 9)):
        left = left_to_measure(job, JobOutcome(unmeasured=job.runs, measuring_seconds=seconds), workers=2)
        assert [len(each.runs) for each in left] == sizes
        assert sum(each.measuring_seconds or 0.0 for each in left) == pytest.approx(9 * seconds)
        assert len({each.job_id for each in (job, *left)}) == 1 + len(left)


def test_plan_measuring_shares_the_runs_of_a_cell_between_the_workers(store: Store, suite: Suite) -> None:
    path = store.root / "runs" / suite.cells[1].runs[0].run_id / "arrays.safetensors"
    path.write_bytes(path.read_bytes()[:-1])  # so that it is to be trained again
    trained = plan(suite, store, workers=2)
    assert [[run.seed for run in job.runs] for job in trained] == [[0]]
    jobs = plan_measuring(suite, store, trained=trained, workers=2)
    assert [[run.seed for run in job.runs] for job in jobs] == [[0, 1], [2], [1], [2]]
    assert {job.measuring_seconds for job in jobs} == {inf}


def test_an_instrument_that_a_suite_asks_for_later_is_all_that_is_measured(store: Store, suite: Suite) -> None:
    for run in suite.runs:
        frames.measured(store, run.run_id)
    assert plan_measuring(suite, store, trained=[]) == []
    cell = replace(suite.cells[0], metrics=("selection",))
    asking = replace(suite, cells=(cell, suite.cells[1]))
    (job,) = plan_measuring(asking, store, trained=[])
    assert (job.runs, job.metrics) == (cell.runs, ("selection",))
    assert unmeasured_by(store, cell.runs[0], cell.metrics) == ["selection"]


def test_one_by_one_keeps_together_what_is_to_be_trained(empty: Store, store: Store, suite: Suite) -> None:
    assert one_by_one(job := job_of(empty, suite), empty) == [job]
    frames.measured(store, suite.runs[1].run_id)
    parts = one_by_one(job_of(store, suite), store)
    assert [part.runs for part in parts] == [(suite.runs[0],), (suite.runs[2],)]
    assert [one_by_one(part, store) for part in parts] == [[part] for part in parts]


def test_mark_unmeasured_names_what_was_not_taken_and_follows_no_link(
    store: Store, suite: Suite, tmp_path: Path
) -> None:
    run = suite.runs[0]
    frames.measured(store, run.run_id)
    (line,) = mark_unmeasured(store, run, ("selection",), "it is gone")
    assert line == "selection could not be taken of seed 0 of matching_pennies: it is gone"
    assert failures_of(store, run.run_id) == {"selection": "it is gone"}
    assert mark_unmeasured(store, run, (), "it is gone") == []
    folder = store.root / "runs" / run.run_id
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    assert len(mark_unmeasured(store, run, ("joint_q",), "it is gone")) == 1
    assert "joint_q" not in (tmp_path / "elsewhere" / "unmeasured.json").read_text()
