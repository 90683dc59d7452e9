"""Effective sample size of importance weights: from samples, and in closed form for independent agents.

Of a sample from q that is weighted towards p, ``(Σw)² / Σw²`` counts as one from p; its share of the sample tends to
``1 / (1 + χ²(p‖q))``. Over independent others ``1 + χ²`` multiplies, so that the share falls exponentially with their
number.

References
----------
Foerster et al. (2017), arXiv:1702.08887, use these weights for replay among several agents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.bootstrap import MIN_UNITS, check_resamples
from nashlens.analysis.chi_square import chi_square, gaussian_chi_square
from nashlens.analysis.clusters import cluster_totals, resampled_totals
from nashlens.analysis.probes import checked_distributions
from nashlens.analysis.results import Array, Bound, Estimate, Record, read_only
from nashlens.analysis.statistics import check_level, checked_row, numbers

FOERSTER = "Foerster et al. (2017), arXiv:1702.08887"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ExpectedShare:
    """What share of a large buffer counts, for independent others whose policies changed.

    Attributes
    ----------
    share : ``1 / Π (1 + χ_j²)``, in [0, 1]; 0 where a policy now does what it never did.
    chi_squares : ``[N − 1]``; of each other's current policy from its behaviour.
    """

    share: float
    chi_squares: Array
    bound: Bound = "exact"
    references: tuple[str, ...] = (FOERSTER,)

    def to_records(self) -> list[Record]:
        """Return the share, and each other's χ²."""
        rows: list[Record] = [{"metric": "expected_effective_share", "value": self.share, "bound": self.bound}]
        for j, value in enumerate(self.chi_squares):
            rows.append({"metric": "chi_square", "other": j, "value": float(value), "bound": self.bound})
        return rows


def expected_share(current: Sequence[npt.ArrayLike], behaviour: Sequence[npt.ArrayLike]) -> ExpectedShare:
    """Effective share of a large buffer, for independent others with categorical policies.

    Parameters
    ----------
    current, behaviour : one distribution ``[A_j]`` for each other agent, now and when the buffer was filled.

    Raises
    ------
    ValueError : the numbers of others or of actions differ, or an entry is off the simplex.

    Examples
    --------
    >>> round(expected_share([[0.75, 0.25]] * 4, [[0.5, 0.5]] * 4).share, 6)
    0.4096
    """
    if not len(current) or len(current) != len(behaviour):
        raise ValueError(f"behaviour must have one entry for each of {len(current)} others, not {len(behaviour)}")
    each = []
    for j, (now, then) in enumerate(zip(current, behaviour, strict=True)):
        p, q = checked_distributions(now, name=f"current[{j}]"), checked_distributions(then, name=f"behaviour[{j}]")
        if p.shape != q.shape or len(p) != 1:
            raise ValueError(f"current[{j}] and behaviour[{j}] must be single, [A_j]; not {p.shape} and {q.shape}")
        each.append(float(chi_square(p[0], q[0])))
    return _expected(np.array(each))


def expected_gaussian_share(
    mean: npt.ArrayLike, std: npt.ArrayLike, *, behaviour_mean: npt.ArrayLike, behaviour_std: npt.ArrayLike
) -> ExpectedShare:
    """Effective share of a large buffer, for independent others with diagonal Gaussian policies.

    Parameters
    ----------
    mean, std : ``[N − 1, D]``; the others' policies now, action units.
    behaviour_mean, behaviour_std : ``[N − 1, D]``; when the buffer was filled.

    Returns
    -------
    ExpectedShare; 0 where a policy's variance now is twice its behaviour's or more.

    Raises
    ------
    ValueError : the shapes differ, or a number is not finite or a standard deviation not above 0.
    """
    given = {"mean": mean, "std": std, "behaviour_mean": behaviour_mean, "behaviour_std": behaviour_std}
    arrays = {name: numbers(values, name=name) for name, values in given.items()}
    shape = arrays["mean"].shape
    for name, array in arrays.items():
        if array.ndim != 2 or array.size == 0 or array.shape != shape or not np.isfinite(array).all():
            raise ValueError(f"{name} must be finite, [N − 1, D] like mean {shape}, not shape {array.shape}")
        if name.endswith("std") and not (array > 0).all():
            raise ValueError(f"{name} must be above 0, not {array.min()}")
    return _expected(gaussian_chi_square(*arrays.values()))


def _expected(chi_squares: Array) -> ExpectedShare:
    return ExpectedShare(share=float(np.exp(-np.log1p(chi_squares).sum())), chi_squares=read_only(chi_squares))


def effective_share(log_weights: Array) -> float:
    """Return ``(Σw)² / (n Σw²)`` from log-weights ``[n]``; NaN if there are none or all are −∞."""
    top = log_weights.max(initial=-np.inf)
    if not np.isfinite(top):
        return np.nan
    weights = np.exp(log_weights - top)
    return float(weights.sum() ** 2 / (len(weights) * (weights**2).sum()))


def effective_share_interval(
    weights: npt.ArrayLike,
    *,
    episodes: npt.ArrayLike | None = None,
    level: float = 0.95,
    n_resamples: int = 2000,
    rng: np.random.Generator,
) -> Estimate:
    """Effective share of a buffer with a percentile interval that resamples whole episodes.

    Parameters
    ----------
    weights : ``[n]``; importance weights, finite and non-negative.
    episodes : ``[n]`` labels; each transition its own if left out.
    level : confidence level.
    n_resamples : bootstrap draws, at least 100.
    rng : source of the draws.

    Returns
    -------
    Estimate; under five episodes, or with weights that are all 0, no interval but a reason.

    Raises
    ------
    ValueError : weights are negative or not finite, labels do not fit, or an option is out of range.
    """
    check_level(level)
    check_resamples(n_resamples)
    row = checked_row(weights, name="weights")
    if not (np.isfinite(row).all() and (row >= 0).all()):
        raise ValueError("weights must be finite and non-negative")
    scale = row.max(initial=0.0)
    scaled = row / scale if scale > 0 else row
    totals = np.stack([scaled, scaled**2, np.ones(len(row))], axis=1)
    sums, sizes = cluster_totals(totals, episodes)
    reason = "" if len(sizes) >= MIN_UNITS else f"n = {len(sizes)} episodes; an interval needs at least {MIN_UNITS}"
    value = float(scaled.sum() ** 2 / (len(row) * (scaled**2).sum())) if scale > 0 else np.nan
    low = high = np.nan
    if np.isnan(value):
        reason = "every weight is 0" if len(row) else "there is no weight"
    elif not reason:
        drawn = resampled_totals(sums, n_resamples=n_resamples, rng=rng)
        usable = drawn[drawn[:, 1] > 0]
        low, high = np.quantile(usable[:, 0] ** 2 / (usable[:, 2] * usable[:, 1]), [(1 - level) / 2, (1 + level) / 2])
    return Estimate(
        value=value,
        low=float(low),
        high=float(high),
        level=level,
        method="cluster bootstrap",
        n=len(sizes),
        unit="observation" if episodes is None else "episode",
        higher_is_better=True,
        reason=reason,
    )
