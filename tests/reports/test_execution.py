from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from nashlens.agents import training
from nashlens.agents.records import TrainingRun
from nashlens.reports.execution import default_workers, process_pool, run_suite
from nashlens.reports.job_board import JobState
from nashlens.reports.job_planning import plan
from nashlens.reports.job_rounds import PROCESS_DIED, UNGUARDED
from nashlens.reports.provenance import THREAD_VARIABLES
from nashlens.reports.run_lock import run_locks
from nashlens.reports.store import Store
from nashlens.reports.suite import Suite, parse_suite


def threads(workers: int) -> Executor:
    return ThreadPoolExecutor(1)


class InTurn(Executor):
    """Runs a job when it is submitted, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def in_turn(workers: int) -> Executor:
    return InTurn()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "out")


def hashes(store: Store, suite: Suite) -> list[str]:
    return [store.read(run.run_id).parameter_hash for run in suite.runs]


def test_run_suite_stores_every_run_and_a_second_time_does_nothing(store: Store, suite: Suite) -> None:
    first = run_suite(suite, store, workers=1, pool=in_turn)
    assert (first.n_planned, first.n_stored, first.n_done, dict(first.failed)) == (4, 0, 4, {})
    stamps = {path: path.stat().st_mtime_ns for path in store.root.glob("runs/*/*")}
    assert len(stamps) == 4 * 6  # five files of the record and the measures
    second = run_suite(suite, store, workers=1, pool=in_turn)
    assert (second.n_stored, second.n_done) == (4, 4)
    assert {path: path.stat().st_mtime_ns for path in store.root.glob("runs/*/*")} == stamps


def test_run_suite_with_more_seeds_trains_only_the_new_ones(store: Store, suite: Suite, suite_text: str) -> None:
    run_suite(suite, store, workers=1, pool=in_turn)
    before = hashes(store, suite)
    more = parse_suite(suite_text.replace("seeds = 2", "seeds = 3"))
    assert [len(job.runs) for job in plan(more, store)] == [1, 1]
    done = run_suite(more, store, workers=1, pool=in_turn)
    assert (done.n_stored, done.n_done) == (4, 6)
    assert hashes(store, suite) == before


def test_a_seed_is_the_same_whether_it_was_packed_or_not(tmp_path: Path, suite: Suite) -> None:
    packed, alone = Store.create(tmp_path / "a"), Store.create(tmp_path / "b")
    run_suite(suite, packed, workers=1, pool=in_turn)
    assert [len(job.runs) for job in plan(suite, alone, workers=4)] == [1, 1, 1, 1]
    run_suite(suite, alone, workers=4, pool=in_turn)
    assert hashes(packed, suite) == hashes(alone, suite)


def test_a_damaged_run_is_made_again(store: Store, suite: Suite) -> None:
    run_suite(suite, store, workers=1, pool=in_turn)
    before = hashes(store, suite)
    arrays = store.root / "runs" / suite.runs[0].run_id / "arrays.safetensors"
    arrays.write_bytes(arrays.read_bytes()[:100])
    assert run_suite(suite, store, workers=1, pool=in_turn).n_stored == 3
    assert hashes(store, suite) == before


def test_a_cell_that_raises_is_marked_failed_and_the_rest_goes_on(
    store: Store, suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = training.train

    def failing(game: Any, algorithm: Any, **rest: Any) -> list[TrainingRun]:
        if algorithm.kind == "ddpg":
            raise MemoryError("out of it")
        return real(game, algorithm, **rest)

    monkeypatch.setattr(training, "train", failing)
    done = run_suite(suite, store, workers=1, pool=in_turn)
    failed = {run.run_id for run in suite.cells[1].runs}
    assert set(done.failed) == failed
    assert {store.status(run_id).reason for run_id in failed} == {"MemoryError: out of it"}
    assert {store.status(run.run_id).state for run in suite.cells[0].runs} == {"done"}
    monkeypatch.undo()
    assert run_suite(suite, store, workers=1, pool=in_turn).n_done == 4


def test_a_seed_that_diverged_is_marked_failed_with_its_reason(
    store: Store, suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = training.train

    def diverging(*args: Any, **rest: Any) -> list[TrainingRun]:
        first, *others = real(*args, **rest)
        return [replace(first, status="failed", reason="stopped at step 7"), *others]

    monkeypatch.setattr(training, "train", diverging)
    done = run_suite(suite, store, workers=1, pool=in_turn)
    assert set(done.failed.values()) == {"stopped at step 7"}
    states = [store.status(run.run_id).state for run in suite.runs]
    assert states == ["failed", "done", "failed", "done"]
    assert store.read(suite.runs[0].run_id).status == "failed"


@pytest.mark.parametrize(
    ("failing", "state"), [(["write_done"], "failed"), (["write_done", "write_failed"], "planned")]
)
def test_a_full_disk_leaves_no_run_that_looks_done(
    store: Store, suite: Suite, monkeypatch: pytest.MonkeyPatch, failing: list[str], state: str
) -> None:
    def full(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    for name in failing:
        monkeypatch.setattr(Store, name, full)
    done = run_suite(suite, store, workers=1, pool=in_turn)
    assert set(done.failed.values()) == {"could not be stored: No space left on device"}
    assert {store.status(run.run_id).state for run in suite.runs} == {state}
    monkeypatch.undo()
    assert run_suite(suite, store, workers=1, pool=in_turn).n_done == 4


def test_a_job_that_raises_outside_training_is_reported(
    store: Store, suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("no lock")

    monkeypatch.setattr("nashlens.reports.training_job.run_locks", broken)
    done = run_suite(suite, store, workers=1, pool=threads)
    assert set(done.failed.values()) == {"RuntimeError: no lock"}
    assert len(done.failed) == 4


def test_a_run_that_another_process_holds_is_waited_for(store: Store, suite: Suite) -> None:
    held = run_locks([store.folder("locks") / suite.cells[0].runs[1].run_id], wait=False)
    held.__enter__()
    released: list[int] = []

    def let_go(states: Sequence[JobState]) -> None:
        if not released and states[1].state in {"done", "failed"}:
            held.__exit__(None, None, None)
            released.append(1)

    done = run_suite(suite, store, workers=1, pool=threads, watch=let_go)
    assert released
    assert done.n_done == 4


@pytest.mark.slow
def test_a_worker_that_is_killed_fails_its_cell_and_no_other(store: Store, suite_text: str) -> None:
    # the second cell runs long enough to be killed whenever it has begun; the first is never touched
    text = suite_text.replace("[algorithms.ddpg]", "[algorithms.ddpg]\nlearning_rate = 0.5\nbatch_size = 9")
    suite = parse_suite(
        text.replace("steps = 300", "steps = 300_000").replace("settings = { batch_size = 8,", "settings = {")
    )
    short = parse_suite(text)
    long = replace(suite.cells[1], runs=suite.cells[1].runs[:1])
    suite = replace(suite, cells=(short.cells[0], long))
    killed: list[int] = []

    def kill(states: Sequence[JobState]) -> None:
        for path in (store.root / "progress").glob("*.json"):
            found = json.loads(path.read_bytes())
            if found["total_steps"] == 300_000 and found["process"] not in killed:
                killed.append(found["process"])
                os.kill(found["process"], signal.SIGKILL)

    done = run_suite(suite, store, workers=2, watch=kill)
    assert len(killed) == 2  # beside the other job, and once more by itself
    assert set(done.failed) == {run.run_id for run in suite.cells[1].runs}
    assert {store.status(run.run_id).reason for run in suite.cells[1].runs} == {PROCESS_DIED}
    assert {store.status(run.run_id).state for run in suite.cells[0].runs} == {"done"}


def test_a_script_without_a_guard_is_told_so(tmp_path: Path, suite_text: str) -> None:
    script = tmp_path / "script.py"
    text = suite_text.replace("seeds = 2", "seeds = 1").partition("[algorithms.ddpg]")[0]
    script.write_text(
        "from nashlens.reports.execution import run_suite\n"
        "from nashlens.reports.store import Store\n"
        "from nashlens.reports.suite import parse_suite\n"
        f"done = run_suite(parse_suite({text!r}), Store.create({str(tmp_path / 'out')!r}), workers=1)\n"
        "print(*done.failed.values())\n"
    )
    answer = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == UNGUARDED


def test_watch_sees_jobs_wait_and_end(store: Store, suite: Suite) -> None:
    seen: list[tuple[str, ...]] = []
    run_suite(suite, store, workers=1, pool=in_turn, watch=lambda jobs: seen.append(tuple(j.state for j in jobs)))
    assert seen[0] == ("waiting", "waiting")
    assert seen[-1] == ("done", "done")


def test_plan_begins_with_the_costliest_job(store: Store, suite_text: str) -> None:
    text = suite_text + "[games.chicken]\nsteps = 900\n"
    text += "settings = { batch_size = 8, rollout = { n_envs = 2, warmup_steps = 50, update_every_steps = 50 } }\n"
    assert next(job.runs[0].game for job in plan(parse_suite(text), store)) == "chicken"


def test_run_suite_without_a_worker_raises(store: Store, suite: Suite) -> None:
    with pytest.raises(ValueError, match="workers must be at least 1, not 0"):
        run_suite(suite, store, workers=0)


def test_default_workers_is_at_least_one() -> None:
    assert default_workers() >= 1


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads the environment a process was born with")
def test_workers_are_born_with_one_thread_for_each_numerical_library(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    with process_pool(1) as pool:
        born_with = pool.submit(Path("/proc/self/environ").read_bytes).result().split(b"\0")
    assert {f"{name}=1".encode() for name in THREAD_VARIABLES} <= set(born_with)
    assert os.environ["OMP_NUM_THREADS"] == "3"
    assert "OPENBLAS_NUM_THREADS" not in os.environ
