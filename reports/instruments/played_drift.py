"""How far policies moved to one who sees only what was played: counts of actions, beside what shuffling them gives."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from nashlens.analysis.noise_floor import sampled_policy_drift
from nashlens.games.core import IntArray
from nashlens.games.randomness import child
from nashlens.reports.instruments.replayed_transitions import NAME, Replayed
from nashlens.reports.measure_rows import Row, row

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

N_SHUFFLES = 199


def played_drift_rows(run: TrainingRun, held: Replayed) -> Iterator[Row]:
    """Yield the drift of each agent's actions from interval to interval of a replay, its noise floor and p-value.

    Parameters
    ----------
    run : whose replay.
    held : its transitions; intervals that share no observation have no row.
    """
    present = np.unique(held.intervals)
    for i, agent in enumerate(run.spec.agents):
        counts = _counts(held, i)
        for old, new in pairwise(present):
            both = (counts[old].sum(axis=1) > 0) & (counts[new].sum(axis=1) > 0)
            if not both.any():
                continue
            found = sampled_policy_drift(
                counts[new][both],
                counts[old][both],
                n_permutations=N_SHUFFLES,
                rng=child(run.seed, NAME, "played", i, int(new)),
            )
            for name, value in (("drift", found.tv), ("floor", found.floor), ("p", found.p)):
                yield row(
                    f"rs_played_{name}",
                    value,
                    agent=agent,
                    step=run.snapshot_steps[new],
                    bound=found.bound if name == "drift" else "estimate",
                    unit="observation",
                    n=found.n_probes,
                )


def _counts(held: Replayed, agent: int) -> IntArray:
    """Return ``[T, P, K]``; how often each of K actions followed each of P observations in each interval."""
    seen = np.unique(held.observations[agent], axis=0, return_inverse=True)[1].reshape(-1)
    done = np.unique(held.actions[agent], axis=0, return_inverse=True)[1].reshape(-1)
    table = np.zeros((int(held.intervals.max()) + 1, int(seen.max()) + 1, int(done.max()) + 1), dtype=np.int64)
    np.add.at(table, (held.intervals, seen, done), 1)
    return table
