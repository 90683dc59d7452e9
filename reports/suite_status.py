"""What `nashlens suite status` prints: what is done, failed and not run, and what is running just now."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.table import Table
from rich.text import Text

from nashlens.reports.frames import inventory
from nashlens.reports.mistakes import checking
from nashlens.reports.running_jobs import RunningJob, running_jobs
from nashlens.reports.store import Store
from nashlens.reports.suite import Suite
from nashlens.reports.suite_arguments import SuiteStatus
from nashlens.reports.tables import failures_table, runs_table
from nashlens.reports.terminal import uncut_console
from nashlens.reports.unmeasured import known_failures, unmeasured_table

LOOK_SECONDS = 1.0
PLAIN_SECONDS = 10.0
GAP_SECONDS = 0.5  # longer than a worker waits between two jobs


def suite_status(asked: SuiteStatus, *, wait: Callable[[float], None] = time.sleep) -> int:
    """Print where a suite stands; under ``--watch`` again and again until nothing runs any more.

    Parameters
    ----------
    asked : the folder and which suite of it.
    wait : lets some seconds pass between two looks.
    """
    with checking():
        store = Store.existing(asked.folder)
        suite = store.suite(asked.suite)
        console = uncut_console()
        if asked.watch and console.is_terminal:
            _watch_live(store, suite, console, wait=wait)
        elif asked.watch:
            _watch_plain(store, suite, console, wait=wait)
        console.print(_page(store, suite, running_jobs(store)))
    return 0


def _watch_live(store: Store, suite: Suite, console: Console, *, wait: Callable[[float], None]) -> None:
    with Live(console=console, refresh_per_second=2, transient=True) as live:
        while jobs := _running(store, wait):
            live.update(_page(store, suite, jobs))
            wait(LOOK_SECONDS)


def _watch_plain(store: Store, suite: Suite, console: Console, *, wait: Callable[[float], None]) -> None:
    while jobs := _running(store, wait):
        console.print("; ".join([_counts(store, suite), *(job.words() for job in jobs)]), highlight=False, markup=False)
        wait(PLAIN_SECONDS)


def _running(store: Store, wait: Callable[[float], None]) -> list[RunningJob]:
    """Return what is running; where nothing is, it may be between two jobs, and is looked for once more."""
    if jobs := running_jobs(store):
        return jobs
    wait(GAP_SECONDS)
    return running_jobs(store)


def _page(store: Store, suite: Suite, jobs: list[RunningJob]) -> Group:
    return Group(*_parts(store, suite, jobs))


def _parts(store: Store, suite: Suite, jobs: list[RunningJob]) -> Iterator[RenderableType]:
    runs = inventory(store, suite)
    for table in (runs_table(runs), failures_table(runs), unmeasured_table(known_failures(store, suite))):
        if table is not None:
            shown = Table(*table.header, box=None, pad_edge=False)
            for row in table.rows:
                shown.add_row(*map(Text, row))
            yield shown
    for job in jobs:
        yield Text(f"running: {job.words()}")


def _counts(store: Store, suite: Suite) -> str:
    states = inventory(store, suite)["state"]
    return f"{(states == 'done').sum()} of {len(states)} runs done, {(states == 'failed').sum()} failed"
