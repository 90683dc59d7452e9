"""How long the cells of a suite will take, from training each of them for a moment on this machine.

An estimate: the processor time of a few updates, of one seed and of three together, each with the environment steps
between two updates, stretched over all steps. What else the machine does slows updates down and never speeds them up,
so that the quickest of a few tries is taken. Steps before the first update are counted as if updates were made in
them; measuring, snapshots and what else the machine has to do are not counted.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from nashlens.games import make
from nashlens.reports.exact_settings import exact_rules
from nashlens.reports.packing import CellCost
from nashlens.reports.run_spec import RunSpec
from nashlens.reports.training_call import train_seeds

START_UPDATES = 2
MORE_UPDATES = 6
REPEATS = 2
PACK = 3
WORKER_START_SECONDS = 3.0  # until a worker process has imported what it needs; measured


def calibrate(run: RunSpec, *, n_seeds: int) -> CellCost:
    """Train a moment of a cell and return what all of it will cost.

    Parameters
    ----------
    run : one of its runs.
    n_seeds : how many it has; of one seed, `CellCost.more` is as much as itself.
    """
    interval = update_interval(run)
    n_intervals = run.steps / interval
    _seconds_per_interval(run, interval, seeds=range(1), repeats=1)  # what is paid once a process is paid here
    alone = _seconds_per_interval(run, interval, seeds=range(1))
    if n_seeds == 1:
        return CellCost(alone=n_intervals * alone, more=n_intervals * alone)
    pack = min(PACK, n_seeds)
    together = _seconds_per_interval(run, interval, seeds=range(pack))
    more = max(0.0, (together - alone) / (pack - 1))
    return CellCost(alone=n_intervals * alone, more=n_intervals * more)


def update_interval(run: RunSpec) -> int:
    """Return the environment steps of one seed from one update to the next."""
    if exact_rules(run.algorithm):
        return 1
    rollout = next(iter(run.algorithm.values()))["rollout"]
    if "horizons_per_update" in rollout:
        horizon = make(run.game, **run.parameters).spec.horizon
        return int(rollout["horizons_per_update"]) * horizon * int(rollout["n_envs"])
    return max(int(rollout["update_every_steps"]), int(rollout["n_envs"]))


def _seconds_per_interval(run: RunSpec, interval: int, *, seeds: Sequence[int], repeats: int = REPEATS) -> float:
    """Return what a longer training takes more than a shorter one, each the quickest of a few, over its intervals."""
    brief = replace(run, algorithm=_updating_at_once(run.algorithm, interval), snapshots=2, evaluation_episodes=0)
    first, both = (
        min(_seconds(replace(brief, steps=interval * n), seeds) for _ in range(repeats))
        for n in (START_UPDATES, START_UPDATES + MORE_UPDATES)
    )
    return max(both - first, both / 10) / MORE_UPDATES


def _updating_at_once(algorithm: Mapping[str, Mapping[str, Any]], interval: int) -> dict[str, dict[str, Any]]:
    """Return settings whose first update is due after one interval, and whose replay holds no more than is needed."""
    changed = {}
    for side, settings in algorithm.items():
        rollout = dict(settings.get("rollout", {}))
        if "warmup_steps" in rollout:
            rollout["warmup_steps"] = interval
        changed[side] = {**settings, "rollout": rollout} if rollout else dict(settings)
    return changed


def _seconds(run: RunSpec, seeds: Sequence[int]) -> float:
    began = time.process_time()  # one thread trains; on the clock, others' work on the machine would count too
    train_seeds(run, seeds)
    return time.process_time() - began
