"""The entropy-regularised fit: the closed form's table, parity with direct minimisation, limits, the ledger."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import optimize, special

from nashlens.analysis.divergence import kullback_leibler
from nashlens.analysis.entropy_regulariser import gaussian_regulariser, regularised_minimiser, regulariser_ledger


@pytest.mark.parametrize(
    ("p", "weight", "q", "kl"),
    [
        ((0.9, 0.1), 0.001, (0.899802, 0.100198), 2.1733e-7),
        ((0.9, 0.1), 0.1, (0.878904, 0.121096), 2.20578e-3),
        ((0.9, 0.1), 1.0, (0.713488, 0.286512), 0.1037454),
        ((0.7, 0.2, 0.1), 0.1, (0.670040, 0.214831, 0.115130), 2.22495e-3),
        ((0.7, 0.2, 0.1), 1.0, (0.514462, 0.273885, 0.211653), 0.0777152),
    ],
)
def test_regularised_minimiser_of_full_policies(p, weight, q, kl):
    # T18: The closed form's table, which agrees with direct minimisation to 1e-8.
    found = regularised_minimiser([p], weight=weight)
    np.testing.assert_allclose(found[0], q, rtol=0, atol=6e-7)
    assert kullback_leibler(np.array([p]), found)[0] == pytest.approx(kl, rel=3e-5)


@pytest.mark.parametrize(
    ("n", "weight", "first", "kl"),
    [
        (5, 0.001, 1.0, 0.0),
        (5, 0.1, 0.99981876, 1.81254e-4),
        (5, 0.25, 0.94511198, 0.0564519),
        (5, 0.5, 0.77031005, 0.260962),
        (5, 1.0, 0.58213164, 0.541059),
        (5, 2.0, 0.43868144, 0.823982),
        (3, 0.5, 0.84286602, 0.170947),
        (3, 1.0, 0.68350106, 0.380527),
        (2, 0.5, 0.90182909, 0.103330),
        (2, 1.0, 0.78218829, 0.245660),
    ],
)
def test_regularised_minimiser_of_pure_policies(n, weight, first, kl):
    # T18
    found = regularised_minimiser(np.eye(n)[[0]], weight=weight)
    assert found[0, 0] == pytest.approx(first, abs=6e-9)
    assert -np.log(found[0, 0]) == pytest.approx(kl, abs=6e-7)
    # q_1 [1 + (K − 1) e^(−1 / (λ q_1))] = 1.
    assert found[0, 0] * (1 + (n - 1) * np.exp(-1 / (weight * found[0, 0]))) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(("kl", "weight"), [(0.5, 0.906), (1.0, 3.217), (1.2, 6.096)])
def test_regularised_minimiser_needs_a_large_weight_for_a_large_divergence(kl, weight):
    # λ = 1 / (q_1 ln((K − 1) q_1 / (1 − q_1))) at q_1 = e^−KL, K = 5.
    found = regularised_minimiser(np.eye(5)[[0]], weight=weight)
    assert -np.log(found[0, 0]) == pytest.approx(kl, abs=5e-4)


@given(st.integers(0, 2**32 - 1), st.integers(2, 5), st.floats(0.02, 5))
@settings(max_examples=25)
def test_regularised_minimiser_agrees_with_direct_minimisation(seed, n, weight):
    p = np.random.default_rng(seed).dirichlet(np.ones(n))

    def loss(logits):
        log_q = special.log_softmax(logits)
        return -(p * log_q).sum() + weight * (np.exp(log_q) * log_q).sum()

    best = optimize.minimize(loss, np.log(p + 1e-3), method="BFGS", options={"gtol": 1e-9})
    found = regularised_minimiser([p], weight=weight)[0]
    assert -special.xlogy(p, found).sum() + weight * special.xlogy(found, found).sum() <= best.fun + 1e-10
    np.testing.assert_allclose(found, special.softmax(best.x), rtol=0, atol=2e-4)


def test_regularised_minimiser_for_small_weights_is_half_the_squared_weight_times_a_variance():
    # KL = (λ²/2) Var_p[ln p] + O(λ³).
    p, weight = np.array([0.5, 0.3, 0.2]), 1e-4
    variance = (p * np.log(p) ** 2).sum() - (p * np.log(p)).sum() ** 2
    found = kullback_leibler(p[None], regularised_minimiser([p], weight=weight))[0]
    assert found == pytest.approx(weight**2 / 2 * variance, rel=1e-3)


def test_regularised_minimiser_at_its_limits():
    p = [[0.7, 0.2, 0.1], [1.0, 0.0, 0.0]]
    np.testing.assert_allclose(regularised_minimiser(p, weight=0), p, rtol=0, atol=1e-15)
    np.testing.assert_allclose(regularised_minimiser(p, weight=1e9), 1 / 3, rtol=0, atol=1e-8)
    np.testing.assert_allclose(regularised_minimiser([[0.25] * 4], weight=0.3), 0.25, rtol=0, atol=1e-12)
    np.testing.assert_allclose(regularised_minimiser(p, weight=1e-7), p, rtol=0, atol=1e-6)
    below, above = (regularised_minimiser(p, weight=w) for w in (0.999e-9, 1.001e-9))
    np.testing.assert_allclose(below, above, rtol=0, atol=1e-11)


@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.floats(0, 10))
def test_regulariser_ledger_sums_exactly(seed, n, weight):
    p, q = np.random.default_rng(seed).dirichlet(np.ones(n), size=(2, 5))
    found = regulariser_ledger(p, q, weight=weight)
    assert found.error < 1e-9
    assert (found.parts["regulariser"] >= -1e-15).all()


def test_regulariser_ledger_of_the_minimiser_has_no_residual_and_of_the_policy_a_negative_one():
    p = np.array([[0.7, 0.2, 0.1]])
    best = regulariser_ledger(p, regularised_minimiser(p, weight=1.0), weight=1.0)
    assert best.parts["residual"][0] == pytest.approx(0, abs=1e-12)
    exact = regulariser_ledger(p, p, weight=1.0)
    assert exact.parts["residual"][0] == pytest.approx(-0.0777152, abs=1e-7)


def test_regulariser_cannot_explain_a_divergence_of_one_nat_at_the_papers_weight():
    # At λ = .001 its part is 0 for a pure policy: all of ln 3 is residual.
    found = regulariser_ledger(np.eye(3)[[0]], np.full((1, 3), 1 / 3), weight=0.001)
    assert found.parts["regulariser"][0] == pytest.approx(0, abs=1e-12)
    assert found.parts["residual"][0] == pytest.approx(np.log(3))


def test_regulariser_says_what_does_not_fit():
    with pytest.raises(ValueError, match="weight must be finite and at least 0, not -1"):
        regularised_minimiser([[1.0]], weight=-1)
    with pytest.raises(ValueError, match="true must sum to 1"):
        regularised_minimiser([[0.5, 0.4]], weight=1.0)
    with pytest.raises(ValueError, match="weight must be finite"):
        regulariser_ledger([[1.0]], [[1.0]], weight=np.inf)
    assert regulariser_ledger([[0.5, 0.5]], [[1.0, 0.0]], weight=1.0).total[0] == np.inf


@pytest.mark.parametrize("weight", [0.0, 0.001, 0.1, 0.5, 0.9])
def test_the_gaussian_minimiser_is_that_of_a_numerical_search(weight: float) -> None:
    from scipy.optimize import minimize_scalar

    # −E_p ln q − λ H(q) of one dimension, p = N(0, 0.7²), q = N(0, s²), up to constants: (1 − λ) ln s + 0.49 / 2 s²
    best = minimize_scalar(
        lambda log_s: (1 - weight) * log_s + 0.245 * np.exp(-2 * log_s),
        bounds=(-3, 3),
        method="bounded",
        options={"xatol": 1e-10},
    ).x
    ratio = 0.7 / np.exp(best)
    expected = (ratio**2 - 1) / 2 - np.log(ratio)
    assert gaussian_regulariser(weight, n_dimensions=3) == pytest.approx(3 * expected, rel=1e-4, abs=1e-9)


def test_a_gaussian_has_no_minimiser_from_weight_one_on() -> None:
    with pytest.raises(ValueError, match=r"weight must be below 1 and n_dimensions at least 1, not 1\.0 and 2"):
        gaussian_regulariser(1.0, n_dimensions=2)
    with pytest.raises(ValueError, match=r"n_dimensions at least 1, not 0\.5 and 0"):
        gaussian_regulariser(0.5, n_dimensions=0)
    with pytest.raises(ValueError, match="weight must be finite and at least 0, not -1"):
        gaussian_regulariser(-1.0, n_dimensions=2)
