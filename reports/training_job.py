"""What one worker process does: train some seeds of one cell together, store them, begin to measure them."""

from __future__ import annotations

import os
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from math import inf
from multiprocessing import connection, parent_process
from pathlib import Path

from nashlens.reports import atomic
from nashlens.reports.job_checkpoints import JobCheckpoints
from nashlens.reports.job_measuring import Measuring, measure_stored
from nashlens.reports.job_progress import progress_path, progress_writer, write_progress
from nashlens.reports.provenance import Provenance, gather
from nashlens.reports.run_lock import run_locks
from nashlens.reports.run_spec import RunSpec
from nashlens.reports.safe_files import StoreError
from nashlens.reports.store import Store
from nashlens.reports.words import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Seeds of one cell that are trained together, or that are trained and still to be measured.

    Attributes
    ----------
    root : folder of the store.
    label : what to call its cell in a display.
    runs : the runs; they differ in their seed only.
    checkpoint_every_steps : environment steps between checkpoints, or None.
    command : the command line, for the provenance.
    wait : whether to wait where another process works on one of the runs.
    metrics : the instruments that measure the runs.
    measuring_seconds : of runs that are trained, how long measuring them will take, infinity where nobody knows; None
        where they are to be trained.
    """

    root: str
    label: str
    runs: tuple[RunSpec, ...]
    checkpoint_every_steps: int | None = None
    command: tuple[str, ...] = ()
    wait: bool = False
    metrics: tuple[str, ...] = ()
    measuring_seconds: float | None = None

    @property
    def job_id(self) -> str:
        """Names the cell, the seeds, and whether they are to be measured only."""
        seeds = "-".join(str(run.seed) for run in self.runs)
        measured = " measured" * self.only_measures
        return atomic.digest(f"{self.runs[0].cell_id} {seeds}{measured}".encode())[:24]

    @property
    def only_measures(self) -> bool:
        """Whether its runs are trained."""
        return self.measuring_seconds is not None

    @property
    def words(self) -> str:
        """What to call it in a display."""
        seeds = f"seed {self.runs[0].seed}" if len(self.runs) == 1 else counted(len(self.runs), "seed")
        return f"{self.label} · " + (f"measuring {seeds}" if self.only_measures else counted(len(self.runs), "seed"))

    @property
    def steps_each(self) -> int:
        """Environment steps of each seed; none where they are trained."""
        return 0 if self.only_measures else self.runs[0].steps

    @property
    def cost(self) -> int:
        """Environment steps of all seeds."""
        return self.steps_each * len(self.runs)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOutcome:
    """What became of a job.

    Attributes
    ----------
    done : run ids that are stored as done, those that were so before included.
    failed : reason by run id.
    busy : True if another process held one of the runs, and nothing was done.
    warnings : what went wrong without failing a run, such as a checkpoint that could not be kept.
    unmeasured : runs that are stored, and that other jobs should measure.
    measuring_seconds : where some are left, how long measuring one of the runs took; infinity if nobody knows.
    """

    done: tuple[str, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    busy: bool = False
    warnings: tuple[str, ...] = ()
    unmeasured: tuple[RunSpec, ...] = ()
    measuring_seconds: float = 0.0


def begin_worker() -> None:
    """Set up a worker process, which ends with its parent, however that ends."""
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def train_job(job: Job) -> JobOutcome:
    """Train and store the runs of a job that are not done yet, and measure its runs as far as `measure_stored` goes.

    Several runs that were just trained and have instruments are left to other jobs, so that no worker waits for the
    first of them. What goes wrong with a run is written into the store and returned; it is not raised.
    """
    store = Store(Path(job.root))
    store.folder("locks")
    with run_locks([store.lock_path(run.run_id) for run in job.runs], wait=job.wait) as held:
        if not held:
            return JobOutcome(busy=True)
        write_progress(store, job, steps=0, seconds=0.0)
        missing = tuple(run for run in job.runs if not is_stored(store, run))
        outcome = _train_missing(store, job, missing) if missing else JobOutcome()
        stored = [run for run in job.runs if run.run_id not in outcome.failed]
        if missing and job.metrics and len(stored) > 1:  # by instruments that may take long, as nobody knows yet
            measuring = Measuring(left=tuple(stored), seconds=inf)
        else:
            measuring = measure_stored(store, stored, job.metrics)
    with suppress(OSError):
        progress_path(store, job).unlink(missing_ok=True)
    return replace(
        outcome,
        done=tuple(run.run_id for run in stored),
        warnings=(*outcome.warnings, *measuring.warnings),
        unmeasured=measuring.left,
        measuring_seconds=measuring.seconds,
    )


def _train_missing(store: Store, job: Job, missing: tuple[RunSpec, ...]) -> JobOutcome:
    provenance = gather(job.command)
    began, worked = time.monotonic(), time.process_time()
    try:
        checkpoints = _checkpoints(store, job, missing)
        trained = checkpoints.train(progress_writer(store, job))
    except Exception as error:
        reason, details = f"{type(error).__name__}: {error}", traceback.format_exc()
        seconds = (time.monotonic() - began) / len(missing)
        mark_failed(store, missing, reason, details=details, provenance=provenance, seconds=seconds)
        return JobOutcome(failed={run.run_id: reason for run in missing})
    times = {
        "seconds": (time.monotonic() - began) / len(missing),
        "processor_seconds": (time.process_time() - worked) / len(missing),
    }
    failed, lost = {}, False
    for spec, run in zip(missing, trained, strict=True):
        try:
            if run.status == "failed":
                failed[spec.run_id] = run.reason
                store.write_failed(spec, run.reason, provenance=provenance, seconds=times["seconds"], run=run)
            else:
                store.write_done(spec, run, provenance=provenance, **times)
        except (OSError, StoreError) as error:
            lost = True
            failed[spec.run_id] = f"could not be stored: {getattr(error, 'strerror', None) or error}"
            reason = failed[spec.run_id]
            mark_failed(store, (spec,), reason, provenance=provenance, seconds=times["seconds"])
    if not lost:
        checkpoints.remove()  # otherwise the same command need not train what could not be stored from the beginning
    return JobOutcome(failed=failed, warnings=tuple(checkpoints.warnings))


def _checkpoints(store: Store, job: Job, missing: tuple[RunSpec, ...]) -> JobCheckpoints:
    every = job.checkpoint_every_steps
    seeds = [run.seed for run in missing]
    part = replace(job, runs=missing)  # of a job that was planned before others stored some of its seeds
    return JobCheckpoints(store, missing[0], job_id=part.job_id, seeds=seeds, every_steps=every)


def mark_failed(
    store: Store,
    runs: Sequence[RunSpec],
    reason: str,
    *,
    provenance: Provenance,
    seconds: float,
    details: str = "",
) -> None:
    """Write down that runs failed and why; on a disk that is full or gone they stay as if they had not been run."""
    for run in runs:
        with suppress(OSError, StoreError):
            store.write_failed(run, reason, provenance=provenance, seconds=seconds, details=details)


def is_stored(store: Store, run: RunSpec) -> bool:
    """Return whether a run is done, and its files are what they were."""
    if store.status(run.run_id).state != "done":
        return False
    try:
        store.verify(run.run_id)
    except StoreError:
        return False
    return True


def _end_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)
