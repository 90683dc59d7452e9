"""Vertices of a best-response polyhedron, by the double description method.

For payoffs ``M [A, B]`` of one agent, the polyhedron ``{(y, v) : y in the simplex of B, v ≥ M y}`` lies above the
payoff of the best response to ``y``. Its vertices are where strategies ``y`` of the opponent become extreme: together
their coordinates at zero and their tight rows fix a point. Rows are added one at a time; a new vertex arises where the
new row cuts an edge, and two vertices share an edge exactly if no third one lies on all the facets that they share.
Which facets a vertex lies on is kept as a set, never decided again from rounded numbers, so that degenerate payoffs
(ties, duplicated actions) need no perturbation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nashlens.analysis.results import Array, BoolArray
from nashlens.games.core import IntArray

RAY = 0  # row of the one direction of recession, v → ∞


@dataclass(frozen=True, slots=True, kw_only=True)
class Vertices:
    """V vertices of a best-response polyhedron.

    Attributes
    ----------
    points : ``[V, B]``; mixed strategies.
    values : ``[V]``; payoff of the best response to each.
    is_zero : ``[V, B]``; the coordinate is zero.
    is_best : ``[V, A]``; the row is a best response.
    margin : smallest slack that did not count as a tie, in the units of the payoffs.
    blur : largest slack that counted as a tie; where it or `margin` is near the tolerance, a tie was too close to call.
    is_complete : False if there were more vertices than asked for.
    """

    points: Array
    values: Array
    is_zero: BoolArray
    is_best: BoolArray
    margin: float
    blur: float
    is_complete: bool


def best_response_vertices(payoffs: Array, *, tolerance: float = 1e-9, max_vertices: int = 20_000) -> Vertices:
    """Every vertex of the polyhedron above the best-response payoff.

    Parameters
    ----------
    payoffs : ``[A, B]``; what the responding agent gets for each of its A actions against each of B.
    tolerance : slack that counts as none; payoffs are expected in the order of 1 (see `normalised_payoffs`).
    max_vertices : where to stop.

    Returns
    -------
    Vertices.

    Notes
    -----
    Cost: for each row about (vertices cut off) × (vertices kept) × vertices multiplications.
    """
    n_rows, n_points = payoffs.shape
    # Facets: y_1 … y_B at zero, then the rows. The first row with the simplex has B vertices and the ray.
    points = np.vstack([np.zeros(n_points), np.eye(n_points)])  # [R, B]
    values = np.concatenate([[1.0], payoffs[0]])  # [R]
    on = np.zeros((n_points + 1, n_points + n_rows), dtype=np.bool_)  # [R, B + A]
    on[:, :n_points] = points == 0
    on[1:, n_points] = True
    margin, blur = np.inf, 0.0
    for row in range(1, n_rows):
        slack = values - points @ payoffs[row]
        slack[RAY] = 1.0
        above, below = slack > tolerance, slack < -tolerance
        decided = above | below
        margin = min(margin, float(np.abs(slack[decided]).min()))
        blur = max(blur, float(np.abs(slack[~decided]).max(initial=0.0)))
        on[~decided, n_points + row] = True
        new_points, new_values, new_on = _cut(points, values, on, slack, above=above, below=below)
        new_on[:, n_points + row] = True
        keep = ~below
        points = np.vstack([points[keep], new_points])
        values = np.concatenate([values[keep], new_values])
        on = np.vstack([on[keep], new_on])
        if len(points) > max_vertices + 1:
            return _vertices(payoffs, points[:0], on[:0], margin=margin, blur=blur, is_complete=False)
    return _vertices(payoffs, points[1:], on[1:], margin=margin, blur=blur, is_complete=True)


def _cut(
    points: Array, values: Array, on: BoolArray, slack: Array, *, above: BoolArray, below: BoolArray
) -> tuple[Array, Array, BoolArray]:
    """Return the points where edges from above to below cross the new row, and the old facets that they lie on."""
    over, under = _edges(
        on, np.flatnonzero(above).astype(np.int64), np.flatnonzero(below).astype(np.int64), n_points=points.shape[1]
    )
    share = slack[over] / (slack[over] - slack[under])  # of the lower end
    to_ray = over == RAY
    share[to_ray] = 1.0
    crossings = share[:, None] * points[under] + (1 - share)[:, None] * points[over]
    heights = share * values[under] + (1 - share) * values[over]
    heights[to_ray] = values[under[to_ray]] - slack[under[to_ray]]
    return crossings, heights, on[over] & on[under]


def _edges(on: BoolArray, above: IntArray, below: IntArray, *, n_points: int) -> tuple[IntArray, IntArray]:
    """Return the pairs of one vertex above and one below that share an edge."""
    sets = on.astype(np.float32)  # [R, facets]; products of 0 and 1 count exactly
    ends = [np.zeros((0, 2), dtype=np.int64)]
    rows = max(1, 4_000_000 // (len(below) + 1))
    for start in range(0, len(above), rows):
        upper = above[start : start + rows]
        shared = sets[upper] @ sets[below].T
        first, second = np.nonzero(shared >= n_points - 1)  # an edge lies on at least B − 1 facets
        pairs = np.column_stack([upper[first], below[second]])
        counts = shared[first, second]
        block = max(1, 4_000_000 // len(on))
        for begin in range(0, len(pairs), block):
            part = pairs[begin : begin + block]
            both = sets[part[:, 0]] * sets[part[:, 1]]
            containing = (both @ sets.T == counts[begin : begin + block, None]).sum(axis=1)
            ends.append(part[containing == 2])  # the two ends and no other
    found = np.concatenate(ends)
    return found[:, 0], found[:, 1]


def _vertices(
    payoffs: Array, points: Array, on: BoolArray, *, margin: float, blur: float, is_complete: bool
) -> Vertices:
    n_points = payoffs.shape[1]
    return Vertices(
        points=points,
        values=(points @ payoffs.T).max(axis=1, initial=-np.inf),
        is_zero=on[:, :n_points],
        is_best=on[:, n_points:],
        margin=margin,
        blur=blur,
        is_complete=is_complete,
    )


def solved_vertex(payoffs: Array, vertices: Vertices, number: int) -> Array:
    """Solve one vertex anew from its facets, which undoes the rounding of the cuts.

    Parameters
    ----------
    payoffs : ``[A, B]``, as given to `best_response_vertices`.
    vertices : what it returned.
    number : which vertex.

    Returns
    -------
    ``[B]``; the point at which the best rows tie and the zero coordinates are exactly zero.
    """
    point: Array = vertices.points[number]
    free = np.flatnonzero(~vertices.is_zero[number])
    solved: Array = np.zeros_like(point)
    if len(free) == 1:
        solved[free] = 1.0
        return solved
    tight = payoffs[np.ix_(vertices.is_best[number], free)]
    system = np.vstack([tight[1:] - tight[0], np.ones(len(free))])
    target = np.append(np.zeros(len(tight) - 1), 1.0)
    try:
        is_square = system.shape[0] == system.shape[1]
        answer = np.linalg.solve(system, target) if is_square else np.linalg.lstsq(system, target, rcond=None)[0]
    except np.linalg.LinAlgError:
        return point
    if np.abs(answer - point[free]).max() > 1e-6:  # nearly singular: the cut is all there is
        return point
    solved[free] = np.maximum(answer, 0.0)
    solved /= solved.sum()
    return solved
