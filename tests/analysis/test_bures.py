"""The distance of Gaussians: Bures' value (T23), diagonal parity, a numerical optimum, bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import sqrtm

from nashlens.analysis.bures import bures_wasserstein
from nashlens.analysis.divergence import gaussian_wasserstein

A, B = np.array([[2.0, 0.5], [0.5, 1.0]]), np.diag([1.0, 3.0])
ZERO = np.zeros(2)


def test_bures_of_the_known_pair():
    # T23: tr(A + B − 2(A^½ B A^½)^½) = .808853, and .707471 if what is off the diagonal is dropped.
    assert bures_wasserstein(ZERO, A, ZERO, B) ** 2 == pytest.approx(0.808853, abs=5e-7)
    dropped = gaussian_wasserstein(ZERO, np.sqrt(np.diag(A)), ZERO, np.sqrt(np.diag(B)))
    assert dropped**2 == pytest.approx(0.707471, abs=5e-7)


def test_bures_of_one_dimension():
    # N(0, 1) and N(3, 5²): √(9 + 16) = 5.
    assert bures_wasserstein([0.0], [[1.0]], [3.0], [[25.0]]) == pytest.approx(5.0)


@given(st.integers(0, 10**6))
def test_bures_equals_scipys_square_root_and_is_symmetric(seed):
    rng = np.random.default_rng(seed)
    a, b = (m @ m.T + 0.1 * np.eye(3) for m in rng.normal(size=(2, 3, 3)))
    m, n = rng.normal(size=(2, 3))
    root = np.real(sqrtm(a))
    expected = ((m - n) ** 2).sum() + np.trace(a + b - 2 * np.real(sqrtm(root @ b @ root)))
    assert bures_wasserstein(m, a, n, b) == pytest.approx(np.sqrt(expected), rel=1e-6)
    assert bures_wasserstein(n, b, m, a) == pytest.approx(np.sqrt(expected), rel=1e-6)


def test_bures_of_diagonals_is_that_of_standard_deviations():
    rng = np.random.default_rng(0)
    m, n = rng.normal(size=(2, 4, 3))
    s, t = rng.uniform(0.1, 2, size=(2, 4, 3))
    full = [x[:, :, None] ** 2 * np.eye(3) for x in (s, t)]
    np.testing.assert_allclose(bures_wasserstein(m, full[0], n, full[1]), gaussian_wasserstein(m, s, n, t))


def test_bures_of_equal_gaussians_is_exactly_0():
    assert bures_wasserstein(ZERO, A, ZERO, A) == 0


@pytest.mark.parametrize(
    ("covariance", "message"),
    [
        ([[1.0, 0.5], [0.0, 1.0]], "covariance_q must be symmetric"),
        ([[1.0, 2.0], [2.0, 1.0]], "covariance_q must have no eigenvalue below 0"),
        ([[1.0, 0.0]], r"covariance_q must be \[…, d, d\]"),
        ([[np.nan, 0.0], [0.0, 1.0]], "covariance_q and its means must be finite"),
    ],
)
def test_bures_says_what_does_not_fit(covariance, message):
    with pytest.raises(ValueError, match=message):
        bures_wasserstein(ZERO, A, ZERO, covariance)


def test_bures_needs_means_of_one_shape():
    with pytest.raises(ValueError, match="mean_q must have the shape"):
        bures_wasserstein(ZERO, A, np.zeros((3, 2)), np.broadcast_to(B, (3, 2, 2)))
