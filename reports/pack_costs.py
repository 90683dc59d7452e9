"""What seeds of a cell cost alone and together on this machine: measured where much depends on it, and kept.

Whether seeds are best trained together follows from the game, the learner and the processor. A cell is measured if it
is long enough for that to be a small part of it; what was found is kept in the store for each machine.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor, Future
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from statistics import median

from nashlens.reports import atomic
from nashlens.reports.exact_settings import exact_rules
from nashlens.reports.packing import CellCost, assumed_cost
from nashlens.reports.provenance import gather
from nashlens.reports.run_spec import RunSpec
from nashlens.reports.safe_files import StoreError, read_json
from nashlens.reports.store import Store
from nashlens.reports.suite import Cell
from nashlens.reports.training_job import is_stored

VERSION = 1
FOLDER = "packing"
WORTH_MEASURING = 10_000_000
"""Rows of minibatches, all missing seeds counted, from which a cell is measured; they take about 100 s."""


def cell_costs(runs: Sequence[RunSpec], store: Store) -> list[CellCost]:
    """Return what cells cost: as it was measured on this machine, otherwise as `packing.assumed_cost` has it.

    Parameters
    ----------
    runs : one of each cell.
    store : what was measured is kept there.
    """
    kept = list(_kept(runs, store))
    assumed = [assumed_cost(run.steps) for run in runs]
    seconds = median([a.alone / b.alone for a, b in zip(kept, assumed, strict=True) if a is not None] or [1.0])
    return [a if a is not None else b.times(seconds) for a, b in zip(kept, assumed, strict=True)]


def measure_costs(cells: Sequence[Cell], store: Store, *, workers: int, pool: Callable[[int], Executor]) -> int:
    """Measure the long cells of which nothing is kept, and return how many were.

    A cell that cannot be measured is packed as if it had not been tried: training will say what is wrong with it.

    Parameters
    ----------
    cells : some of whose seeds may be missing.
    store : where to keep what is found.
    workers, pool : as for `execution.run_suite`.
    """
    from nashlens.reports.calibration import calibrate

    todo = _worth_measuring(cells, store)
    if not todo:
        return 0
    n_measured, paths = 0, _paths([run for run, _ in todo], store)
    with pool(min(workers, len(todo))) as executor:
        futures: list[Future[CellCost]] = []
        with suppress(Exception):  # a pool that broke takes no more jobs
            futures += (executor.submit(calibrate, run, n_seeds=n_seeds) for run, n_seeds in todo)
        for future, (run, _), path in zip(futures, todo, paths, strict=False):
            with suppress(Exception):  # whatever the training raises, the disk that is full, or the pool that broke
                cost = future.result().times(1 / run.steps)
                store.folder(FOLDER)
                atomic.write_json(path, asdict(cost))
                n_measured += 1
    return n_measured


def _worth_measuring(cells: Sequence[Cell], store: Store) -> list[tuple[RunSpec, int]]:
    """Return a run of each long cell of which nothing is kept, and how many of its seeds are missing."""
    long = [(cell, n_rows(cell.runs[0])) for cell in cells]
    long = [(cell, rows) for cell, rows in long if len(cell.runs) > 1 and len(cell.runs) * rows >= WORTH_MEASURING]
    kept = _kept([cell.runs[0] for cell, _ in long], store)
    found = []
    for (cell, rows), cost in zip(long, kept, strict=True):
        n_missing = 0 if cost is not None else sum(not is_stored(store, run) for run in cell.runs)
        if n_missing > 1 and n_missing * rows >= WORTH_MEASURING:
            found.append((cell.runs[0], n_missing))
    return found


def n_rows(run: RunSpec) -> int:
    """Return how many rows of minibatches one seed of a cell learns from; 0 if it learns from none."""
    from nashlens.reports.calibration import update_interval

    if exact_rules(run.algorithm):
        return 0
    interval = update_interval(run)
    return run.steps // interval * max(int(each.get("batch_size", interval)) for each in run.algorithm.values())


def _kept(runs: Sequence[RunSpec], store: Store) -> Iterator[CellCost | None]:
    for run, path in zip(runs, _paths(runs, store), strict=True):
        try:
            found = read_json(path)
            cost = CellCost(alone=float(found["alone"]), more=float(found["more"]))
        except (FileNotFoundError, StoreError, KeyError, TypeError, ValueError):
            yield None
            continue
        yield cost.times(run.steps) if cost.alone > 0 and cost.more >= 0 else None


def _paths(runs: Sequence[RunSpec], store: Store) -> list[Path]:
    machine = [platform.node(), platform.machine(), os.cpu_count(), dict(gather(()).versions)]
    folder = store.path(FOLDER)
    return [
        folder / f"{atomic.digest(atomic.canonical_json([VERSION, machine, *_content(run)]).encode())}.json"
        for run in runs
    ]


def _content(run: RunSpec) -> tuple[object, ...]:
    return run.game, dict(run.parameters), dict(run.algorithm)
