"""Jobs on pools of workers: those that train come first; what they leave to measure is taken by whoever is free.

A pool breaks if one of its processes dies. Jobs that had not begun then go on in a new one; those that had are tried
again each by itself, what is to be measured run by run, and are given up if their process dies once more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from contextlib import contextmanager, suppress
from dataclasses import replace

from nashlens.reports.job_board import JobBoard
from nashlens.reports.job_measuring import mark_unmeasured
from nashlens.reports.job_planning import left_to_measure, one_by_one
from nashlens.reports.provenance import gather
from nashlens.reports.run_lock import run_locks
from nashlens.reports.safe_files import StoreError
from nashlens.reports.store import Store
from nashlens.reports.training_job import Job, JobOutcome, mark_failed, train_job

WATCH_SECONDS = 0.2
PROCESS_DIED = "its process died: killed, or out of memory"
UNGUARDED = (
    'its process began by running the calling script again: put the call of run_suite under if __name__ == "__main__":'
)
UNGUARDED_MARK = "unguarded"

Pool = Callable[[int], Executor]


class Ended:
    """What became of jobs that ended, or broke off.

    Parameters
    ----------
    store : where their runs are.

    Attributes
    ----------
    failed : reason by run id.
    warnings : what went wrong without failing a run, each once, in order.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.failed: dict[str, str] = {}
        self.warnings: dict[str, None] = {}

    def add(self, outcome: JobOutcome) -> None:
        """Take down what a job says of itself."""
        self.failed |= outcome.failed
        self.warnings |= dict.fromkeys(outcome.warnings)

    def break_off(self, job: Job, reason: str) -> None:
        """Mark what a job has not stored as failed: in the store if that can be written, here in any case.

        Of what it has stored, what it has not measured is named.
        """
        left = [run for run in job.runs if self._store.status(run.run_id).state != "done"]
        self.failed |= {run.run_id: reason for run in left}
        with suppress(OSError, StoreError):
            self._store.folder("locks")
            paths = [self._store.lock_path(run.run_id) for run in left]
            with run_locks(paths, wait=False) as held:
                if held:  # otherwise another process works on them, and will say itself what came of it
                    mark_failed(self._store, left, reason, provenance=gather(job.command), seconds=0.0)
        for run in job.runs:
            if run not in left:
                self.warnings |= dict.fromkeys(mark_unmeasured(self._store, run, job.metrics, reason))

    def died(self, job: Job) -> None:
        """Mark what a job has not stored as failed because its process died."""
        unguarded = self._store.path("progress", UNGUARDED_MARK).exists()
        self.break_off(job, UNGUARDED if unguarded else PROCESS_DIED)


def run_jobs(jobs: Sequence[Job], store: Store, *, n_workers: int, pool: Pool, board: JobBoard, ended: Ended) -> None:
    """Run jobs on pools of workers: a new one where one broke, and at last each job by itself in which one did.

    Parameters
    ----------
    jobs : what to run; those that train in the order in which they are to begin.
    store : where the runs go.
    n_workers : worker processes.
    pool : makes the executor of the jobs.
    board : is told of every job.
    ended : is told what came of them.
    """
    waiting, suspects = list(jobs), []
    while waiting:
        together = _Round(waiting, n_workers=n_workers, board=board, ended=ended)
        together.run(pool)
        waiting = [*together.never, *(replace(job, wait=True) for job in together.busy)]
        suspects += [part for job in together.broken for part in _parts(job, store, board)]
    while suspects:
        suspect = replace(suspects.pop(0), wait=True)
        alone = _Round([suspect], n_workers=1, board=board, ended=ended)
        alone.run(pool)
        for job in (*alone.never, *alone.broken):
            parts = _parts(job, store, board)
            if job.job_id == suspect.job_id and parts == [job]:
                ended.died(job)
                board.finish(job, state="failed")
            else:
                suspects += parts


def _parts(job: Job, store: Store, board: JobBoard) -> list[Job]:
    """Return in which jobs to try again a job that broke off."""
    parts = one_by_one(job, store)
    if parts != [job]:
        board.finish(job, state="done")
        board.add(*parts)
    return parts


class _Round:
    """Jobs on one pool, and those that measure what they leave.

    Attributes
    ----------
    never : jobs that a broken pool never began.
    broken : those that it broke in.
    busy : those that another process held.
    """

    def __init__(self, jobs: Sequence[Job], *, n_workers: int, board: JobBoard, ended: Ended) -> None:
        self._waiting = sorted(jobs, key=_turn)
        self._n_workers, self._board, self._ended = n_workers, board, ended
        self._futures: dict[Future[JobOutcome], Job] = {}
        self.never: list[Job] = []
        self.broken: list[Job] = []
        self.busy: list[Job] = []

    def run(self, pool: Pool) -> None:
        """Run the jobs until none is left, or the pool is broken."""
        began: set[str] = set()
        with _opened(pool(min(self._n_workers, sum(len(job.runs) for job in self._waiting)))) as executor:
            while self._waiting or self._futures:
                self._hand_out(executor)
                finished, _ = wait(self._futures, timeout=WATCH_SECONDS, return_when=FIRST_COMPLETED)
                began |= self._board.look()
                for future in finished:
                    self._settle(future, self._futures.pop(future), began)
                self._board.show()
        if not self.broken:
            # The pool broke before any job said that it had begun: try each by itself.
            self.never, self.broken = [], self.never

    def _hand_out(self, executor: Executor) -> None:
        """Submit all jobs that train; of those that measure as many as workers are free, as longer ones may turn up."""
        while self._waiting and (len(self._futures) < self._n_workers or not self._waiting[0].only_measures):
            job = self._waiting.pop(0)
            try:
                self._futures[executor.submit(train_job, job)] = job
            except BrokenExecutor:
                self.never.append(job)

    def _settle(self, future: Future[JobOutcome], job: Job, began: set[str]) -> None:
        error = future.exception()
        if isinstance(error, BrokenExecutor):
            (self.broken if job.job_id in began else self.never).append(job)
        elif error is not None:
            self._ended.break_off(job, f"{type(error).__name__}: {error}")
            self._board.finish(job, state="failed")
        elif future.result().busy:
            self.busy.append(job)
        else:
            outcome = future.result()
            self._ended.add(outcome)
            self._board.finish(job, state="failed" if outcome.failed else "done")
            left = left_to_measure(job, outcome, workers=self._n_workers)
            self._board.add(*left)
            self._waiting = sorted([*self._waiting, *left], key=_turn)


def _turn(job: Job) -> tuple[bool, float]:
    """Return what jobs are sorted by: those that train as they were planned, then the longest to measure."""
    return job.only_measures, -(job.measuring_seconds or 0.0)


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
