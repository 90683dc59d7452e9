"""Divergences: closed forms, inequalities, parity with SciPy, supports that differ."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from nashlens.analysis.divergence import (
    gaussian_kullback_leibler,
    gaussian_total_variation,
    gaussian_wasserstein,
    kullback_leibler,
    total_variation,
)


def pair(seed, n):
    return np.random.default_rng(seed).dirichlet(np.ones(n), size=2)


@given(st.integers(0, 2**32 - 1), st.integers(1, 8))
def test_divergences_keep_pinskers_inequality_and_the_range(seed, n):
    p, q = pair(seed, n)
    tv, kl = total_variation(p, q), kullback_leibler(p, q)
    assert 0 <= tv <= 1 + 1e-15
    assert kl >= 2 * tv**2 - 1e-12
    assert kullback_leibler(p, p) == total_variation(p, p) == 0


@given(st.integers(0, 2**32 - 1), st.integers(1, 8))
def test_kullback_leibler_agrees_with_scipy(seed, n):
    p, q = pair(seed, n)
    assert kullback_leibler(p, q) == pytest.approx(stats.entropy(p, q), abs=1e-9)


@given(st.integers(0, 2**32 - 1))
def test_kullback_leibler_of_independent_choices_adds_up(seed):
    (p, q), (r, s) = pair(seed, 3), pair(seed + 1, 4)
    both = kullback_leibler(np.outer(p, r).ravel(), np.outer(q, s).ravel())
    assert both == pytest.approx(kullback_leibler(p, q) + kullback_leibler(r, s), abs=1e-9)


def test_kullback_leibler_of_other_supports_is_infinite_one_way():
    point, half = np.array([1.0, 0.0]), np.array([0.5, 0.5])
    assert kullback_leibler(half, point) == np.inf
    assert kullback_leibler(point, half) == pytest.approx(np.log(2))
    assert total_variation(half, point) == 0.5


def test_gaussian_divergences_of_one_spread():
    # Δ = .1, σ = .05: KL = Δ² / 2σ² = 2 nats, total variation 2 Φ(Δ / 2σ) − 1 = 2 Φ(1) − 1 = .68269, W2 = Δ.
    args = (np.array([0.1]), np.array([0.05]), np.array([0.0]), np.array([0.05]))
    assert gaussian_kullback_leibler(*args) == pytest.approx(2.0, abs=1e-12)
    assert gaussian_total_variation(*args) == pytest.approx(0.682689492, abs=1e-9)
    assert gaussian_wasserstein(*args) == pytest.approx(0.1, abs=1e-15)


def test_gaussian_kullback_leibler_agrees_with_quadrature():
    p, q = stats.norm(0.3, 0.7), stats.norm(-0.2, 1.1)
    expected = integrate.quad(lambda x: p.pdf(x) * (p.logpdf(x) - q.logpdf(x)), -8, 8)[0]
    found = gaussian_kullback_leibler(*(np.array([v]) for v in (0.3, 0.7, -0.2, 1.1)))
    assert found == pytest.approx(expected, abs=1e-9)


def test_gaussian_total_variation_in_two_dimensions_uses_the_distance_in_deviations():
    # Distances .6 and .8 standard deviations: 1 in all.
    found = gaussian_total_variation(np.array([0.6, 1.6]), np.array([1.0, 2.0]), np.zeros(2), np.array([1.0, 2.0]))
    assert found == pytest.approx(2 * stats.norm.cdf(0.5) - 1, abs=1e-12)


def test_gaussian_total_variation_without_a_closed_form_is_nan():
    assert np.isnan(gaussian_total_variation(np.zeros(1), np.ones(1), np.zeros(1), 2 * np.ones(1)))


def test_gaussian_divergences_of_points():
    here, there, still = np.zeros(2), np.array([3.0, 4.0]), np.zeros(2)
    assert gaussian_wasserstein(here, still, there, still) == 5.0
    assert gaussian_kullback_leibler(here, still, there, still) == np.inf
    assert gaussian_total_variation(here, still, there, still) == 1.0
    assert (
        gaussian_kullback_leibler(here, still, here, still) == gaussian_total_variation(here, still, here, still) == 0
    )
    assert gaussian_kullback_leibler(here, still, here, np.ones(2)) == np.inf
