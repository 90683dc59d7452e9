"""The best shared policy: polynomials by hand, brute force over grids, ties, bad input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nashlens.analysis.results import Result
from nashlens.analysis.shared_policy import count_polynomial, shared_optimum, welfare_at, welfare_of
from nashlens.games import make

NUMBER = st.floats(-3, 3).map(lambda x: round(x, 2))


def test_count_polynomial_gathers_joint_actions():
    # x0² w00 + x0 x1 (w01 + w10) + x1² w11
    counts, sums = count_polynomial(np.array([[1.0, 2.0], [3.0, 4.0]]))
    assert dict(zip(map(tuple, counts.tolist()), sums.tolist(), strict=True)) == {(0, 2): 4, (1, 1): 5, (2, 0): 1}


@given(arrays(np.float64, (2, 2, 2), elements=NUMBER))
def test_shared_optimum_of_two_actions_is_at_least_every_grid_point_and_is_attained(welfare):
    found = shared_optimum(welfare)
    x = np.linspace(0, 1, 2001)
    grid = np.einsum("abc,ka,kb,kc->k", welfare, *[np.stack([1 - x, x], axis=1)] * 3)
    assert found.value >= grid.max() - 1e-9
    assert found.value <= grid.max() + 1e-4  # a cubic with coefficients of this size moves less between grid points
    attained = np.einsum("abc,a,b,c->", welfare, *[found.strategy] * 3)
    assert attained == pytest.approx(found.value, abs=1e-9)
    assert found.bound == "exact"


@settings(max_examples=25)
@given(arrays(np.float64, (3, 3), elements=NUMBER))
def test_shared_optimum_of_three_actions_is_at_least_every_grid_point(welfare):
    found = shared_optimum(welfare)
    ticks = np.linspace(0, 1, 61)
    grid = np.array([(a, b, 1 - a - b) for a in ticks for b in ticks if a + b <= 1 + 1e-12])
    values = np.einsum("ab,ka,kb->k", welfare, grid, grid)
    assert found.value >= values.max() - 1e-8
    assert found.strategy @ welfare @ found.strategy == pytest.approx(found.value, abs=1e-9)
    assert found.bound in {"exact", "lower"}


def test_shared_optimum_off_the_middle():
    # w = 1 at one agent on action 2 of three: N x (1 − x)² is largest at x = 1/3: 3 · 4/27 = 4/9, off any start.
    joint = np.indices((3, 3, 3)).reshape(3, -1).T
    welfare = ((joint == 2).sum(axis=1) == 1).astype(float).reshape(3, 3, 3)
    found = shared_optimum(welfare)
    assert found.value == pytest.approx(4 / 9, abs=1e-9)
    assert found.bound == "exact"
    assert found.strategy[2] == pytest.approx(1 / 3, abs=1e-5)
    assert found.pure_value == 0


def test_shared_optimum_of_one_action_and_of_a_constant():
    assert shared_optimum(np.array([[3.0]])).value == 3
    assert shared_optimum(np.zeros((2, 2))).value == 0
    assert isinstance(shared_optimum(np.zeros((2, 2))), Result)


def test_welfare_at_reads_batches():
    counts, sums = count_polynomial(np.array([[0.0, 1.0], [1.0, 0.0]]))
    np.testing.assert_allclose(welfare_at(np.array([[0.5, 0.5], [1, 0]]), counts, sums), [0.5, 0])


def test_welfare_of_a_team_is_its_reward_and_of_others_the_sum():
    assert welfare_of(make("anti_coordination")).max() == 1
    assert welfare_of(make("volunteers_dilemma", n_agents=3)).max() == 2.75


@pytest.mark.parametrize("welfare", [np.ones((2, 3)), np.array([[np.nan, 0], [0, 0]]), np.array(1.0)])
def test_shared_optimum_says_what_does_not_fit(welfare):
    with pytest.raises(ValueError, match="welfare must be finite, with equally many actions for every agent"):
        shared_optimum(welfare)
