"""What the commands `nashlens suite …` do, once their arguments are read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from nashlens.reports.cluster import connected
from nashlens.reports.mistakes import Mistake, Stopped, checking
from nashlens.reports.safe_files import StoreError, why
from nashlens.reports.suite_arguments import SuiteExport, SuiteList, SuiteRun, Suites, SuiteShow, SuiteStatus
from nashlens.reports.suite_config import FULL
from nashlens.reports.suite_files import find_suite, named_suite, suite_names
from nashlens.reports.terminal import uncut_console
from nashlens.reports.words import counted

if TYPE_CHECKING:
    from nashlens.reports.execution import Execution
    from nashlens.reports.store import Store
    from nashlens.reports.suite import Suite
    from nashlens.reports.unmeasured import Unmeasured


def do(asked: Suites, *, command: Sequence[str]) -> int:
    """Do what was asked of suites; return the exit code."""
    match asked.do:
        case SuiteList():
            return suite_list()
        case SuiteShow():
            from nashlens.reports.suite_page import suite_show

            return suite_show(asked.do)
        case SuiteRun():
            return suite_run(asked.do, command=command)
        case SuiteStatus():
            from nashlens.reports.suite_status import suite_status

            return suite_status(asked.do)
        case SuiteExport():
            return suite_export(asked.do)


def suite_list() -> int:
    """Print the suites that come with the package."""
    table = Table("suite", "cells", "runs", "question", box=None, pad_edge=False)
    for name in suite_names():
        suite = named_suite(name)
        table.add_row(name, str(len(suite.cells)), str(len(suite.runs)), suite.config.question)
    uncut_console().print(table)
    return 0


def suite_run(asked: SuiteRun, *, command: Sequence[str]) -> int:
    """Run what a suite still lacks."""
    if asked.workers is not None and asked.scheduler is not None:
        raise Mistake(
            f"workers is {asked.workers} and scheduler is {asked.scheduler!r}: give one of them; "
            "a cluster has the workers that were started for it"
        )
    suite = find_suite(asked.suite, size=asked.size or FULL)
    out = asked.out or Path("runs") / suite.name
    if asked.tensorboard is not None:
        try:  # before hours of training and not after them
            asked.tensorboard.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise Mistake(f"tensorboard: cannot write to {asked.tensorboard}: {why(error)}") from error
    store, done = run(suite, out, workers=asked.workers, scheduler=asked.scheduler, command=command)
    if asked.tensorboard is not None:
        from nashlens.reports.scalar_logs import write_scalars

        lost: list[Unmeasured] = []
        with checking():
            n_runs = write_scalars(store, suite, asked.tensorboard, lost=lost)
        _say_lost(lost)
        Console().print(f"scalars of {counted(n_runs, 'run')} in {asked.tensorboard}", highlight=False, soft_wrap=True)
    Console().print(f"report: nashlens report build {store.root}", highlight=False, soft_wrap=True)
    return 1 if done.failed else 0


def suite_export(asked: SuiteExport) -> int:
    """Write the numbers of a suite into one file."""
    from nashlens.reports.export import checked_format, export
    from nashlens.reports.store import Store

    with checking("out"):
        store = Store.existing(asked.folder)
        suite = store.suite(asked.suite)
        format = checked_format(asked.out, asked.format)
        say_unmeasured(store, suite)
        lost: list[Unmeasured] = []
        n_rows = export(store, suite, asked.out, format=format, lost=lost)
    _say_lost(lost)
    Console().print(f"{n_rows:,} rows in {asked.out}", highlight=False, soft_wrap=True, markup=False)
    return 0


def say_unmeasured(store: Store, suite: Suite) -> None:
    """Print how many finished runs have to be measured first; nothing if none has to."""
    from nashlens.reports.export import unmeasured_runs

    waiting, n_done = unmeasured_runs(store, suite)
    if waiting:
        Console().print(f"measuring {len(waiting)} of {counted(n_done, 'finished run')}", highlight=False)


def run(
    suite: Suite, out: Path, *, workers: int | None, command: Sequence[str], scheduler: str | None = None
) -> tuple[Store, Execution]:
    """Run what a suite lacks, show how it goes, and say what it came to."""
    from nashlens.reports.execution import run_suite
    from nashlens.reports.progress_display import shown
    from nashlens.reports.store import Store

    if workers is not None and workers < 1:
        raise Mistake(f"workers must be at least 1, not {workers}")
    console = Console()
    with ExitStack() as until_done:
        with checking():
            store = Store.create(out)
            cluster = None if scheduler is None else until_done.enter_context(connected(scheduler, store))
        size = f"{counted(len(suite.runs), 'run')} in {counted(len(suite.cells), 'cell')}"
        console.print(f"{suite.name}: {size}, in {out}", highlight=False, soft_wrap=True, markup=False)
        with checking():
            ahead = _looked_ahead(suite, store, workers=workers, here=cluster is None)
        for line in ahead:
            console.print(f"warning: {line}", highlight=False, soft_wrap=True, markup=False)
        watch = until_done.enter_context(shown(console))
        for line in () if cluster is None else cluster.warnings:
            console.print(f"warning: {line}", highlight=False, soft_wrap=True, markup=False)
        try:
            if cluster is None:
                done = run_suite(suite, store, workers=workers, command=command, watch=watch)
            else:
                n_workers = cluster.n_workers or len(suite.runs)
                done = run_suite(suite, store, workers=n_workers, command=command, watch=watch, pool=cluster.pool)
        except (OSError, StoreError) as error:
            reason = f"{error.filename or out}: {why(error)}" if isinstance(error, OSError) else str(error)
            raise Stopped(f"{reason}; what is finished is kept, and the same command goes on from there") from error
    _say(console, done)
    return store, done


def _looked_ahead(suite: Suite, store: Store, *, workers: int | None, here: bool) -> list[str]:
    """Return what a user should know before anything runs; refuse what cannot fit into this machine.

    Raises
    ------
    Mistake : one seed of a cell needs more memory than is free.
    """
    from nashlens.reports.execution import default_workers
    from nashlens.reports.job_planning import plan
    from nashlens.reports.provenance import gather, other_makers
    from nashlens.reports.run_size import refusals, run_size, warnings

    done = [run.run_id for run in suite.runs if store.status(run.run_id).state == "done"]
    lines = [
        f"some of the {len(done)} stored runs were made by {maker}, not by the version here; they are kept as they are"
        for maker in other_makers(_provenances(store, done), gather())
    ]
    n_workers = workers or default_workers()
    jobs = plan(suite, store, workers=n_workers)
    wanted = {job.runs[0].cell_id for job in jobs}
    sizes = {cell.cell_id: run_size(cell.runs[0]) for cell in suite.cells if cell.cell_id in wanted}
    if here:
        if too_large := refusals([(cell, sizes[cell.cell_id]) for cell in suite.cells if cell.cell_id in wanted]):
            raise Mistake(too_large[0])
        needed = [(len(job.runs), sizes[job.runs[0].cell_id]) for job in jobs]
        lines += warnings(needed, workers=n_workers, out=store.root)
    return lines


def _provenances(store: Store, run_ids: Sequence[str]) -> Iterator[Mapping[str, Any]]:
    for run_id in run_ids:
        with suppress(StoreError):  # a run whose files are damaged is made again, and says then by what
            yield store.provenance(run_id)


def _say_lost(lost: Sequence[Unmeasured]) -> None:
    for each in lost:
        Console().print(f"warning: {each.words()}", highlight=False, soft_wrap=True, markup=False)


def _say(console: Console, done: Execution) -> None:
    console.print(
        f"{done.n_done} of {done.n_planned} runs done ({done.n_stored} were there before), {len(done.failed)} failed, "
        f"{done.seconds:.1f} s",
        highlight=False,
    )
    for line in done.warnings:
        console.print(f"warning: {line}", highlight=False, soft_wrap=True, markup=False)
    for reason in dict.fromkeys(done.failed.values()):
        console.print(f"failed: {reason}", highlight=False, soft_wrap=True, markup=False)
