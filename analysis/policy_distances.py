"""Distances between every two agents' policies, at every observation.

The agents must read and act in the same spaces, and all are asked at the same observations: distances between answers
to different questions mean nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from nashlens.analysis.bures import bures_wasserstein
from nashlens.analysis.coupling import least_costs
from nashlens.analysis.divergence import gaussian_wasserstein, total_variation
from nashlens.analysis.results import Array
from nashlens.analysis.statistics import numbers

SIMPLEX_TOLERANCE = 1e-6


def categorical_distances(
    probabilities: npt.ArrayLike, *, ground: npt.ArrayLike | None = None, order: int = 2
) -> Array:
    """Wasserstein distance of every two agents' categorical policies, ``[P, N, N]``.

    Parameters
    ----------
    probabilities : ``[N, P, A]``; action probabilities of N agents at the same P observations; sums are 1 within 1e-6,
        and are made 1.
    ground : ``[A, A]``; a metric: the distance of each two actions, such as that of their forces; 0/1 if left out: then
        order 1 is total variation, and order 2 its square root.
    order : 1 or 2.

    Raises
    ------
    ValueError : there are fewer than two agents, a row is no distribution, `ground` is no metric, or `order` is
        neither.

    Examples
    --------
    >>> left_or_right = [[[1.0, 0.0]], [[0.0, 1.0]]]
    >>> float(categorical_distances(left_or_right, ground=[[0.0, 2.0], [2.0, 0.0]])[0, 0, 1])
    2.0
    """
    table = _checked(probabilities, "probabilities", rank=3)
    sums = table.sum(axis=-1, keepdims=True)
    if (table < 0).any() or (np.abs(sums - 1) > SIMPLEX_TOLERANCE).any():
        raise ValueError(f"probabilities must be non-negative and sum to 1 within {SIMPLEX_TOLERANCE} in every row")
    if order not in {1, 2}:
        raise ValueError(f"order must be 1 or 2, not {order!r}")
    p = table / sums
    costs = None if ground is None else check_metric(ground, n_actions=p.shape[-1]) ** order

    def distance(i: int, j: int) -> Array:
        moved = total_variation(p[i], p[j]) if costs is None else least_costs(p[i], p[j], costs)
        root: Array = moved ** (1 / order)
        return root

    return _pairwise(p.shape[1], len(p), distance)


def gaussian_distances(means: npt.ArrayLike, stds: npt.ArrayLike) -> Array:
    """2-Wasserstein distance of every two agents' diagonal Gaussian policies, ``[P, N, N]`` in action units.

    Parameters
    ----------
    means, stds : ``[N, P, d]`` at the same P observations.

    Raises
    ------
    ValueError : shapes do not fit, a number is not finite, or a standard deviation is below 0.
    """
    m, s = _checked(means, "means", rank=3), _checked(stds, "stds", rank=3)
    if m.shape != s.shape or (s < 0).any():
        raise ValueError(f"stds must have the shape {m.shape} of means, none below 0; their shape is {s.shape}")
    return _pairwise(m.shape[1], len(m), lambda i, j: gaussian_wasserstein(m[i], s[i], m[j], s[j]))


def full_gaussian_distances(means: npt.ArrayLike, covariances: npt.ArrayLike) -> Array:
    """2-Wasserstein distance of every two agents' Gaussian policies with full covariances, ``[P, N, N]``.

    Parameters
    ----------
    means, covariances : ``[N, P, d]`` and ``[N, P, d, d]`` at the same P observations.

    Raises
    ------
    ValueError : shapes do not fit, a number is not finite, or a covariance is not one.
    """
    m, c = _checked(means, "means", rank=3), _checked(covariances, "covariances", rank=4)
    if c.shape != (*m.shape, m.shape[-1]):
        raise ValueError(f"covariances must have shape {(*m.shape, m.shape[-1])}, not {c.shape}")
    return _pairwise(m.shape[1], len(m), lambda i, j: bures_wasserstein(m[i], c[i], m[j], c[j]))


def deterministic_distances(actions: npt.ArrayLike) -> Array:
    """Euclidean distance of every two agents' actions, ``[P, N, N]``; the Wasserstein distance of points.

    Parameters
    ----------
    actions : ``[N, P, d]`` at the same P observations.

    Raises
    ------
    ValueError : there are fewer than two agents, or an action is not finite.
    """
    table = _checked(actions, "actions", rank=3)
    return _pairwise(table.shape[1], len(table), lambda i, j: np.sqrt(((table[i] - table[j]) ** 2).sum(axis=-1)))


def _pairwise(n_probes: int, n_agents: int, distance: Callable[[int, int], Array]) -> Array:
    distances = np.zeros((n_probes, n_agents, n_agents))
    for i in range(n_agents):
        for j in range(i + 1, n_agents):
            distances[:, i, j] = distances[:, j, i] = distance(i, j)
    return distances


def _checked(given: npt.ArrayLike, name: str, *, rank: int) -> Array:
    table = numbers(given, name=name)
    if table.ndim != rank or len(table) < 2 or 0 in table.shape or not np.isfinite(table).all():
        raise ValueError(
            f"{name} must be finite, with {rank} axes [N, P, …] and N at least 2, not of shape {table.shape}"
        )
    return table


def check_metric(ground: npt.ArrayLike, *, n_actions: int) -> Array:
    """Return a ground metric ``[A, A]``, or say what does not fit.

    Raises
    ------
    ValueError : it is not square of this size, symmetric, 0 on the diagonal, at least 0, or breaks the triangle
        inequality.
    """
    table = numbers(ground, name="ground")
    if table.shape != (n_actions, n_actions) or not np.isfinite(table).all() or (table < 0).any():
        raise ValueError(
            f"ground must be finite distances of shape ({n_actions}, {n_actions}), none below 0; not {table.shape}"
        )
    slack = 1e-9 * float(table.max(initial=0.0))
    if np.diagonal(table).any() or np.abs(table - table.T).max() > slack:
        raise ValueError(f"ground must be symmetric and 0 on its diagonal, not {table.tolist()}")
    detours = (table[:, :, None] + table[None]).min(axis=1)
    if (table > detours + slack).any():
        a, b = (int(k) for k in np.argwhere(table > detours + slack)[0])
        raise ValueError(f"ground must keep the triangle inequality; there is a shorter way from action {a} to {b}")
    return table
