"""The mean of what each agent played over a run: of all rounds where the run kept it, of the snapshots elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nashlens.games import Profile

if TYPE_CHECKING:
    from nashlens.agents.training_run import TrainingRun


def kept_averages(run: TrainingRun) -> Profile | None:
    """Return each agent's mean strategy ``[T, A_i]`` over all rounds until each snapshot; None where it is not kept.

    Learners that know the payoffs play a new strategy in every round and keep the mean of them all. Of the others only
    the snapshots are known, whose mean depends on how they are spaced.
    """
    from nashlens.agents.strategy_snapshots import StrategySnapshots

    kept = [actor.averages for actor in run.actors if isinstance(actor, StrategySnapshots)]
    return Profile(kept) if len(kept) == len(run.actors) else None


def time_average(strategies: Profile, *, first: int = 0) -> Profile:
    """Return the running mean over snapshots, each agent's strategies by themselves.

    Parameters
    ----------
    strategies : ``[T, A_i]``.
    first : the snapshot that the mean begins with; the ones before it stay as they are.

    Raises
    ------
    ValueError : `first` is not one of the T snapshots.
    """
    n_snapshots = strategies.batch_shape[0]
    if not 0 <= first < n_snapshots:
        raise ValueError(f"first must be one of the {n_snapshots} snapshots, from 0, not {first}")
    averages = []
    for strategy in strategies:
        mean = strategy.copy()
        counts = np.arange(1, n_snapshots - first + 1)[:, None]
        mean[first:] = np.cumsum(strategy[first:], axis=0) / counts
        averages.append(mean / mean.sum(axis=1, keepdims=True))
    return Profile(averages)
