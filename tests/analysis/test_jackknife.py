"""Jackknife intervals: Student's for a mean, coverage for a ratio, and reasons."""

import numpy as np
import pytest

from nashlens.analysis.jackknife import jackknife
from nashlens.analysis.statistics import student_t


def without_each(values, statistic):
    return np.array([statistic(np.delete(values, k, axis=0)) for k in range(len(values))])


def test_jackknife_of_a_mean_is_students_interval():
    # θ_−m − θ̄ = (x̄ − x_m)/(n − 1), so that the standard error is s/√n exactly.
    values = np.random.default_rng(0).normal(size=9)
    found = jackknife(np.asarray(values.mean()), without_each(values, np.mean)).at()
    expected = student_t(values).at()
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_jackknife_is_no_narrower_than_what_the_units_own_errors_leave_open():
    values = np.random.default_rng(0).normal(size=9)
    spread = values.std(ddof=1) / 3
    point, left_out = np.asarray(values.mean()), without_each(values, np.mean)
    plain = jackknife(point, left_out).at()
    below, above = (jackknife(point, left_out, within=factor * spread).at() for factor in (0.9, 2.0))
    assert (below.low, below.high, below.method) == (plain.low, plain.high, "floored jackknife")
    assert above.high - point == pytest.approx(2 * (plain.high - point))
    unknown = jackknife(point, left_out, within=np.nan).at()
    assert (unknown.high, unknown.method) == (plain.high, "jackknife")


def test_jackknife_of_a_ratio_covers_it():
    # E[y]/E[x] = 2, n = 40, nominal .9; 800 samples: binomial standard deviation .0106, four allowed.
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(800):
        x = rng.exponential(size=40) + 1
        pairs = np.stack([x, 2 * x + rng.normal(size=40)], axis=1)

        def ratio(rows):
            return np.asarray(rows[:, 1].sum() / rows[:, 0].sum())

        found = jackknife(ratio(pairs), without_each(pairs, ratio), level=0.9).at()
        hits += found.low <= 2 <= found.high
    assert hits / 800 == pytest.approx(0.9, abs=4 * 0.0106)


def test_jackknife_without_units_or_finite_values_has_a_reason():
    assert jackknife(np.array(1.0), np.ones(1)).at().reason == "n = 1 episode; an interval needs at least 2"
    holed = jackknife(np.array([1.0, 2.0]), np.array([[1.0, np.nan], [1.0, 2.0]]))
    assert holed.reasons.tolist() == ["", "the statistic is not finite without some unit"]
    assert np.isnan(holed.low[1])
    assert jackknife(np.array(1.0), np.ones(5), reason="too sad").at().reason == "too sad"


def test_jackknife_says_what_does_not_fit():
    with pytest.raises(ValueError, match="left_out must have shape"):
        jackknife(np.ones(3), np.ones((4, 2)))
    with pytest.raises(ValueError, match="level must be inside"):
        jackknife(np.ones(3), np.ones((4, 3)), level=2.0)
