"""Intervals floored at known errors: closed forms, properties, parity with iterated weights, coverage, bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from nashlens.analysis.random_effects import FLOORED, errors_over_episodes, random_effects_mean, within_error
from nashlens.analysis.statistics import student_t

FINITE = st.floats(-1e6, 1e6)
ERRORS = st.floats(0, 1e6)


def test_random_effects_of_three_close_values_is_as_wide_as_their_errors():
    # s = .1 and e = .5: 2 ± t · .5 / √3, where the quantile of two degrees of freedom is (2p − 1) √(2 / (4p (1 − p))).
    quantile = 0.95 * np.sqrt(2 / (4 * 0.975 * 0.025))
    found = random_effects_mean([1.9, 2.0, 2.1], [0.5, 0.5, 0.5]).at()
    assert (found.value, found.method, found.n, found.unit) == (2.0, FLOORED, 3, "seed")
    assert (found.low, found.high) == pytest.approx((2 - quantile * 0.5 / np.sqrt(3), 2 + quantile * 0.5 / np.sqrt(3)))


def test_random_effects_takes_the_mean_of_squared_errors():
    # mean e² = (9 + 16 + 0 + 0) / 4 = 6.25 = 2.5², s = 0: ± t_3 · 2.5 / 2
    found = random_effects_mean([7.0] * 4, [3.0, 4.0, 0.0, 0.0], level=0.9).at()
    assert found.high - 7 == pytest.approx(stats.t.ppf(0.95, 3) * 1.25)


def test_random_effects_of_values_that_agree_by_chance():
    # Five seeds within .06 about .32 with errors of .22 to .30, whose true mean is 0: Student's t excludes it by far.
    values, errors = [0.3734, 0.2440, 0.3110, 0.3890, 0.2998], [0.2863, 0.2966, 0.2227, 0.2507, 0.2543]
    assert student_t(values).at().low == pytest.approx(0.251, abs=1e-3)
    # mean e² = .06941: .3234 − 2.776 · .2635 / √5 = −.004
    assert random_effects_mean(values, errors).at().low == pytest.approx(-0.004, abs=1e-3)


@given(arrays(np.float64, (5, 2), elements=FINITE), arrays(np.float64, (5, 2), elements=ERRORS))
def test_random_effects_is_never_narrower_than_students_t(values, errors):
    found, student = random_effects_mean(values, errors), student_t(values)
    np.testing.assert_array_equal(found.values, student.values)
    assert (found.low <= student.low).all()
    assert (found.high >= student.high).all()


@given(arrays(np.float64, 6, elements=FINITE), st.floats(0, 0.999))
def test_random_effects_is_exactly_students_t_where_units_differ_by_more_than_their_errors(values, share):
    errors = np.full(6, share * values.std(ddof=1))
    found, student = random_effects_mean(values, errors).at(), student_t(values).at()
    assert (found.low, found.high) == (student.low, student.high)


@given(
    arrays(np.float64, 5, elements=st.floats(-1e3, 1e3)),
    arrays(np.float64, 5, elements=st.floats(0.01, 1e3)),
    st.floats(0.1, 10),
    st.floats(-1e3, 1e3),
)
def test_random_effects_moves_and_scales_with_the_data(values, errors, scale, shift):
    plain = random_effects_mean(values, errors).at()
    moved = random_effects_mean(scale * values + shift, scale * errors).at()
    expected = (scale * plain.low + shift, scale * plain.high + shift)
    assert (moved.low, moved.high) == pytest.approx(expected, rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("between", [0.0, 2.0])
def test_random_effects_with_equal_errors_is_the_modified_interval_of_knapp_and_hartung(between):
    # Written out from Röver et al. (2015), with DerSimonian and Laird's τ²: weights 1 / (τ² + e²), the weighted mean,
    # its variance 1 / Σw times max(1, Σ w (x − m)² / (S − 1)), and t with S − 1 degrees of freedom.
    source = np.random.default_rng(0)
    for _ in range(50):
        values, errors = between * source.normal(size=5) + 0.7 * source.normal(size=5), np.full(5, 0.7)
        fixed = 1 / errors**2
        excess = (fixed * (values - np.average(values, weights=fixed)) ** 2).sum() - 4
        tau2 = max(0.0, excess / (fixed.sum() - (fixed**2).sum() / fixed.sum()))
        weights = 1 / (tau2 + errors**2)
        mean = np.average(values, weights=weights)
        factor = max(1.0, (weights * (values - mean) ** 2).sum() / 4)
        half = stats.t.ppf(0.975, 4) * np.sqrt(factor / weights.sum())
        found = random_effects_mean(values, errors).at()
        assert (found.low, found.high) == pytest.approx((mean - half, mean + half), abs=1e-10)


@pytest.mark.parametrize(
    ("between", "errors", "least", "most"),
    [
        (0.0, 1.0, 0.99, 1.0),  # nothing between: at least P(|Z| ≤ 2.776) = .9945
        (0.5, 1.0, 0.96, 1.0),
        (1.0, 1.0, 0.95, 0.99),
        (20.0, 1.0, 0.94, 0.96),  # Student's t, exact
        (0.0, (0.1, 0.1, 0.2, 0.5, 2.0), 0.95, 1.0),
        (1.0, (0.1, 0.1, 0.2, 0.5, 2.0), 0.95, 1.0),
    ],
)
def test_random_effects_covers_at_least_at_its_level_at_five_units(between, errors, least, most):
    # 20,000 repetitions: standard deviation .0015 at .95, four allowed.
    source = np.random.default_rng(3)
    own = np.broadcast_to(np.reshape(errors, (-1, 1)), (5, 20_000))
    values = 3.0 + between * source.normal(size=own.shape) + own * source.normal(size=own.shape)
    found = random_effects_mean(values, own)
    coverage = ((found.low <= 3.0) & (found.high >= 3.0)).mean()
    assert least - 4 * 0.0015 <= coverage <= most + 4 * 0.0015


def test_random_effects_covers_where_errors_are_estimated_from_episodes():
    # Nothing between five seeds of 400 skewed episodes each (exponential less 1): at least .95.
    source = np.random.default_rng(4)
    hits = 0
    for _ in range(1000):
        episodes = source.exponential(size=(5, 400)) - 1
        found = random_effects_mean(episodes.mean(axis=1), episodes.std(axis=1, ddof=1) / 20).at()
        hits += found.low <= 0 <= found.high
    assert hits / 1000 >= 0.95


def test_random_effects_without_an_error_is_students_t_and_says_so():
    values, errors = np.random.default_rng(0).normal(size=(5, 2)), np.ones((5, 2))
    errors[3, 0] = np.nan
    found, student = random_effects_mean(values, errors, metric="gain"), student_t(values, metric="gain")
    assert (found.method, found.metric) == ("student-t", "gain")
    np.testing.assert_array_equal(found.low, student.low)


def test_random_effects_of_missing_values_or_one_unit_has_a_reason():
    found = random_effects_mean([[1.0, np.nan], [3.0, 5.0]], np.ones((2, 2)))
    assert found.reasons.tolist() == ["", "1 of 2 seeds have no finite value"]
    assert np.isnan([found.low[1], found.high[1]]).all()
    assert np.isfinite(found.low[0])
    one = random_effects_mean([4.0], [1.0]).at()
    assert (one.value, one.reason) == (4.0, "n = 1 seed; an interval needs at least 2")
    assert random_effects_mean([], []).at().reason == "there is no seed"


def test_within_error_of_five_equal_errors_is_one_over_root_5_of_it():
    assert within_error(np.full(5, 2.0)) == pytest.approx(2 / np.sqrt(5))
    assert np.isnan(within_error(np.array([[1.0, 1.0], [np.inf, np.nan]]))).all()
    assert np.isnan(within_error(np.empty((0, 3)))).all()


def test_errors_over_episodes_agree_with_scipy_and_need_two():
    returns = np.random.default_rng(0).normal(size=(3, 2, 7))
    np.testing.assert_allclose(errors_over_episodes(returns), stats.sem(returns, axis=-1))
    assert np.isnan(errors_over_episodes(returns[..., :1])).all()
    assert errors_over_episodes(returns[..., :0]).shape == (3, 2)


@pytest.mark.parametrize(
    ("values", "errors", "level", "message"),
    [
        ([1.0, 2.0], [1.0], 0.95, r"errors must be of the shape of values, \(2,\), not \(1,\)"),
        ([1.0, 2.0], [1.0, -0.5], 0.95, "errors must be at least 0, not -0.5"),
        ([1.0, 2.0], ["a", "b"], 0.95, "errors must be a full array of numbers"),
        (3.0, 1.0, 0.95, "axis of units"),
        ([1.0, 2.0], [1.0, 1.0], 1.0, "level must be inside"),
    ],
)
def test_random_effects_says_what_does_not_fit(values, errors, level, message):
    with pytest.raises(ValueError, match=message):
        random_effects_mean(values, errors, level=level)
