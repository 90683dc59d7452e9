"""The distribution of most entropy in a polytope of distributions.

Over ``{p in the simplex : G p ≤ 0}`` the maximiser is ``p ∝ exp(−Gᵀλ)`` on the largest support that the polytope
allows, with one multiplier ``λ ≥ 0`` a row that minimises the logarithm of the sum of these exponentials. The support
comes from a linear programme, the multipliers from that convex minimisation, finished by Newton's method on the rows
that bind. Where rows repeat each other, as those of copies do, the minimisation may stop where it is flat but not yet
done; then it is finished by projected Newton steps (Bertsekas 1982, doi:10.1137/0320018).
"""

from __future__ import annotations

import numpy as np
from scipy.optimize import linprog, minimize, nnls

from nashlens.analysis.results import Array, BoolArray


def maximum_entropy(rows: Array, *, tolerance: float = 1e-9) -> Array:
    """Distribution ``p`` of most entropy with ``rows @ p ≤ 0``.

    Parameters
    ----------
    rows : ``[C, n]``; each row is used up to a positive factor.
    tolerance : how far a row, scaled to a largest entry of 1, may be exceeded.

    Returns
    -------
    ``[n]``; exactly 0 outside of the largest support.

    Raises
    ------
    ValueError : no distribution satisfies the rows.
    ArithmeticError : the tolerance was not reached.

    Examples
    --------
    >>> maximum_entropy(np.array([[-1.0, 1.0, 1.0]])).round(6).tolist()
    [0.5, 0.25, 0.25]
    """
    sizes = np.abs(rows).max(axis=1, initial=0.0)
    scaled = rows[sizes > 0] / sizes[sizes > 0, None]
    support = largest_support(scaled)
    if not support.any():
        raise ValueError("rows leave no distribution: every one is excluded")
    inside = scaled[:, support]
    inside = inside[np.abs(inside).max(axis=1, initial=0.0) > 0]
    found = np.zeros(rows.shape[1])
    found[support] = _exponential_family(inside)
    excess = float((scaled @ found).max(initial=0.0))
    if excess > tolerance:
        raise ArithmeticError(f"the distribution of most entropy exceeds a row by {excess:g}, more than {tolerance:g}")
    return found


def largest_support(rows: Array) -> BoolArray:
    """Return which entries ``[n]`` are positive for some ``p ≥ 0`` with ``rows @ p ≤ 0``.

    Such vectors form a cone, so that one programme finds a vector that is at least 1 wherever any is positive.
    """
    n_rows, n = rows.shape
    one = np.eye(n)
    solved = linprog(
        np.concatenate([np.zeros(n), -np.ones(n)]),
        A_ub=np.block([[rows, np.zeros((n_rows, n))], [-one, one]]),
        b_ub=np.zeros(n_rows + n),
        bounds=[*[(0.0, None)] * n, *[(0.0, 1.0)] * n],
        method="highs",
    )
    if solved.x is None or solved.status != 0:
        raise ArithmeticError(f"the support of a polytope was not found: {solved.message}")
    positive: BoolArray = np.asarray(solved.x[n:]) > 0.5
    return positive


def _exponential_family(rows: Array) -> Array:
    """Return ``p ∝ exp(−rowsᵀ λ)`` for the best multipliers; some distribution inside has full support."""
    n_rows, n = rows.shape
    if n_rows == 0 or n == 1:
        return np.full(n, 1 / n)

    def dual(multipliers: Array) -> tuple[float, Array]:
        exponents = -multipliers @ rows
        top = float(exponents.max())
        weights = np.exp(exponents - top)
        total = float(weights.sum())
        return top + float(np.log(total)), -(rows @ weights) / total

    solved = minimize(
        dual,
        np.zeros(n_rows),
        jac=True,
        method="L-BFGS-B",
        bounds=[(0.0, None)] * n_rows,
        options={"maxiter": 5_000, "ftol": 1e-16, "gtol": 1e-10, "maxfun": 20_000},
    )
    multipliers: Array = np.asarray(solved.x, dtype=np.float64)
    polished = _polished(rows, multipliers)
    if polished is None:
        multipliers = _projected_newton(rows, multipliers)
        polished = _polished(rows, multipliers)
    return _softmax(-multipliers @ rows) if polished is None else polished


def _polished(rows: Array, multipliers: Array) -> Array | None:
    """Return the best distribution by Newton's method from the first guess of the binding rows that is right."""
    tried = (_newton(rows, multipliers, reach=reach) for reach in (1e-4, 1e-6, 1e-8))
    return next((found for found in tried if found is not None), None)


def _projected_newton(rows: Array, multipliers: Array, *, tolerance: float = 1e-13, n_steps: int = 200) -> Array:
    """Return the multipliers after Newton steps on those that are free to move, each cut to 0 and shortened to descend.

    A multiplier at 0 that would fall is not free. A little is added to the curvature, which repeated rows leave flat.
    """
    found = multipliers.copy()
    for _ in range(n_steps):
        p = _softmax(-found @ rows)
        slope = -rows @ p
        free = (found > 0) | (slope < 0)
        if np.abs(slope[free]).max(initial=0.0) < tolerance:
            break
        own = rows[free]
        curvature = (own * p) @ own.T - np.outer(slope[free], slope[free]) + 1e-10 * np.eye(len(own))
        step = np.zeros(len(found))
        step[free] = -np.linalg.solve(curvature, slope[free])
        before, length = _log_total(rows, found), 1.0
        moved = np.maximum(found + step, 0.0)
        while _log_total(rows, moved) > before + 1e-4 * float(slope @ (moved - found)) and length > 1e-12:
            length /= 2
            moved = np.maximum(found + length * step, 0.0)
        found = moved
    return found


def _log_total(rows: Array, multipliers: Array) -> float:
    exponents = -multipliers @ rows
    top = float(exponents.max())
    return top + float(np.log(np.exp(exponents - top).sum()))


def _newton(rows: Array, multipliers: Array, *, reach: float) -> Array | None:
    """Solve for the multipliers of the binding rows exactly; None if the guess of which bind was wrong."""
    p = _softmax(-multipliers @ rows)
    binding = (multipliers > reach) | (rows @ p > -reach)
    if not binding.any():
        return np.full(rows.shape[1], 1 / rows.shape[1])
    inside = rows[binding]
    moved = multipliers[binding].copy()
    for _ in range(50):
        p = _softmax(-moved @ inside)
        excess = inside @ p
        covariance = (inside * p) @ inside.T - np.outer(excess, excess)
        step = np.linalg.lstsq(covariance, excess, rcond=1e-13)[0]
        moved = moved + step
        if not np.isfinite(step).all() or np.abs(moved).max() > 1e6:
            return None
        if np.abs(excess).max() < 1e-13:
            break
    p = _softmax(-moved @ inside)
    return p if float((rows @ p).max()) <= 1e-11 and _is_best(inside, p) else None


def _is_best(binding: Array, p: Array) -> bool:
    """Say whether ``−log p`` is, up to a constant, a combination of the binding rows with weights of at least 0."""
    target = -np.log(np.maximum(p, np.finfo(np.float64).tiny))
    constant = np.ones((len(p), 1))
    _, distance = nnls(np.hstack([binding.T, constant, -constant]), target)
    return bool(distance <= 1e-7 * (1 + np.abs(target).max()))


def _softmax(exponents: Array) -> Array:
    weights = np.exp(exponents - exponents.max())
    p: Array = weights / weights.sum()
    return p
