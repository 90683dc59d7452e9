"""The distribution of most entropy in a polytope."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from nashlens.analysis.maximum_entropy import largest_support, maximum_entropy


def entropy(p: np.ndarray) -> float:
    return float(-(p[p > 0] * np.log(p[p > 0])).sum())


def test_maximum_entropy_without_rows_is_uniform() -> None:
    assert maximum_entropy(np.zeros((0, 4))) == pytest.approx(np.full(4, 0.25))


def test_maximum_entropy_one_entry_at_least_the_rest_shares_the_rest() -> None:
    # p_0 ≥ p_1 + p_2 binds at p_0 = 1/2; the other half is shared equally.
    assert maximum_entropy(np.array([[-1.0, 1.0, 1.0]])) == pytest.approx([0.5, 0.25, 0.25], abs=1e-12)


def test_maximum_entropy_excluded_entries_are_exactly_zero() -> None:
    found = maximum_entropy(np.array([[0.0, 1.0, 0.0]]))
    assert found.tolist() == [0.5, 0.0, 0.5]


def test_maximum_entropy_everything_excluded_raises() -> None:
    with pytest.raises(ValueError, match="rows"):
        maximum_entropy(np.ones((1, 3)))


def test_largest_support_opposite_rows_tie_entries() -> None:
    # p_0 = p_1 and p_2 ≤ 0.
    rows = np.array([[1.0, -1.0, 0.0], [-1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    assert largest_support(rows).tolist() == [True, True, False]


@settings(max_examples=30)
@given(st.integers(2, 6), st.integers(1, 5), st.integers(0, 10_000))
def test_maximum_entropy_random_polytope_equals_sequential_quadratic_programming(
    n: int, n_rows: int, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    rows = rng.normal(size=(n_rows, n))
    inside = rng.dirichlet(np.ones(n))
    rows -= (rows @ inside + 0.02)[:, None]  # `inside` satisfies every row with room
    found = maximum_entropy(rows)
    assert (rows @ found).max() <= 1e-8
    oracle = minimize(
        lambda p: float(p @ np.log(np.maximum(p, 1e-300))),
        inside,
        jac=lambda p: np.log(np.maximum(p, 1e-300)) + 1,
        bounds=[(1e-12, 1)] * n,
        constraints=[
            {"type": "eq", "fun": lambda p: p.sum() - 1},
            {"type": "ineq", "fun": lambda p: -(rows @ p)},
        ],
        method="SLSQP",
        options={"ftol": 1e-12, "maxiter": 500},
    )
    assert entropy(found) >= -oracle.fun - 1e-6
