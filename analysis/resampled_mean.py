"""A weighted mean of observations that come in episodes of several policies, with its bootstrap.

Whole episodes are drawn with replacement, those of each policy among themselves: how much each policy counts is known
and not resampled. Where only episodes are independent, and observations of one resemble each other, that is the mean's
spread.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nashlens.analysis.bootstrap import MIN_UNITS
from nashlens.analysis.clusters import cluster_totals, resampled_totals
from nashlens.analysis.results import Array, Estimate
from nashlens.analysis.statistics import checked_row, numbers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ResampledMean:
    """A mean and what it would have been with other episodes.

    Attributes
    ----------
    value : the mean; NaN if there is nothing to average.
    drawn : ``[R]``; the means of the resamples, NaN where there is a reason against them.
    n : episodes of the policy that has the fewest.
    reason : why there are no resamples; empty if there are.
    """

    value: float
    drawn: Array
    n: int
    reason: str

    def mixed(self, other: ResampledMean, *, share: float) -> ResampledMean:
        """Return the mean of a set of which another makes a share, and this one the rest."""
        return ResampledMean(
            value=share * other.value + (1 - share) * self.value,
            drawn=share * other.drawn + (1 - share) * self.drawn,
            n=min(self.n, other.n),
            reason=other.reason or self.reason,
        )

    def estimate(self, level: float) -> Estimate:
        """Return the mean with the percentile interval of its resamples, or the reason why there is none."""
        low, high = (np.nan, np.nan) if self.reason else np.quantile(self.drawn, [(1 - level) / 2, (1 + level) / 2])
        return Estimate(
            value=self.value,
            low=float(low),
            high=float(high),
            level=level,
            method="cluster bootstrap",
            n=self.n,
            unit="episode",
            reason=self.reason,
        )


def resampled_mean(
    values: npt.ArrayLike,
    *,
    name: str,
    episodes: npt.ArrayLike | None = None,
    policies: npt.ArrayLike | None = None,
    weights: npt.ArrayLike | None = None,
    n_resamples: int,
    rng: np.random.Generator,
) -> ResampledMean:
    """Return the weighted mean of observations, with resamples of whole episodes within each policy.

    Parameters
    ----------
    values : ``[n]``.
    name : of the set, for messages and reasons.
    episodes : ``[n]`` labels; each observation its own if left out.
    policies : ``[n]`` labels; one policy if left out. Episodes of two policies are two, whatever their labels.
    weights : ``[n]``; equal if left out. Observations without weight are left out.
    n_resamples : R.
    rng : source of the draws.

    Returns
    -------
    ResampledMean; without five episodes of every policy, or with a value that is not finite, it has a reason.

    Raises
    ------
    ValueError : `values` is no row of numbers, or labels or weights do not fit.
    """
    row = checked_row(values, name=name)
    own = np.arange(len(row)) if episodes is None else _labels(episodes, len(row), name=f"{name}_episodes")
    groups = np.zeros(len(row)) if policies is None else _labels(policies, len(row), name=f"{name}_policies")
    given = observation_weights(weights, len(row), name=f"{name}_weights")
    kept = given > 0
    row, own, groups, given = row[kept], own[kept], groups[kept], given[kept]
    places = [groups == group for group in np.unique(groups)]
    n = min((len(np.unique(own[place])) for place in places), default=0)
    reason = _why_none(name, row, n)
    value = float(np.average(row, weights=given)) if len(row) else np.nan
    drawn = np.full(n_resamples, np.nan if reason else 0.0)
    for place in [] if reason else places:
        summed, _ = cluster_totals(np.stack([given * row, given], axis=1)[place], own[place])
        totals = resampled_totals(summed, n_resamples=n_resamples, rng=rng)
        drawn += given[place].sum() / given.sum() * totals[:, 0] / totals[:, 1]
    return ResampledMean(value=value, drawn=drawn, n=n, reason=reason)


def observation_weights(given: npt.ArrayLike | None, n: int, *, name: str) -> Array:
    """Return how much each of n observations counts, ``[n]``; equally if nothing is given.

    Parameters
    ----------
    given : ``[n]``; they need not add to 1.
    n : how many there must be.
    name : of the argument, for messages.

    Raises
    ------
    ValueError : there is not one for each, or one is negative or not finite, or all are 0.
    """
    if given is None:
        return np.ones(n)
    weights = numbers(given, name=name)
    if weights.shape != (n,):
        raise ValueError(f"{name} must be one number for each of {n} observations, not shape {weights.shape}")
    if not (np.isfinite(weights).all() and (weights >= 0).all() and (weights.any() or not n)):
        raise ValueError(f"{name} must be finite, not negative and not all 0, not {weights.tolist()}")
    return weights


def _why_none(name: str, row: Array, n: int) -> str:
    """Return why a mean over at least n episodes a policy has no interval; empty where it has one."""
    if not len(row):
        return f"{name}: there is no episode"
    if not np.isfinite(row).all():
        return f"{name}: {int((~np.isfinite(row)).sum())} of {len(row)} observations have no finite value"
    return "" if n >= MIN_UNITS else f"{name}: n = {n} episodes of one policy; an interval needs at least {MIN_UNITS}"


def _labels(given: npt.ArrayLike, n: int, *, name: str) -> npt.NDArray[Any]:
    labels = np.asarray(given)
    if labels.shape != (n,):
        raise ValueError(f"{name} must be one label for each of {n} observations, not shape {labels.shape}")
    return labels
