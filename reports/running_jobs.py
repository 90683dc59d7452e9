"""What is running in a folder of runs just now, as any process can see it: from progress files and locks."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from nashlens.reports.run_lock import is_held
from nashlens.reports.safe_files import read_json
from nashlens.reports.store import Store
from nashlens.reports.words import counted


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningJob:
    """A job that some process works on.

    Attributes
    ----------
    label : game, algorithm, which seeds, and whether they are only measured.
    steps, total_steps : environment steps of all its seeds, so far and in all; those of a checkpoint count as taken.
        None in all where it only measures.
    seconds : how long it has been training.
    """

    label: str
    steps: int
    total_steps: int
    seconds: float

    def words(self) -> str:
        """Return where it stands in one line."""
        if not self.total_steps:
            return self.label
        share = self.steps / self.total_steps
        rate = f", {self.steps / self.seconds:,.0f} steps/s" if self.seconds > 0 and self.steps else ""
        return f"{self.label}: {self.steps:,} of {counted(self.total_steps, 'step')} ({share:.0%}){rate}"


def running_jobs(store: Store) -> list[RunningJob]:
    """Return the jobs that are running in a store, by label.

    A progress file that a killed process left behind is passed over: nobody holds the locks of its runs any more.
    """
    found = []
    for path in sorted(store.path("progress").glob("*.json")):
        job = _job(path, store)
        if job is not None:
            found.append(job)
    return sorted(found, key=lambda job: job.label)


def _job(path: Path, store: Store) -> RunningJob | None:
    try:
        said = read_json(path)
        run_id, n_seeds = str(said["run_id"]), int(said["n_seeds"])
        job = RunningJob(
            label=str(said["label"]),
            steps=min(int(said["steps"]), int(said["total_steps"])) * n_seeds,
            total_steps=int(said["total_steps"]) * n_seeds,
            seconds=float(said["seconds"]),
        )
        return job if is_held(store.lock_path(run_id)) else None
    except (OSError, KeyError, TypeError, ValueError):
        return None  # ended just now, half written by another version, or no progress file
