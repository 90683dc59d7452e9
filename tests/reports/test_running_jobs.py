from __future__ import annotations

import json
from pathlib import Path

import pytest

from nashlens.reports.cli import main
from nashlens.reports.run_lock import run_locks
from nashlens.reports.running_jobs import RunningJob, running_jobs
from nashlens.reports.store import Store
from nashlens.reports.suite import Suite
from nashlens.reports.suite_arguments import SuiteStatus
from nashlens.reports.suite_status import GAP_SECONDS, suite_status

PROGRESS = {"label": "chicken · maddpg · 2 seeds", "steps": 150, "total_steps": 300, "n_seeds": 2, "seconds": 3.0}


@pytest.fixture
def store(tmp_path: Path, suite: Suite) -> Store:
    store = Store.create(tmp_path / "out")
    store.add_suite(suite)
    return store


def say(store: Store, run_id: str, **changes: object) -> None:
    path = store.folder("progress") / "job.json"
    path.write_text(json.dumps({**PROGRESS, "run_id": run_id, "process": 1, **changes}))


def test_a_job_whose_lock_is_held_is_running(store: Store, suite: Suite) -> None:
    run_id = suite.runs[0].run_id
    say(store, run_id)
    store.folder("locks")
    with run_locks([store.lock_path(run_id)], wait=False):
        (job,) = running_jobs(store)
    assert job == RunningJob(label="chicken · maddpg · 2 seeds", steps=300, total_steps=600, seconds=3.0)
    assert job.words() == "chicken · maddpg · 2 seeds: 300 of 600 steps (50%), 100 steps/s"


def test_a_job_that_only_measures_has_no_steps() -> None:
    job = RunningJob(label="chicken · maddpg · measuring seed 1", steps=0, total_steps=0, seconds=0.0)
    assert job.words() == "chicken · maddpg · measuring seed 1"


def test_what_a_killed_process_left_behind_is_not_running(store: Store, suite: Suite) -> None:
    say(store, suite.runs[0].run_id)
    assert running_jobs(store) == []
    (store.folder("locks") / suite.runs[0].run_id).touch()
    assert running_jobs(store) == []


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"run_id": "../../x", "steps": 1}'])
def test_a_progress_file_that_says_nothing_is_passed_over(store: Store, content: str) -> None:
    (store.folder("progress") / "job.json").write_text(content)
    assert running_jobs(store) == []


def test_a_progress_file_cannot_name_a_lock_outside_the_store(store: Store, tmp_path: Path) -> None:
    outside = tmp_path / "lock"
    outside.touch()
    say(store, "../../lock")
    with run_locks([outside], wait=False):
        assert running_jobs(store) == []


def test_suite_status_says_what_is_running(store: Store, suite: Suite, capsys: pytest.CaptureFixture[str]) -> None:
    run_id = suite.runs[0].run_id
    say(store, run_id)
    store.folder("locks")
    with run_locks([store.lock_path(run_id)], wait=False):
        assert main(["suite", "status", str(store.root)]) == 0
    assert "running: chicken · maddpg · 2 seeds: 300 of 600 steps (50%)" in capsys.readouterr().out
    assert main(["suite", "status", str(store.root)]) == 0
    assert "running" not in capsys.readouterr().out


def test_suite_status_watches_until_nothing_runs(
    store: Store, suite: Suite, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id = suite.runs[0].run_id
    say(store, run_id)
    store.folder("locks")
    held = run_locks([store.lock_path(run_id)], wait=False)
    held.__enter__()
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        say(store, run_id, steps=300)
        if len(waited) == 2:
            held.__exit__(None, None, None)

    assert suite_status(SuiteStatus(folder=store.root, watch=True), wait=wait) == 0
    said = capsys.readouterr().out
    assert waited == [10.0, 10.0, GAP_SECONDS]
    assert said.count("0 of 4 runs done, 0 failed; chicken") == 2
    assert "300 of 600 steps (50%)" in said
    assert "600 of 600 steps (100%)" in said


def test_suite_status_goes_on_watching_where_nothing_runs_between_two_jobs(
    store: Store, suite: Suite, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id = suite.runs[0].run_id
    store.folder("locks")
    held = run_locks([store.lock_path(run_id)], wait=False)
    waited: list[float] = []

    def wait(seconds: float) -> None:
        waited.append(seconds)
        if len(waited) == 1:
            say(store, run_id)
            held.__enter__()
        elif len(waited) == 2:
            held.__exit__(None, None, None)

    assert suite_status(SuiteStatus(folder=store.root, watch=True), wait=wait) == 0
    assert waited == [GAP_SECONDS, 10.0, GAP_SECONDS]
    assert capsys.readouterr().out.count("0 of 4 runs done, 0 failed; chicken") == 1
