"""What one worker process does: train some seeds of one cell together, store them, measure them."""

from __future__ import annotations

import json
import os
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from multiprocessing import connection, parent_process
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nashlens.reports import atomic
from nashlens.reports.provenance import Provenance, gather
from nashlens.reports.run_lock import run_locks
from nashlens.reports.run_spec import RunSpec
from nashlens.reports.store import Store
from nashlens.reports.training_call import train_seeds

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun
    from nashlens.agents.training import Progress

PROGRESS_SECONDS = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """Seeds of one cell that are trained together.

    Attributes
    ----------
    root : folder of the store.
    label : what to call it in a display.
    runs : the runs; they differ in their seed only.
    checkpoint_every_steps : environment steps between checkpoints, or None.
    command : the command line, for the provenance.
    wait : whether to wait where another process works on one of the runs.
    metrics : the instruments that measure the runs.
    """

    root: str
    label: str
    runs: tuple[RunSpec, ...]
    checkpoint_every_steps: int | None = None
    command: tuple[str, ...] = ()
    wait: bool = False
    metrics: tuple[str, ...] = ()

    @property
    def job_id(self) -> str:
        """Names the cell and the seeds."""
        seeds = "-".join(str(run.seed) for run in self.runs)
        return atomic.digest(f"{self.runs[0].cell_id} {seeds}".encode())[:24]

    @property
    def cost(self) -> int:
        """Environment steps of all seeds."""
        return sum(run.steps for run in self.runs)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOutcome:
    """What became of a job.

    Attributes
    ----------
    done : run ids that are stored as done, those that were so before included.
    failed : reason by run id.
    busy : True if another process held one of the runs, and nothing was done.
    """

    done: tuple[str, ...] = ()
    failed: Mapping[str, str] = field(default_factory=dict)
    busy: bool = False


def limit_threads() -> None:
    """Give the numerical libraries of this process one thread each; must come before they are imported."""
    for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"):
        os.environ[name] = "1"


def begin_worker() -> None:
    """Set up a worker process: one thread each, and an end with its parent, however that ends."""
    limit_threads()
    parent = parent_process()
    if parent is not None:
        threading.Thread(target=_end_with, args=(parent.sentinel,), daemon=True).start()


def train_job(job: Job) -> JobOutcome:
    """Train, store and measure the runs of a job that are not done yet.

    What goes wrong with a run is written into the store and returned; it is not raised.
    """
    store = Store(Path(job.root))
    locks = store.folder("locks")
    with run_locks([locks / run.run_id for run in job.runs], wait=job.wait) as held:
        if not held:
            return JobOutcome(busy=True)
        _write_progress(store, job, steps=0, seconds=0.0)
        missing = tuple(run for run in job.runs if store.status(run.run_id).state != "done" or _damaged(store, run))
        failed = _train_missing(store, job, missing) if missing else {}
    _progress_path(store, job).unlink(missing_ok=True)
    return JobOutcome(done=tuple(r.run_id for r in job.runs if r.run_id not in failed), failed=failed)


def _train_missing(store: Store, job: Job, missing: tuple[RunSpec, ...]) -> dict[str, str]:
    provenance = gather(job.command)
    began, worked = time.monotonic(), time.process_time()
    try:
        trained = _train(store, job, missing)
    except Exception as error:
        reason, details = f"{type(error).__name__}: {error}", traceback.format_exc()
        return _mark_failed(store, missing, reason, details=details, provenance=provenance, began=began)
    seconds = (time.monotonic() - began) / len(missing)
    processor_seconds = (time.process_time() - worked) / len(missing)
    failed = {}
    for spec, run in zip(missing, trained, strict=True):
        try:
            if run.status == "failed":
                store.write_failed(spec, run.reason, provenance=provenance, seconds=seconds, run=run)
                failed[spec.run_id] = run.reason
            else:
                store.write_done(spec, run, provenance=provenance, seconds=seconds, processor_seconds=processor_seconds)
        except OSError as error:
            failed[spec.run_id] = f"could not be stored: {error.strerror or error}"
    _measure(store, [run for run in missing if run.run_id not in failed], job.metrics)
    _checkpoint_path(store, job).unlink(missing_ok=True)
    return failed


def _train(store: Store, job: Job, missing: tuple[RunSpec, ...]) -> list[TrainingRun]:
    from nashlens.reports.checkpoint_file import read_checkpoint, write_checkpoint

    seeds = [run.seed for run in missing]
    path = _checkpoint_path(store, job)
    every = job.checkpoint_every_steps
    same_seeds = len(missing) == len(job.runs)
    return train_seeds(
        missing[0],
        seeds,
        progress=_progress_writer(store, job),
        checkpoint_every_steps=every,
        on_checkpoint=(lambda point: write_checkpoint(path, point, seeds=seeds)) if every and same_seeds else None,
        resume=read_checkpoint(path) if same_seeds and path.exists() else None,
    )


def _measure(store: Store, runs: list[RunSpec], metrics: tuple[str, ...]) -> None:
    from nashlens.reports.frames import measured
    from nashlens.reports.instruments.measuring import measured_by

    for run in runs:
        try:
            measured(store, run.run_id)
            for name in metrics:
                measured_by(name, store, run.run_id)
        except (ValueError, OSError):
            # The training is stored and good. The report measures again and says what is wrong.
            continue


def _mark_failed(
    store: Store, runs: tuple[RunSpec, ...], reason: str, *, details: str, provenance: Provenance, began: float
) -> dict[str, str]:
    seconds = (time.monotonic() - began) / len(runs)
    for run in runs:
        try:
            store.write_failed(run, reason, provenance=provenance, seconds=seconds, details=details)
        except OSError:
            # The disk is full or gone: the outcome carries the reason, and the run stays planned.
            continue
    return {run.run_id: reason for run in runs}


def _damaged(store: Store, run: RunSpec) -> bool:
    try:
        store.verify(run.run_id)
    except ValueError:
        return True
    return False


def _checkpoint_path(store: Store, job: Job) -> Path:
    return store.root / "checkpoints" / job.runs[0].cell_id / f"{job.job_id}.safetensors"


def _progress_path(store: Store, job: Job) -> Path:
    return store.folder("progress") / f"{job.job_id}.json"


def _progress_writer(store: Store, job: Job) -> Callable[[Progress], None]:
    last = -PROGRESS_SECONDS

    def write(progress: Progress) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < PROGRESS_SECONDS and progress.steps < progress.total_steps:
            return
        last = now
        _write_progress(store, job, steps=progress.steps, seconds=progress.seconds)

    return write


def _write_progress(store: Store, job: Job, *, steps: int, seconds: float) -> None:
    """Say how far a job is: environment steps of each of its seeds, and the seconds that training took."""
    path = _progress_path(store, job)
    values: dict[str, Any] = {
        "label": job.label,
        "run_id": job.runs[0].run_id,
        "steps": steps,
        "total_steps": job.runs[0].steps,
        "n_seeds": len(job.runs),
        "seconds": seconds,
        "process": os.getpid(),
    }
    temporary = path.with_suffix(f".{os.getpid()}.part")
    try:
        temporary.write_text(json.dumps(values), encoding="utf-8")
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)  # a disk that is full hides how far the job is, and stops no training


def _end_with(sentinel: int) -> None:
    connection.wait([sentinel])
    os._exit(1)
