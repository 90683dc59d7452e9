"""The χ² divergence: the variance of the weights that turn a sample of one distribution into one of another.

For weights ``w = p/q`` of a sample from q, ``E w² = 1 + χ²(p‖q)``, and the effective share of a large sample is
``1 / (1 + χ²)``. Over independent agents ``1 + χ²`` multiplies.
"""

from __future__ import annotations

import numpy as np

from nashlens.analysis.results import Array


def chi_square(p: Array, q: Array) -> Array:
    """Return ``χ²(p‖q) = Σ (p − q)² / q`` over the last axis, ``[…]``; infinite where q rules out what p does.

    >>> float(chi_square(np.array([0.75, 0.25]), np.array([0.5, 0.5])))
    0.25
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        terms = np.where(q > 0, (p - q) ** 2 / q, np.where(p > 0, np.inf, 0.0))
    divergence: Array = terms.sum(axis=-1)
    return divergence


def gaussian_chi_square(mean_p: Array, std_p: Array, mean_q: Array, std_q: Array) -> Array:
    """Return ``χ²(p‖q)`` of diagonal Gaussians over the last axis, ``[…]``; infinite where ``σ_p² ≥ 2 σ_q²``.

    In one dimension ``1 + χ² = σ_q² / (σ_p √(2σ_q² − σ_p²)) · exp(Δ² / (2σ_q² − σ_p²))``; for one spread
    ``exp(Δ² / σ²)``. Every standard deviation must be above 0.
    """
    room = 2 * std_q**2 - std_p**2
    safe = np.where(room > 0, room, 1.0)
    logs = 2 * np.log(std_q) - np.log(std_p) - np.log(safe) / 2 + (mean_p - mean_q) ** 2 / safe
    summed = np.where(room > 0, logs, np.inf).sum(axis=-1)
    with np.errstate(over="ignore"):
        divergence: Array = np.expm1(summed)
    return divergence
