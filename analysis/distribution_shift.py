"""On and off distribution: a divergence on a buffer's observations against that on fresh ones.

A model is fitted where the buffer has data and used where the policies go. The mean divergence on fresh observations is
that on the buffer's plus a shift, with an interval that resamples whole episodes on both sides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from nashlens.analysis.bootstrap import MIN_UNITS, check_resamples
from nashlens.analysis.clusters import cluster_totals, clustered_mean, resampled_totals
from nashlens.analysis.ledgers import Ledger
from nashlens.analysis.results import Array, Bound, Estimate, Record
from nashlens.analysis.statistics import check_level, checked_row


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionShift:
    """A mean over fresh observations, as a mean over the buffer's plus a shift.

    Attributes
    ----------
    fresh, buffer : means over each set of observations, with their intervals.
    shift : fresh less buffer, with its interval.
    """

    fresh: Estimate
    buffer: Estimate
    shift: Estimate
    bound: Bound = "estimate"
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return one row each for the two means and the shift."""
        fields = ("value", "low", "high", "level", "method", "n", "unit", "bound", "reason")
        return [
            {"metric": f"distribution_shift_{name}", **{key: getattr(getattr(self, name), key) for key in fields}}
            for name in ("fresh", "buffer", "shift")
        ]


def distribution_shift(
    fresh: npt.ArrayLike,
    buffer: npt.ArrayLike,
    *,
    fresh_episodes: npt.ArrayLike | None = None,
    buffer_episodes: npt.ArrayLike | None = None,
    level: float = 0.95,
    n_resamples: int = 2000,
    rng: np.random.Generator,
) -> DistributionShift:
    """Difference of a divergence's means between fresh observations and a buffer's.

    ``E_fresh KL = E_buffer KL + shift``; the interval of the shift is the percentile interval of independent
    bootstraps of whole episodes.

    Parameters
    ----------
    fresh, buffer : ``[n]`` and ``[m]``; the divergence at each observation, nats.
    fresh_episodes, buffer_episodes : labels of the episodes; each observation its own if left out.
    level : confidence level.
    n_resamples : bootstrap draws, at least 100.
    rng : source of the draws.

    Returns
    -------
    DistributionShift; without five episodes on both sides, or with a value that is not finite, the shift has no
    interval but a reason.

    Raises
    ------
    ValueError : an array is no row of numbers, labels do not fit, or `level` or `n_resamples` is out of range.
    """
    check_level(level)
    check_resamples(n_resamples)
    sides: Mapping[str, tuple[Array, npt.ArrayLike | None]] = {
        "fresh": (checked_row(fresh, name="fresh"), fresh_episodes),
        "buffer": (checked_row(buffer, name="buffer"), buffer_episodes),
    }
    means = {name: clustered_mean(row, clusters=labels, level=level) for name, (row, labels) in sides.items()}
    n = min(estimate.n for estimate in means.values())
    reason = next((f"{name}: {e.reason}" for name, e in means.items() if e.reason and e.n != 1), "")
    if not reason and n < MIN_UNITS:
        reason = f"n = {n} episodes on one side; an interval needs at least {MIN_UNITS}"
    low = high = np.nan
    if not reason:
        drawn = []
        for row, labels in sides.values():
            sums, sizes = cluster_totals(row, labels)
            totals = resampled_totals(np.stack([sums, sizes], axis=1), n_resamples=n_resamples, rng=rng)
            drawn.append(totals[:, 0] / totals[:, 1])
        low, high = np.quantile(drawn[0] - drawn[1], [(1 - level) / 2, (1 + level) / 2])
    with np.errstate(invalid="ignore"):
        value = float(np.float64(means["fresh"].value) - means["buffer"].value)
    shift = replace(
        means["fresh"], value=value, low=float(low), high=float(high), method="cluster bootstrap", n=n, reason=reason
    )
    return DistributionShift(fresh=means["fresh"], buffer=means["buffer"], shift=shift)


def combined_ledger(fresh: npt.ArrayLike, lag: Ledger) -> Ledger:
    """Write the mean divergence on fresh observations as shift plus the lag ledger's means on the buffer's.

    Parameters
    ----------
    fresh : ``[n]``; KL(true‖model) on fresh observations, nats.
    lag : the lag ledger on the buffer's observations.

    Returns
    -------
    Ledger of one entry, with parts ``shift``, ``lag``, ``fit`` and ``interaction``.

    Raises
    ------
    ValueError : `fresh` is no row of numbers or empty, or `lag` is another ledger.
    """
    row = checked_row(fresh, name="fresh")
    if lag.name != "lag_ledger":
        raise ValueError(f"lag must be the result of lag_ledger, not of {lag.name}")
    if not len(row):
        raise ValueError("fresh must hold one observation or more, not none")
    total, there = float(row.mean()), float(lag.total.mean())
    parts = {"shift": np.array([total - there if np.isfinite(total - there) else np.nan])}
    parts |= {name: np.array([float(values.mean())]) for name, values in lag.parts.items()}
    return Ledger(
        name="combined_ledger",
        total=np.array([total if np.isfinite(there) else np.inf]),
        parts=parts,
        floor=lag.floor,
        clipped=lag.clipped,
    )
