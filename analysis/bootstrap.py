"""Bootstrap intervals: BCa for one sample, and resampling within strata for aggregates over tasks.

A bootstrap of very few units knows very few values: under five units no interval is given unless the caller lowers
`min_units`, and the reason says so. `statistics.student_t` has no such limit for means.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
import numpy.typing as npt
from scipy import special

from nashlens.analysis.results import Array, read_only
from nashlens.analysis.statistics import Intervals, check_level, checked_units, missing_reasons

MIN_UNITS = 5
_CHUNK = 4_000_000


class Statistic(Protocol):
    """What is estimated: a function of an array that removes one axis."""

    def __call__(self, values: Array, *, axis: int) -> Array:
        """Return the statistic along `axis`."""
        ...


def mean(values: Array, *, axis: int) -> Array:
    """Return the mean along one axis."""
    averaged: Array = np.asarray(values.mean(axis=axis))
    return averaged


def bca_bootstrap(
    values: npt.ArrayLike,
    *,
    statistic: Statistic = mean,
    level: float = 0.95,
    n_resamples: int = 2000,
    min_units: int = MIN_UNITS,
    unit: str = "seed",
    metric: str = "mean",
    higher_is_better: bool | None = None,
    rng: np.random.Generator,
) -> Intervals:
    """Statistic over the first axis with a bias-corrected and accelerated bootstrap interval, for every column.

    Percentiles of the resampled statistics are read at levels that are shifted by the bias ``z_0``, the normal quantile
    of the share of resamples below the estimate, and stretched by the acceleration ``a``, the skewness of the
    leave-one-out estimates over 6.

    Parameters
    ----------
    values : ``[S, …]``; one row a unit. All columns are resampled by the same draws of units.
    statistic : what is estimated; the mean if left out.
    level : confidence level of each interval.
    n_resamples : bootstrap draws.
    min_units : fewer units than this have no interval, at least 2.
    unit, metric, higher_is_better : carried into the result.
    rng : source of the draws.

    Returns
    -------
    Intervals of shape ``[…]``; no interval but a reason for too few units, a value that is not finite, or an estimate
    outside all of its resamples. Units that are all equal have an interval of no width.

    Raises
    ------
    ValueError : `values` has no axis of units, or `level`, `n_resamples` or `min_units` is out of range.
    """
    rows = checked_units(values)
    check_level(level)
    check_resamples(n_resamples)
    if min_units < 2:
        raise ValueError(f"min_units must be at least 2, not {min_units}")
    n, shape = len(rows), rows.shape[1:]
    columns = rows.reshape(n, int(np.prod(shape, dtype=np.int64)))
    reasons = missing_reasons(columns, unit=unit, min_units=min_units)
    with np.errstate(invalid="ignore"):
        points = statistic(columns, axis=0) if n else np.full(columns.shape[1], np.nan)
    low, high = np.full((2, columns.shape[1]), np.nan)
    usable = np.flatnonzero(reasons == "")
    draws = rng.integers(0, n, size=(n_resamples, n)) if len(usable) else np.empty((0, 0), dtype=np.int64)
    step = max(1, _CHUNK // max(1, draws.size))
    for start in range(0, len(usable), step):
        part = usable[start : start + step]
        low[part], high[part] = _bca_ends(columns[:, part], points[part], draws, statistic, level)
    flat = (columns == columns[:1]).all(axis=0) & (reasons == "")
    low, high = np.where(flat, points, low), np.where(flat, points, high)
    outside = (reasons == "") & np.isnan(low)
    reasons = np.where(outside, "the estimate lies outside all of its resamples", reasons)
    return Intervals(
        values=read_only(points.reshape(shape)),
        low=read_only(low.reshape(shape)),
        high=read_only(high.reshape(shape)),
        reasons=reasons.reshape(shape),
        level=level,
        method="bca-bootstrap",
        n=n,
        unit=unit,
        metric=metric,
        higher_is_better=higher_is_better,
    )


def _bca_ends(
    columns: Array, points: Array, draws: npt.NDArray[np.int64], statistic: Statistic, level: float
) -> tuple[Array, Array]:
    """Return the ends ``[M]`` for columns ``[n, M]``; NaN where the bias is not finite."""
    n = len(columns)
    resampled = np.sort(statistic(columns[draws], axis=1), axis=0)
    left_out = np.stack([statistic(np.delete(columns, k, axis=0), axis=0) for k in range(n)])
    below = ((resampled < points).mean(axis=0) + (resampled <= points).mean(axis=0)) / 2
    bias = special.ndtri(below)
    apart = left_out.mean(axis=0) - left_out
    scale = 6 * (apart**2).sum(axis=0) ** 1.5
    acceleration = np.divide((apart**3).sum(axis=0), scale, out=np.zeros_like(scale), where=scale > 0)
    ends = []
    for tail in ((1 - level) / 2, (1 + level) / 2):
        with np.errstate(invalid="ignore"):
            shifted = bias + special.ndtri(tail)
            corrected = special.ndtr(bias + shifted / (1 - acceleration * shifted))
        ends.append(_quantile(resampled, np.where(np.isfinite(bias), corrected, np.nan)))
    return ends[0], ends[1]


def _quantile(ordered: Array, levels: Array) -> Array:
    """Return one linearly interpolated quantile a column of ``[R, M]``; NaN where its level is."""
    position = np.where(np.isnan(levels), 0.0, levels) * (len(ordered) - 1)
    floor = np.floor(position).astype(np.int64)
    ceiling = np.minimum(floor + 1, len(ordered) - 1)
    columns = np.arange(ordered.shape[1])
    between = ordered[floor, columns] + (position - floor) * (ordered[ceiling, columns] - ordered[floor, columns])
    quantiles: Array = np.where(np.isnan(levels), np.nan, between)
    return quantiles


def stratified_resamples(
    statistic: Callable[..., Array], *samples: Array, n_resamples: int, rng: np.random.Generator
) -> Array:
    """Resample runs within each task and return the statistic of each draw.

    Parameters
    ----------
    statistic : takes one ``[R, S, K]`` a sample and returns ``[R, …]``.
    samples : one or more ``[S, K]``, runs by tasks; each sample and each task is resampled on its own.
    n_resamples : R.
    rng : source of the draws.

    Returns
    -------
    ``[R, …]``.
    """
    size = sum(sample.size for sample in samples)
    step = max(1, _CHUNK // max(1, size))
    parts = []
    for start in range(0, n_resamples, step):
        count = min(step, n_resamples - start)
        drawn = [np.take_along_axis(s[None], rng.integers(0, len(s), size=(count, *s.shape)), axis=1) for s in samples]
        parts.append(statistic(*drawn))
    return np.concatenate(parts)


def check_resamples(n_resamples: int) -> None:
    """Raise a ValueError unless there are enough resamples for a percentile to mean something."""
    if n_resamples < 100:
        raise ValueError(f"n_resamples must be at least 100, not {n_resamples}")
