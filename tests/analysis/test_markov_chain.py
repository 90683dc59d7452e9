"""Stationary distributions of chains with rates of any size."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.analysis.markov_chain import stationary_distribution


@given(st.integers(2, 8), st.integers(0, 10_000))
def test_stationary_distribution_random_chain_equals_linear_algebra(n: int, seed: int) -> None:
    rates = np.random.default_rng(seed).random((n, n)) + 0.01
    generator = rates - np.diag(rates.sum(axis=1))
    system = np.vstack([generator.T, np.ones(n)])
    expected = np.linalg.lstsq(system, np.append(np.zeros(n), 1.0), rcond=None)[0]
    assert stationary_distribution(np.log(rates)) == pytest.approx(expected, abs=1e-10)


def test_stationary_distribution_rates_below_the_smallest_number_keep_their_ratio() -> None:
    # Two states that leave each other at e^{−5000} and 3 e^{−5000}: shares 3 : 1.
    log_rates = np.array([[0.0, -5000.0], [-5000.0 + np.log(3), 0.0]])
    assert stationary_distribution(log_rates) == pytest.approx([0.75, 0.25], rel=1e-12)


def test_stationary_distribution_one_state_has_all_the_mass() -> None:
    assert stationary_distribution(np.zeros((1, 1))).tolist() == [1.0]


@pytest.mark.parametrize(
    ("log_rates", "message"),
    [
        (np.zeros((2, 3)), "square"),
        (np.zeros((0, 0)), "square"),
        (np.full((2, 2), np.nan), "numbers"),
        (np.full((2, 2), np.inf), "numbers"),
        (np.full((2, 2), -np.inf), "irreducible"),
        (np.array([[0.0, -np.inf], [0.0, 0.0]]), "irreducible"),
    ],
)
def test_stationary_distribution_bad_rates_raise(log_rates: np.ndarray, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        stationary_distribution(log_rates)
