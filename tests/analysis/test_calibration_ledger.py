"""Calibration against shape: the table's numbers, Pythagoras, shared temperatures, ends of the range."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import optimize

from nashlens.analysis.calibration_ledger import calibration_ledger
from nashlens.analysis.divergence import kullback_leibler


def softmax(logits):
    weights = np.exp(np.asarray(logits, dtype=np.float64))
    return weights / weights.sum(axis=-1, keepdims=True)


def test_calibration_ledger_of_a_tempered_policy_is_all_calibration():
    # T20: q = softmax(1, 0, −1), p = softmax(3, 0, −3): KL .252609, β* = 3.
    found = calibration_ledger([softmax([3, 0, -3])], [softmax([1, 0, -1])])
    assert found.total[0] == pytest.approx(0.252609, abs=5e-7)
    assert found.details["beta"][0] == pytest.approx(3, abs=1e-9)
    assert found.parts["shape"][0] == pytest.approx(0, abs=1e-12)


def test_calibration_ledger_of_a_pure_policy_that_the_model_prefers_too():
    # −ln .3 = 1.203973, all of it calibration.
    found = calibration_ledger([[1.0, 0, 0, 0, 0]], [[0.3, 0.2, 0.2, 0.2, 0.1]])
    assert found.details["beta"][0] == np.inf
    assert found.parts["calibration"][0] == pytest.approx(1.203973, abs=5e-7)
    assert found.parts["shape"][0] == 0


def test_calibration_ledger_of_an_error_of_the_mode_leaves_its_shape():
    # δ on action 0 against (.15, .6, .1, .1, .05): KL 1.897120, β* ≈ .147, shape 1.601644.
    found = calibration_ledger([[1.0, 0, 0, 0, 0]], [[0.15, 0.6, 0.1, 0.1, 0.05]])
    assert found.total[0] == pytest.approx(1.897120, abs=5e-7)
    assert found.details["beta"][0] == pytest.approx(0.147, abs=5e-4)
    assert found.parts["shape"][0] == pytest.approx(1.601644, abs=5e-7)


@pytest.mark.parametrize("shared", [False, True])
def test_calibration_ledger_of_four_actions(shared):
    # T20: β* = 1.047544, calibration .000201, shape .208421.
    found = calibration_ledger([[0.6, 0.2, 0.15, 0.05]], [[0.4, 0.1, 0.3, 0.2]], shared=shared)
    assert found.details["beta"][0] == pytest.approx(1.047544, abs=5e-7)
    assert found.parts["calibration"][0] == pytest.approx(0.000201, abs=5e-7)
    assert found.parts["shape"][0] == pytest.approx(0.208421, abs=5e-7)


@given(st.integers(0, 2**32 - 1), st.integers(2, 6))
def test_calibration_equals_the_divergence_of_the_tempered_model(seed, n):
    p, q = np.random.default_rng(seed).dirichlet(np.ones(n), size=(2, 6))
    found = calibration_ledger(p, q)
    assert found.error < 1e-9
    assert all((part >= -1e-12).all() for part in found.parts.values())
    beta = found.details["beta"]
    inner = (beta > 0) & np.isfinite(beta)
    tempered = softmax(beta[inner, None] * np.log(q[inner]))
    np.testing.assert_allclose(found.parts["calibration"][inner], kullback_leibler(tempered, q[inner]), atol=1e-9)
    np.testing.assert_allclose(found.parts["shape"][inner], kullback_leibler(p[inner], tempered), atol=1e-9)


def test_calibration_never_sharpens_towards_what_the_model_disprefers():
    # The policy prefers the model's least likely action: β* = 0, an indifferent model.
    found = calibration_ledger([[0.1, 0.9]], [[0.8, 0.2]])
    assert found.details["beta"][0] == 0
    assert found.parts["shape"][0] == pytest.approx(kullback_leibler(np.array([0.1, 0.9]), np.array([0.5, 0.5])))


def test_calibration_of_a_uniform_model_has_nothing_to_temper():
    found = calibration_ledger([[0.1, 0.9]], [[0.5, 0.5]])
    assert found.details["beta"][0] == 1
    assert found.parts["calibration"][0] == pytest.approx(0, abs=1e-15)


@given(st.integers(0, 2**32 - 1))
def test_shared_calibration_is_the_best_single_temperature(seed):
    p, q = np.random.default_rng(seed).dirichlet(np.ones(4), size=(2, 5))
    found = calibration_ledger(p, q, shared=True)
    best = optimize.minimize_scalar(
        lambda beta: kullback_leibler(p, softmax(beta * np.log(q))).mean(), bounds=(0, 50), method="bounded"
    )
    assert found.parts["shape"].mean() <= best.fun + 1e-9
    each = calibration_ledger(p, q)
    assert each.parts["calibration"].mean() >= found.parts["calibration"].mean() - 1e-12
    assert found.parts["calibration"].mean() >= -1e-12


def test_shared_calibration_at_its_ends():
    # Every policy takes the model's favourite: β grows without limit. Every policy takes the other: β is 0.
    sure = calibration_ledger([[1.0, 0.0], [0.0, 1.0]], [[0.6, 0.4], [0.3, 0.7]], shared=True)
    assert sure.details["beta"].tolist() == [np.inf, np.inf]
    assert sure.parts["shape"].tolist() == [0.0, 0.0]
    wrong = calibration_ledger([[0.0, 1.0], [1.0, 0.0]], [[0.6, 0.4], [0.3, 0.7]], shared=True)
    assert wrong.details["beta"].tolist() == [0.0, 0.0]
    np.testing.assert_allclose(wrong.parts["shape"], np.log(2), rtol=0, atol=1e-12)


def test_calibration_ledger_where_supports_differ_is_infinite():
    for shared in (False, True):
        found = calibration_ledger([[0.5, 0.5], [0.7, 0.3]], [[1.0, 0.0], [0.6, 0.4]], shared=shared)
        assert found.total[0] == np.inf
        assert np.isnan(found.parts["shape"][0])
        assert np.isfinite(found.parts["shape"][1])


def test_calibration_ledger_says_what_does_not_fit():
    with pytest.raises(ValueError, match="model must have the shape"):
        calibration_ledger([[0.5, 0.5]], [[1.0]])
    with pytest.raises(ValueError, match="floor must be at least 0"):
        calibration_ledger([[0.5, 0.5]], [[0.5, 0.5]], floor=0.9)
