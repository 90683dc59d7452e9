"""Sobol indices: REINFORCE's closed form (T26), additive and multiplicative functions, and resampling beside them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nashlens.analysis.results import Result
from nashlens.analysis.sobol import resampled_total_indices, sobol_indices


@pytest.mark.parametrize("n", range(2, 9))
def test_sobol_indices_of_reinforce_are_alike_for_own_and_others_actions(n):
    # T26: S_j = p / (1 − p) and T_j = 1 / (2 (1 − p)) for every j, p = 2^−N; for N = 3: .142857, .571429.
    values = np.zeros((2,) * n)
    values[(1,) * n] = 2.0  # R s_1 at θ = ½: 1 / θ where all play 1
    found = sobol_indices(values, [[0.5, 0.5]] * n)
    p = 2.0**-n
    np.testing.assert_allclose(found.first, p / (1 - p), rtol=1e-12)
    np.testing.assert_allclose(found.total, 1 / (2 * (1 - p)), rtol=1e-12)
    if n == 3:
        np.testing.assert_allclose([found.first[0], found.total[2]], [0.142857, 0.571429], atol=5e-7)


def test_sobol_indices_of_a_sum_are_its_variances():
    # Var(x) = .25, Var(3y) = 9 · .21: shares .25/2.14 and 1.89/2.14, nothing together.
    found = sobol_indices(np.arange(2)[:, None] + 3 * np.arange(2)[None], [[0.5, 0.5], [0.7, 0.3]])
    np.testing.assert_allclose(found.first, [0.25 / 2.14, 1.89 / 2.14])
    np.testing.assert_allclose(found.total, found.first)


@given(arrays(np.float64, (3, 2, 2, 2), elements=st.floats(-5, 5).map(lambda x: round(x, 3))))
def test_sobol_indices_are_shares(values):
    found = sobol_indices(values, [[0.2, 0.3, 0.5], [0.5, 0.5], [0.1, 0.9]])
    if found.variance > 0:
        assert (found.first >= -1e-12).all()
        assert (found.total >= found.first - 1e-9).all()
        assert found.first.sum() <= 1 + 1e-9 <= found.total.sum() + 2e-9


def test_sobol_indices_of_a_constant_are_missing():
    found = sobol_indices(np.full((2, 2), 0.1), [[0.3, 0.7]] * 2)
    assert np.isnan(found.first).all()
    assert found.to_records()[0]["reason"] == "there is no variance"
    assert isinstance(found, Result)


@pytest.mark.parametrize(
    ("values", "distributions", "message"),
    [
        ([[1, 2]], [[0.5, 0.5], [1.0]], "values must be finite, of shape"),
        ([1.0, np.inf], [[0.5, 0.5]], "values must be finite"),
        ([1.0, 2.0], [[0.5, 0.6]], "distributions must be non-negative rows that sum to 1; number 0"),
    ],
)
def test_sobol_indices_say_what_does_not_fit(values, distributions, message):
    with pytest.raises(ValueError, match=message):
        sobol_indices(values, distributions)


def drawn(rng, m):
    """REINFORCE's first component for three agents, and the same with each agent's action drawn again."""

    def estimate(actions):
        return (2.0 * actions.all(axis=1))[:, None]

    actions = rng.random((m, 3)) < 0.5
    again = []
    for j in range(3):
        other = actions.copy()
        other[:, j] = rng.random(m) < 0.5
        again.append(estimate(other))
    return estimate(actions), np.stack(again)


def test_resampled_total_indices_cover_the_exact_ones():
    # T_j = .571429. 300 sets of 400 samples at nominal .9: binomial standard deviation .0173.
    rng = np.random.default_rng(0)
    hits = []
    for _ in range(300):
        found = resampled_total_indices(*drawn(rng, 400), level=0.9)
        hits.append((found.low <= 4 / 7) & (found.high >= 4 / 7))
    assert np.mean(hits) == pytest.approx(0.9, abs=4 * 0.0173)


def test_resampled_total_indices_without_variance_or_samples_have_a_reason():
    flat = resampled_total_indices(np.ones((4, 2)), np.ones((3, 4, 2)))
    assert flat.reasons.tolist() == ["there is no variance"] * 3
    few = resampled_total_indices(np.eye(2), np.ones((1, 2, 2)))
    assert few.reasons.tolist() == ["n = 2 episodes; an interval needs at least 3"]


def test_resampled_total_indices_say_what_does_not_fit():
    with pytest.raises(ValueError, match=r"samples and resampled must be \[M, d\] and \[J, M, d\]"):
        resampled_total_indices(np.ones((4, 2)), np.ones((3, 4, 3)))
    with pytest.raises(ValueError, match="must be finite"):
        resampled_total_indices(np.full((4, 2), np.nan), np.ones((3, 4, 2)))
