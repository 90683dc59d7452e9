"""How much memory and disk a run needs, found out before anything runs.

An estimate: memory is that of the learners and their replay, built once at full size; disk is the record of a training
of one round, scaled to all snapshots, episodes and updates. An episode is taken to last as long as it can: games that
end early leave more of them. Minibatches and what measuring needs are not counted.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nashlens.reports.feasibility import algorithms_by_side, n_updates
from nashlens.reports.run_spec import RunSpec
from nashlens.reports.suite import Cell
from nashlens.reports.training_call import train_seeds

if TYPE_CHECKING:
    import numpy.typing as npt

    from nashlens.agents.records import TrainingRun

WORKER_BYTES = 450_000_000  # a worker process before it trains: Python, numerical libraries, the package; measured
SMALL_FILES_BYTES = 50_000  # specification, provenance, settings, status and measures of one run; measured


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSize:
    """What one seed of a cell needs.

    Attributes
    ----------
    memory_bytes : while it trains, beside those of the worker process.
    disk_bytes : of its record.
    """

    memory_bytes: int
    disk_bytes: int


def run_size(run: RunSpec) -> RunSize:
    """Return what a run needs.

    Parameters
    ----------
    run : what is asked for; one that `feasibility.check_trainable` lets through.
    """
    from nashlens.agents import records
    from nashlens.games import make
    from nashlens.reports.exact_settings import exact_rules

    game = make(run.game, **run.parameters)
    spec = game.spec
    trained = _one_round(run)
    arrays, _ = records.pack(trained)
    updates = n_updates(spec, run)
    episodes = -(-run.steps // spec.horizon)
    disk = SMALL_FILES_BYTES + sum(
        _grown(name, array, run, updates=updates, episodes=episodes) for name, array in arrays.items()
    )
    if exact_rules(run.algorithm):
        return RunSize(memory_bytes=disk, disk_bytes=disk)
    from nashlens.agents.footprint import seed_bytes

    held = seed_bytes(game, algorithms_by_side(spec, run), steps=run.steps)
    return RunSize(memory_bytes=held + disk, disk_bytes=disk)


def worker_bytes(size: RunSize, *, n_seeds: int) -> int:
    """Return the memory of a worker that trains so many seeds of a cell together."""
    return WORKER_BYTES + n_seeds * size.memory_bytes


def refusals(cells: Sequence[tuple[Cell, RunSize]], *, memory: int | None = None) -> list[str]:
    """Return a line for each cell of which not even one seed fits into the memory of this machine.

    Parameters
    ----------
    cells : with what one seed of each needs.
    memory : bytes that are free; those of this machine if left out.
    """
    free = free_memory() if memory is None else memory
    return [
        f"{cell.algorithm} in {cell.game}: one seed needs about {in_words(worker_bytes(size, n_seeds=1))} of memory, "
        f"of which {in_words(free)} are free; lower rollout.replay_capacity or steps"
        for cell, size in cells
        if worker_bytes(size, n_seeds=1) > free
    ]


def warnings(
    jobs: Sequence[tuple[int, RunSize]], *, workers: int, out: Path, memory: int | None = None, disk: int | None = None
) -> list[str]:
    """Return a line for each of memory and disk that the jobs of a suite may exhaust.

    Parameters
    ----------
    jobs : number of seeds of each job and what one of them needs.
    workers : jobs that run at once.
    out : folder of the runs, which need not be there yet.
    memory, disk : bytes that are free; those of this machine if left out.
    """
    at_once = sum(sorted((worker_bytes(size, n_seeds=n) for n, size in jobs), reverse=True)[:workers])
    stored = sum(n * size.disk_bytes for n, size in jobs)
    free_now, left = free_memory() if memory is None else memory, free_disk(out) if disk is None else disk
    lines = []
    if at_once > free_now:
        lines.append(
            f"the largest jobs of {workers} workers need about {in_words(at_once)} of memory, of which "
            f"{in_words(free_now)} are free; fewer workers or a lower rollout.replay_capacity need less"
        )
    if stored > left:
        lines.append(f"the runs need about {in_words(stored)} of disk, of which {in_words(left)} are free")
    return lines


def free_memory() -> int:
    """Return the bytes that new processes may use without swapping."""
    try:
        lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
        return next(1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable:"))
    except (OSError, StopIteration, ValueError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def free_disk(folder: Path) -> int:
    """Return the bytes that are free where a folder is or would be made."""
    here = folder.resolve()
    while not here.exists():
        here = here.parent
    return shutil.disk_usage(here).free


def in_words(n_bytes: float) -> str:
    """Return a number of bytes as a reader would write it.

    >>> in_words(950), in_words(1_500_000), in_words(23_400_000_000)
    ('1 kB', '1.5 MB', '23 GB')
    """
    for unit, scale in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6)):
        if n_bytes >= scale:
            return f"{n_bytes / scale:.2g} {unit}" if n_bytes < 99.5 * scale else f"{n_bytes / scale:,.0f} {unit}"
    return f"{max(1, round(n_bytes / 1e3))} kB"


def _one_round(run: RunSpec) -> TrainingRun:
    n_envs = next(iter(run.algorithm.values())).get("rollout", {}).get("n_envs", 1)
    return train_seeds(replace(run, steps=int(n_envs), snapshots=2, evaluation_episodes=0), [run.seed])[0]


def _grown(name: str, array: npt.NDArray[Any], run: RunSpec, *, updates: int, episodes: int) -> int:
    """Return the bytes of an array of a record when the training is over."""
    row = prod(array.shape[1:]) * array.itemsize
    if name.startswith("losses.") or name == "update_steps":
        return row * updates
    if name.startswith("episode_"):
        return row * episodes
    if name in ("snapshot_steps", "evaluation_returns"):
        return row * run.snapshots
    return array.nbytes * run.snapshots // 2
