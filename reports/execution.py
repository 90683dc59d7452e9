"""Running what a suite still lacks: its jobs on a pool of worker processes, failures marked, the rest going on."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import current_process, get_context
from typing import Any, TypeVar

from nashlens.reports.job_board import JobBoard, Watch
from nashlens.reports.job_planning import plan, plan_measuring
from nashlens.reports.job_rounds import UNGUARDED, UNGUARDED_MARK, Ended, Pool, run_jobs
from nashlens.reports.pack_costs import measure_costs
from nashlens.reports.provenance import THREAD_VARIABLES
from nashlens.reports.store import Store
from nashlens.reports.suite import Suite
from nashlens.reports.training_job import begin_worker

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """What running a suite came to.

    Attributes
    ----------
    n_planned : runs that the suite asks for.
    n_stored : runs that were done before.
    n_done : runs that are done now, those included.
    failed : reason by run id.
    seconds : how long it took.
    warnings : what went wrong without failing a run, each once.
    """

    n_planned: int
    n_stored: int
    n_done: int
    failed: Mapping[str, str]
    seconds: float
    warnings: tuple[str, ...] = ()


class Workers(ProcessPoolExecutor):
    """Worker processes that start afresh, each with one thread and no longer-lived than this process.

    Numerical libraries read from the environment how many threads they may have when they are imported, which is before
    a worker runs anything of ours: so the limit stands in the environment that a process is born with.

    Parameters
    ----------
    workers : how many.
    """

    def __init__(self, workers: int) -> None:
        super().__init__(workers, mp_context=get_context("spawn"), initializer=begin_worker)

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Hand a call to a worker, which is started if none is free."""
        with _one_thread_each():
            return super().submit(fn, *args, **kwargs)


def process_pool(workers: int) -> Executor:
    """Return worker processes of this machine."""
    return Workers(workers)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Let the processes that are started meanwhile have one thread for each numerical library."""
    before = {name: os.environ.get(name) for name in THREAD_VARIABLES}
    os.environ |= dict.fromkeys(THREAD_VARIABLES, "1")
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


def default_workers() -> int:
    """Return the number of processors that this process may use."""
    return len(os.sched_getaffinity(0))


def run_suite(
    suite: Suite,
    store: Store,
    *,
    workers: int | None = None,
    command: Sequence[str] = (),
    watch: Watch | None = None,
    pool: Pool = process_pool,
) -> Execution:
    """Run what is missing or failed of a suite, and measure what is not measured; finished runs are not touched.

    Parameters
    ----------
    suite : what to run.
    store : where the runs go.
    workers : worker processes; as many as there are processors if left out.
    command : the command line, for the provenance.
    watch : called several times a second with the state of every job.
    pool : makes the executor of the jobs.

    Raises
    ------
    ValueError : `workers` is below 1.
    StoreError : the folder cannot be written to before anything runs, or a link stands in it.
    RuntimeError : a worker process called this while it was starting, from a script that is not guarded.
    """
    store.folder("progress")
    mark = store.path("progress", UNGUARDED_MARK)
    if getattr(current_process(), "_inheriting", False):
        # A spawned worker imports the script that started it, and has come back here instead of waiting for work.
        mark.touch()
        raise RuntimeError(UNGUARDED)
    mark.unlink(missing_ok=True)
    n_workers = default_workers() if workers is None else workers
    if n_workers < 1:
        raise ValueError(f"workers must be at least 1, not {n_workers}")
    began = time.monotonic()
    store.add_suite(suite)
    if pool is process_pool:  # on a cluster this machine says nothing of the others
        measure_costs(suite.cells, store, workers=n_workers, pool=pool)
    jobs = plan(suite, store, workers=n_workers, command=tuple(command))
    n_planned, n_missing = len(suite.runs), sum(len(job.runs) for job in jobs)
    jobs += plan_measuring(suite, store, trained=jobs, workers=n_workers, command=tuple(command))
    board = JobBoard(store, jobs, watch)
    ended = Ended(store)
    if jobs:
        run_jobs(jobs, store, n_workers=n_workers, pool=pool, board=board, ended=ended)
    failed = ended.failed
    return Execution(
        n_planned=n_planned,
        n_stored=n_planned - n_missing,
        n_done=n_planned - len(failed),
        failed=failed,
        seconds=time.monotonic() - began,
        warnings=tuple(ended.warnings),
    )
