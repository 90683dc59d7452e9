"""The terminal's view of a running suite: jobs that run, what is done, the rate and the time left."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, Task, TaskID, TextColumn
from rich.text import Text

from nashlens.reports.job_board import JobState, Watch
from nashlens.reports.words import counted

PLAIN_SECONDS = 10.0


@contextmanager
def shown(console: Console) -> Iterator[Watch]:
    """Show jobs while the block runs; a line every ten seconds where the output is no terminal.

    Parameters
    ----------
    console : where to show them.
    """
    if not console.is_terminal:
        yield _PlainLines(console)
        return
    bars = Progress(
        TextColumn("{task.description}"), BarColumn(bar_width=28), _Rate(), _TimeLeft(), console=console, expand=False
    )
    with bars:
        yield _Bars(bars)


def steps_per_second(steps: int, seconds: float) -> float:
    """Return the rate; 0 before any time has passed."""
    return steps / seconds if seconds > 0 else 0.0


def seconds_left(steps: int, total_steps: int, *, seconds: float) -> float | None:
    """Return the time that the remaining steps take at the rate so far; None before the first step."""
    return None if steps <= 0 else seconds * (total_steps - steps) / steps


def standing(jobs: Sequence[JobState]) -> str:
    """Return how many jobs there are and how many are in each state, such as ``5 jobs: 2 running, 3 done``."""
    counts = {state: sum(job.state == state for job in jobs) for state in ("waiting", "running", "done", "failed")}
    return f"{counted(len(jobs), 'job')}: " + ", ".join(f"{n} {state}" for state, n in counts.items() if n)


class _Bars:
    def __init__(self, bars: Progress) -> None:
        self._bars = bars
        self._rows: dict[int, TaskID] = {}
        self._all: TaskID | None = None

    def __call__(self, jobs: Sequence[JobState]) -> None:
        total = sum(job.total_steps for job in jobs)
        if self._all is None:
            self._all = self._bars.add_task("", total=total or None)
        self._bars.update(
            self._all,
            completed=sum(job.steps for job in jobs),
            description=f"[bold]{standing(jobs)}[/bold]",
        )
        for k, job in enumerate(jobs):
            if job.state == "running" and k not in self._rows:
                self._rows[k] = self._bars.add_task(job.label, total=job.total_steps or None)
            if k in self._rows:
                self._bars.update(self._rows[k], completed=job.steps, visible=job.state == "running")


class _PlainLines:
    def __init__(self, console: Console) -> None:
        self._console = console
        self._began = self._last = time.monotonic()

    def __call__(self, jobs: Sequence[JobState]) -> None:
        now = time.monotonic()
        if now - self._last < PLAIN_SECONDS:
            return
        self._last = now
        steps, total = sum(j.steps for j in jobs), sum(j.total_steps for j in jobs)
        left = seconds_left(steps, total, seconds=now - self._began)
        trained = (
            f"; {steps:,} of {total:,} steps, {steps_per_second(steps, now - self._began):,.0f} steps/s, "
            f"{_clock(left)} left"
        )
        self._console.print(standing(jobs) + trained * (total > 0), highlight=False, soft_wrap=True)


class _Rate(ProgressColumn):
    def render(self, task: Task) -> Text:
        if not task.total:  # it measures
            return Text()
        rate = steps_per_second(int(task.completed), task.elapsed or 0.0)
        return Text(f"{rate:>9,.0f} steps/s", style="cyan")


class _TimeLeft(ProgressColumn):
    def render(self, task: Task) -> Text:
        if not task.total:
            return Text(f"{_clock(task.elapsed)} so far", style="dim")
        left = seconds_left(int(task.completed), int(task.total), seconds=task.elapsed or 0.0)
        return Text(f"{_clock(left)} left", style="dim")


def _clock(seconds: float | None) -> str:
    return "-:--:--" if seconds is None else str(timedelta(seconds=round(seconds)))
