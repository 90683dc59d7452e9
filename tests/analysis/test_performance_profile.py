"""Performance profiles: hand-worked shares, monotonicity, bands."""

import numpy as np
import pytest
from scipy import stats

from nashlens.analysis.performance_profile import performance_profile


def test_performance_profile_counts_scores_strictly_above_each_threshold():
    # Six scores: .1 .2 .2 .5 .9 1.0.
    scores = [[0.1, 0.2], [0.2, 0.5], [0.9, 1.0]]
    found = performance_profile(scores, [-1.0, 0.2, 0.5, 1.0], rng=np.random.default_rng(0))
    assert found.values.tolist() == pytest.approx([1.0, 3 / 6, 2 / 6, 0.0])
    assert set(found.reasons) == {"n = 3 seeds; a bootstrap interval needs at least 5"}


def test_performance_profile_never_rises_and_lies_inside_its_band():
    scores = np.random.default_rng(1).normal(size=(12, 4))
    found = performance_profile(scores, np.linspace(-3, 3, 40), rng=np.random.default_rng(0))
    for curve in (found.values, found.low, found.high):
        assert (np.diff(curve) <= 0).all()
    assert (found.low <= found.values).all()
    assert (found.values <= found.high).all()
    assert (found.high - found.low).max() > 0.1


def test_performance_profile_of_a_failed_run_has_no_values():
    found = performance_profile([[np.nan], [1.0]], [0.0], rng=np.random.default_rng(0))
    assert np.isnan(found.values[0])
    assert found.reasons[0] == "1 of 2 runs have no finite score"


@pytest.mark.parametrize("thresholds", [0.5, [[0.5]], [np.nan]])
def test_performance_profile_rejects_thresholds_that_are_no_row(thresholds):
    with pytest.raises(ValueError, match="thresholds must be one row of finite numbers"):
        performance_profile([1.0, 2.0], thresholds, rng=np.random.default_rng(0))


def test_performance_profile_says_what_does_not_fit():
    with pytest.raises(ValueError, match=r"scores must be \[S, K\]"):
        performance_profile(np.zeros((2, 2, 2)), [0.0], rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="level must be inside"):
        performance_profile([1.0], [0.0], level=95, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="n_resamples must be at least 100"):
        performance_profile([1.0], [0.0], n_resamples=10, rng=np.random.default_rng(0))


@pytest.mark.parametrize(("runs", "tails", "middle"), [(5, 0.77, 0.91), (20, 0.915, 0.95)])
def test_performance_profile_bands_cover_as_their_page_says(runs, tails, middle):
    # Standard normal scores: the true shares above −1, 0 and 1 are .841, .5 and .159. Nominal .95; 300 samples here and
    # 400 behind each number: the standard deviation of the difference is at most .032 in the tails, .022 between them.
    source = np.random.default_rng(2)
    hits = np.zeros(3)
    for _ in range(300):
        found = performance_profile(source.normal(size=(runs, 2)), [-1.0, 0.0, 1.0], n_resamples=300, rng=source)
        truth = stats.norm.sf([-1.0, 0.0, 1.0])
        hits += (found.low <= truth) & (truth <= found.high)
    assert hits / 300 == pytest.approx([tails, middle, tails], abs=3 * 0.032)
