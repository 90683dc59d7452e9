"""Estimators at the logits: closed forms, their expectations agree, and Proposition 1's game by enumeration."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.analysis.logit_gradients import all_action_gradient, relaxed_gradient, score_gradient
from nashlens.analysis.proposition_one import proposition_one


@given(st.lists(st.floats(-3, 3), min_size=3, max_size=3), st.lists(st.floats(-5, 5), min_size=3, max_size=3))
def test_the_expected_score_gradient_is_the_all_action_gradient(logits, values):
    p = np.exp(logits) / np.exp(logits).sum()
    expected = sum(p[a] * score_gradient(p, np.eye(3)[a], weights=values[a]) for a in range(3))
    np.testing.assert_allclose(all_action_gradient(p, values), expected, atol=1e-12)


@given(st.lists(st.floats(-3, 3), min_size=4, max_size=4), st.floats(-5, 5))
def test_a_constant_value_moves_nothing(logits, value):
    p = np.exp(logits) / np.exp(logits).sum()
    np.testing.assert_allclose(all_action_gradient(p, np.full(4, value)), 0, atol=1e-12)
    np.testing.assert_allclose(all_action_gradient(p, np.arange(4.0)).sum(), 0, atol=1e-12)


def test_relaxed_gradient_is_the_slope_of_a_value_at_the_softmax_point():
    rng = np.random.default_rng(0)
    logits, noise, q = rng.normal(size=(3, 5))

    def value(z):
        y = np.exp((z + noise) / 0.7)
        return (y / y.sum()) @ q

    point = np.exp((logits + noise) / 0.7)
    found = relaxed_gradient(point / point.sum(), q, temperature=0.7)
    steps = 1e-6 * np.eye(5)
    slopes = [(value(logits + step) - value(logits - step)) / 2e-6 for step in steps]
    np.testing.assert_allclose(found, slopes, atol=1e-8)


def test_score_gradients_have_proposition_one_s_moments_scaled_by_the_logits():
    # Three agents at 1/2, reward if all play 1. In θ: mean 2p = 1/4 and variance 4p(1 − p) = .4375 with p = 1/8; the
    # logit z of playing 1 has dθ/dz = θ(1 − θ) = 1/4.
    joint = np.array(list(np.ndindex(2, 2, 2)))
    rewards = joint.min(axis=1).astype(float)
    found = score_gradient(np.full((8, 2), 0.5), np.eye(2)[joint[:, 0]], weights=rewards)[:, 1]
    exact = proposition_one(3)
    assert found.mean() == pytest.approx(exact.gradient[0] / 4)
    assert found.var() == pytest.approx(exact.variance[0] / 16)
    assert found.var() == pytest.approx(0.4375 / 16)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: score_gradient([0.5, 0.5], [1, 0, 0], weights=1.0), "taken and weights must be"),
        (lambda: score_gradient([0.5, 0.5], [1, 0], weights=[1.0]), "taken and weights must be"),
        (lambda: score_gradient([0.5, 0.6], [1, 0], weights=1.0), "probabilities must be non-negative"),
        (lambda: all_action_gradient([0.5, 0.5], [1.0]), "values must have the shape"),
        (lambda: all_action_gradient([1.5, -0.5], [1.0, 1.0]), "probabilities must be non-negative"),
        (lambda: relaxed_gradient([0.5, 0.5], [1.0, 1.0], temperature=0.0), "temperature must be above 0"),
    ],
)
def test_estimators_refuse_what_does_not_fit(call, message):
    with pytest.raises(ValueError, match=message):
        call()
