"""Whether a deviator was trained for long enough: what it gains as a function of its budget.

A lower bound that still rises with the budget says that more would be found. The curve shows it: a bound is called
saturated only if the last doubling of the budget added no more than a tenth to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.analysis.statistics import Intervals, numbers, student_t


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BudgetCurve:
    """Gain of a trained deviator at rising budgets.

    Attributes
    ----------
    budgets : ``[B]``, rising; environment steps.
    gains : ``[B]`` with intervals; payoff units.
    last_doubling : what the last doubling added, as a share of the gain before it; infinite if there was none before
        and is one now, 0 if there is still none; NaN if a gain is missing.
    tolerance : the share up to which a bound counts as saturated.
    selected : True if the curve shows validation episodes that chose its points: then it is biased upwards.
    """

    budgets: Array
    gains: Intervals
    last_doubling: float
    tolerance: float
    selected: bool
    bound: Bound = "lower"
    references: tuple[str, ...] = ()

    @property
    def is_saturated(self) -> bool:
        """Whether the last doubling of the budget added no more than `tolerance`; False if that is not known."""
        return bool(self.last_doubling <= self.tolerance)

    def to_records(self) -> list[Record]:
        """Return one row a budget."""
        note = {"saturated": self.is_saturated, "last_doubling": self.last_doubling, "selected": self.selected}
        rows: list[Record] = []
        for k, budget in enumerate(self.budgets):
            entry = self.gains.at(k)
            row = {name: getattr(entry, name) for name in ("value", "low", "high", "level", "method", "n", "unit")}
            about = {"bound": self.bound, "reason": entry.reason}
            rows.append({"metric": "budget_curve", "budget": float(budget), **row, **about, **note})
        return rows


def budget_curve(
    budgets: npt.ArrayLike, gains: npt.ArrayLike, *, unit: str = "seed", tolerance: float = 0.1, level: float = 0.95
) -> BudgetCurve:
    """Gains at rising budgets, on episodes that chose nothing, and whether the last doubling still mattered.

    Parameters
    ----------
    budgets : ``[B]``, rising, above 0; the last at least twice the first. The doubling is measured from the largest
        that is at most half of the last.
    gains : ``[S, B]``; gain of each seed (or of each paired test episode) at each budget.
    unit : what a row is.
    tolerance : share of the gain at half the budget.
    level : confidence level of the intervals.

    Raises
    ------
    ValueError : shapes do not fit, budgets do not rise or never double, or an option is out of range.
    """
    steps, rows = numbers(budgets, name="budgets"), numbers(gains, name="gains")
    if (
        steps.ndim != 1
        or len(steps) < 2
        or not (np.isfinite(steps).all() and steps[0] > 0 and (np.diff(steps) > 0).all())
    ):
        raise ValueError(f"budgets must be two or more rising numbers above 0, not {steps.tolist()}")
    if 2 * steps[0] > steps[-1]:
        raise ValueError(f"budgets must double at least once, not run from {steps[0]} to {steps[-1]}")
    if rows.ndim != 2 or rows.shape[1] != len(steps):
        raise ValueError(f"gains must be [S, B] for {len(steps)} budgets, not shape {rows.shape}")
    return _curve(steps, student_t(rows, level=level, unit=unit, metric="gain"), tolerance, selected=False)


def validation_curve(
    validation_returns: npt.ArrayLike, original_return: float, *, n_steps: int, tolerance: float = 0.1
) -> BudgetCurve:
    """Best gain over restarts and snapshots so far, as a function of the training steps.

    Parameters
    ----------
    validation_returns : ``[R, T]``; mean return of R restarts at T snapshots, equally spaced from step 0; NaN after a
        failure.
    original_return : of the original policies in the same validation episodes.
    n_steps : environment steps of each restart, at the last snapshot.
    tolerance : as in `budget_curve`.

    Returns
    -------
    BudgetCurve without intervals: these episodes chose the points, so that the curve is biased upwards. It serves the
    saturation flag and no other number; its `bound` is ``estimate``.

    Raises
    ------
    ValueError : the shape does not fit, nothing is finite, or `n_steps` or `tolerance` is out of range.
    """
    table = numbers(validation_returns, name="validation_returns")
    if table.ndim != 2 or table.shape[0] < 1 or table.shape[1] < 3 or np.isnan(table).all():
        raise ValueError(f"validation_returns must be [R, T] with 3 snapshots or more, not shape {table.shape}")
    if n_steps < 1:
        raise ValueError(f"n_steps must be at least 1, not {n_steps}")
    if not np.isfinite(original_return):
        raise ValueError(f"original_return must be finite, not {original_return}")
    best = np.maximum.accumulate(np.where(np.isnan(table), -np.inf, table).max(axis=0))
    best = np.where(np.isfinite(best), best, np.nan) - original_return
    points = student_t(best[None, 1:], unit="restart choice", metric="gain")
    steps = np.arange(1, table.shape[1]) / (table.shape[1] - 1) * n_steps
    return _curve(steps, points, tolerance, selected=True)


def _curve(steps: Array, gains: Intervals, tolerance: float, *, selected: bool) -> BudgetCurve:
    if not (np.isfinite(tolerance) and tolerance >= 0):
        raise ValueError(f"tolerance must be finite and at least 0, not {tolerance}")
    half = int(np.flatnonzero(2 * steps <= steps[-1] * (1 + 1e-12))[-1])
    before, after = float(gains.values[half]), float(gains.values[-1])
    if np.isnan(before) or np.isnan(after):
        added = np.nan
    elif before > 0:
        added = (after - before) / before
    else:
        added = np.inf if after > 0 else 0.0
    return BudgetCurve(
        budgets=read_only(steps),
        gains=gains,
        last_doubling=added,
        tolerance=tolerance,
        selected=selected,
        bound="estimate" if selected else "lower",
    )
