"""Paired differences, permutation tests: attainable p-values by counting, parity with SciPy, levels."""

import numpy as np
import pytest
from scipy import stats

from nashlens.analysis.comparisons import paired_difference, permutation_test, sign_flip_test


def rng():
    return np.random.default_rng(0)


def test_paired_difference_agrees_with_scipy():
    source = np.random.default_rng(1)
    x, y = source.normal(size=(8, 3)), source.normal(size=(8, 3))
    found = paired_difference(x, y)
    expected = stats.ttest_rel(x, y).confidence_interval()
    np.testing.assert_allclose(found.low, expected.low, atol=1e-12)
    np.testing.assert_allclose(found.high, expected.high, atol=1e-12)


def test_paired_difference_ignores_what_seeds_share():
    source = np.random.default_rng(1)
    x, y, shared = source.normal(size=8), source.normal(size=8), 1000 * source.normal(size=8)
    assert paired_difference(x + shared, y + shared).at().high == pytest.approx(paired_difference(x, y).at().high)


def test_paired_difference_is_floored_at_the_errors_of_its_differences():
    # Differences of 1 in every seed, each known to .5: 1 ± t · .5 / √4
    found = paired_difference([2.0, 3.0, 4.0, 5.0], [1.0, 2.0, 3.0, 4.0], errors=[0.5] * 4).at()
    assert (found.low, found.high) == pytest.approx(stats.t.interval(0.95, 3, loc=1, scale=0.25))
    assert found.method == "floored student-t"


def test_paired_difference_of_a_failed_seed_says_so():
    assert paired_difference([1.0, np.inf], [0.0, np.inf]).at().reason == "1 of 2 seeds have no finite value"


def test_paired_difference_needs_the_same_seeds():
    with pytest.raises(ValueError, match=r"others must have the shape \(3,\)"):
        paired_difference([1.0, 2.0, 3.0], [1.0, 2.0])


@pytest.mark.parametrize(("n", "smallest"), [(5, 0.0625), (6, 0.03125)])
def test_sign_flip_test_of_one_sided_differences_reaches_2_over_2_to_the_n(n, smallest):
    found = sign_flip_test(np.arange(1.0, n + 1), rng=rng())
    assert found.p == found.smallest == smallest
    assert found.bound == "exact"


@pytest.mark.parametrize(("n", "smallest"), [(3, 2 / 20), (4, 2 / 70), (5, 2 / 252)])
def test_permutation_test_of_separated_samples_reaches_2_over_the_splits(n, smallest):
    found = permutation_test(np.arange(n) + 100.0, np.arange(n), rng=rng())
    assert found.p == found.smallest == pytest.approx(smallest, abs=1e-15)


def test_permutation_test_of_unequal_sizes_counts_one_side_only():
    # 1 against 4: only one of the five splits is as extreme.
    found = permutation_test([9.0], [1.0, 2.0, 3.0, 4.0], rng=rng())
    assert found.p == found.smallest == 0.2


def test_permutation_test_agrees_with_scipy():
    source = np.random.default_rng(2)
    x, y = source.normal(size=6), source.normal(0.5, size=7)
    expected = stats.permutation_test(
        (x, y), lambda a, b, axis: np.abs(a.mean(axis=axis) - b.mean(axis=axis)), alternative="greater", vectorized=True
    ).pvalue
    assert permutation_test(x, y, rng=rng()).p == pytest.approx(expected, abs=1e-12)


def test_sign_flip_test_agrees_with_scipy():
    x = np.random.default_rng(2).normal(0.4, size=9)
    expected = stats.permutation_test(
        (x,),
        lambda a, axis: np.abs(a.mean(axis=axis)),
        permutation_type="samples",
        alternative="greater",
        vectorized=True,
    ).pvalue
    assert sign_flip_test(x, rng=rng()).p == pytest.approx(expected, abs=1e-12)


def test_sign_flip_test_of_zero_differences_is_1():
    assert sign_flip_test(np.zeros(6), rng=rng()).p == 1.0


def test_sign_flip_test_keeps_its_level():
    # Exact test: P(p ≤ .05) ≤ .05; with 8 normal pairs it is 12/256 = .0469. 2,000 samples, standard deviation .0047.
    source = np.random.default_rng(3)
    rejected = np.mean([sign_flip_test(source.normal(size=8), rng=source).p <= 0.05 for _ in range(2000)])
    assert abs(rejected - 12 / 256) < 5 * 0.0047


def test_sampled_tests_are_close_to_counted_ones():
    # Counted up to S = 15; at S = 16 the sampled p has a standard error of √(p(1−p)/9999) = .005 around the counted.
    x = np.random.default_rng(4).normal(0.2, size=16)
    signs = 1.0 - 2.0 * ((np.arange(2**16)[:, None] >> np.arange(16)) & 1)
    counted = (np.abs(signs @ x) >= abs(x.sum()) - 1e-12).mean()
    sampled = sign_flip_test(x, rng=rng())
    assert sampled.bound == "estimate"
    assert abs(sampled.p - counted) < 5 * 0.005
    y, z = np.random.default_rng(5).normal(size=(2, 12))
    both = permutation_test(y, z + 0.3, rng=rng())
    assert both.bound == "estimate"
    assert abs(both.p - stats.ttest_ind(y, z + 0.3).pvalue) < 0.05


def test_sampled_tests_count_the_data_among_the_draws():
    # All of 30 differences alike: a draw as extreme has a chance of 2^-29, and p is 1 of 100, never 0.
    assert sign_flip_test(np.ones(30), n_resamples=99, rng=rng()).p == 0.01
    assert permutation_test(np.arange(20.0), np.arange(20.0) + 100, n_resamples=99, rng=rng()).p == 0.01


def test_tests_of_missing_values_have_a_reason_and_no_p():
    assert np.isnan(sign_flip_test([1.0, np.nan], rng=rng()).p)
    assert sign_flip_test([1.0, np.nan], rng=rng()).reason == "1 of 2 seeds have no finite value"
    assert sign_flip_test([], rng=rng()).reason == "there is no seed"
    assert permutation_test([1.0], [], rng=rng()).reason == "there is no seed"
    assert permutation_test([1.0], [np.inf, 2.0], rng=rng()).reason == "1 of 3 seeds have no finite value"


def test_tests_say_what_does_not_fit():
    with pytest.raises(ValueError, match=r"differences must be one row of numbers \[S\]"):
        sign_flip_test([[1.0]], rng=rng())
    with pytest.raises(ValueError, match=r"others must be one row of numbers \[S\]"):
        permutation_test([1.0], [[1.0]], rng=rng())
    with pytest.raises(ValueError, match="n_resamples must be at least 1, not 0"):
        sign_flip_test([1.0], n_resamples=0, rng=rng())


def test_p_value_to_records_has_one_row():
    assert sign_flip_test(np.arange(1.0, 6.0), rng=rng()).to_records()[0]["value"] == 0.0625
