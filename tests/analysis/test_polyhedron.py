"""Vertices of best-response polyhedra against brute force over all choices of tight facets."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.analysis.polyhedron import best_response_vertices, solved_vertex


def brute_force(payoffs: np.ndarray) -> np.ndarray:
    """Solve every choice of B facets among A rows and B coordinates, keep what is feasible; distinct points."""
    n_rows, n = payoffs.shape
    facets = [np.append(np.eye(n)[j], 0.0) for j in range(n)] + [np.append(row, -1.0) for row in payoffs]
    found: list[np.ndarray] = []
    for chosen in combinations(range(n + n_rows), n):
        system = np.vstack([*(facets[k] for k in chosen), np.append(np.ones(n), 0.0)])
        if np.linalg.matrix_rank(system) < n + 1:
            continue
        point = np.linalg.solve(system, np.append(np.zeros(n), 1.0))
        y, v = point[:-1], point[-1]
        feasible = y.min() >= -1e-9 and (payoffs @ y).max() <= v + 1e-9
        if feasible and not any(np.abs(y - other).max() < 1e-7 for other in found):
            found.append(y)
    return np.array(found)


def same_points(first: np.ndarray, second: np.ndarray) -> bool:
    if len(first) != len(second):
        return False
    distance = np.abs(first[:, None] - second[None]).max(axis=2)
    return bool((distance.min(axis=1) < 1e-6).all() and (distance.min(axis=0) < 1e-6).all())


@settings(max_examples=60)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 10_000), st.booleans())
def test_best_response_vertices_random_payoffs_equal_brute_force(n_rows: int, n: int, seed: int, whole: bool) -> None:
    rng = np.random.default_rng(seed)
    # Small whole numbers make ties and duplicated actions common.
    payoffs = rng.integers(0, 3, size=(n_rows, n)) / 2.0 if whole else rng.random((n_rows, n))
    found = best_response_vertices(payoffs)
    assert found.is_complete
    assert same_points(found.points, brute_force(payoffs))
    values = found.points @ payoffs.T
    assert found.values == pytest.approx(values.max(axis=1), abs=1e-12)
    assert (found.is_best == (values >= found.values[:, None] - 1e-9)).all()
    assert (found.is_zero == (found.points == 0)).all()
    for k, point in enumerate(found.points):
        assert solved_vertex(payoffs, found, k) == pytest.approx(point, abs=1e-10)


def test_best_response_vertices_matching_pennies_are_the_corners_and_the_middle() -> None:
    # Against (p, 1 − p) the row's payoffs are 2p − 1 and 1 − 2p: they cross at p = 1/2.
    found = best_response_vertices(np.array([[1.0, -1.0], [-1.0, 1.0]]))
    solved = [tuple(solved_vertex(np.array([[1.0, -1.0], [-1.0, 1.0]]), found, k).tolist()) for k in range(3)]
    assert sorted(solved) == [(0.0, 1.0), (0.5, 0.5), (1.0, 0.0)]
    assert sorted(found.values.tolist()) == [0.0, 1.0, 1.0]


def test_best_response_vertices_more_than_allowed_says_incomplete() -> None:
    payoffs = np.random.default_rng(0).random((6, 6))
    found = best_response_vertices(payoffs, max_vertices=10)
    assert not found.is_complete
    assert len(found.points) == 0


def test_best_response_vertices_near_tie_shows_in_margin_or_blur() -> None:
    # Row 2 beats row 1 by 5e-9 (more than the tolerance) or by 5e-10 (less).
    for gap, field in ((5e-9, "margin"), (5e-10, "blur")):
        found = best_response_vertices(np.array([[0.0, 1.0], [0.0, 1.0 + gap]]))
        assert getattr(found, field) == pytest.approx(gap, rel=1e-6)
