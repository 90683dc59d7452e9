"""The 2-Wasserstein distance between Gaussians with full covariances, by Bures.

Dropping what lies off the diagonal changes the distance either way; where there is nothing off the diagonal it is
`divergence.gaussian_wasserstein`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nashlens.analysis.results import Array
from nashlens.analysis.statistics import numbers


def bures_wasserstein(
    mean_p: npt.ArrayLike, covariance_p: npt.ArrayLike, mean_q: npt.ArrayLike, covariance_q: npt.ArrayLike
) -> Array:
    """2-Wasserstein distance between Gaussians with full covariances.

    ``W₂² = ‖m_p − m_q‖² + tr(A + B − 2 (A^½ B A^½)^½)``.

    Parameters
    ----------
    mean_p, mean_q : ``[…, d]``.
    covariance_p, covariance_q : ``[…, d, d]``, symmetric, no eigenvalue below 0.

    Returns
    -------
    ``[…]`` in the units of the means; exactly 0 where both are equal.

    Raises
    ------
    ValueError : shapes do not fit, or a covariance is not one.
    """
    m, n = numbers(mean_p, name="mean_p"), numbers(mean_q, name="mean_q")
    a, b = _covariance(covariance_p, m, "covariance_p"), _covariance(covariance_q, n, "covariance_q")
    if m.shape != n.shape:
        raise ValueError(f"mean_q must have the shape {m.shape} of mean_p, not {n.shape}")
    values, vectors = np.linalg.eigh(a)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))[..., None, :]) @ np.swapaxes(vectors, -1, -2)
    inner = np.linalg.eigvalsh(root @ b @ root)
    bures = (np.trace(a, axis1=-2, axis2=-1) + np.trace(b, axis1=-2, axis2=-1)) - 2 * np.sqrt(
        np.maximum(inner, 0.0)
    ).sum(axis=-1)
    bures = np.where((a == b).all(axis=(-1, -2)), 0.0, np.maximum(bures, 0.0))
    distance: Array = np.sqrt(((m - n) ** 2).sum(axis=-1) + bures)
    return distance


def _covariance(given: npt.ArrayLike, mean: Array, name: str) -> Array:
    table = numbers(given, name=name)
    if mean.ndim == 0 or table.shape != (*mean.shape, mean.shape[-1]):
        raise ValueError(f"{name} must be […, d, d] for means of shape {mean.shape}, not {table.shape}")
    if not (np.isfinite(table).all() and np.isfinite(mean).all()):
        raise ValueError(f"{name} and its means must be finite")
    slack = 1e-9 * float(np.abs(table).max(initial=0.0))
    if np.abs(table - np.swapaxes(table, -1, -2)).max(initial=0.0) > slack:
        raise ValueError(f"{name} must be symmetric")
    if (np.linalg.eigvalsh(table) < -slack).any():
        raise ValueError(f"{name} must have no eigenvalue below 0")
    return table
