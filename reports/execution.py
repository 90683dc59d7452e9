"""Running what a suite still lacks: jobs on a pool of worker processes, failures marked, the rest going on."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from multiprocessing import current_process, get_context

from nashlens.reports.job_board import JobBoard, Watch
from nashlens.reports.job_planning import plan
from nashlens.reports.pack_costs import measure_costs
from nashlens.reports.provenance import gather
from nashlens.reports.run_lock import run_locks
from nashlens.reports.safe_files import StoreError
from nashlens.reports.store import Store
from nashlens.reports.suite import Suite
from nashlens.reports.training_job import Job, JobOutcome, begin_worker, mark_failed, train_job

WATCH_SECONDS = 0.2
PROCESS_DIED = "its process died: killed, or out of memory"
UNGUARDED = (
    'its process began by running the calling script again: put the call of run_suite under if __name__ == "__main__":'
)
UNGUARDED_MARK = "unguarded"


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


Pool = Callable[[int], Executor]


def process_pool(workers: int) -> Executor:
    """Return worker processes that start afresh, each with one thread and no longer-lived than this process."""
    return ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=begin_worker)


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
    """Run what is missing or failed of a suite; finished runs are not touched.

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
    board = JobBoard(store, jobs, watch)
    ended = _Ended(store)
    if jobs:
        _run_jobs(jobs, n_workers=n_workers, pool=pool, board=board, ended=ended)
    failed = ended.failed
    return Execution(
        n_planned=n_planned,
        n_stored=n_planned - n_missing,
        n_done=n_planned - len(failed),
        failed=failed,
        seconds=time.monotonic() - began,
        warnings=tuple(ended.warnings),
    )


class _Ended:
    """What became of jobs that ended, or broke off."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self.failed: dict[str, str] = {}
        self.warnings: dict[str, None] = {}

    def add(self, outcome: JobOutcome) -> None:
        self.failed |= outcome.failed
        self.warnings |= dict.fromkeys(outcome.warnings)

    def break_off(self, job: Job, reason: str) -> None:
        """Mark what a job has not stored as failed: in the store if that can be written, here in any case."""
        left = [run for run in job.runs if self._store.status(run.run_id).state != "done"]
        self.failed |= {run.run_id: reason for run in left}
        with suppress(OSError, StoreError):
            self._store.folder("locks")
            paths = [self._store.lock_path(run.run_id) for run in left]
            with run_locks(paths, wait=False) as held:
                if held:  # otherwise another process works on them, and will say itself what came of it
                    mark_failed(self._store, left, reason, provenance=gather(job.command), seconds=0.0)

    def died(self, job: Job) -> None:
        """Mark what a job has not stored as failed because its process died."""
        unguarded = self._store.path("progress", UNGUARDED_MARK).exists()
        self.break_off(job, UNGUARDED if unguarded else PROCESS_DIED)


def _run_jobs(jobs: Sequence[Job], *, n_workers: int, pool: Pool, board: JobBoard, ended: _Ended) -> None:
    waiting, suspects = list(jobs), []
    while waiting:
        waiting, broken, busy = _one_round(waiting, n_workers=n_workers, pool=pool, board=board, ended=ended)
        suspects += broken
        waiting += [replace(job, wait=True) for job in busy]
    for job in suspects:
        left, broken, _ = _one_round([replace(job, wait=True)], n_workers=1, pool=pool, board=board, ended=ended)
        if left or broken:
            ended.died(job)
            board.finish(job, state="failed")


def _one_round(
    jobs: Sequence[Job], *, n_workers: int, pool: Pool, board: JobBoard, ended: _Ended
) -> tuple[list[Job], list[Job], list[Job]]:
    """Run jobs on one pool; return those a broken pool never began, those it broke in, and those held elsewhere."""
    never: list[Job] = []
    broken: list[Job] = []
    busy: list[Job] = []
    with _opened(pool(min(n_workers, len(jobs)))) as executor:
        futures: dict[Future[JobOutcome], Job] = {}
        for job in jobs:
            try:
                futures[executor.submit(train_job, job)] = job
            except BrokenExecutor:
                never.append(job)
        began: set[str] = set()
        while futures:
            finished, _ = wait(futures, timeout=WATCH_SECONDS, return_when=FIRST_COMPLETED)
            began |= board.look()
            for future in finished:
                job = futures.pop(future)
                error = future.exception()
                if isinstance(error, BrokenExecutor):
                    (broken if job.job_id in began else never).append(job)
                elif error is not None:
                    ended.break_off(job, f"{type(error).__name__}: {error}")
                    board.finish(job, state="failed")
                elif future.result().busy:
                    busy.append(job)
                else:
                    ended.add(future.result())
                    board.finish(job, state="failed" if future.result().failed else "done")
            board.show()
    if never and not broken:
        # The pool broke before any job said that it had begun: try each by itself.
        return [], [*never], busy
    return never, broken, busy


@contextmanager
def _opened(executor: Executor) -> Iterator[Executor]:
    try:
        yield executor
    except BaseException:
        for process in list((getattr(executor, "_processes", None) or {}).values()):
            process.terminate()
        executor.shutdown(wait=False, cancel_futures=True)
        raise
    executor.shutdown()
