"""Estimators by enumeration: agents with different θ, relabelled agents, and what does not fit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nashlens.analysis.gradient_enumeration import enumerated_quality
from nashlens.analysis.gradient_quality import expected_quality
from nashlens.analysis.proposition_one import ESTIMATORS
from nashlens.analysis.results import Result

UNIT = st.floats(-1, 1).map(lambda x: round(x, 3))


def test_enumerated_quality_of_a_hand_worked_pair():
    # R = 1 at (1, 1) only, θ = (.5, .8): g = (.8, .5); REINFORCE is (2, 1.25) with probability .4, else 0.
    found = enumerated_quality([[0, 0], [0, 1]], [0.5, 0.8])
    np.testing.assert_allclose(found.gradient, [0.8, 0.5])
    np.testing.assert_allclose(found.variance, [0.4 * 4 - 0.64, 0.4 * 1.5625 - 0.25])
    assert found.p_positive == pytest.approx(0.4)
    # cos between (2, 1.25) and (.8, .5) is 1: they are parallel.
    assert found.mean_cosine == pytest.approx(0.4)


@given(arrays(np.float64, (2, 2, 2), elements=UNIT), arrays(np.float64, 3, elements=st.floats(0.1, 0.9)))
def test_every_estimator_is_unbiased_in_any_game(rewards, thetas):
    for estimator in ESTIMATORS:
        found = enumerated_quality(rewards, thetas, estimator=estimator)
        np.testing.assert_allclose(found.mean, found.gradient, atol=1e-9)


@given(arrays(np.float64, (2, 2, 2), elements=UNIT), arrays(np.float64, 3, elements=st.floats(0.1, 0.9)))
def test_enumerated_quality_follows_the_agents_when_they_are_renamed(rewards, thetas):
    order = [2, 0, 1]
    for estimator in ESTIMATORS:
        one = enumerated_quality(rewards, thetas, estimator=estimator)
        two = enumerated_quality(rewards.transpose(order), thetas[order], estimator=estimator)
        np.testing.assert_allclose(two.variance, one.variance[order], atol=1e-9)


@given(arrays(np.float64, (2, 2), elements=UNIT), arrays(np.float64, 2, elements=st.floats(0.1, 0.9)))
def test_no_constant_does_better_than_the_best_baseline(rewards, thetas):
    best = enumerated_quality(rewards, thetas, estimator="reinforce_baseline").total_variance
    for constant in (-1.0, -0.2, 0.3, 1.0):  # a constant off the reward is a baseline
        assert best <= enumerated_quality(rewards - constant, thetas).total_variance + 1e-9


@pytest.mark.parametrize(
    ("rewards", "thetas", "message"),
    [
        ([[0, 1, 2]], [0.5, 0.5], "rewards must be finite, with one axis of two actions an agent"),
        ([[0, np.nan], [0, 1]], [0.5, 0.5], "rewards must be finite"),
        ([0, 1], [0.5, 0.5], "thetas must be 1 numbers"),
        ([0, 1], [1.0], r"theta must be inside \(0, 1\)"),
    ],
)
def test_enumerated_quality_says_what_does_not_fit(rewards, thetas, message):
    with pytest.raises(ValueError, match=message):
        enumerated_quality(rewards, thetas)


def test_enumerated_quality_names_the_estimators():
    with pytest.raises(ValueError, match="estimator must be one of reinforce"):
        enumerated_quality([0, 1], [0.5], estimator="magic")


def test_expected_quality_says_what_does_not_fit():
    with pytest.raises(ValueError, match=r"estimates must be \[K, d\]"):
        expected_quality(np.ones((2, 2)), np.ones(3), gradient=np.ones(2), estimator="x")


def test_gradient_quality_keeps_the_contract_of_results():
    found = enumerated_quality([0, 1], [0.5])
    assert isinstance(found, Result)
    assert {row["metric"] for row in found.to_records()} >= {"gradient_p_positive", "gradient_snr"}
    with pytest.raises(ValueError, match="read-only"):
        found.variance[0] = 1.0
