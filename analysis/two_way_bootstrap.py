"""The two-way bootstrap: rows and columns of a table are resampled as a whole, each on its own.

Entries of a cross-play table share the runs of their row and their column. Resampling single entries would pretend
that they do not, and give intervals that are too narrow.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from nashlens.analysis.bootstrap import check_resamples
from nashlens.analysis.results import Array, read_only
from nashlens.analysis.statistics import Intervals, check_level, numbers

MIN_RUNS = 2
_CHUNK = 4_000_000

TableStatistic = Callable[[Array], Array]


def cell_mean(tables: Array) -> Array:
    """Return the mean ``[…]`` of the cells ``[…, A, B]`` that are not NaN; NaN if none is."""
    played = ~np.isnan(tables)
    counts = played.sum(axis=(-2, -1))
    sums = np.where(played, tables, 0.0).sum(axis=(-2, -1))
    means: Array = np.divide(sums, counts, out=np.full(np.shape(sums), np.nan), where=counts > 0)
    return means


def two_way_bootstrap(
    table: npt.ArrayLike,
    statistic: TableStatistic,
    *,
    level: float = 0.95,
    n_resamples: int = 2000,
    metric: str = "mean",
    higher_is_better: bool | None = None,
    rng: np.random.Generator,
) -> Intervals:
    """Statistic of a table with a percentile interval over resampled rows and columns.

    Parameters
    ----------
    table : ``[A, B]``; NaN where a cell is empty.
    statistic : takes ``[…, A, B]`` and returns ``[…]``.
    level : confidence level.
    n_resamples : bootstrap draws.
    metric, higher_is_better : carried into the result.
    rng : source of the draws.

    Returns
    -------
    Intervals of shape ``()``, with n the smaller number of runs. One run has a value and no interval, but a reason.
    Draws in which the statistic is not defined are left out; if that are more than half, there is no interval.

    Raises
    ------
    ValueError : `table` is no matrix, or `level` or `n_resamples` is out of range.

    Notes
    -----
    With R runs on a side the bootstrap's variance is too small by (R − 1)/R of that side's part, and too large by that
    of single cells. At nominal .95 it covered the mean of a square table with effects of rows, of columns and of pairs
    in .87 (three runs), .88 (five) and .94 (ten and fifteen) of 400 draws. Where rows and columns are the same runs, a
    resample would put self-play off the diagonal; see `self_play` for that case.
    """
    cells = numbers(table, name="table")
    if cells.ndim != 2 or cells.size == 0 or np.isinf(cells).any():
        raise ValueError(f"table must be [A, B] of finite numbers, or NaN for empty cells; its shape is {cells.shape}")
    check_level(level)
    check_resamples(n_resamples)
    n_rows, n_columns = cells.shape
    n = min(n_rows, n_columns)
    value = float(statistic(cells))
    low = high = float("nan")
    reason = _why_missing(cells, value, n)
    if not reason:
        drawn = _resampled(cells, statistic, n_resamples=n_resamples, rng=rng)
        defined = drawn[~np.isnan(drawn)]
        if 2 * len(defined) < n_resamples:
            reason = f"the statistic is defined in {len(defined)} of {n_resamples} resamples only"
        else:
            low, high = (float(q) for q in np.quantile(defined, [(1 - level) / 2, (1 + level) / 2]))
    return Intervals(
        values=read_only(value),
        low=read_only(low),
        high=read_only(high),
        reasons=np.array(reason),
        level=level,
        method="two-way-bootstrap",
        n=n,
        unit="run",
        metric=metric,
        higher_is_better=higher_is_better,
    )


def _why_missing(cells: Array, value: float, n: int) -> str:
    n_empty = int(np.isnan(cells).sum())
    if np.isnan(value):
        return f"the statistic is not defined; {n_empty} of {cells.size} cells are empty"
    return f"n = {n} run; an interval needs at least {MIN_RUNS} on both sides" if n < MIN_RUNS else ""


def _resampled(cells: Array, statistic: TableStatistic, *, n_resamples: int, rng: np.random.Generator) -> Array:
    n_rows, n_columns = cells.shape
    rows = rng.integers(0, n_rows, size=(n_resamples, n_rows))
    columns = rng.integers(0, n_columns, size=(n_resamples, n_columns))
    step = max(1, _CHUNK // cells.size)
    parts = [
        statistic(cells[rows[k : k + step, :, None], columns[k : k + step, None, :]])
        for k in range(0, n_resamples, step)
    ]
    return np.concatenate(parts)
