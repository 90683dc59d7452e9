"""Projections for play on a simplex: onto the simplex itself, and onto the directions that stay on it."""

from __future__ import annotations

import numpy as np

from nashlens.analysis.results import Array


def project_to_simplex(points: Array) -> Array:
    """Return the nearest point of the simplex, in Euclidean distance, to each of ``[…, A]``.

    >>> project_to_simplex(np.array([1.2, 0.4, -0.3])).round(6).tolist()
    [0.9, 0.1, 0.0]
    """
    falling = -np.sort(-points, axis=-1)
    levels = (np.cumsum(falling, axis=-1) - 1) / np.arange(1, points.shape[-1] + 1)
    level = levels.max(axis=-1, keepdims=True)  # the mean excess rises until the first coordinate that becomes 0
    projected = np.maximum(points - level, 0.0)
    nearest: Array = projected / projected.sum(axis=-1, keepdims=True)
    return nearest


def project_to_tangent(directions: Array, points: Array) -> Array:
    """Return the nearest direction that stays on the simplex for a while.

    Parameters
    ----------
    directions : ``[…, A]``.
    points : ``[…, A]``, on the simplex; where a coordinate is 0, it may not fall.

    Returns
    -------
    ``[…, A]``; each sums to 0.
    """
    free = points > 0
    key = np.where(free, np.inf, directions)
    order = np.argsort(-key, axis=-1, kind="stable")  # free coordinates, then the others by falling direction
    means = np.cumsum(np.take_along_axis(directions, order, axis=-1), axis=-1) / np.arange(1, points.shape[-1] + 1)
    enough = np.arange(points.shape[-1]) >= free.sum(axis=-1, keepdims=True) - 1
    level = np.where(enough, means, -np.inf).max(axis=-1, keepdims=True)
    shifted = directions - level
    tangent: Array = np.where(free, shifted, np.maximum(shifted, 0.0))
    return tangent
