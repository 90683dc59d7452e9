"""Jackknife intervals: the spread of a smooth statistic from its values with one unit left out.

For statistics that no average is, such as ratios of variances: with ``θ_−m`` the statistic without unit m, the standard
error is ``√((n − 1)/n Σ (θ_−m − θ̄)²)``, and the interval Student's about the estimate.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

from nashlens.analysis.results import Array, read_only
from nashlens.analysis.statistics import Intervals, check_level


def jackknife(
    values: Array,
    left_out: Array,
    *,
    within: npt.ArrayLike | None = None,
    level: float = 0.95,
    unit: str = "episode",
    metric: str = "mean",
    higher_is_better: bool | None = None,
    reason: str = "",
) -> Intervals:
    """Interval of each statistic from its values without each unit.

    Parameters
    ----------
    values : ``[…]``; the statistics of all n units.
    left_out : ``[n, …]``; the same without one unit.
    within : ``[…]``; what the units' own errors alone leave open of each statistic, as a standard error: no smaller one
        is used (see `random_effects`). Left out, or NaN anywhere, there is no such floor, and `method` says so.
    level : confidence level of each interval.
    unit, metric, higher_is_better : carried into the result.
    reason : why there can be no interval, if there can be none.

    Returns
    -------
    Intervals of shape ``[…]``. A statistic that is not finite, without some unit, has no interval but a reason.

    Raises
    ------
    ValueError : the shapes do not fit, or `level` is not inside (0, 1).

    Notes
    -----
    Consistent for smooth statistics of independent units; not for quantiles, extremes or ranks.
    """
    check_level(level)
    points = np.asarray(values, dtype=np.float64)
    if left_out.shape[1:] != points.shape or left_out.ndim == 0:
        raise ValueError(f"left_out must have shape [n, *{points.shape}], not {left_out.shape}")
    n = len(left_out)
    if not reason and n < 2:
        reason = f"n = {n} {unit}{'s' * (n != 1)}; an interval needs at least 2"
    usable = np.full(points.shape, not reason)
    if not reason:
        usable = np.isfinite(points) & np.isfinite(left_out).all(axis=0)
    floor = np.broadcast_to(np.asarray(np.nan if within is None else within, dtype=np.float64), points.shape)
    floored = not np.isnan(floor).any()
    half = np.full(points.shape, np.nan)
    if usable.any():
        with np.errstate(invalid="ignore"):
            spread = np.sqrt((n - 1) / n * ((left_out - left_out.mean(axis=0)) ** 2).sum(axis=0))
        spread = np.maximum(spread, floor) if floored else spread
        half = np.where(usable, special.stdtrit(n - 1, (1 + level) / 2) * spread, np.nan)
    why = reason or "the statistic is not finite without some unit"
    return Intervals(
        values=read_only(points),
        low=read_only(points - half),
        high=read_only(points + half),
        reasons=np.where(usable, "", why),
        level=level,
        method="floored jackknife" if floored else "jackknife",
        n=n,
        unit=unit,
        metric=metric,
        higher_is_better=higher_is_better,
    )
