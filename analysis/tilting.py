"""Exponential tilting: the distribution nearest to a base one that has a given mean of a statistic.

Among all r with ``E_r[s] = m`` the least Kullback-Leibler divergence from a base q is that of ``r ∝ q e^{κ s}``, for
one κ; and ``KL(p‖q) = KL(p‖r) + KL(r‖q)`` for every p with the same mean. If m is the largest or smallest value of s
that q allows, r is q restricted to the actions that reach it, and κ is infinite.
"""

from __future__ import annotations

import numpy as np

from nashlens.analysis.results import Array, BoolArray

_TIE = 1e-12
_RESIDUAL = 1e-14


def log_probabilities(p: Array) -> Array:
    """Return ``ln p``, −∞ where p is 0, without a warning."""
    with np.errstate(divide="ignore"):
        logs: Array = np.log(p)
    return logs


def log_divergence(p: Array, *, log_p: Array, log_q: Array) -> Array:
    """Return ``KL(p‖q)`` from logarithms, ``[P]`` nats, never below 0: exact where q would underflow."""
    with np.errstate(invalid="ignore"):
        terms = np.where(p > 0, p * (log_p - log_q), 0.0)
    divergence: Array = np.maximum(terms.sum(axis=-1), 0.0)
    return divergence


def standardised(statistic: Array, support: BoolArray) -> tuple[Array, Array, Array]:
    """Return a statistic scaled to [0, 1] on each row's support, 0 off it, with its lowest value and its span ``[P]``.

    A span within rounding of 0 is returned as 0, and then the scaled statistic is 0 throughout.
    """
    low = np.where(support, statistic, np.inf).min(axis=1)
    high = np.where(support, statistic, -np.inf).max(axis=1)
    span = high - low
    span = np.where(span > _TIE * np.maximum(np.abs(low), np.abs(high)), span, 0.0)
    with np.errstate(invalid="ignore"):
        scaled = (statistic - low[:, None]) / np.where(span > 0, span, 1.0)[:, None]
    return np.where(support & (span > 0)[:, None], scaled, 0.0), low, span


def tilt(log_base: Array, exponent: Array) -> Array:
    """Return the logarithm of the distribution proportional to ``base · e^exponent``, ``[P, A]``."""
    logs = log_base + exponent
    top = logs.max(axis=-1, keepdims=True)
    normalised: Array = logs - top - np.log(np.exp(logs - top).sum(axis=-1, keepdims=True))
    return normalised


def tilted_to_match(p: Array, log_base: Array, statistic: Array) -> tuple[Array, Array]:
    """Tilt a base distribution until the mean of a statistic is that under p.

    Parameters
    ----------
    p : ``[P, A]``; 0 wherever the base is.
    log_base : ``[P, A]``; logarithm of the base, −∞ off its support; need not be normalised.
    statistic : ``[P, A]``; off the base's support its values do not count.

    Returns
    -------
    Logarithm of the tilted distribution ``[P, A]``, and κ ``[P]``, in one over the units of the statistic; 0 where the
    statistic is constant on the support, infinite where p's mean is the largest or smallest possible.
    """
    support = np.isfinite(log_base)
    s, _, span = standardised(statistic, support)
    taken = p > 0
    at_top, at_bottom = s >= 1 - _TIE, s <= _TIE
    top = (span > 0) & ~(taken & ~at_top).any(axis=1)
    bottom = (span > 0) & ~(taken & ~at_bottom).any(axis=1)
    inner = (span > 0) & ~top & ~bottom
    kappa = np.where(top, np.inf, np.where(bottom, -np.inf, 0.0))
    log_tilted = tilt(log_base, np.zeros_like(s))
    faces = np.where(top[:, None], at_top, at_bottom)
    edge = top | bottom
    if edge.any():
        log_tilted[edge] = tilt(np.where(faces[edge], log_base[edge], -np.inf), np.zeros_like(s[edge]))
    if inner.any():
        centred = centred_on(p[inner], s[inner])
        solved = solve_tilt(log_base[inner], centred)
        log_tilted[inner] = tilt(log_base[inner], solved[:, None] * centred)
        kappa[inner] = solved / span[inner]
    return log_tilted, kappa


def centred_on(p: Array, statistic: Array) -> Array:
    """Return a statistic less its mean under p, ``[P, A]``, exact for values that nearly tie where p has its mass."""
    near = statistic - np.take_along_axis(statistic, p.argmax(axis=1)[:, None], axis=1)
    centred: Array = near - (p * near).sum(axis=1, keepdims=True)
    return centred


def solve_tilt(log_base: Array, centred: Array) -> Array:
    """Return the κ ``[P]`` at which the tilted mean of a centred statistic is 0.

    Solved by safeguarded Newton steps. The mean rises with κ; 0 lies strictly inside the statistic's range on the
    base's support, which is about 1 wide. Where it cannot be told from an end in double precision, the first κ is
    returned whose mean cannot be told from it either.
    """
    n = len(centred)
    kappa, low, high = np.zeros(n), np.full(n, -np.inf), np.full(n, np.inf)
    for step in range(300):
        r = np.exp(tilt(log_base, kappa[:, None] * centred))
        excess = (r * centred).sum(axis=1)
        open_rows = (np.abs(excess) * np.maximum(1.0, np.abs(kappa)) > _RESIDUAL) & (
            high - low > 1e-15 * np.maximum(1.0, np.abs(kappa))
        )
        if not open_rows.any():
            break
        low, high = np.where(excess < 0, kappa, low), np.where(excess > 0, kappa, high)
        slope = (r * centred**2).sum(axis=1) - excess**2
        bounded = np.isfinite(low) & np.isfinite(high)
        reach = 2 * np.abs(kappa) + 1
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            newton = kappa - excess / slope
            halfway = np.where(bounded, (low + high) / 2, np.where(np.isfinite(low), low + reach, high - reach))
        inside = np.isfinite(newton) & (newton > low) & (newton < high) & (bounded | (np.abs(newton - kappa) <= reach))
        kappa = np.where(open_rows, np.where(inside & (step % 4 != 3), newton, halfway), kappa)
    return kappa
