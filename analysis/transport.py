"""Optimal transport between action distributions over a ground that says how far actions lie apart.

Kullback-Leibler and total variation treat all wrong actions alike. The Wasserstein distance asks how far the mass has
to travel: between two directions of a force, or two messages. Two cases need no linear program: equal distances, where
it is a power of total variation, and points on a line, where quantiles are matched.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nashlens.analysis.coupling import least_costs
from nashlens.analysis.divergence import total_variation
from nashlens.analysis.results import Array


def wasserstein(p: Array, q: Array, *, distances: npt.ArrayLike, order: float = 2.0) -> Array:
    """Wasserstein distance between distributions over A actions with given distances.

    ``W_k = (min_γ Σ γ_ab d_ab^k)^(1/k)`` over couplings γ of p and q.

    Parameters
    ----------
    p, q : ``[P, A]``.
    distances : ``[A, A]``; non-negative, symmetric, 0 on the diagonal; such as distances between forces.
    order : k, at least 1.

    Returns
    -------
    ``[P]``, in the units of the distances.

    Raises
    ------
    ValueError : `distances` or `order` does not fit.

    Notes
    -----
    Equal distances d between all actions give ``d · TV^(1/k)``; anything else is a linear program (HiGHS).
    """
    ground = _checked_distances(distances, p.shape[-1])
    _check_order(order)
    off = ground[~np.eye(len(ground), dtype=np.bool_)]
    if off.size == 0 or np.ptp(off) == 0:
        scale = float(off[0]) if off.size else 0.0
        equal: Array = scale * total_variation(p, q) ** (1 / order)
        return equal
    return np.asarray(least_costs(p, q, ground**order) ** (1 / order))


def action_wasserstein(p: Array, q: Array, *, positions: npt.ArrayLike, order: float = 2.0) -> Array:
    """Wasserstein distance between distributions over actions that lie at points of a space.

    Parameters
    ----------
    p, q : ``[P, A]``.
    positions : ``[A, D]`` or ``[A]``; where each action lies, such as the force it exerts.
    order : k, at least 1.

    Returns
    -------
    ``[P]``, in the units of the positions. On a line (D = 1) exact by matched quantiles, else as in `wasserstein`.

    Raises
    ------
    ValueError : `positions` or `order` does not fit.

    Examples
    --------
    >>> action_wasserstein(np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]]), positions=[[0.0, 0.0], [3.0, 4.0]]).tolist()
    [5.0]
    """
    points = np.asarray(positions, dtype=np.float64)
    points = points[:, None] if points.ndim == 1 else points
    if points.ndim != 2 or len(points) != p.shape[-1] or points.shape[1] == 0 or not np.isfinite(points).all():
        raise ValueError(f"positions must be finite, [A, D] for {p.shape[-1]} actions, not shape {np.shape(positions)}")
    _check_order(order)
    if points.shape[1] == 1:
        return _on_a_line(p, q, points[:, 0], order)
    apart = np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=-1))
    return wasserstein(p, q, distances=apart, order=order)


def _on_a_line(p: Array, q: Array, points: Array, order: float) -> Array:
    """Match quantiles: between two neighbouring levels of either distribution function both quantiles are constant."""
    rank = np.argsort(points, kind="stable")
    x = points[rank]
    cumulated = [np.cumsum(each[:, rank], axis=1) for each in (p, q)]
    levels = np.sort(np.concatenate([np.zeros((len(p), 1)), *cumulated], axis=1), axis=1)
    width, middle = np.diff(levels, axis=1), (levels[:, 1:] + levels[:, :-1]) / 2
    at = [x[np.minimum((c[:, None, :] < middle[:, :, None]).sum(axis=-1), len(x) - 1)] for c in cumulated]
    total: Array = (width * np.abs(at[0] - at[1]) ** order).sum(axis=1)
    return np.asarray(total ** (1 / order))


def _checked_distances(distances: npt.ArrayLike, n_actions: int) -> Array:
    ground = np.asarray(distances, dtype=np.float64)
    if ground.shape != (n_actions, n_actions):
        raise ValueError(f"distances must be [A, A] for {n_actions} actions, not shape {ground.shape}")
    fits = np.isfinite(ground).all() and (ground >= 0).all() and (np.diag(ground) == 0).all()
    if not (fits and np.allclose(ground, ground.T, rtol=1e-12, atol=0)):
        raise ValueError("distances must be finite, non-negative and symmetric, 0 from each action to itself")
    return ground


def _check_order(order: float) -> None:
    if not (np.isfinite(order) and order >= 1):
        raise ValueError(f"order must be finite and at least 1, not {order}")
