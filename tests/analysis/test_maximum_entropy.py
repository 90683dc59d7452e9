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


# Results of ten runs of five, drawn with repetition, in ninths of the largest: runs 1 and 3, 5 and 7, 6 and 8 are the
# same ones, which leaves the convex minimisation flat long before it is done.
COPIES = (
    np.array(
        [
            [0, 0, -8, 0, 5, 3, -1, 3, -1, 0],
            [0, 0, -5, 0, 1, 2, -6, 2, -6, 4],
            [8, 5, 0, 5, 9, 6, 2, 6, 2, -5],
            [0, 0, -5, 0, 1, 2, -6, 2, -6, 4],
            [-5, -1, -9, -1, 0, -3, -4, -3, -4, -1],
            [-3, -2, -6, -2, 3, 0, -1, 0, -1, -1],
            [1, 6, -2, 6, 4, 1, 0, 1, 0, -5],
            [-3, -2, -6, -2, 3, 0, -1, 0, -1, -1],
            [1, 6, -2, 6, 4, 1, 0, 1, 0, -5],
            [0, -4, 5, -4, 1, 1, 5, 1, 5, 0],
        ]
    )
    / 9
)


def test_maximum_entropy_of_a_game_with_copies_splits_their_share_evenly() -> None:
    # Run 2 beats run 1 by 5, run 1 beats run 9 by 4, run 9 beats run 2 by 5: equilibrium weights are 5, 4 and 5 of 14
    # on 1, 2 and 9, and nobody else gets more than 0 against it; 1 and its copy 3 share the 5.
    found = maximum_entropy(COPIES)
    assert found == pytest.approx(np.array([0, 5, 8, 5, 0, 0, 0, 0, 0, 10]) / 28, abs=1e-10)


def test_maximum_entropy_of_resampled_games_is_an_equilibrium_that_treats_copies_alike() -> None:
    rng = np.random.default_rng(1)
    for _ in range(60):
        n, games = int(rng.integers(4, 11)), int(rng.integers(2, 65))
        upper = np.triu(np.round(np.clip(rng.normal(scale=0.5, size=(n, n)), -1, 1) * games) / games, 1)
        drawn = rng.integers(n, size=n)
        table = (upper - upper.T)[np.ix_(drawn, drawn)]
        found = maximum_entropy(table, tolerance=1e-8)
        assert (table @ found).max() <= 1e-8
        for k in range(n):
            assert found[drawn == drawn[k]] == pytest.approx(found[k], abs=1e-6)


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
