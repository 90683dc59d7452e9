from __future__ import annotations

import io

import pytest
from rich.console import Console

from nashlens.reports import progress_display
from nashlens.reports.job_board import JobState
from nashlens.reports.progress_display import seconds_left, shown, standing, steps_per_second


def job(state: str, steps: int = 0) -> JobState:
    return JobState(label="chicken · maddpg · 2 seeds", state=state, steps=steps, total_steps=1000)


def measuring(state: str) -> JobState:
    return JobState(label="chicken · maddpg · measuring seed 1", state=state, steps=0, total_steps=0)


def test_standing_counts_jobs_by_state() -> None:
    jobs = [job("done"), job("running"), job("running"), job("failed"), job("waiting")]
    assert standing(jobs) == "5 jobs: 1 waiting, 2 running, 1 done, 1 failed"
    assert standing(jobs[:1]) == "1 job: 1 done"


def test_seconds_left_are_those_of_the_rate_so_far() -> None:
    # 250 steps in 10 s: 25 a second, so that 750 more take 30 s
    assert steps_per_second(250, 10.0) == 25.0
    assert seconds_left(250, 1000, seconds=10.0) == 30.0


def test_before_the_first_step_there_is_no_rate() -> None:
    assert steps_per_second(0, 0.0) == 0.0
    assert seconds_left(0, 1000, seconds=5.0) is None


def test_where_there_is_no_terminal_a_line_comes_every_ten_seconds(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(progress_display.time, "monotonic", lambda: clock[0])
    written = io.StringIO()
    with shown(Console(file=written, width=40)) as watch:
        for now in (1.0, 9.0, 10.0, 15.0):
            clock[0] = now
            watch([job("running", 250), job("waiting")])
    (line,) = written.getvalue().splitlines()
    # 250 of 2000 steps in 10 s: 25 steps/s, and 70 s to go
    assert line == "2 jobs: 1 waiting, 1 running; 250 of 2,000 steps, 25 steps/s, 0:01:10 left"


def test_in_a_terminal_running_jobs_have_a_bar_and_the_rest_is_counted() -> None:
    written = io.StringIO()
    with shown(Console(file=written, force_terminal=True, width=200)) as watch:
        watch([job("waiting"), job("waiting")])
        watch([job("running", 500), job("waiting")])
    said = written.getvalue()
    assert "1 waiting, 1 running" in said
    assert "chicken · maddpg · 2 seeds" in said


def test_jobs_that_only_measure_change_no_rate_and_no_time_left(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(progress_display.time, "monotonic", lambda: clock[0])
    written = io.StringIO()
    with shown(Console(file=written, width=200)) as watch:
        clock[0] = 10.0
        watch([job("running", 250), measuring("running")])
        clock[0] = 20.0
        watch([measuring("running"), measuring("waiting")])
    assert written.getvalue().splitlines() == [
        "2 jobs: 2 running; 250 of 1,000 steps, 25 steps/s, 0:00:30 left",
        "2 jobs: 1 waiting, 1 running",
    ]


def test_in_a_terminal_a_job_that_only_measures_says_for_how_long() -> None:
    written = io.StringIO()
    with shown(Console(file=written, force_terminal=True, width=200)) as watch:
        watch([measuring("running")])
    said = written.getvalue()
    assert "chicken · maddpg · measuring seed 1" in said
    assert "so far" in said
    assert "steps/s" not in said
