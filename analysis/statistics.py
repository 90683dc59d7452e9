"""Intervals for means, a whole curve at once.

The unit of replication is the training seed: episodes of one seed are averaged before they come here. `student_t` is
the default for the mean of one task, because it covers at its nominal level from two seeds up when the seeds' means are
normal, where a percentile bootstrap of the mean covers .76 (three seeds) to .93 (twenty) instead of .95.

What is missing stays missing: a column with a value that is not finite has no interval, and a reason instead; nothing
is dropped silently and no mean of nothing is 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from nashlens.analysis.results import Array, Bound, Estimate, Record, read_only

Strings = npt.NDArray[np.str_]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Intervals:
    """Numbers of one kind, each with its interval: the points of a curve, or a single one.

    Attributes
    ----------
    values, low, high : ``[…]``; point estimates and ends of their intervals, NaN where `reasons` says why.
    reasons : ``[…]``; why a value or an interval is missing, empty if nothing is.
    level : pointwise confidence level; over a curve nothing is said about all points together.
    method : how the intervals were made.
    n : units behind every value.
    unit : the unit of replication: ``seed``, ``episode`` or ``observation``.
    metric : what the values are, for `to_records`.
    bound : what the values are to the quantity.
    higher_is_better : the direction of the quantity, None where it has none.
    references : where the method stands.
    """

    values: Array
    low: Array
    high: Array
    reasons: Strings
    level: float
    method: str
    n: int
    unit: str
    metric: str = "mean"
    bound: Bound = "estimate"
    higher_is_better: bool | None = None
    references: tuple[str, ...] = ()

    def at(self, *index: int) -> Estimate:
        """Return one entry as an `Estimate`; without an index, the only one.

        Raises
        ------
        ValueError : `index` does not name one entry.
        """
        if len(index) != self.values.ndim:
            raise ValueError(f"index must have {self.values.ndim} numbers for shape {self.values.shape}, not {index}")
        return Estimate(
            value=float(self.values[index]),
            low=float(self.low[index]),
            high=float(self.high[index]),
            level=self.level,
            method=self.method,
            n=self.n,
            unit=self.unit,
            bound=self.bound,
            higher_is_better=self.higher_is_better,
            reason=str(self.reasons[index]),
        )

    def to_records(self) -> list[Record]:
        """Return one row an entry, with its index where there is one."""
        rows: list[Record] = []
        for index in np.ndindex(self.values.shape):
            entry = self.at(*index)
            row = {"metric": self.metric, **{f"index_{k}": position for k, position in enumerate(index)}}
            row |= {name: getattr(entry, name) for name in ("value", "low", "high", "level", "method", "n", "unit")}
            rows.append(row | {"bound": entry.bound, "reason": entry.reason})
        return rows


def student_t(
    values: npt.ArrayLike,
    *,
    level: float = 0.95,
    unit: str = "seed",
    metric: str = "mean",
    higher_is_better: bool | None = None,
) -> Intervals:
    """Mean over the first axis with Student's t interval, for every column.

    The interval is ``m ± t_{S−1} s / √S``. It is exact for normal units.

    Parameters
    ----------
    values : ``[S, …]``; one row a unit.
    level : confidence level of each interval.
    unit : what a row is.
    metric, higher_is_better : carried into the result.

    Returns
    -------
    Intervals of shape ``[…]``. Fewer than two units, or a column with a value that is not finite, have no interval
    but a reason; a single unit still has its value.

    Raises
    ------
    ValueError : `values` has no axis of units or is not numeric, or `level` is not inside (0, 1).

    References
    ----------
    Colas, Sigaud, Oudeyer (2018), arXiv:1806.08295.

    Examples
    --------
    >>> student_t([1.0, 2.0, 3.0]).at().value
    2.0
    """
    rows = checked_units(values)
    check_level(level)
    n = len(rows)
    reasons = missing_reasons(rows, unit=unit, min_units=2)
    means = unit_mean(rows)
    half = np.full(means.shape, np.nan)
    if n > 1:
        with np.errstate(invalid="ignore"):
            deviations = rows.std(axis=0, ddof=1)
        half = special.stdtrit(n - 1, (1 + level) / 2) * deviations / np.sqrt(n)
    half = np.where(reasons == "", half, np.nan)
    return Intervals(
        values=read_only(means),
        low=read_only(means - half),
        high=read_only(means + half),
        reasons=reasons,
        level=level,
        method="student-t",
        n=n,
        unit=unit,
        metric=metric,
        higher_is_better=higher_is_better,
        references=("Colas, Sigaud, Oudeyer (2018), arXiv:1806.08295",),
    )


def checked_units(values: npt.ArrayLike, *, name: str = "values") -> Array:
    """Return ``[S, …]`` float64 rows, one a unit, or say what does not fit.

    Raises
    ------
    ValueError : there is no axis of units, or something is not a number.
    """
    rows = numbers(values, name=name)
    if rows.ndim == 0:
        raise ValueError(f"{name} must have an axis of units [S, …], not the single number {float(rows)}")
    return rows


def numbers(values: npt.ArrayLike, *, name: str) -> Array:
    """Return an array of float64, or say what is no number.

    Raises
    ------
    ValueError : the rows differ in length, or the values are text, objects or complex.
    """
    try:
        given: npt.NDArray[Any] = np.asarray(values)
    except ValueError as error:
        raise ValueError(f"{name} must be a full array of numbers ({error})") from error
    if given.dtype.kind not in "biuf":
        raise ValueError(f"{name} must be a full array of numbers, not of {given.dtype}")
    return given.astype(np.float64)


def checked_row(values: npt.ArrayLike, *, name: str) -> Array:
    """Return one row of numbers ``[S]``, one a unit, or say what does not fit.

    Raises
    ------
    ValueError : there is not exactly one axis, or something is not a number.
    """
    row = checked_units(values, name=name)
    if row.ndim != 1:
        raise ValueError(f"{name} must be one row of numbers [S], not shape {row.shape}")
    return row


def check_level(level: float) -> None:
    """Raise a ValueError unless a confidence level lies inside (0, 1)."""
    if not 0 < level < 1:
        raise ValueError(f"level must be inside (0, 1), such as 0.95, not {level}")


def unit_mean(rows: Array) -> Array:
    """Return the mean ``[…]`` over units ``[S, …]``; NaN if there is no unit."""
    if not len(rows):
        return np.full(rows.shape[1:], np.nan)
    with np.errstate(invalid="ignore"):
        means: Array = np.asarray(rows.mean(axis=0), dtype=np.float64)
    return means


def missing_reasons(rows: Array, *, unit: str, min_units: int) -> Strings:
    """Return for every column of ``[S, …]`` why it can have no interval; empty where it can."""
    n = len(rows)
    if n < min_units:
        few = f"an interval needs at least {min_units}"
        return np.full(rows.shape[1:], f"there is no {unit}" if n == 0 else f"n = {n} {unit}{'s' * (n > 1)}; {few}")
    n_bad = (~np.isfinite(rows)).sum(axis=0)
    reasons = [f"{bad} of {n} {unit}s have no finite value" if bad else "" for bad in n_bad.ravel()]
    return np.array(reasons, dtype=np.str_).reshape(n_bad.shape)
