"""Distances and sums over particles, with the environment as the last axis."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from nashlens.games.core import Array, IntArray


def length(vectors: Array) -> Array:
    """Return the Euclidean length ``[…, E]`` of vectors ``[…, 2, E]``."""
    x, y = vectors[..., 0, :], vectors[..., 1, :]
    lengths: Array = np.sqrt(x * x + y * y)
    return lengths


def between(a: Array, b: Array) -> Array:
    """Return the distances ``[n_a, n_b, E]`` from each point of ``a [n_a, 2, E]`` to each of ``b [n_b, 2, E]``."""
    return length(a[:, None] - b[None])


def ordered_sum(terms: Iterable[Array], start: Array | float = 0.0) -> Array:
    """Return the sum of the terms, added strictly one after the other.

    A sum by numpy along an axis may add in another order for other memory layouts, and so for another number of
    environments; its last bits would then depend on how many environments run side by side.
    """
    total = start
    for term in terms:
        total = total + term
    return np.asarray(total, dtype=np.float64)


def others(values: Array, i: int) -> Array:
    """Return ``[n - 1, …]``, the rows of ``values [n, …]`` without row i."""
    return np.concatenate([values[:i], values[i + 1 :]])


def rows(values: Array) -> Array:
    """Return ``[n · k, E]``, the rows of ``values [n, k, E]`` one after the other."""
    return values.reshape(-1, values.shape[-1])


def picked(points: Array, index: IntArray) -> Array:
    """Return ``[2, E]``, in each environment the point of ``points [n, 2, E]`` that ``index [E]`` names."""
    found: Array = points[index, :, np.arange(points.shape[-1])].T
    return found
