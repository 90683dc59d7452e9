"""BCa intervals: parity with SciPy draw by draw, coverage, degenerate samples."""

import numpy as np
import pytest
from scipy import stats

from nashlens.analysis.bootstrap import bca_bootstrap, stratified_resamples
from nashlens.analysis.statistics import student_t


def median(values, *, axis):
    return np.median(values, axis=axis)


@pytest.mark.parametrize(("ours", "theirs"), [(None, np.mean), (median, np.median)])
def test_bca_bootstrap_equals_scipy_given_the_same_draws(ours, theirs):
    values = np.random.default_rng(0).exponential(size=(12, 3))
    more = {} if ours is None else {"statistic": ours}
    found = bca_bootstrap(values, n_resamples=499, level=0.9, rng=np.random.default_rng(5), **more)
    for k in range(3):
        expected = stats.bootstrap(
            (values[:, k],), theirs, n_resamples=499, confidence_level=0.9, rng=np.random.default_rng(5)
        ).confidence_interval
        assert found.at(k).low == pytest.approx(expected.low, abs=1e-12)
        assert found.at(k).high == pytest.approx(expected.high, abs=1e-12)


def test_bca_bootstrap_covers_skewed_data_to_first_order():
    # Exponential data, n = 20, nominal .9; the error is of order 1/n. SciPy's BCa covered .855 of 3,000 such samples;
    # at 2,000 the binomial standard deviation is .0077, of which four are allowed around it, and two for its own error.
    samples = np.random.default_rng(1).exponential(size=(20, 2000))
    found = bca_bootstrap(samples, level=0.9, n_resamples=1000, rng=np.random.default_rng(2))
    coverage = ((found.low <= 1.0) & (found.high >= 1.0)).mean()
    assert abs(coverage - 0.855) < 4 * 0.0077 + 2 * 0.0064


def test_bca_bootstrap_is_close_to_student_t_for_many_normal_units():
    values = np.random.default_rng(3).normal(size=400)
    boot = bca_bootstrap(values, n_resamples=4000, rng=np.random.default_rng(0)).at()
    t = student_t(values).at()
    # The ends of a bootstrap of 4,000 draws have a standard error of about .04 of the standard error of the mean.
    assert [boot.low, boot.high] == pytest.approx([t.low, t.high], abs=0.2 / np.sqrt(400))


def test_bca_bootstrap_scales_and_moves_with_the_data():
    values = np.random.default_rng(4).exponential(size=9)
    plain = bca_bootstrap(values, rng=np.random.default_rng(0)).at()
    moved = bca_bootstrap(4 * values + 3, rng=np.random.default_rng(0)).at()
    assert [moved.low, moved.high] == pytest.approx([4 * plain.low + 3, 4 * plain.high + 3], abs=1e-10)


def test_bca_bootstrap_of_under_five_units_has_a_value_and_a_reason():
    estimate = bca_bootstrap([1.0, 2.0, 3.0, 6.0], rng=np.random.default_rng(0)).at()
    assert estimate.value == 3.0
    assert np.isnan([estimate.low, estimate.high]).all()
    assert estimate.reason == "n = 4 seeds; an interval needs at least 5"


def test_bca_bootstrap_gives_fewer_units_an_interval_when_asked():
    estimate = bca_bootstrap([1.0, 2.0, 3.0, 6.0], min_units=4, rng=np.random.default_rng(0)).at()
    assert estimate.low < 3.0 < estimate.high


def test_bca_bootstrap_of_equal_units_has_no_width():
    estimate = bca_bootstrap([0.1] * 6, rng=np.random.default_rng(0)).at()
    assert (estimate.low, estimate.high, estimate.reason) == (estimate.value, estimate.value, "")


def test_bca_bootstrap_of_a_column_with_nan_has_a_reason_and_leaves_the_others_alone():
    values = np.random.default_rng(4).normal(size=(6, 2))
    whole = bca_bootstrap(values, rng=np.random.default_rng(0))
    holed = values.copy()
    holed[2, 1] = np.nan
    found = bca_bootstrap(holed, rng=np.random.default_rng(0))
    assert found.reasons.tolist() == ["", "1 of 6 seeds have no finite value"]
    assert found.low[0] == whole.low[0]
    assert np.isnan([found.values[1], found.low[1], found.high[1]]).all()


def test_bca_bootstrap_says_when_an_estimate_lies_outside_its_resamples():
    def nearest_pair(values, *, axis):  # a resample repeats a unit, so that its nearest pair is 0 apart
        return np.diff(np.sort(values, axis=axis), axis=axis).min(axis=axis)

    values = np.random.default_rng(0).normal(size=12)
    found = bca_bootstrap(values, statistic=nearest_pair, n_resamples=200, rng=np.random.default_rng(0)).at()
    assert found.value > 0
    assert found.reason == "the estimate lies outside all of its resamples"
    assert np.isnan([found.low, found.high]).all()


def test_bca_bootstrap_of_no_units_is_nan():
    found = bca_bootstrap(np.empty((0, 2)), rng=np.random.default_rng(0))
    assert np.isnan(found.values).all()
    assert found.reasons.tolist() == ["there is no seed"] * 2


def test_bca_bootstrap_splits_many_columns_without_changing_them():
    values = np.random.default_rng(4).normal(size=(10, 300))
    whole = bca_bootstrap(values, rng=np.random.default_rng(0))
    part = bca_bootstrap(values[:, 250:260], rng=np.random.default_rng(0))
    np.testing.assert_array_equal(whole.low[250:260], part.low)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"level": 0.0}, "level must be inside"),
        ({"n_resamples": 99}, "n_resamples must be at least 100, not 99"),
        ({"min_units": 1}, "min_units must be at least 2, not 1"),
    ],
)
def test_bca_bootstrap_says_what_does_not_fit(settings, message):
    with pytest.raises(ValueError, match=message):
        bca_bootstrap([1.0, 2.0, 3.0, 4.0, 5.0], rng=np.random.default_rng(0), **settings)


def test_stratified_resamples_keep_every_task_apart():
    # Runs of task 0 are all 1, of task 1 all 2: resampled within tasks the mean cannot move.
    scores = np.tile([1.0, 2.0], (8, 1))
    drawn = stratified_resamples(lambda s: s.mean(axis=(1, 2)), scores, n_resamples=50, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(drawn, np.full(50, 1.5))
