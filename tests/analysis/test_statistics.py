"""Student's t intervals: closed forms, parity with SciPy, coverage, and what is missing."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import stats

from nashlens.analysis.statistics import student_t

FINITE = st.floats(-1e6, 1e6)


def test_student_t_of_1_2_3_is_2_plus_minus_4_303_over_root_3():
    # s = 1, n = 3; with two degrees of freedom the quantile is (2p − 1) √(2 / (4p (1 − p))), at p = .975 4.302653.
    quantile = 0.95 * np.sqrt(2 / (4 * 0.975 * 0.025))
    estimate = student_t([1.0, 2.0, 3.0]).at()
    assert estimate.value == 2.0
    assert estimate.high - 2.0 == pytest.approx(quantile / np.sqrt(3), abs=1e-9)
    assert (estimate.n, estimate.unit, estimate.method, estimate.reason) == (3, "seed", "student-t", "")


def test_student_t_agrees_with_scipy_on_every_column():
    values = np.random.default_rng(0).normal(size=(7, 4, 5))
    found = student_t(values, level=0.9)
    low, high = stats.t.interval(0.9, 6, values.mean(axis=0), stats.sem(values, axis=0))
    np.testing.assert_allclose(found.low, low, atol=1e-12)
    np.testing.assert_allclose(found.high, high, atol=1e-12)


@given(arrays(np.float64, 6, elements=FINITE), st.floats(0.1, 10), FINITE)
def test_student_t_moves_and_scales_with_the_data(values, scale, shift):
    plain, moved = student_t(values), student_t(scale * values + shift)
    slack = 1e-9 * (1 + abs(shift) + scale * np.abs(values).max())
    np.testing.assert_allclose(moved.low, scale * plain.low + shift, rtol=0, atol=slack)
    np.testing.assert_allclose(moved.high, scale * plain.high + shift, rtol=0, atol=slack)


@pytest.mark.parametrize("n", [2, 3, 5, 10])
def test_student_t_covers_at_its_level_for_normal_units(n):
    # Exact for normal data: hits are binomial(4000, .95), standard deviation .0034; five of them allowed.
    samples = np.random.default_rng(n).normal(3.0, 2.0, size=(n, 4000))
    found = student_t(samples)
    coverage = ((found.low <= 3.0) & (found.high >= 3.0)).mean()
    assert abs(coverage - 0.95) < 5 * np.sqrt(0.95 * 0.05 / 4000)


def test_student_t_of_one_unit_has_a_value_and_no_interval():
    estimate = student_t([4.0]).at()
    assert estimate.value == 4.0
    assert np.isnan([estimate.low, estimate.high]).all()
    assert estimate.reason == "n = 1 seed; an interval needs at least 2"


def test_student_t_of_nothing_is_nan_and_never_zero():
    estimate = student_t([]).at()
    assert np.isnan([estimate.value, estimate.low, estimate.high]).all()
    assert estimate.reason == "there is no seed"


def test_student_t_leaves_a_column_with_nan_out_and_keeps_the_others():
    found = student_t([[1.0, np.nan, np.inf], [3.0, 5.0, -np.inf]])
    assert found.reasons.tolist() == ["", "1 of 2 seeds have no finite value", "2 of 2 seeds have no finite value"]
    assert np.isfinite([found.low[0], found.high[0]]).all()
    assert np.isnan(found.low[1:]).all()
    assert np.isnan(found.values[1])


def test_student_t_takes_whole_numbers_and_booleans():
    assert student_t([1, 2, 3]).at() == student_t([1.0, 2.0, 3.0]).at()
    assert student_t([True, False]).at().value == 0.5


@pytest.mark.parametrize(
    ("values", "level", "message"),
    [
        (3.0, 0.95, "axis of units"),
        (["a", "b"], 0.95, "values must be a full array of numbers"),
        ([[1.0], [1.0, 2.0]], 0.95, "values must be a full array of numbers"),
        ([1.0, 2.0], 1.0, r"level must be inside \(0, 1\).*not 1.0"),
        ([1.0, 2.0], 95, "level must be inside"),
        ([1.0, 2.0], np.nan, "level must be inside"),
    ],
)
def test_student_t_says_what_does_not_fit(values, level, message):
    with pytest.raises(ValueError, match=message):
        student_t(values, level=level)


def test_intervals_to_records_has_one_row_an_entry():
    rows = student_t([[1.0, 2.0], [3.0, 5.0]], metric="return").to_records()
    assert [(row["metric"], row["index_0"], row["value"], row["bound"]) for row in rows] == [
        ("return", 0, 2.0, "estimate"),
        ("return", 1, 3.5, "estimate"),
    ]


def test_intervals_at_needs_an_index_for_every_axis():
    with pytest.raises(ValueError, match="index must have 1 numbers"):
        student_t([[1.0, 2.0], [3.0, 5.0]]).at()


def test_intervals_arrays_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        student_t([[1.0, 2.0], [3.0, 5.0]]).values[0] = 0
