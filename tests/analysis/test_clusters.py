"""Means over clusters: parity with Student's t, coverage where observations repeat, what is missing."""

import numpy as np
import pytest

from nashlens.analysis.clusters import cluster_totals, clustered_mean, resampled_totals
from nashlens.analysis.statistics import student_t


def test_clustered_mean_of_equal_clusters_is_students_interval_of_their_means():
    values = np.random.default_rng(0).normal(size=(6, 4))
    found = clustered_mean(values.ravel(), clusters=np.repeat(np.arange(6), 4), level=0.9)
    expected = student_t(values.mean(axis=1), level=0.9).at()
    assert (found.value, found.low, found.high) == pytest.approx(
        (expected.value, expected.low, expected.high), abs=1e-12
    )
    assert (found.n, found.unit) == (6, "episode")


def test_clustered_mean_without_clusters_is_students_interval():
    values = [1.0, 2.0, 4.0]
    expected = student_t(values).at()
    assert clustered_mean(values).high == pytest.approx(expected.high, abs=1e-12)


def test_clustered_mean_weighs_observations_alike():
    assert clustered_mean([0.0, 0.0, 0.0, 4.0], clusters=["a", "a", "a", "b"]).value == 1.0


def test_clustered_mean_covers_where_observations_of_a_cluster_are_copies():
    # 20 normal clusters of 3 copies each: hits are binomial(1000, .95), standard deviation .0069; four of them allowed.
    drawn = np.random.default_rng(1).normal(size=(1000, 20))
    labels = np.repeat(np.arange(20), 3)
    found = [clustered_mean(np.repeat(row, 3), clusters=labels) for row in drawn]
    coverage = np.mean([e.low <= 0 <= e.high for e in found])
    assert abs(coverage - 0.95) < 4 * 0.0069


def test_clustered_mean_says_why_there_is_no_interval():
    assert clustered_mean([]).reason == "there is no episode"
    one = clustered_mean([1.0, 2.0], clusters=[0, 0])
    assert (one.value, one.reason) == (1.5, "n = 1 episode; an interval needs at least 2")
    infinite = clustered_mean([1.0, np.inf])
    assert (infinite.value, infinite.reason) == (np.inf, "1 of 2 observations have no finite value")
    assert np.isnan(infinite.low)


def test_cluster_totals_and_draws_keep_their_sums():
    sums, sizes = cluster_totals(np.array([1.0, 2.0, 5.0]), ["a", "b", "a"])
    assert (sums.tolist(), sizes.tolist()) == ([6.0, 2.0], [2.0, 1.0])
    drawn = resampled_totals(np.ones((7, 1)), n_resamples=50, rng=np.random.default_rng(0))
    assert (drawn == 7).all()
    again = [resampled_totals(np.eye(3), n_resamples=5, rng=np.random.default_rng(2)) for _ in range(2)]
    assert (again[0] == again[1]).all()


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ([[1.0]], {}, "values must be one row of numbers"),
        ([1.0], {"clusters": [0, 1]}, r"clusters must be one label for each of 1 observations, not shape \(2,\)"),
        ([1.0], {"level": 1.0}, "level must be inside"),
    ],
)
def test_clustered_mean_says_what_does_not_fit(values, options, message):
    with pytest.raises(ValueError, match=message):
        clustered_mean(values, **options)
