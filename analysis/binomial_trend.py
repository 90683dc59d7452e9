"""How a probability changes with a number: binomial regression of its logarithm, base 2.

Under Proposition 1 the probability of agreement is ``2^{−N}``, a line of slope −1 in ``log₂ P`` against N. Taking
logarithms of shares fails where nothing was counted, and weighs a count of 3 like one of 3,000; the likelihood of the
counts themselves does neither.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from nashlens.analysis.results import Array, Bound, Estimate, Record
from nashlens.analysis.statistics import check_level, numbers

_STEPS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class BinomialTrend:
    """The line ``log₂ P = intercept + slope · n``.

    Attributes
    ----------
    intercept, slope : with their intervals; the slope in doublings of P for each unit of n.
    log_likelihood : of the counts, binomial coefficients left out.
    bound, references : an estimate; none.
    """

    intercept: Estimate
    slope: Estimate
    log_likelihood: float
    bound: Bound = "estimate"
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return one row for the intercept and one for the slope."""
        names = ("value", "low", "high", "level", "method", "n", "unit", "bound", "reason")
        return [
            {"metric": f"log2_probability_{label}"} | {name: getattr(estimate, name) for name in names}
            for label, estimate in (("intercept", self.intercept), ("slope", self.slope))
        ]


def binomial_trend(
    successes: npt.ArrayLike, trials: npt.ArrayLike, *, at: npt.ArrayLike, level: float = 0.95
) -> BinomialTrend:
    """Fit ``log₂ P = intercept + slope · n`` to counts by maximum likelihood.

    Parameters
    ----------
    successes, trials : ``[G]`` whole numbers; successes may be 0.
    at : ``[G]``; n of each count, at least two different values.
    level : confidence level of the intervals.

    Returns
    -------
    BinomialTrend. Where nothing succeeded, or only at one end, there is no line, and where the likelihood is largest
    at a probability of 1 no interval, but a reason.

    Raises
    ------
    ValueError : shapes differ, counts are not whole numbers with ``0 ≤ successes ≤ trials`` and ``trials ≥ 1``, `at`
        is constant, or `level` is out of range.

    Notes
    -----
    The log-likelihood is concave; Newton's method with halved steps keeps every P below 1. Intervals are Wald's, from
    the information at the maximum: they presume the line. Where P bends, as near 1, read the slope as a description.
    """
    check_level(level)
    hits, n, x = _checked(successes, trials, at)
    total = int(n.sum())
    why = _why_unbounded(hits, x)
    if why:
        return _without(np.full(2, np.nan), why, total, level, float("nan"))
    centre, width = float(x.mean()), float(np.ptp(x))
    design = np.stack([np.ones(len(x)), (x - centre) / width], axis=1)
    beta, converged = _maximum(hits, n, design)
    eta = design @ beta
    likelihood = _log_likelihood(hits, n, eta)
    slope = beta[1] / width
    line = np.array([beta[0] - slope * centre, slope]) / np.log(2)
    if not converged:
        return _without(line, "the likelihood is largest at a probability of 1", total, level, likelihood)
    covariance = np.linalg.inv(design.T @ (_information(n, eta)[:, None] * design))
    back = np.array([[1.0, -centre / width], [0.0, 1 / width]]) / np.log(2)
    half = special.ndtri((1 + level) / 2) * np.sqrt(np.diagonal(back @ covariance @ back.T))
    both = [_estimate(float(b), float(h), total, level) for b, h in zip(line, half, strict=True)]
    return BinomialTrend(intercept=both[0], slope=both[1], log_likelihood=likelihood)


def _maximum(hits: Array, n: Array, design: Array) -> tuple[Array, bool]:
    """Return the coefficients of ``ln P`` and whether the maximum lies inside."""
    pooled = np.log((hits.sum() + 0.5) / (n.sum() + 1))
    beta = np.array([min(float(pooled), -1e-3), 0.0])
    current = _log_likelihood(hits, n, design @ beta)
    for _ in range(_STEPS):
        eta = design @ beta
        odds = np.exp(eta) / -np.expm1(eta)
        gradient = design.T @ (hits - (n - hits) * odds)
        curvature = (n - hits) * odds / -np.expm1(eta)
        hessian = design.T @ ((curvature + 1e-12 * n)[:, None] * design)
        step = np.linalg.solve(hessian, gradient)
        decrement = float(gradient @ step)
        if decrement < 1e-10 + 1e-16 * abs(current):  # below that rounding hides what a step gains
            return beta, bool((design @ beta < -1e-8).all())
        size = 1.0
        while size > 1e-12:
            candidate = beta + size * step
            value = _log_likelihood(hits, n, design @ candidate)
            if value >= current + 1e-4 * size * decrement:
                break
            size /= 2
        else:
            return beta, False
        beta, current = candidate, value
    return beta, False


def _why_unbounded(hits: Array, x: Array) -> str:
    """Say why no line is the most likely one; empty if one is."""
    succeeded = x[hits > 0]
    if succeeded.size == 0:
        return "nothing succeeded"
    if (succeeded == x.min()).all() or (succeeded == x.max()).all():
        return "only one end succeeded: the slope has no bound"
    return ""


def _log_likelihood(hits: Array, n: Array, eta: Array) -> float:
    if (eta >= 0).any():
        return -np.inf
    return float(hits @ eta + (n - hits) @ np.log(-np.expm1(eta)))


def _information(n: Array, eta: Array) -> Array:
    """Return Fisher's information about each ``ln P``: ``n P / (1 − P)``."""
    information: Array = n * np.exp(eta) / -np.expm1(eta)
    return information


def _estimate(value: float, half: float, n: int, level: float, reason: str = "") -> Estimate:
    return Estimate(
        value=value,
        low=value - half,
        high=value + half,
        level=level,
        method="binomial-regression",
        n=n,
        unit="trial",
        reason=reason,
    )


def _without(line: Array, reason: str, n: int, level: float, likelihood: float) -> BinomialTrend:
    both = [_estimate(float(b), float("nan"), n, level, reason) for b in line]
    return BinomialTrend(intercept=both[0], slope=both[1], log_likelihood=likelihood)


def _checked(successes: npt.ArrayLike, trials: npt.ArrayLike, at: npt.ArrayLike) -> tuple[Array, Array, Array]:
    hits, n, x = (numbers(v, name=k) for k, v in (("successes", successes), ("trials", trials), ("at", at)))
    if hits.ndim != 1 or hits.shape != n.shape or hits.shape != x.shape:
        raise ValueError(
            f"successes, trials and at must be rows of one length, not {hits.shape}, {n.shape} and {x.shape}"
        )
    if not ((hits >= 0) & (hits <= n) & (hits == np.floor(hits)) & (n == np.floor(n)) & (n >= 1)).all():
        raise ValueError(
            f"successes must be whole numbers from 0 to trials, and trials at least 1, not {hits.tolist()} "
            f"of {n.tolist()}"
        )
    if len(x) < 2 or not np.isfinite(x).all() or np.ptp(x) == 0:
        raise ValueError(f"at must hold two different finite numbers or more, not {x.tolist()}")
    return hits, n, x
