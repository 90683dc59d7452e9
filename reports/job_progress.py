"""How far a job is, in a file that other processes may read while it runs."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nashlens.reports import atomic

if TYPE_CHECKING:
    from nashlens.agents.training import Progress
    from nashlens.reports.store import Store
    from nashlens.reports.training_job import Job

PROGRESS_SECONDS = 0.3


def progress_path(store: Store, job: Job) -> Path:
    """Return the file that says how far a job is."""
    return store.folder("progress") / f"{job.job_id}.json"


def write_progress(store: Store, job: Job, *, steps: int, seconds: float) -> None:
    """Say how far a job is; a disk that is full hides it, and stops no training.

    Parameters
    ----------
    store : where.
    job : which.
    steps : environment steps of each of its seeds.
    seconds : that training took.
    """
    values: dict[str, Any] = {
        "label": job.words,
        "run_id": job.runs[0].run_id,
        "steps": steps,
        "total_steps": job.steps_each,
        "n_seeds": len(job.runs),
        "seconds": seconds,
        "process": os.getpid(),
    }
    with suppress(OSError):
        atomic.write_bytes(progress_path(store, job), json.dumps(values).encode(), flush=False)


def progress_writer(store: Store, job: Job) -> Callable[[Progress], None]:
    """Return what to hand to the training, which is called more often than anyone wants to know."""
    last = -PROGRESS_SECONDS

    def write(progress: Progress) -> None:
        nonlocal last
        now = time.monotonic()
        if now - last < PROGRESS_SECONDS and progress.steps < progress.total_steps:
            return
        last = now
        write_progress(store, job, steps=progress.steps, seconds=progress.seconds)

    return write
