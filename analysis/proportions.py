"""Intervals for proportions of independent trials."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

from nashlens.analysis.results import read_only
from nashlens.analysis.statistics import Intervals, check_level, numbers


def wilson(
    successes: npt.ArrayLike,
    trials: int,
    *,
    level: float = 0.95,
    unit: str = "episode",
    metric: str = "proportion",
    higher_is_better: bool | None = None,
) -> Intervals:
    """Proportion with Wilson's score interval, for every count.

    The interval holds the p for which the score test does not reject: ``|p̂ − p| ≤ z √(p (1 − p) / n)``. It stays
    inside [0, 1] and keeps its level near 0 and 1, where the normal interval has no width.

    Parameters
    ----------
    successes : ``[…]`` whole numbers from 0 to `trials`.
    trials : n, independent trials behind each count.
    level, unit, metric, higher_is_better : as in `statistics.student_t`.

    Returns
    -------
    Intervals of shape ``[…]``; without a trial there are a reason and no value.

    Raises
    ------
    ValueError : a count is not a whole number from 0 to `trials`, `trials` is negative, or `level` is out of range.

    Notes
    -----
    The trials must be independent. Episodes of a few seeds are not: average each seed's and use `statistics.student_t`.
    """
    check_level(level)
    counts = numbers(successes, name="successes")
    if trials < 0:
        raise ValueError(f"trials must be at least 0, not {trials}")
    if not ((counts >= 0) & (counts <= trials) & (counts == np.floor(counts))).all():
        raise ValueError(f"successes must be whole numbers from 0 to {trials}, not {counts.tolist()}")
    z = float(special.ndtri((1 + level) / 2))
    if trials == 0:
        proportions = centre = half = np.full(counts.shape, np.nan)
    else:
        proportions = counts / trials
        centre = (proportions + z**2 / (2 * trials)) / (1 + z**2 / trials)
        spread = proportions * (1 - proportions) / trials + z**2 / (4 * trials**2)
        half = z * np.sqrt(spread) / (1 + z**2 / trials)
    return Intervals(
        values=read_only(proportions),
        low=read_only(np.where(counts == 0, 0.0, centre - half) if trials else half),
        high=read_only(np.where(counts == trials, 1.0, centre + half) if trials else half),
        reasons=np.full(counts.shape, "" if trials else f"there is no {unit}"),
        level=level,
        method="wilson",
        n=trials,
        unit=unit,
        metric=metric,
        higher_is_better=higher_is_better,
    )
