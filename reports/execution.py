"""Running what a suite still lacks: jobs on a pool of worker processes, failures marked, the rest going on."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing import current_process, get_context

from nashlens.reports.job_planning import plan
from nashlens.reports.provenance import gather
from nashlens.reports.store import Store
from nashlens.reports.suite import Suite
from nashlens.reports.training_job import Job, JobOutcome, begin_worker, train_job

WATCH_SECONDS = 0.2
PROCESS_DIED = "its process died: killed, or out of memory"
UNGUARDED = (
    'its process began by running the calling script again: put the call of run_suite under if __name__ == "__main__":'
)
UNGUARDED_MARK = "unguarded"


@dataclass(frozen=True, slots=True, kw_only=True)
class JobState:
    """Where one job stands.

    Attributes
    ----------
    label : game, algorithm and number of seeds.
    state : ``waiting``, ``running``, ``done`` or ``failed``.
    steps : environment steps that were taken, all seeds counted.
    total_steps : environment steps that will be taken.
    """

    label: str
    state: str
    steps: int
    total_steps: int


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
    """

    n_planned: int
    n_stored: int
    n_done: int
    failed: Mapping[str, str]
    seconds: float


Watch = Callable[[Sequence[JobState]], None]
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
    RuntimeError : a worker process called this while it was starting, from a script that is not guarded.
    """
    mark = store.folder("progress") / UNGUARDED_MARK
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
    jobs = plan(suite, store, workers=n_workers, command=tuple(command))
    n_planned, n_missing = len(suite.runs), sum(len(job.runs) for job in jobs)
    board = _Board(store, jobs, watch)
    failed: dict[str, str] = {}
    if jobs:
        failed = _run_jobs(jobs, store, n_workers=n_workers, pool=pool, board=board)
    return Execution(
        n_planned=n_planned,
        n_stored=n_planned - n_missing,
        n_done=n_planned - len(failed),
        failed=failed,
        seconds=time.monotonic() - began,
    )


def _run_jobs(jobs: Sequence[Job], store: Store, *, n_workers: int, pool: Pool, board: _Board) -> dict[str, str]:
    failed: dict[str, str] = {}
    waiting, suspects = list(jobs), []
    while waiting:
        waiting, broken, busy = _one_round(waiting, n_workers=n_workers, pool=pool, board=board, failed=failed)
        suspects += broken
        waiting += [replace(job, wait=True) for job in busy]
    for job in suspects:
        left, broken, _ = _one_round([replace(job, wait=True)], n_workers=1, pool=pool, board=board, failed=failed)
        if left or broken:
            failed |= _died(job, store)
            board.finish(job, state="failed")
    return failed


def _one_round(
    jobs: Sequence[Job], *, n_workers: int, pool: Pool, board: _Board, failed: dict[str, str]
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
                    failed |= {run.run_id: f"{type(error).__name__}: {error}" for run in job.runs}
                    board.finish(job, state="failed")
                elif future.result().busy:
                    busy.append(job)
                else:
                    failed |= future.result().failed
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


def _died(job: Job, store: Store) -> dict[str, str]:
    provenance = gather(job.command)
    reason = UNGUARDED if (store.folder("progress") / UNGUARDED_MARK).exists() else PROCESS_DIED
    left = [run for run in job.runs if store.status(run.run_id).state != "done"]
    for run in left:
        store.write_failed(run, reason, provenance=provenance, seconds=0.0)
    return {run.run_id: reason for run in left}


class _Board:
    """What is known of each job while it runs, read from the progress files of the workers."""

    def __init__(self, store: Store, jobs: Sequence[Job], watch: Watch | None) -> None:
        self._folder = store.folder("progress")
        self._watch = watch
        self._states = {
            job.job_id: JobState(label=job.label, state="waiting", steps=0, total_steps=job.cost) for job in jobs
        }
        for job_id in self._states:
            (self._folder / f"{job_id}.json").unlink(missing_ok=True)
        self.show()

    def look(self) -> set[str]:
        """Read every progress file; return the jobs that have one."""
        began = set()
        for job_id, state in self._states.items():
            if state.state in {"done", "failed"}:
                continue
            try:
                found = json.loads((self._folder / f"{job_id}.json").read_bytes())
                steps = min(int(found["steps"]) * int(found["n_seeds"]), state.total_steps)
            except (OSError, ValueError, KeyError, TypeError):
                continue
            began.add(job_id)
            self._states[job_id] = replace(state, state="running", steps=steps)
        return began

    def finish(self, job: Job, *, state: str) -> None:
        """Set the last state of a job."""
        self._states[job.job_id] = replace(self._states[job.job_id], state=state, steps=job.cost)

    def show(self) -> None:
        """Tell the watcher."""
        if self._watch is not None:
            self._watch(tuple(self._states.values()))
