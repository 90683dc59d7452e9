"""Projections onto the simplex and its directions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from nashlens.analysis.simplex import project_to_simplex, project_to_tangent


def test_project_to_simplex_known_points() -> None:
    # Inside stays; (1.2, .4, −.3) loses the last coordinate, then .3 from both others; far out goes to a corner.
    points = np.array([[0.2, 0.3, 0.5], [1.2, 0.4, -0.3], [9.0, 0.0, 0.0]])
    expected = np.array([[0.2, 0.3, 0.5], [0.9, 0.1, 0.0], [1.0, 0.0, 0.0]])
    assert project_to_simplex(points) == pytest.approx(expected, abs=1e-12)


@settings(max_examples=40)
@given(st.integers(1, 6), st.integers(0, 10_000))
def test_project_to_simplex_random_point_is_the_nearest(n: int, seed: int) -> None:
    # The nearest point y of a convex set makes an obtuse angle with every other point z: (x − y)·(z − y) ≤ 0.
    rng = np.random.default_rng(seed)
    point = 2 * rng.normal(size=n)
    found = project_to_simplex(point)
    assert found.sum() == pytest.approx(1.0, abs=1e-12)
    assert found.min() >= 0
    assert ((point - found) @ (np.eye(n) - found).T).max() <= 1e-9


@settings(max_examples=40)
@given(st.integers(2, 5), st.integers(0, 10_000))
def test_project_to_tangent_random_direction_equals_quadratic_programming(n: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    point = np.maximum(rng.dirichlet(np.ones(n)) - 0.2, 0.0)
    point = point / point.sum() if point.sum() > 0 else np.eye(n)[0]
    direction = rng.normal(size=n)
    found = project_to_tangent(direction, point)
    assert found.sum() == pytest.approx(0.0, abs=1e-12)
    assert found[point == 0].min(initial=0.0) >= 0
    oracle = minimize(
        lambda d: ((d - direction) ** 2).sum(),
        np.zeros(n),
        bounds=[(0, None) if x == 0 else (None, None) for x in point],
        constraints={"type": "eq", "fun": lambda d: d.sum()},
        method="SLSQP",
        options={"ftol": 1e-14},
    )
    assert found == pytest.approx(oracle.x, abs=1e-5)


def test_project_to_tangent_interior_is_the_centred_direction() -> None:
    assert project_to_tangent(np.array([1.0, 2, 6]), np.full(3, 1 / 3)).tolist() == [-2, -1, 3]


def test_project_to_tangent_corner_that_pays_best_stands_still() -> None:
    assert project_to_tangent(np.array([3.0, 1, 2]), np.array([1.0, 0, 0])).tolist() == [0, 0, 0]


def test_project_to_tangent_batch_equals_one_at_a_time() -> None:
    rng = np.random.default_rng(0)
    directions, points = rng.normal(size=(7, 4)), rng.dirichlet(np.ones(4), size=7)
    points[::2, 1] = 0.0
    together = project_to_tangent(directions, points)
    for k in range(7):
        assert together[k] == pytest.approx(project_to_tangent(directions[k], points[k]), abs=1e-15)
