"""Comparing two algorithms: paired differences and exact permutation tests.

Runs on shared seeds are compared by their differences. A test can only reject if its smallest attainable p-value lies
below the level: a sign-flip test needs six pairs for .05, an unpaired permutation test five against five. That no
difference was found is no evidence that there is none: for that there is `equivalence.equivalence`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from math import comb

import numpy as np
import numpy.typing as npt

from nashlens.analysis.random_effects import random_effects_mean
from nashlens.analysis.results import Array, Bound, Record
from nashlens.analysis.statistics import Intervals, checked_row, checked_units, student_t

_MAX_EXACT = 50_000
_ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, kw_only=True)
class PValue:
    """A two-sided p-value and what it rests on.

    Attributes
    ----------
    p : the p-value; NaN if there is none, and then `reason` says why.
    statistic : the observed difference of means.
    smallest : the smallest p-value that this many units can reach.
    n : units, or pairs of units.
    unit : the unit of replication.
    method : ``sign-flip`` or ``permutation``.
    bound : ``exact`` if every rearrangement was counted, ``estimate`` if they were sampled.
    reason : why there is no p-value; empty if there is one.
    """

    p: float
    statistic: float
    smallest: float
    n: int
    unit: str
    method: str
    bound: Bound
    reason: str = ""
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return one row."""
        named = ("statistic", "smallest", "n", "unit", "method", "bound", "reason")
        return [{"metric": "p_value", "value": self.p} | {name: getattr(self, name) for name in named}]


def paired_difference(
    values: npt.ArrayLike,
    others: npt.ArrayLike,
    *,
    errors: npt.ArrayLike | None = None,
    level: float = 0.95,
    unit: str = "seed",
    metric: str = "difference",
    higher_is_better: bool | None = None,
) -> Intervals:
    """Mean difference over shared seeds, with Student's t interval of the differences, for every column.

    Parameters
    ----------
    values, others : ``[S, …]`` of one shape; row s of both belongs to the same seed.
    errors : ``[S, …]``; standard error of each difference over the seed's episodes, at which the interval is floored as
        in `random_effects.random_effects_mean`. Not floored if left out.
    level, unit, metric, higher_is_better : as in `statistics.student_t`.

    Raises
    ------
    ValueError : the shapes differ, or something is out of range as in `statistics.student_t`.
    """
    ours, theirs = checked_units(values), checked_units(others, name="others")
    if ours.shape != theirs.shape:
        raise ValueError(
            f"others must have the shape {ours.shape} of values, one row a shared seed, not {theirs.shape}"
        )
    with np.errstate(invalid="ignore"):
        differences = ours - theirs
    if errors is None:
        return student_t(differences, level=level, unit=unit, metric=metric, higher_is_better=higher_is_better)
    return random_effects_mean(
        differences, errors, level=level, unit=unit, metric=metric, higher_is_better=higher_is_better
    )


def sign_flip_test(
    differences: npt.ArrayLike, *, n_resamples: int = 9999, unit: str = "seed", rng: np.random.Generator
) -> PValue:
    """Test that paired differences are symmetric about 0, by flipping their signs.

    The share of sign patterns whose mean is at least as far from 0 as the observed one. All ``2^S`` patterns are
    counted up to S = 15; beyond, `n_resamples` are drawn, and ``p = (1 + hits) / (1 + draws)``.

    Parameters
    ----------
    differences : ``[S]``.
    n_resamples : draws where counting all is too much.
    unit : what a row is.
    rng : source of the draws; not used if all patterns are counted.

    Raises
    ------
    ValueError : `differences` is not ``[S]``, or `n_resamples` is below 1.
    """
    _check_resamples(n_resamples)
    row = checked_row(differences, name="differences")
    n = len(row)
    if n == 0 or not np.isfinite(row).all():
        return _no_p_value(_why_missing(row, unit), n=n, unit=unit, method="sign-flip")
    exact = 2**n <= _MAX_EXACT
    if exact:
        signs = 1.0 - 2.0 * ((np.arange(2**n)[:, None] >> np.arange(n)) & 1)
    else:
        signs = rng.choice([-1.0, 1.0], size=(n_resamples, n))
    return _p_value(
        float(row.mean()), signs @ row / n, exact=exact, smallest=2.0 ** (1 - n), n=n, unit=unit, method="sign-flip"
    )


def permutation_test(
    values: npt.ArrayLike,
    others: npt.ArrayLike,
    *,
    n_resamples: int = 9999,
    unit: str = "seed",
    rng: np.random.Generator,
) -> PValue:
    """Test that two independent samples come from one distribution, by permuting who belongs where.

    The share of splits whose means differ by at least as much as the observed ones. All splits are counted up to
    50,000; beyond, `n_resamples` are drawn, and ``p = (1 + hits) / (1 + draws)``.

    Parameters
    ----------
    values, others : ``[S]`` and ``[S']``.
    n_resamples, unit, rng : as in `sign_flip_test`.

    Raises
    ------
    ValueError : a sample is not one row of numbers, or `n_resamples` is below 1.
    """
    _check_resamples(n_resamples)
    ours, theirs = checked_row(values, name="values"), checked_row(others, name="others")
    pooled = np.concatenate([ours, theirs])
    n, n_ours = len(pooled), len(ours)
    if min(n_ours, n - n_ours) == 0 or not np.isfinite(pooled).all():
        shortest = min(ours, theirs, key=len)
        reason = _why_missing(shortest if len(shortest) == 0 else pooled, unit)
        return _no_p_value(reason, n=n, unit=unit, method="permutation")
    n_splits = comb(n, n_ours)
    exact = n_splits <= _MAX_EXACT
    if exact:
        chosen = np.array(list(combinations(range(n), n_ours)))
    else:
        chosen = rng.permuted(np.tile(np.arange(n), (n_resamples, 1)), axis=1)[:, :n_ours]
    sums = pooled[chosen].sum(axis=1)
    differences = sums / n_ours - (pooled.sum() - sums) / (n - n_ours)
    return _p_value(
        float(ours.mean() - theirs.mean()),
        differences,
        exact=exact,
        smallest=(2 if 2 * n_ours == n else 1) / n_splits,
        n=n,
        unit=unit,
        method="permutation",
    )


def _check_resamples(n_resamples: int) -> None:
    if n_resamples < 1:
        raise ValueError(f"n_resamples must be at least 1, not {n_resamples}")


def _why_missing(row: Array, unit: str) -> str:
    n_bad = int((~np.isfinite(row)).sum())
    return f"{n_bad} of {len(row)} {unit}s have no finite value" if len(row) else f"there is no {unit}"


def _no_p_value(reason: str, *, n: int, unit: str, method: str) -> PValue:
    return PValue(
        p=np.nan, statistic=np.nan, smallest=np.nan, n=n, unit=unit, method=method, bound="estimate", reason=reason
    )


def _p_value(
    observed: float, rearranged: Array, *, exact: bool, smallest: float, n: int, unit: str, method: str
) -> PValue:
    """Count how many rearrangements are at least as extreme; equal up to rounding counts as equal."""
    slack = _ROUNDING * max(abs(observed), float(np.abs(rearranged).max()))
    hits = int((np.abs(rearranged) >= abs(observed) - slack).sum())
    p = hits / len(rearranged) if exact else (1 + hits) / (1 + len(rearranged))
    return PValue(
        p=p,
        statistic=observed,
        smallest=smallest if exact else max(smallest, 1 / (1 + len(rearranged))),
        n=n,
        unit=unit,
        method=method,
        bound="exact" if exact else "estimate",
    )
