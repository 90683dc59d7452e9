"""Exponential tilting by two statistics at once: an action value, and the logarithm of the base itself.

For every weight θ on the second statistic the first one's weight is solved for exactly; what remains is one equation
in θ, whose left side rises with θ because the profile of a convex function is convex.
"""

from __future__ import annotations

import numpy as np

from nashlens.analysis.results import Array
from nashlens.analysis.tilting import centred_on, solve_tilt, standardised, tilt, tilted_to_match

_RESIDUAL = 1e-14
_WIDEST = 2.0**40


def tilted_to_match_both(p: Array, log_first: Array, log_base: Array, statistic: Array) -> Array:
    """Return the logarithm of ``r ∝ base^β e^{κ s}`` that has p's means of the statistic s and of ``ln base``.

    Parameters
    ----------
    p : ``[P, A]``; 0 wherever the base is.
    log_first : ``[P, A]``; logarithm of the base tilted by the statistic alone, from `tilted_to_match`; −∞ where that
        is restricted to a face on which the statistic is constant.
    log_base, statistic : ``[P, A]``.

    Notes
    -----
    On such a face only ``ln base`` is left to match. Elsewhere, where p's means lie on the edge of what is possible,
    the weights grow until they cannot be told from it in double precision.
    """
    support = np.isfinite(log_base)
    logs = np.where(support, log_base, 0.0)
    on_face = (support & ~np.isfinite(log_first)).any(axis=1)
    scaled, _, span = standardised(statistic, support)
    single = on_face | (span == 0)
    log_second = log_first.copy()
    if single.any():
        log_second[single], _ = tilted_to_match(p[single], log_first[single], logs[single])
    if not single.all():
        rows = ~single
        log_second[rows] = _solved(p[rows], log_base[rows], scaled[rows])
    return log_second


def _solved(p: Array, log_base: Array, statistic: Array) -> Array:
    """Solve for both weights by bracketing and bisection in the second; the statistic lies in [0, 1], p inside it."""
    s2, _, _ = standardised(np.where(np.isfinite(log_base), log_base, 0.0), np.isfinite(log_base))
    first, second = centred_on(p, statistic), centred_on(p, s2)

    def at(theta: Array) -> tuple[Array, Array]:
        """Return the tilted logarithms at weights θ ``[P]``, and how far the second mean is above its target."""
        base = log_base + theta[:, None] * second
        logs = tilt(base, solve_tilt(base, first)[:, None] * first)
        return logs, np.asarray((np.exp(logs) * second).sum(axis=1))

    theta, low, high = np.zeros(len(p)), np.full(len(p), -np.inf), np.full(len(p), np.inf)
    logs, excess = at(theta)
    for _ in range(150):
        bounded = np.isfinite(low) & np.isfinite(high)
        narrow = bounded & (np.where(bounded, high, 0.0) - np.where(bounded, low, 0.0) <= 1e-15 * (1 + np.abs(theta)))
        open_rows = (np.abs(excess) * np.maximum(1.0, np.abs(theta)) > _RESIDUAL) & ~narrow & (np.abs(theta) < _WIDEST)
        if not open_rows.any():
            break
        low, high = np.where(excess < 0, theta, low), np.where(excess > 0, theta, high)
        reach = 2 * np.abs(theta) + 1
        bounded = np.isfinite(low) & np.isfinite(high)
        with np.errstate(invalid="ignore"):
            middle = np.where(bounded, (low + high) / 2, np.where(np.isfinite(low), low + reach, high - reach))
        theta = np.where(open_rows, middle, theta)
        logs[open_rows], excess[open_rows] = (part[open_rows] for part in at(theta))
    return logs
