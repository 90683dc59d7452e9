"""Measures of what agents inferred of each other: the divergences that a run kept at every update."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from nashlens.reports.measure_rows import Row, row
from nashlens.reports.quantities import DIVERGENCE, LAST

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

N_WINDOWS = 40
N_LAST = 500


def inference_measures(run: TrainingRun) -> Iterator[Row]:
    """Yield the divergence of inferred from true policies, averaged over windows of updates, and over the last ones.

    Parameters
    ----------
    run : its curves ``kl_…`` are ``[U, N, N]``, entry (i, j) being agent i's model of agent j.

    Notes
    -----
    Updates are cut into at most `N_WINDOWS` windows of equal length; a number stands at the step of its window's last
    update. Pairs without a model have no row. Where the divergences were not recorded at every update, means are over
    those that were, which n counts; where none of the last `N_LAST` updates was recorded, the last record stands alone.
    """
    for name, curve_UNN in run.losses.items():
        if not name.startswith(DIVERGENCE) or not len(curve_UNN):
            continue
        edges = np.unique(np.linspace(0, len(curve_UNN), N_WINDOWS + 1).round().astype(np.int64))
        for i, j in np.argwhere(np.isfinite(curve_UNN).any(axis=0)):
            pair = f"{run.spec.agents[i]} of {run.spec.agents[j]}"
            curve_U = curve_UNN[:, i, j].astype(np.float64)
            for begin, end in pairwise(edges):
                mean, n = _mean(curve_U[begin:end])
                if n:
                    yield row(name, mean, agent=pair, step=run.update_steps[end - 1], unit="update", n=n)
            last = np.flatnonzero(np.isfinite(curve_U))[-1]
            mean, n = _mean(curve_U[min(len(curve_U) - N_LAST, last) if len(curve_U) > N_LAST else 0 :])
            yield row(f"{LAST}{name}", mean, agent=pair, step=run.update_steps[-1], unit="update", n=n)


def _mean(values: np.ndarray[tuple[int], np.dtype[np.float64]]) -> tuple[float, int]:
    kept = values[np.isfinite(values)]
    return (float(kept.mean()), len(kept)) if len(kept) else (float("nan"), 0)
