"""Least transport costs: by hand, against one programme a pair, and where no programme is needed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.analysis.coupling import least_costs
from nashlens.analysis.transport import wasserstein


def test_least_costs_worked_by_hand():
    # On a line of three, from (½, 0, ½) to (0, 1, 0): both halves move 1.
    line = np.abs(np.subtract.outer(np.arange(3.0), np.arange(3.0)))
    assert least_costs(np.array([[0.5, 0, 0.5]]), np.array([[0, 1.0, 0]]), line).tolist() == [1.0]
    # From (.6, .4, 0) to (.1, .4, .5) by squares: two steps of ½ cost 1, one long one 2.
    moved = least_costs(np.array([[0.6, 0.4, 0]]), np.array([[0.1, 0.4, 0.5]]), line**2)
    assert moved[0] == pytest.approx(0.4 * 1 + 0.4 * 1 + 0.1 * 4, abs=1e-9)


@given(st.integers(0, 10**6), st.sampled_from([1.0, 2.0]))
def test_least_costs_equal_one_programme_a_pair(seed, order):
    rng = np.random.default_rng(seed)
    p, q = rng.dirichlet(np.ones(4), size=(2, 3))
    places = rng.normal(size=(4, 2))
    ground = np.linalg.norm(places[:, None] - places, axis=-1)
    ours = least_costs(p, q, ground**order) ** (1 / order)
    np.testing.assert_allclose(ours, wasserstein(p, q, distances=ground, order=order), atol=1e-7)


def test_least_costs_do_not_depend_on_how_many_are_stacked():
    rng = np.random.default_rng(1)
    p, q = rng.dirichlet(np.ones(5), size=(2, 1000))
    ground = 1 - np.eye(5)
    many = least_costs(p, q, ground)  # more than one block of programmes
    np.testing.assert_allclose(many, np.abs(p - q).sum(axis=1) / 2, atol=1e-9)
    np.testing.assert_allclose(many[7:9], least_costs(p[7:9], q[7:9], ground), atol=1e-9)


def test_least_costs_of_equal_rows_are_exactly_0():
    p = np.random.default_rng(2).dirichlet(np.ones(4), size=3)
    assert least_costs(p, p, 1 - np.eye(4)).tolist() == [0, 0, 0]


def test_least_costs_without_a_coupling_say_so():
    with pytest.raises(ArithmeticError, match="no coupling was found"):
        least_costs(np.array([[0.5, 0.5]]), np.array([[1.3, 0.4]]), 1 - np.eye(2))
