"""Assignments against trying all of them, and the tabulated ones against SciPy's solver."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linear_sum_assignment

from nashlens.games.particle.assignment import MOST_TABULATED, assigned_costs


def solved(cost: np.ndarray) -> np.ndarray:
    agents, places = linear_sum_assignment(cost)
    return cost[agents, places]


def test_two_agents_by_hand() -> None:
    # Staying costs 1 + 9, crossing 4 + 2; in the second environment 1 + 2 against 4 + 9.
    costs = np.array([[[1.0, 1.0], [4.0, 4.0]], [[2.0, 9.0], [9.0, 2.0]]])
    np.testing.assert_array_equal(assigned_costs(costs), [[4, 1], [2, 2]])


@pytest.mark.parametrize("n", [1, 2, 3, 5, MOST_TABULATED, MOST_TABULATED + 1])
def test_random_costs_give_the_least_of_all_assignments(n: int) -> None:
    costs = np.random.default_rng(n).uniform(0, 3, (n, n, 20))
    orders = np.array(list(permutations(range(n))))
    paid = costs[np.arange(n), orders]
    best = paid.sum(axis=1).argmin(axis=0)
    np.testing.assert_array_equal(assigned_costs(costs), paid[best, :, np.arange(20)].T)


@pytest.mark.parametrize("n", [2, 4, MOST_TABULATED, 30])
def test_random_costs_give_the_assignment_of_scipy(n: int) -> None:
    costs = np.random.default_rng(n).uniform(0, 3, (n, n, 60))
    expected = np.stack([solved(costs[..., e]) for e in range(60)], axis=-1)
    np.testing.assert_array_equal(assigned_costs(costs), expected)


@given(st.integers(0, 2**32 - 1), st.integers(2, 12))
def test_tied_whole_costs_have_the_least_total(seed: int, n: int) -> None:
    costs = np.random.default_rng(seed).integers(0, 4, (n, n, 5)).astype(np.float64)
    totals = [solved(costs[..., e]).sum() for e in range(5)]
    np.testing.assert_array_equal(assigned_costs(costs).sum(axis=0), totals)


@pytest.mark.parametrize("n", [5, MOST_TABULATED + 2])
def test_environments_do_not_depend_on_one_another(n: int) -> None:
    costs = np.random.default_rng(0).uniform(0, 3, (n, n, 30))
    together = assigned_costs(costs)
    for e in (0, 13, 29):
        np.testing.assert_array_equal(assigned_costs(costs[..., [e]])[:, 0], together[:, e])
