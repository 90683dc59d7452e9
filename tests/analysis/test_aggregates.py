"""Aggregates over runs and tasks: hand-worked values, properties, coverage."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from nashlens.analysis.aggregates import (
    interquartile_mean,
    optimality_gap,
    probability_of_improvement,
    trimmed_mean,
)


def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize(
    ("scores", "expected"),
    # Worked by hand: a quarter of n, rounded down, is cut at each end.
    [(range(1, 11), 5.5), ([0, 1, 2, 3, 100], 2.0), ([0, 0, 1, 1], 0.5), (range(1, 8), 4.0), ([7], 7.0)],
)
def test_interquartile_mean_of_small_samples(scores, expected):
    # T29
    assert interquartile_mean(list(scores), rng=rng()).value == pytest.approx(expected, abs=1e-14)


@given(arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 4)), elements=st.floats(-100, 100)))
def test_trimmed_mean_agrees_with_scipy(scores):
    expected = stats.trim_mean(scores, 0.25, axis=None)
    assert trimmed_mean(scores.reshape(1, -1))[0] == pytest.approx(expected, abs=1e-10)


def test_interquartile_mean_covers_near_its_level():
    # The interquartile mean of a symmetric distribution is its centre. Two tasks, ten runs each, nominal .95: a
    # percentile bootstrap covers less for few runs (.90 for the mean of ten normal runs, .93 of twenty). 300 samples,
    # binomial standard deviation .0155: the bounds are .90 less and .95 more three of them.
    source = np.random.default_rng(1)
    hits = 0
    for _ in range(300):
        scores = source.normal(size=(10, 2)) + 1.0
        found = interquartile_mean(scores, n_resamples=300, rng=source)
        hits += found.low <= 1.0 <= found.high
    assert 0.90 - 3 * 0.0155 < hits / 300 < 0.95 + 3 * 0.0155


def test_optimality_gap_counts_nothing_beyond_the_target():
    # mean(min(score, 1)) of (.5, 1, 1, .1) is .65.
    assert optimality_gap([[0.5, 1.0], [3.0, 0.1]], rng=rng()).value == pytest.approx(0.35, abs=1e-15)
    assert optimality_gap([2.0, 5.0], rng=rng()).value == 0.0
    assert optimality_gap([2.0, 5.0], target=4.0, rng=rng()).value == 1.0
    assert optimality_gap([2.0], rng=rng()).higher_is_better is False


def test_probability_of_improvement_of_two_tasks_is_29_over_36():
    # T29: Task 0: 9 pairs, the .7 against .7 a tie: 8.5 / 9 = 17/18. Task 1: 6 of 9. Mean (17/18 + 2/3) / 2.
    x = [[0.9, 0.2], [0.8, 0.4], [0.7, 0.6]]
    y = [[0.5, 0.5], [0.6, 0.3], [0.7, 0.1]]
    assert probability_of_improvement(x, y, rng=rng()).value == pytest.approx(29 / 36, abs=1e-14)


def test_probability_of_improvement_agrees_with_the_mann_whitney_statistic():
    source = np.random.default_rng(2)
    x, y = source.integers(0, 5, size=(7, 3)), source.integers(0, 5, size=(6, 3))
    expected = np.mean([stats.mannwhitneyu(x[:, k], y[:, k]).statistic / 42 for k in range(3)])
    assert probability_of_improvement(x, y, rng=rng()).value == pytest.approx(expected, abs=1e-13)


@given(arrays(np.float64, (5, 2), elements=st.integers(0, 3)), arrays(np.float64, (6, 2), elements=st.integers(0, 3)))
def test_probability_of_improvement_of_both_sides_adds_to_one(x, y):
    there = probability_of_improvement(x, y, n_resamples=100, rng=rng()).value
    back = probability_of_improvement(y, x, n_resamples=100, rng=rng()).value
    assert there + back == pytest.approx(1.0, abs=1e-12)
    assert probability_of_improvement(x, x, n_resamples=100, rng=rng()).value == pytest.approx(0.5, abs=1e-12)


def test_probability_of_improvement_of_a_sure_winner_is_one_throughout():
    found = probability_of_improvement(np.arange(6.0) + 10, np.arange(6.0), rng=rng())
    assert (found.value, found.low, found.high, found.n) == (1.0, 1.0, 1.0, 6)


def test_aggregates_of_under_five_runs_have_a_value_and_a_reason():
    found = interquartile_mean([1.0, 2.0, 3.0, 4.0], rng=rng())
    assert found.value == 2.5
    assert np.isnan([found.low, found.high]).all()
    assert found.reason == "n = 4 seeds; a bootstrap interval needs at least 5"


def test_aggregates_of_a_failed_run_say_so():
    found = interquartile_mean([[1.0, np.nan], [2.0, 3.0]], rng=rng())
    assert np.isnan(found.value)
    assert found.reason == "1 of 4 runs have no finite score"
    assert interquartile_mean([], rng=rng()).reason == "there is no seed"


def test_aggregates_repeat_with_the_same_generator():
    scores = np.random.default_rng(3).normal(size=(8, 3))
    first = interquartile_mean(scores, rng=np.random.default_rng(7))
    assert first == interquartile_mean(scores, rng=np.random.default_rng(7))
    assert first.low != interquartile_mean(scores, rng=np.random.default_rng(8)).low


def test_aggregates_say_what_does_not_fit():
    with pytest.raises(ValueError, match=r"scores must be \[S, K\]"):
        interquartile_mean(np.zeros((2, 2, 2)), rng=rng())
    with pytest.raises(ValueError, match=r"scores must be \[S, K\]"):
        interquartile_mean(np.zeros((2, 0)), rng=rng())
    with pytest.raises(ValueError, match="others must have the 2 tasks of scores, not 3"):
        probability_of_improvement(np.zeros((5, 2)), np.zeros((5, 3)), rng=rng())
    with pytest.raises(ValueError, match="target must be finite"):
        optimality_gap([1.0], target=np.inf, rng=rng())
    with pytest.raises(ValueError, match="n_resamples must be at least 100"):
        interquartile_mean([1.0], n_resamples=10, rng=rng())
    with pytest.raises(ValueError, match="level must be inside"):
        interquartile_mean([1.0], level=2, rng=rng())
    with pytest.raises(ValueError, match="min_units must be at least 2"):
        interquartile_mean([1.0], min_units=1, rng=rng())


@pytest.mark.parametrize(("runs", "coverage"), [(5, 0.90), (10, 0.94)])
def test_probability_of_improvement_covers_as_its_page_says(runs, coverage):
    # Normal scores half a standard deviation apart: the truth is Φ(.5/√2) = .6382. 300 samples here and 400 behind each
    # number: standard deviation of the difference at most .024.
    source, truth = np.random.default_rng(4), stats.norm.cdf(0.5 / np.sqrt(2))
    hits = 0
    for _ in range(300):
        ours, theirs = source.normal(0.5, size=(runs, 2)), source.normal(size=(runs, 2))
        found = probability_of_improvement(ours, theirs, n_resamples=300, rng=source)
        hits += found.low <= truth <= found.high
    assert hits / 300 == pytest.approx(coverage, abs=3 * 0.024)


@pytest.mark.parametrize(("runs", "coverage"), [(5, 0.88), (10, 0.92)])
def test_optimality_gap_covers_as_its_page_says(runs, coverage):
    # Scores N(.5, .5²) short of 1: E max(1 − X, 0) = .5 (z Φ(z) + φ(z)) at z = 1, .5417. As above.
    source, truth = np.random.default_rng(5), 0.5 * (stats.norm.cdf(1) + stats.norm.pdf(1))
    hits = 0
    for _ in range(300):
        found = optimality_gap(source.normal(0.5, 0.5, size=(runs, 2)), n_resamples=300, rng=source)
        hits += found.low <= truth <= found.high
    assert hits / 300 == pytest.approx(coverage, abs=3 * 0.024)
