"""Divergences between distributions: total variation, Kullback-Leibler, and those of diagonal Gaussians.

All logarithms are natural. Total variation is half the L1 distance and lies in [0, 1]. The Kullback-Leibler divergence
is infinite where the first distribution puts mass and the second none: read total variation first.
"""

from __future__ import annotations

import numpy as np
from scipy import special

from nashlens.analysis.results import Array


def total_variation(p: Array, q: Array) -> Array:
    """Return ``½ Σ |p − q|`` over the last axis, ``[…]``."""
    distance: Array = np.abs(p - q).sum(axis=-1) / 2
    return distance


def kullback_leibler(p: Array, q: Array) -> Array:
    """Return ``KL(p‖q) = Σ p ln(p / q)`` over the last axis, ``[…]`` nats.

    >>> round(float(kullback_leibler(np.array([0.5, 0.5]), np.array([0.9, 0.1]))), 6)
    0.510826
    """
    # Each term is p ln(p/q) − p + q ≥ 0: the sum is the same, and rounding cannot take it below 0.
    divergence: Array = special.kl_div(np.maximum(p, 0.0), np.maximum(q, 0.0)).sum(axis=-1)
    return divergence


def gaussian_kullback_leibler(mean_p: Array, std_p: Array, mean_q: Array, std_q: Array) -> Array:
    """Return ``KL(p‖q)`` of diagonal Gaussians over the last axis, ``[…]`` nats.

    Coordinates without spread are points: equal points count 0, anything else with a point infinite.
    """
    same = (std_p == std_q) & (mean_p == mean_q)
    proper = (std_p > 0) & (std_q > 0)
    safe_p, safe_q = np.where(proper, std_p, 1.0), np.where(proper, std_q, 1.0)
    ratio = safe_p / safe_q
    each = (ratio**2 - 1) / 2 - np.log(ratio) + ((mean_p - mean_q) / safe_q) ** 2 / 2
    divergence: Array = np.where(same, 0.0, np.where(proper, each, np.inf)).sum(axis=-1)
    return divergence


def gaussian_total_variation(mean_p: Array, std_p: Array, mean_q: Array, std_q: Array) -> Array:
    """Return total variation of diagonal Gaussians over the last axis, ``[…]``; NaN where it has no closed form.

    For equal standard deviations it is ``2 Φ(d / 2) − 1`` with the distance d in standard deviations.
    """
    gap = np.abs(mean_p - mean_q)
    scale = np.where(std_p > 0, std_p, 1.0)
    distances = np.where(std_p > 0, gap / scale, np.where(gap > 0, np.inf, 0.0))
    distance = np.sqrt((distances**2).sum(axis=-1))
    tv: Array = np.where((std_p == std_q).all(axis=-1), special.erf(distance / np.sqrt(8)), np.nan)
    return tv


def gaussian_wasserstein(mean_p: Array, std_p: Array, mean_q: Array, std_q: Array) -> Array:
    """Return the 2-Wasserstein distance of diagonal Gaussians over the last axis, ``[…]`` in their units.

    ``√(‖μ_p − μ_q‖² + ‖σ_p − σ_q‖²)``; for points the Euclidean distance.
    """
    squared: Array = ((mean_p - mean_q) ** 2 + (std_p - std_q) ** 2).sum(axis=-1)
    return np.sqrt(squared)
