"""Which jobs a suite still needs: its missing seeds in packs, the costliest first."""

from __future__ import annotations

from nashlens.reports.checkpoint_file import packs
from nashlens.reports.pack_costs import cell_costs
from nashlens.reports.packing import pack_counts
from nashlens.reports.store import Store
from nashlens.reports.suite import Cell, Suite
from nashlens.reports.training_job import Job, is_stored

LONG_RUN = 50_000
CHECKPOINTS_OF_A_LONG_RUN = 10


def plan(suite: Suite, store: Store, *, workers: int = 1, command: tuple[str, ...] = ()) -> list[Job]:
    """Return the jobs that a suite still needs, the costliest first.

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
                label=f"{cell.game} · {cell.algorithm} · {len(pack)} seed{'s' * (len(pack) != 1)}",
                runs=tuple(cell.runs[0].with_seed(seed) for seed in pack),
                checkpoint_every_steps=suite.config.checkpoint_every_steps or _checkpoint_steps(cell),
                command=command,
                metrics=cell.metrics,
            )
            jobs.append((cost.seconds(len(pack)), job))
    return [job for _, job in sorted(jobs, key=lambda each: -each[0])]


def missing_seeds(cell: Cell, store: Store) -> list[int]:
    """Return the seeds of a cell that are not stored as done, or whose files are damaged."""
    return [run.seed for run in cell.runs if not is_stored(store, run)]


def _checkpoint_steps(cell: Cell) -> int | None:
    steps = cell.runs[0].steps
    return steps // CHECKPOINTS_OF_A_LONG_RUN if steps >= LONG_RUN else None
