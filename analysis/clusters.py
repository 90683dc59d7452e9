"""Means over observations that come in clusters: episodes hold many, and only the episodes are independent.

The mean is over all observations; its spread is that of the clusters' summed residuals. For clusters of one size this
is Student's t interval of the clusters' means.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import special

from nashlens.analysis.results import Array, Estimate
from nashlens.analysis.statistics import check_level, checked_row

_CHUNK = 4_000_000


def cluster_totals(values: Array, clusters: npt.ArrayLike | None) -> tuple[Array, Array]:
    """Return each cluster's sums ``[G, …]`` of values ``[n, …]``, and its sizes ``[G]``.

    Parameters
    ----------
    values : ``[n, …]``.
    clusters : ``[n]`` labels; every observation its own cluster if left out.

    Raises
    ------
    ValueError : there is not one label for each observation.
    """
    if clusters is None:
        return values, np.ones(len(values))
    labels = np.asarray(clusters)
    if labels.shape != (len(values),):
        raise ValueError(f"clusters must be one label for each of {len(values)} observations, not shape {labels.shape}")
    _, index = np.unique(labels, return_inverse=True)
    sizes = np.bincount(index).astype(np.float64)
    sums = np.zeros((len(sizes), *values.shape[1:]))
    np.add.at(sums, index, values)
    return sums, sizes


def clustered_mean(
    values: npt.ArrayLike,
    *,
    clusters: npt.ArrayLike | None = None,
    level: float = 0.95,
    unit: str = "episode",
    higher_is_better: bool | None = None,
) -> Estimate:
    """Mean of observations with Student's t interval over the clusters they come in.

    ``m = Σ x / n`` with squared standard error ``G / (G − 1) · Σ_g e_g² / n²``, where ``e_g`` is the sum of a cluster's
    deviations from m, on ``G − 1`` degrees of freedom.

    Parameters
    ----------
    values : ``[n]``.
    clusters : ``[n]`` labels, such as episodes; every observation its own cluster if left out.
    level : confidence level.
    unit : what a cluster is.
    higher_is_better : carried into the result.

    Returns
    -------
    Estimate; without two clusters, or with a value that is not finite, it has no interval but a reason.

    Raises
    ------
    ValueError : `values` is no row of numbers, `clusters` does not fit, or `level` is out of range.

    Examples
    --------
    >>> clustered_mean([1.0, 3.0, 5.0, 7.0], clusters=[0, 0, 1, 1]).n
    2
    """
    check_level(level)
    row = checked_row(values, name="values")
    reason, mean, half, n = "", np.nan, np.nan, 0
    if not len(row):
        reason = f"there is no {unit}"
    else:
        mean = float(row.mean()) if not np.isnan(row).any() else np.nan
        if not np.isfinite(row).all():
            n = len(cluster_totals(row, clusters)[1])
            reason = f"{int((~np.isfinite(row)).sum())} of {len(row)} observations have no finite value"
        else:
            error, n = standard_error(row, clusters)
            reason = "" if n > 1 else f"n = {n} {unit}; an interval needs at least 2"
            half = float(special.stdtrit(n - 1, (1 + level) / 2)) * error if n > 1 else np.nan
    return Estimate(
        value=mean,
        low=mean - half,
        high=mean + half,
        level=level,
        method="clustered student-t",
        n=n,
        unit=unit,
        higher_is_better=higher_is_better,
        reason=reason,
    )


def standard_error(row: Array, clusters: npt.ArrayLike | None) -> tuple[float, int]:
    """Return the standard error of a mean over clusters, NaN for a single one, and how many clusters there are."""
    sums, sizes = cluster_totals(row - row.mean(), clusters)
    n = len(sizes)
    if n < 2:
        return np.nan, n
    return float(np.sqrt(n / (n - 1) * (sums**2).sum()) / len(row)), n


def resampled_totals(totals: Array, *, n_resamples: int, rng: np.random.Generator) -> Array:
    """Draw whole clusters with replacement and return their summed totals.

    Parameters
    ----------
    totals : ``[G, k]``; k sums of each cluster.
    n_resamples : R.
    rng : source of the draws.

    Returns
    -------
    ``[R, k]``.
    """
    n_clusters = len(totals)
    equal = np.full(n_clusters, 1 / n_clusters)
    step = max(1, _CHUNK // n_clusters)
    drawn = [
        rng.multinomial(n_clusters, equal, size=min(step, n_resamples - start)) @ totals
        for start in range(0, n_resamples, step)
    ]
    return np.concatenate(drawn)
