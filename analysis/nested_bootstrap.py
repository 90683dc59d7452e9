"""Intervals for means over training seeds that each rest on episodes of their own.

Seeds differ in what was learned, episodes of one seed only in what happened to it. Both levels are resampled: seeds
with replacement, and within every seed drawn its episodes with replacement. A bootstrap of very few seeds knows very
few values; under five no interval is given, and Student's t interval of the seeds' means takes its place.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nashlens.analysis.bootstrap import MIN_UNITS, check_resamples
from nashlens.analysis.results import Array, Estimate
from nashlens.analysis.statistics import check_level, numbers


def nested_bootstrap(
    values: npt.ArrayLike,
    *,
    level: float = 0.95,
    n_resamples: int = 2000,
    min_units: int = MIN_UNITS,
    higher_is_better: bool | None = None,
    rng: np.random.Generator,
) -> Estimate:
    """Mean over seeds of their episodes' means, with a percentile interval that resamples both levels.

    Parameters
    ----------
    values : ``[S, M]``; M episodes of each of S seeds.
    level : confidence level.
    n_resamples : bootstrap draws, at least 100.
    min_units : fewer seeds than this have no interval, at least 2.
    higher_is_better : carried into the result.
    rng : source of the draws.

    Returns
    -------
    Estimate with the seed as its unit; no interval but a reason for too few seeds or values that are not finite.

    Raises
    ------
    ValueError : `values` is not ``[S, M]`` with an episode or more, or an option is out of range.

    Notes
    -----
    The resampled spread counts the episodes' noise twice, once within the seeds' means and once again: a little too
    wide rather than too narrow. With many episodes it is that of the seeds.
    """
    check_level(level)
    check_resamples(n_resamples)
    if min_units < 2:
        raise ValueError(f"min_units must be at least 2, not {min_units}")
    rows = checked_seed_episodes(values, name="values")
    n_seeds, n_episodes = rows.shape
    n_bad = int((~np.isfinite(rows).all(axis=1)).sum())
    reason = f"{n_bad} of {n_seeds} seeds have no finite value" if n_bad else ""
    if not reason and n_seeds < min_units:
        reason = f"n = {n_seeds} seed{'s' * (n_seeds > 1)}; an interval needs at least {min_units}"
    with np.errstate(invalid="ignore"):
        mean = float(rows.mean())
    low = high = np.nan
    if not reason:
        means = np.empty(n_resamples)
        for k in range(n_resamples):
            seeds = rng.integers(n_seeds, size=(n_seeds, 1))
            episodes = rng.integers(n_episodes, size=(n_seeds, n_episodes))
            means[k] = rows[seeds, episodes].mean()
        low, high = np.quantile(means, [(1 - level) / 2, (1 + level) / 2])
    return Estimate(
        value=mean,
        low=float(low),
        high=float(high),
        level=level,
        method="nested bootstrap",
        n=n_seeds,
        unit="seed",
        higher_is_better=higher_is_better,
        reason=reason,
    )


def checked_seed_episodes(values: npt.ArrayLike, *, name: str) -> Array:
    """Return ``[S, M]``, or say what does not fit.

    Raises
    ------
    ValueError : there are not two axes with a seed and an episode or more, or something is not a number.
    """
    rows = numbers(values, name=name)
    if rows.ndim != 2 or rows.size == 0:
        raise ValueError(f"{name} must be [S, M], a row of episodes for each seed, not shape {rows.shape}")
    return rows
