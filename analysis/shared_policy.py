"""The best policy that all agents can share: one mixed strategy, played independently by each.

With a shared strategy x the welfare depends only on how many agents take each action: it is a polynomial with one term
for each way to count N agents over A actions. For two actions it has one variable, and all its stationary points are
the roots of its derivative. For more it is climbed from many starts: the best value found is a lower bound, and exact
where `shared_bound` then shows that no strategy gets more.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.polynomial import polynomial
from scipy.optimize import LinearConstraint, minimize

from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.analysis.shared_bound import none_passes
from nashlens.games.normal_form import NormalFormGame

_MAX_STARTS = 24
_MAX_FACE = 4
TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SharedOptimum:
    """The best shared strategy.

    Attributes
    ----------
    strategy : ``[A]``; what every agent plays.
    value : its expected welfare.
    pure_value : welfare of the best shared action, without mixing.
    bound : ``exact``, within `tolerance` for three actions or more; ``lower`` where it is the best of several climbs
        and nothing else is known.
    tolerance : of the climbs and of their certificate, as a share of the largest welfare.
    """

    strategy: Array
    value: float
    pure_value: float
    bound: Bound
    tolerance: float = TOLERANCE
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return one row for the best shared strategy and one for the best shared action."""
        note = {"tolerance": self.tolerance}
        return [
            {"metric": "shared_optimum", "value": self.value, "strategy": self.strategy.tolist(), "bound": self.bound}
            | note,
            {"metric": "shared_pure_optimum", "value": self.pure_value, "bound": "exact"} | note,
        ]


def welfare_of(game: NormalFormGame) -> Array:
    """Return ``[A_1, …, A_N]``: the common reward, or the sum of the payoffs where rewards are not common."""
    welfare: Array = game.payoffs[0] if game.spec.common_reward else game.payoffs.sum(axis=0)
    return welfare


def shared_optimum(welfare: Array) -> SharedOptimum:
    """Maximise the welfare over strategies that all agents share.

    Parameters
    ----------
    welfare : ``[A, …, A]``, one axis an agent.

    Returns
    -------
    SharedOptimum.

    Raises
    ------
    ValueError : the agents do not have equally many actions, or a number is not finite.

    Examples
    --------
    >>> shared_optimum(np.array([[0.0, 1.0], [1.0, 0.0]])).value
    0.5
    """
    table = np.asarray(welfare, dtype=np.float64)
    if table.ndim == 0 or len(set(table.shape)) != 1 or table.size == 0 or not np.isfinite(table).all():
        raise ValueError(
            f"welfare must be finite, with equally many actions for every agent, not of shape {table.shape}"
        )
    n_actions = table.shape[0]
    counts, coefficients = count_polynomial(table)
    pure = float(max(table[(a,) * table.ndim] for a in range(n_actions)))
    points = (_stationary_points if n_actions <= 2 else _climbed)(counts, coefficients)
    values = welfare_at(points, counts, coefficients)
    slack = 1e-12 * float(np.abs(coefficients).max())
    best = int(np.argmax(values >= values.max() - slack))  # of equals the first: starts are exact, climbs nearly so
    value = float(values[best])
    sure = n_actions <= 2 or none_passes(table, value, slack=TOLERANCE * float(np.abs(table).max()))
    return SharedOptimum(
        strategy=read_only(points[best]), value=value, pure_value=pure, bound="exact" if sure else "lower"
    )


def count_polynomial(welfare: Array) -> tuple[Array, Array]:
    """Return how many agents take each action ``[K, A]``, and the welfare summed over such joint actions ``[K]``."""
    n_actions, n_agents = welfare.shape[0], welfare.ndim
    joint = np.indices(welfare.shape).reshape(n_agents, -1).T
    taken = (joint[:, :, None] == np.arange(n_actions)).sum(axis=1)
    counts, which = np.unique(taken, axis=0, return_inverse=True)
    sums: Array = np.bincount(which.ravel(), weights=welfare.ravel()).astype(np.float64)
    return counts.astype(np.float64), sums


def welfare_at(points: Array, counts: Array, coefficients: Array) -> Array:
    """Return the expected welfare ``[…]`` of shared strategies ``[…, A]``."""
    value: Array = np.prod(points[..., None, :] ** counts, axis=-1) @ coefficients
    return value


def _stationary_points(counts: Array, coefficients: Array) -> Array:
    """Return both pure strategies and all roots of the derivative inside, ``[R, 2]``; for one action the only point."""
    if counts.shape[1] == 1:
        return np.ones((1, 1))
    total: Array = np.zeros(1)
    for (zeros, ones), c in zip(counts.astype(np.int64), coefficients, strict=True):
        term = np.zeros(ones + 1)
        term[ones] = c
        product = polynomial.polymul(term, polynomial.polypow([1.0, -1.0], zeros))
        total = np.asarray(polynomial.polyadd(total, product), dtype=np.float64)
    largest = float(np.abs(total).max())
    slopes = polynomial.polyder(np.where(np.abs(total) > 1e-14 * largest, total, 0.0))
    trimmed = polynomial.polytrim(slopes)
    roots = polynomial.polyroots(trimmed) if len(trimmed) > 1 else np.empty(0)
    # A multiple root comes out with a small imaginary part; its real part is still a candidate, and only that.
    inside = np.clip(np.real(roots[np.abs(np.imag(roots)) < 1e-3]), 0.0, 1.0)
    x = np.concatenate([[0.0, 1.0], inside])
    return np.stack([1 - x, x], axis=1)


def _climbed(counts: Array, coefficients: Array) -> Array:
    """Return starts and what a climb from the best of them reached, ``[R, A]``."""
    n_actions = counts.shape[1]
    scale = float(np.abs(coefficients).max()) or 1.0
    faces = [f for size in range(1, min(n_actions, _MAX_FACE) + 1) for f in combinations(range(n_actions), size)]
    corners = np.array([np.isin(np.arange(n_actions), face) / len(face) for face in faces])
    inner = 0.9 * corners + 0.1 / n_actions  # off the faces, where a climb could not leave
    starts = np.vstack([corners, inner, np.full((1, n_actions), 1 / n_actions)])
    order = np.argsort(-welfare_at(starts, counts, coefficients), kind="stable")[:_MAX_STARTS]
    reached = [_climb(starts[k], counts, coefficients / scale) for k in order]
    return np.vstack([starts, reached])


def _climb(start: Array, counts: Array, coefficients: Array) -> Array:
    def downhill(x: Array) -> tuple[float, Array]:
        point = np.maximum(x, 0.0)
        lowered = np.maximum(counts - 1, 0)
        powers = point**counts
        gradient = np.empty(len(point))
        for a in range(len(point)):
            others = np.prod(np.delete(powers, a, axis=1), axis=1)
            gradient[a] = (coefficients * counts[:, a] * point[a] ** lowered[:, a]) @ others
        return -float(np.prod(powers, axis=1) @ coefficients), -gradient

    solved = minimize(
        downhill,
        start,
        jac=True,
        method="SLSQP",
        bounds=[(0.0, 1.0)] * len(start),
        constraints=LinearConstraint(np.ones((1, len(start))), 1.0, 1.0),
        options={"maxiter": 300, "ftol": 1e-14},
    )
    point = np.maximum(np.asarray(solved.x, dtype=np.float64), 0.0)
    reached: Array = point / point.sum()
    return reached
