"""Tilting by two statistics: both means match, degenerate pairs, policies on the edge."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.analysis.tilting import log_probabilities, tilted_to_match
from nashlens.analysis.twofold_tilting import tilted_to_match_both


def both(p, q, s):
    log_q = log_probabilities(q)
    log_first, _ = tilted_to_match(p, log_q, s)
    return np.exp(tilted_to_match_both(p, log_first, log_q, s))


@given(st.integers(0, 2**32 - 1), st.integers(3, 6))
@settings(max_examples=30)
def test_tilted_to_match_both_has_both_means(seed, n):
    source = np.random.default_rng(seed)
    p, q = source.dirichlet(np.ones(n), size=(2, 4))
    s = source.normal(size=(4, n))
    r = both(p, q, s)
    np.testing.assert_allclose((r * s).sum(axis=1), (p * s).sum(axis=1), rtol=0, atol=1e-11)
    np.testing.assert_allclose((r * np.log(q)).sum(axis=1), (p * np.log(q)).sum(axis=1), rtol=0, atol=1e-11)


def test_tilted_to_match_both_of_three_actions_is_the_policy_itself():
    # Two means and the sum fix three probabilities, unless the points lie on one line.
    p, q, s = np.array([[0.5, 0.2, 0.3]]), np.array([[0.2, 0.7, 0.1]]), np.array([[1.0, 0.0, -0.5]])
    np.testing.assert_allclose(both(p, q, s), p, rtol=0, atol=1e-10)


def test_tilted_to_match_both_with_a_uniform_base_is_the_single_tilt():
    p, q, s = np.array([[0.5, 0.2, 0.3]]), np.full((1, 3), 1 / 3), np.array([[1.0, 0.0, -0.5]])
    log_first, _ = tilted_to_match(p, np.log(q), s)
    np.testing.assert_allclose(both(p, q, s), np.exp(log_first), rtol=0, atol=1e-12)


def test_tilted_to_match_both_where_value_is_the_logarithm_adds_nothing():
    p, q = np.array([[0.5, 0.2, 0.3]]), np.array([[0.2, 0.7, 0.1]])
    log_first, _ = tilted_to_match(p, np.log(q), 2 * np.log(q) + 1)
    np.testing.assert_allclose(both(p, q, 2 * np.log(q) + 1), np.exp(log_first), rtol=0, atol=1e-10)


@pytest.mark.parametrize("values", [[1.0, 1.0, 0.0], [0.0, 0.5, 1.0], [3.0, 3.0, 3.0]])
@pytest.mark.parametrize("action", [0, 1, 2])
def test_tilted_to_match_both_of_a_pure_policy_keeps_its_means(values, action):
    p, q, s = np.eye(3)[[action]], np.array([[0.3, 0.6, 0.1]]), np.array([values])
    r = both(p, q, s)
    assert (r * s).sum() == pytest.approx(s[0, action], abs=1e-10)
    assert (r * np.log(q)).sum() == pytest.approx(np.log(q[0, action]), abs=1e-10)
