"""What is known of each job of a suite while it runs, read from the progress files of the workers."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from nashlens.reports.safe_files import read_json
from nashlens.reports.store import Store
from nashlens.reports.training_job import Job


@dataclass(frozen=True, slots=True, kw_only=True)
class JobState:
    """Where one job stands.

    Attributes
    ----------
    label : game, algorithm, which seeds, and whether they are only measured.
    state : ``waiting``, ``running``, ``done`` or ``failed``.
    steps : environment steps that were taken, all seeds counted.
    total_steps : environment steps that will be taken; 0 of a job that only measures.
    """

    label: str
    state: str
    steps: int
    total_steps: int


Watch = Callable[[Sequence[JobState]], None]


class JobBoard:
    """The states of all jobs.

    Parameters
    ----------
    store : where they say how far they are.
    jobs : which.
    watch : told of every state; nobody if None.
    """

    def __init__(self, store: Store, jobs: Sequence[Job], watch: Watch | None) -> None:
        self._folder = store.folder("progress")
        self._watch = watch
        self._states: dict[str, JobState] = {}
        self.add(*jobs)
        self.show()

    def add(self, *jobs: Job) -> None:
        """Take in jobs that wait."""
        for job in jobs:
            self._states[job.job_id] = JobState(label=job.words, state="waiting", steps=0, total_steps=job.cost)
            with suppress(OSError):
                (self._folder / f"{job.job_id}.json").unlink(missing_ok=True)

    def look(self) -> set[str]:
        """Read every progress file; return the jobs that have one."""
        began = set()
        for job_id, state in self._states.items():
            if state.state in {"done", "failed"}:
                continue
            try:
                found = read_json(self._folder / f"{job_id}.json")
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
