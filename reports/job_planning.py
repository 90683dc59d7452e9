"""Which jobs a suite still needs: its missing seeds in packs, the costliest first, and what is left to measure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from math import inf

from nashlens.reports import job_measuring
from nashlens.reports.checkpoint_file import packs
from nashlens.reports.job_measuring import unmeasured_by
from nashlens.reports.pack_costs import cell_costs
from nashlens.reports.packing import pack_counts
from nashlens.reports.run_spec import RunSpec
from nashlens.reports.store import Store
from nashlens.reports.suite import Cell, Suite
from nashlens.reports.training_job import Job, JobOutcome, is_stored

LONG_RUN = 50_000
CHECKPOINTS_OF_A_LONG_RUN = 10


def plan(suite: Suite, store: Store, *, workers: int = 1, command: tuple[str, ...] = ()) -> list[Job]:
    """Return the jobs that train what a suite still needs, the costliest first.

    The missing seeds of a cell train together, in as many packs as `packing.pack_counts` finds best; seeds that share a
    checkpoint stay together.

    Parameters
    ----------
    suite : what is asked for.
    store : what is there.
    workers : processes to keep busy.
    command : carried into the jobs.

    Raises
    ------
    ValueError : `workers` is below 1.
    StoreError : a link stands where a run or its checkpoints should.
    """
    missing = [(cell, seeds) for cell in suite.cells if (seeds := missing_seeds(cell, store))]
    costs = cell_costs([cell.runs[0] for cell, _ in missing], store)
    counts = pack_counts([(len(seeds), cost) for (_, seeds), cost in zip(missing, costs, strict=True)], workers=workers)
    jobs: list[tuple[float, Job]] = []
    for (cell, seeds), cost, n_packs in zip(missing, costs, counts, strict=True):
        folder = store.path("checkpoints", cell.cell_id)
        for pack in packs(seeds, folder, n_packs=n_packs):
            job = Job(
                root=str(store.root.resolve()),
                label=_label(cell),
                runs=tuple(cell.runs[0].with_seed(seed) for seed in pack),
                checkpoint_every_steps=suite.config.checkpoint_every_steps or _checkpoint_steps(cell),
                command=command,
                metrics=cell.metrics,
            )
            jobs.append((cost.seconds(len(pack)), job))
    return [job for _, job in sorted(jobs, key=lambda each: -each[0])]


def plan_measuring(
    suite: Suite, store: Store, *, trained: Sequence[Job], workers: int = 1, command: tuple[str, ...] = ()
) -> list[Job]:
    """Return the jobs that measure what of a suite is stored and not measured, as many a cell as there are workers.

    Parameters
    ----------
    suite, store, workers, command : as for `plan`.
    trained : the jobs that `plan` returned; they measure what they train.

    Raises
    ------
    StoreError : a link stands where a run should.
    """
    planned = {run.run_id for job in trained for run in job.runs}
    jobs = []
    for cell in suite.cells:
        stored = [run for run in cell.runs if run.run_id not in planned]
        left = [run for run in stored if unmeasured_by(store, run, cell.metrics)]
        for group in _groups(left, size=-(-len(left) // workers)):
            job = Job(root=str(store.root.resolve()), label=_label(cell), runs=group, command=command)
            jobs.append(replace(job, metrics=cell.metrics, measuring_seconds=inf))
    return jobs


def left_to_measure(job: Job, outcome: JobOutcome, *, workers: int) -> list[Job]:
    """Return the jobs that measure what a job has left.

    Parameters
    ----------
    job, outcome : the job, and what came of it.
    workers : processes to keep busy: as many jobs are made where nobody knows how long a run takes. Otherwise each has
        about as many runs as it will have time for.
    """
    seconds = outcome.measuring_seconds
    share = -(-len(outcome.unmeasured) // workers)
    size = share if seconds == inf else int(job_measuring.MEASURING_SECONDS / max(seconds, 1e-3))
    return [
        replace(job, runs=group, wait=False, measuring_seconds=len(group) * seconds)
        for group in _groups(outcome.unmeasured, size=size)
    ]


def one_by_one(job: Job, store: Store) -> list[Job]:
    """Return the jobs in which to try again what a broken job has left: itself, or one for each run to measure.

    Raises
    ------
    StoreError : a link stands where a run should.
    """
    if len(job.runs) == 1 or not all(is_stored(store, run) for run in job.runs):
        return [job]
    left = [run for run in job.runs if unmeasured_by(store, run, job.metrics)]
    return [replace(job, runs=(run,), measuring_seconds=inf) for run in left]


def missing_seeds(cell: Cell, store: Store) -> list[int]:
    """Return the seeds of a cell that are not stored as done, or whose files are damaged."""
    return [run.seed for run in cell.runs if not is_stored(store, run)]


def _checkpoint_steps(cell: Cell) -> int | None:
    steps = cell.runs[0].steps
    return steps // CHECKPOINTS_OF_A_LONG_RUN if steps >= LONG_RUN else None


def _label(cell: Cell) -> str:
    return f"{cell.game} · {cell.algorithm}"


def _groups(runs: Sequence[RunSpec], *, size: int) -> list[tuple[RunSpec, ...]]:
    size = max(1, size)
    return [tuple(runs[k : k + size]) for k in range(0, len(runs), size)]
