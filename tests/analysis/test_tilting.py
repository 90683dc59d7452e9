"""Exponential tilting: closed forms, Pythagoras, ends of the range, hard rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.analysis.divergence import kullback_leibler
from nashlens.analysis.tilting import log_divergence, log_probabilities, solve_tilt, tilted_to_match


def test_tilted_to_match_of_two_actions_is_the_policy_itself():
    # With two actions and different values only p has p's mean; κ = ln(p_1 q_2 / p_2 q_1) / (s_1 − s_2).
    p, q = np.array([[0.8, 0.2]]), np.array([[0.3, 0.7]])
    log_r, kappa = tilted_to_match(p, np.log(q), np.array([[3.0, 1.0]]))
    np.testing.assert_allclose(np.exp(log_r), p, rtol=0, atol=1e-14)
    assert kappa[0] == pytest.approx(np.log(0.8 * 0.7 / (0.2 * 0.3)) / 2, abs=1e-12)


@given(st.integers(0, 2**32 - 1), st.integers(2, 6))
def test_tilted_to_match_has_the_mean_and_splits_the_divergence(seed, n):
    source = np.random.default_rng(seed)
    p, q = source.dirichlet(np.ones(n), size=(2, 8))
    s = source.normal(size=(8, n)) * 10.0 ** source.integers(-3, 4)
    log_r, _ = tilted_to_match(p, np.log(q), s)
    r = np.exp(log_r)
    np.testing.assert_allclose((r * s).sum(axis=1), (p * s).sum(axis=1), rtol=0, atol=1e-12 * np.abs(s).max())
    parts = kullback_leibler(p, r) + kullback_leibler(r, q)
    np.testing.assert_allclose(parts, kullback_leibler(p, q), rtol=0, atol=1e-9)


def test_tilted_to_match_at_an_end_is_the_base_restricted_to_it():
    # Everything that p takes has the largest value 1: r is q there, (¼, ¾), and κ infinite.
    p, q, s = np.array([[0.5, 0.5, 0.0]] * 2), np.array([[0.1, 0.3, 0.6]] * 2), np.array([[1, 1, 0.0], [0, 0, 1.0]])
    log_r, kappa = tilted_to_match(p, np.log(q), s)
    np.testing.assert_allclose(np.exp(log_r), [[0.25, 0.75, 0]] * 2, rtol=0, atol=1e-15)
    assert kappa.tolist() == [np.inf, -np.inf]


def test_tilted_to_match_of_a_constant_changes_nothing():
    p, q = np.array([[1.0, 0.0]]), np.array([[0.5, 0.5]])
    log_r, kappa = tilted_to_match(p, np.log(q), np.full((1, 2), 7.0))
    assert np.exp(log_r).tolist() == q.tolist()
    assert kappa[0] == 0


def test_tilted_to_match_ignores_values_off_the_support():
    p, q = np.array([[0.5, 0.5, 0.0]]), np.array([[0.5, 0.5, 0.0]])
    log_r, kappa = tilted_to_match(p, log_probabilities(q), np.array([[0.0, 1.0, 1e9]]))
    np.testing.assert_allclose(np.exp(log_r), q, atol=1e-15)
    assert abs(kappa[0]) < 1e-12


@pytest.mark.parametrize("mass", [1e-3, 1e-9, 1e-15, 1e-100])
def test_tilted_to_match_of_nearly_pure_policies_still_splits(mass):
    p, q, s = np.array([[1 - mass, mass, 0.0]]), np.array([[0.2, 0.5, 0.3]]), np.array([[1.0, 0.3, 0.0]])
    log_r, _ = tilted_to_match(p, np.log(q), s)
    near = log_divergence(p, log_p=log_probabilities(p), log_q=log_r)
    far = log_divergence(np.exp(log_r), log_p=log_r, log_q=np.log(q))
    assert near + far == pytest.approx(kullback_leibler(p, q), abs=1e-9)


def test_solve_tilt_finds_each_row_by_itself():
    base, s = np.zeros((3, 2)), np.array([[0.0, 1.0]] * 3)
    # Uniform base on {0, 1}: mean 1 / (1 + e^−κ).
    found = solve_tilt(base, s - np.array([0.5, 0.9, 1e-12])[:, None])
    np.testing.assert_allclose(found, [0, np.log(9), np.log(1e-12)], rtol=1e-3, atol=1e-12)
    np.testing.assert_allclose(found[:2], [0, np.log(9)], rtol=0, atol=1e-12)
