"""Gradient noise: the pairwise identity, a Gaussian case in closed form, unbiasedness, coverage, bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nashlens.analysis.gradient_noise import gradient_noise
from nashlens.analysis.proposition_one import proposition_one
from nashlens.analysis.results import Result

NUMBER = st.floats(-5, 5).map(lambda x: round(x, 3))


@given(arrays(np.float64, (5, 3), elements=NUMBER))
def test_squared_norm_is_the_mean_inner_product_of_different_samples(samples):
    gram = samples @ samples.T
    expected = (gram.sum() - np.trace(gram)) / 20
    found = gradient_noise(samples)
    assert found.squared_norm.value == pytest.approx(expected, abs=1e-9)
    assert found.total_variance.value == pytest.approx(samples.var(axis=0, ddof=1).sum(), abs=1e-9)


def test_gradient_noise_of_a_gaussian_has_snr_squared_a_hundredth():
    # ‖g‖ = 1, σ = 1, d = 100: tr Σ = 100, SNR² = .01, noise scale 100. 20,000 samples.
    rng = np.random.default_rng(0)
    found = gradient_noise(rng.normal(size=(20_000, 100)) + np.eye(100)[0])
    assert found.total_variance.value == pytest.approx(100, rel=5 * np.sqrt(2 / 20_000 / 100))
    assert found.snr_squared.low < 0.01 < found.snr_squared.high
    assert found.snr_squared.value == pytest.approx(0.01, abs=0.001)
    assert found.noise_scale.low < 100 < found.noise_scale.high


def test_gradient_noise_of_proposition_one_is_its_closed_form():
    # N = 3 by enumeration: eight joint actions, each as often: tr Σ/3 = .4375 · 8/7 as a sample variance.
    actions = np.array(list(np.ndindex(2, 2, 2)))
    samples = np.where(actions.all(axis=1)[:, None], 2.0, 0.0) * np.ones(3)
    found = gradient_noise(samples)
    assert found.total_variance.value * 7 / 8 == pytest.approx(proposition_one(3).total_variance)


def test_jackknife_equals_leaving_samples_out():
    rng = np.random.default_rng(1)
    samples = rng.normal(size=(6, 2))
    whole = gradient_noise(samples, level=0.9)
    left_out = [gradient_noise(np.delete(samples, k, axis=0)).snr_squared.value for k in range(6)]
    spread = np.sqrt(5 / 6 * ((np.array(left_out) - np.mean(left_out)) ** 2).sum())
    assert whole.snr_squared.high - whole.snr_squared.value == pytest.approx(2.015048 * spread, rel=1e-6)  # t_5, .95


def test_intervals_cover():
    # 64 samples in 20 dimensions, ‖g‖² = 1, tr Σ = 20, nominal .9; 600 sets: binomial standard deviation .0122.
    # tr Σ and SNR² are means and ratios with a skewness of their own: .02 more is allowed.
    rng = np.random.default_rng(2)
    hits = np.zeros(3)
    for _ in range(600):
        found = gradient_noise(rng.normal(size=(64, 20)) + np.eye(20)[0], level=0.9)
        hits += [
            found.total_variance.low <= 20 <= found.total_variance.high,
            found.squared_norm.low <= 1 <= found.squared_norm.high,
            found.snr_squared.low <= 0.05 <= found.snr_squared.high,
        ]
    np.testing.assert_allclose(hits / 600, 0.9, atol=4 * 0.0122 + 0.02)


@given(st.floats(0.1, 10))
def test_gradient_noise_scales_with_gradients(scale):
    samples = np.random.default_rng(3).normal(size=(8, 3)) + 2
    one, two = gradient_noise(samples), gradient_noise(scale * samples)
    assert two.total_variance.value == pytest.approx(scale**2 * one.total_variance.value)
    assert two.noise_scale.value == pytest.approx(one.noise_scale.value)
    assert two.snr_squared.high == pytest.approx(one.snr_squared.high)


def test_gradient_noise_without_signal_or_noise_says_so():
    opposed = gradient_noise([[1.0, 0.0], [-1.0, 0.0], [1.0, 0.0], [-1.0, 0.0]])
    assert opposed.squared_norm.value < 0
    assert np.isnan(opposed.noise_scale.value)
    assert opposed.noise_scale.reason == "the squared norm is not above 0: no signal was found"
    still = gradient_noise(np.ones((4, 2)))
    assert still.total_variance.value == 0
    assert still.snr_squared.value == np.inf
    assert still.snr_squared.reason == "the statistic is not finite without some unit"
    assert isinstance(still, Result)
    assert len(still.to_records()) == 4


@pytest.mark.parametrize(
    ("samples", "message"),
    [
        (np.ones((2, 3)), r"samples must be \[M, d\] with M at least 3"),
        (np.ones(5), r"samples must be \[M, d\]"),
        ([[1.0], [np.nan], [2.0]], "samples must be finite; row 1 is not"),
    ],
)
def test_gradient_noise_says_what_does_not_fit(samples, message):
    with pytest.raises(ValueError, match=message):
        gradient_noise(samples)
