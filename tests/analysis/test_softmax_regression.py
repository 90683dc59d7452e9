"""Softmax regression: closed forms, optimality, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import optimize

from nashlens.analysis.softmax_regression import log_losses, softmax_weights


def test_softmax_weights_of_a_constant_are_the_log_odds_of_the_counts() -> None:
    # three of four are 1: without a penalty to speak of the log odds are ln 3
    labels = np.array([1, 1, 1, 0])
    weights = softmax_weights(np.ones((4, 1)), labels, start=np.zeros((4, 2)), penalty=1e-9)
    assert weights[0, 1] - weights[0, 0] == pytest.approx(np.log(3), abs=1e-4)


def test_softmax_weights_solve_the_penalised_equation_of_one_weight() -> None:
    # one positive at x = 1: by symmetry w = (−u, u) with 1 / (1 + e^{2u}) = penalty · u
    (u,) = softmax_weights(np.ones((1, 1)), np.array([1]), start=np.zeros((1, 2)), penalty=0.7)[:, 1]
    root = optimize.brentq(lambda v: 1 / (1 + np.exp(2 * v)) - 0.7 * v, 0, 5)
    assert u == pytest.approx(root, abs=1e-5)


def test_softmax_weights_leave_given_odds_alone_where_there_is_nothing_to_add() -> None:
    rng = np.random.default_rng(0)
    start = rng.normal(size=(50, 3))
    labels = rng.integers(3, size=50)
    weights = softmax_weights(np.zeros((50, 2)), labels, start=start, penalty=1.0)
    assert np.abs(weights).max() == 0.0
    expected = -np.log(np.exp(start) / np.exp(start).sum(axis=1, keepdims=True))[np.arange(50), labels]
    assert log_losses(start, labels) == pytest.approx(expected)


def test_softmax_weights_are_a_minimum() -> None:
    rng = np.random.default_rng(1)
    x, labels, start = rng.normal(size=(80, 4)), rng.integers(3, size=80), rng.normal(size=(80, 3))

    def loss(weights: np.ndarray) -> float:
        return float(log_losses(start + x @ weights, labels).sum() + 0.5 * 2.0 * (weights**2).sum())

    best = softmax_weights(x, labels, start=start, penalty=2.0)
    assert all(loss(best) <= loss(best + 0.01 * rng.normal(size=best.shape)) for _ in range(20))


def test_softmax_weights_refuse_what_does_not_fit() -> None:
    x, labels = np.ones((3, 1)), np.array([0, 1, 1])
    with pytest.raises(ValueError, match="penalty must be above 0, not 0"):
        softmax_weights(x, labels, start=np.zeros((3, 2)), penalty=0.0)
    with pytest.raises(ValueError, match="features, labels and start must have as many rows"):
        softmax_weights(x, labels, start=np.zeros((2, 2)), penalty=1.0)
