"""One number a seed, and its mean over seeds with an interval: what chapters of instruments say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from nashlens.analysis.results import Estimate
from nashlens.analysis.statistics import student_t
from nashlens.reports.estimates import LEVEL, MIN_SEEDS, few_seeds
from nashlens.reports.quantities import Quantity
from nashlens.reports.words import counted, listed


def seed_means(frame: pd.DataFrame, metrics: str | Sequence[str], **where: str) -> pd.Series:
    """Return one number a seed: the mean over steps and agents of a metric, or of several together.

    Parameters
    ----------
    frame : tidy.
    metrics : which.
    where : the value of other columns, such as ``game`` and ``algorithm``.
    """
    names = [metrics] if isinstance(metrics, str) else list(metrics)
    chosen = frame[frame["metric"].isin(names)]
    for column, value in where.items():
        chosen = chosen[chosen[column] == value]
    return chosen.groupby("seed")["value"].mean() if len(chosen) else pd.Series(dtype=np.float64)


def seed_halves(frame: pd.DataFrame, metric: str, **where: str) -> tuple[pd.Series, pd.Series]:
    """Return one number a seed for the first half of the steps and one for the second, the middle being of the first.

    Parameters
    ----------
    frame, metric, where : as for `seed_means`.
    """
    chosen = frame[frame["metric"] == metric]
    for column, value in where.items():
        chosen = chosen[chosen[column] == value]
    steps = np.sort(chosen["step"].unique())
    middle = steps[(len(steps) - 1) // 2] if len(steps) else 0
    return seed_means(chosen[chosen["step"] <= middle], metric), seed_means(chosen[chosen["step"] > middle], metric)


def seed_counts(frame: pd.DataFrame) -> str:
    """Say on how many seeds of its algorithms a frame rests, and what follows where they are few.

    Parameters
    ----------
    frame : tidy, of one game.

    Examples
    --------
    >>> seed_counts(pd.DataFrame({"algorithm": ["a", "b", "b"], "seed": [0, 0, 1]}))
    'n = 1 and 2 seeds, fewer than 5 have no interval'
    """
    counts = sorted({int(n) for n in frame.groupby("algorithm")["seed"].nunique()})
    few = f", fewer than {MIN_SEEDS} have no interval" if counts[0] < MIN_SEEDS else ""
    return f"n = {listed([*map(str, counts[:-1]), counted(counts[-1], 'seed')])}{few}"


def seed_estimate(
    values: pd.Series | Sequence[float],
    *,
    least: float | None = None,
    most: float | None = None,
    higher_is_better: bool | None = None,
) -> Estimate:
    """Return the mean over seeds with Student's t interval; fewer than `MIN_SEEDS` have none, and a reason instead.

    Parameters
    ----------
    values : one number a seed; seeds without a finite one leave no interval.
    least, most : what the quantity cannot be below and above, to which the interval is cut.
    higher_is_better : the direction of the quantity, None where it has none.
    """
    numbers = np.asarray(values, dtype=np.float64)
    if not len(numbers):
        return Estimate(
            value=np.nan, low=np.nan, high=np.nan, level=LEVEL, method="student-t", n=0, unit="seed", reason="no seed"
        )
    found = student_t(numbers, level=LEVEL, higher_is_better=higher_is_better).at()
    if found.n < MIN_SEEDS:
        return replace(found, low=np.nan, high=np.nan, reason=few_seeds(found.n))
    floor, ceiling = -np.inf if least is None else least, np.inf if most is None else most
    return replace(found, low=_within(found.low, floor, ceiling), high=_within(found.high, floor, ceiling))


def known_estimate(values: pd.Series, what: Quantity) -> Estimate:
    """Return the estimate of a quantity, cut to what it can be; without a number it says why there is none.

    Parameters
    ----------
    values : one number a seed.
    what : the quantity.
    """
    found = seed_estimate(values, least=what.least, most=what.ceiling, higher_is_better=what.higher_is_better)
    if np.isnan(found.value) and found.n and what.missing:
        return replace(found, reason=f"{found.reason}: {what.missing}")
    return found


def _within(value: float, low: float, high: float) -> float:
    return value if np.isnan(value) else min(max(value, low), high)
