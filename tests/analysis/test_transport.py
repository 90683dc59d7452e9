"""Wasserstein distances of action distributions: closed forms, parity with SciPy and the linear program, bad input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from nashlens.analysis.divergence import total_variation
from nashlens.analysis.transport import action_wasserstein, wasserstein


def pairs(seed, n_probes, n_actions):
    return np.random.default_rng(seed).dirichlet(np.ones(n_actions), size=(2, n_probes))


def test_wasserstein_over_equal_distances_is_a_power_of_total_variation():
    # With the 0/1 ground all mass that moves travels 1: W_k^k = TV.
    p, q = pairs(0, 5, 4)
    np.testing.assert_allclose(wasserstein(p, q, distances=1 - np.eye(4)), total_variation(p, q) ** 0.5, atol=1e-15)
    np.testing.assert_allclose(
        wasserstein(p, q, distances=3 * (1 - np.eye(4)), order=1.0), 3 * total_variation(p, q), rtol=0, atol=1e-15
    )


def test_action_wasserstein_between_points_is_their_distance():
    found = action_wasserstein(np.eye(2)[[0]], np.eye(2)[[1]], positions=[[0.0, 0.0], [3.0, 4.0]])
    assert found.tolist() == [5.0]


def test_action_wasserstein_on_a_line_shifts_every_quantile():
    # From (½, ½, 0) at 0, 1, 2 to (0, ½, ½): quantiles shift by 1 each, so W2 = 1; W1 = 1.
    p, q = np.array([[0.5, 0.5, 0.0]]), np.array([[0.0, 0.5, 0.5]])
    assert action_wasserstein(p, q, positions=[0.0, 1.0, 2.0])[0] == pytest.approx(1, abs=1e-12)
    assert action_wasserstein(p, q, positions=[0.0, 1.0, 2.0], order=1.0)[0] == pytest.approx(1, abs=1e-12)


@given(st.integers(0, 2**32 - 1), st.integers(2, 6))
@settings(max_examples=30)
def test_action_wasserstein_on_a_line_agrees_with_scipy_and_with_the_plane(seed, n_actions):
    p, q = pairs(seed, 3, n_actions)
    x = np.random.default_rng(seed).normal(size=n_actions)
    first = action_wasserstein(p, q, positions=x, order=1.0)
    expected = [stats.wasserstein_distance(x, x, a, b) for a, b in zip(p, q, strict=True)]
    np.testing.assert_allclose(first, expected, rtol=0, atol=1e-10)
    plane = action_wasserstein(p, q, positions=np.stack([x, np.zeros(n_actions)], axis=1))
    np.testing.assert_allclose(action_wasserstein(p, q, positions=x) ** 2, plane**2, rtol=0, atol=1e-7)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20)
def test_action_wasserstein_is_a_metric_and_does_not_heed_names(seed):
    source = np.random.default_rng(seed)
    p, q, r = source.dirichlet(np.ones(4), size=(3, 1))
    x = source.normal(size=(4, 2))
    pq, qr, pr = (action_wasserstein(*pair, positions=x)[0] for pair in ((p, q), (q, r), (p, r)))
    assert pr <= pq + qr + 1e-6
    assert action_wasserstein(q, p, positions=x)[0] == pytest.approx(pq, abs=1e-6)
    order = source.permutation(4)
    assert action_wasserstein(p[:, order], q[:, order], positions=x[order])[0] == pytest.approx(pq, abs=1e-6)
    assert action_wasserstein(p, p, positions=x)[0] == 0


def test_wasserstein_of_a_single_action_is_zero():
    assert wasserstein(np.ones((2, 1)), np.ones((2, 1)), distances=[[0.0]]).tolist() == [0.0, 0.0]


P = np.array([[0.5, 0.5]])


@pytest.mark.parametrize(
    ("distances", "order", "message"),
    [
        (np.zeros((3, 3)), 2.0, r"distances must be \[A, A\] for 2 actions, not shape \(3, 3\)"),
        ([[0.0, 1.0], [2.0, 0.0]], 2.0, "finite, non-negative and symmetric"),
        ([[1.0, 1.0], [1.0, 0.0]], 2.0, "0 from each action to itself"),
        ([[0.0, np.nan], [np.nan, 0.0]], 2.0, "distances must be finite"),
        ([[0.0, 1.0], [1.0, 0.0]], 0.5, "order must be finite and at least 1, not 0.5"),
    ],
)
def test_wasserstein_says_what_does_not_fit(distances, order, message):
    with pytest.raises(ValueError, match=message):
        wasserstein(P, P, distances=distances, order=order)


def test_action_wasserstein_says_what_does_not_fit():
    with pytest.raises(ValueError, match=r"positions must be finite, \[A, D\] for 2 actions, not shape \(3,\)"):
        action_wasserstein(P, P, positions=[0.0, 1.0, 2.0])
    with pytest.raises(ValueError, match="order must be finite and at least 1, not inf"):
        action_wasserstein(P, P, positions=[0.0, 1.0], order=np.inf)
