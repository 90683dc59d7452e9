"""χ² divergence: closed forms, parity with integration, products, supports that differ."""

import numpy as np
import pytest
from scipy import integrate, stats

from nashlens.analysis.chi_square import chi_square, gaussian_chi_square


def test_chi_square_of_bernoulli_policies():
    # (¾, ¼) from (½, ½): Σ p²/q − 1 = 2 (9/16 + 1/16) − 1 = ¼; (.9, .1): 2 · .82 − 1 = .64.
    assert chi_square(np.array([0.75, 0.25]), np.array([0.5, 0.5])) == pytest.approx(0.25, abs=1e-15)
    assert chi_square(np.array([0.9, 0.1]), np.array([0.5, 0.5])) == pytest.approx(0.64, abs=1e-15)


def test_chi_square_multiplies_over_independent_agents():
    source = np.random.default_rng(0)
    (p, q), (r, s) = source.dirichlet(np.ones(3), size=2), source.dirichlet(np.ones(4), size=2)
    joint = chi_square(np.outer(p, r).ravel(), np.outer(q, s).ravel())
    assert 1 + joint == pytest.approx((1 + chi_square(p, q)) * (1 + chi_square(r, s)), rel=1e-12)


def test_chi_square_where_supports_differ_is_infinite_one_way():
    p, q = np.array([1.0, 0.0]), np.array([0.5, 0.5])
    assert (chi_square(p, q), chi_square(q, p)) == (1.0, np.inf)
    assert chi_square(p, p) == 0


def test_gaussian_chi_square_of_one_spread():
    # exp(Δ²/σ²) at Δ = 2σ is e⁴ = 54.598.
    found = gaussian_chi_square(np.array([1.0]), np.array([0.5]), np.array([0.0]), np.array([0.5]))
    assert 1 + found == pytest.approx(54.598, abs=5e-4)


@pytest.mark.parametrize(("std_p", "std_q"), [(0.5, 1.0), (1.0, 1.0), (1.3, 1.0)])
def test_gaussian_chi_square_agrees_with_the_integral(std_p, std_q):
    p, q = stats.norm(0.3, std_p), stats.norm(-0.2, std_q)
    by_hand = integrate.quad(lambda x: np.exp(2 * p.logpdf(x) - q.logpdf(x)), -40, 40, points=[0.0], limit=400)[0] - 1
    found = gaussian_chi_square(*(np.array([v]) for v in (0.3, std_p, -0.2, std_q)))
    assert found == pytest.approx(by_hand, rel=1e-6)


def test_gaussian_chi_square_of_much_wider_policies_is_infinite():
    assert gaussian_chi_square(np.zeros(1), np.array([1.5]), np.zeros(1), np.ones(1)) == np.inf
