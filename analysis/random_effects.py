"""Means over units that carry known errors of their own: intervals no narrower than these errors allow.

A seed's number is often itself a mean, over episodes, with a standard error that is known. Few such numbers lie close
together by chance now and then, and Student's t, which sees their spread only, then makes far too narrow an interval.
In the model of random effects a number is ``μ`` plus what its unit differs by, of variance τ², plus its own error
``e_i``. With equal weights the variance of the mean is ``(τ² + mean e_i²) / S``, and with the estimate
``τ² = max(0, s² − mean e_i²)`` it is ``max(s², mean e_i²) / S``: Student's where the units differ by more than their
errors, and never less than the errors alone.

References
----------
Hartung, Knapp (2001), Statistics in Medicine 20, 1771–1782. Knapp, Hartung (2003), Statistics in Medicine 22,
2693–2710. Röver, Knapp, Friede (2015), arXiv:1508.01227.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import special

from nashlens.analysis.results import Array, read_only
from nashlens.analysis.statistics import Intervals, checked_units, numbers, student_t

FLOORED = "floored student-t"
# Two sources, parted as reports part them.
KNAPP = "Knapp, Hartung (2003), Statistics in Medicine 22, 2693–2710; Röver, Knapp, Friede (2015), arXiv:1508.01227"


def random_effects_mean(
    values: npt.ArrayLike,
    errors: npt.ArrayLike,
    *,
    level: float = 0.95,
    unit: str = "seed",
    metric: str = "mean",
    higher_is_better: bool | None = None,
) -> Intervals:
    """Mean over the first axis with Student's t interval, floored at what the units' own errors leave open.

    The interval is ``m ± t_{S−1} √(max(s², mean e²) / S)``.

    Parameters
    ----------
    values : ``[S, …]``; one row a unit.
    errors : ``[S, …]``, at least 0; standard error of each value, of draws that no other unit shares. NaN is unknown.
    level : confidence level of each interval.
    unit : what a row is.
    metric, higher_is_better : carried into the result.

    Returns
    -------
    Intervals of shape ``[…]``. Where an error is unknown they are those of `student_t` throughout, and `method` says
    so; values are missing, and reasons given, as there.

    Raises
    ------
    ValueError : the shapes differ, an error is below 0, or something is out of range as in `student_t`.

    Notes
    -----
    Never narrower than Student's t, and equal to it where ``s² ≥ mean e²``. With nothing between normal units it covers
    more than its level (.996 for .95 and five units), because the degrees of freedom stay S − 1. Where errors are equal
    it is Knapp and Hartung's interval with their factor held at 1 or above, the modification that Röver et al.
    recommend for few units. Departure where errors differ: weights stay equal, so that the estimate is the plain mean
    over seeds and no seed counts less because its episodes vary more.

    References
    ----------
    Knapp, Hartung (2003), Statistics in Medicine 22, 2693–2710. Röver, Knapp, Friede (2015), arXiv:1508.01227.

    Examples
    --------
    >>> close = random_effects_mean([1.9, 2.0, 2.1], [0.5, 0.5, 0.5]).at()  # 2 ± 4.303 · 0.5 / √3
    >>> round(close.low, 3), round(close.high, 3)
    (0.758, 3.242)
    """
    found = student_t(values, level=level, unit=unit, metric=metric, higher_is_better=higher_is_better)
    rows, within = checked_units(values), numbers(errors, name="errors")
    if within.shape != rows.shape:
        raise ValueError(f"errors must be of the shape of values, {rows.shape}, not {within.shape}")
    left = within_error(within)
    if found.n < 2 or np.isnan(left).any():
        return found
    half = special.stdtrit(found.n - 1, (1 + level) / 2) * left
    with np.errstate(invalid="ignore"):
        low, high = np.minimum(found.low, found.values - half), np.maximum(found.high, found.values + half)
    return replace(
        found,
        low=read_only(low),
        high=read_only(high),
        method=FLOORED,
        references=(*found.references, *KNAPP.split("; ")),
    )


def within_error(errors: Array) -> Array:
    """Return what the units' own errors alone leave open of their mean, ``√(mean e² / S)``.

    Parameters
    ----------
    errors : ``[S, …]``, at least 0; standard error of each unit's value.

    Returns
    -------
    ``[…]``; a standard error, NaN where one of the S is not known or there is none.

    Raises
    ------
    ValueError : an error is below 0.

    Examples
    --------
    >>> float(within_error(np.array([3.0, 4.0])))  # √(12.5 / 2)
    2.5
    """
    if (errors < 0).any():
        raise ValueError(f"errors must be at least 0, not {errors[errors < 0][0]}")
    if not len(errors):
        return np.full(errors.shape[1:], np.nan)
    left: Array = np.sqrt((errors**2).sum(axis=0)) / len(errors)
    return np.asarray(np.where(np.isfinite(left), left, np.nan), dtype=np.float64)


def errors_over_episodes(returns: Array) -> Array:
    """Return the standard error of each mean over the last axis, that of independent episodes.

    Parameters
    ----------
    returns : ``[…, E]``; paired differences where that is what is averaged.

    Returns
    -------
    ``[…]``; NaN for fewer than two episodes.

    Examples
    --------
    >>> float(errors_over_episodes(np.array([1.0, 3.0])))  # √2 / √2
    1.0
    """
    n = returns.shape[-1]
    if n < 2:
        return np.full(returns.shape[:-1], np.nan)
    with np.errstate(invalid="ignore"):
        return np.asarray(returns.std(axis=-1, ddof=1) / np.sqrt(n), dtype=np.float64)
