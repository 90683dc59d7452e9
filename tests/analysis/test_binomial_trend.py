"""Binomial regression of log2 P: exact lines, two points by hand, coverage, and where there is no maximum."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.analysis.binomial_trend import binomial_trend
from nashlens.analysis.results import Result


def test_binomial_trend_through_two_counts_is_the_line_through_their_logarithms():
    # Two parameters and two counts: the fit is exact, P = 1/2 at 1 and 1/8 at 3, slope −1, intercept 0.
    found = binomial_trend([500, 125], [1000, 1000], at=[1, 3])
    assert (found.slope.value, found.intercept.value) == pytest.approx((-1.0, 0.0), abs=1e-6)
    # Delta method: Var(log2 p̂) = (1 − p) / (n p) / ln² 2, so Var(slope) = (.001 + .007) / ln² 2 / 4.
    half = 1.959964 * np.sqrt(0.008 / np.log(2) ** 2 / 4)
    assert found.slope.high - found.slope.value == pytest.approx(half, rel=1e-4)


@given(st.floats(-1.5, -0.2), st.floats(-1, -0.1))
def test_binomial_trend_recovers_an_exact_line(slope, intercept):
    n = np.arange(1, 6)
    trials = np.full(5, 10**9)
    counts = np.round(trials * 2.0 ** (intercept + slope * n))
    found = binomial_trend(counts, trials, at=n)
    assert (found.slope.value, found.intercept.value) == pytest.approx((slope, intercept), abs=1e-4)


def test_binomial_trend_covers_the_true_slope():
    # 600 data sets of ten counts from P = 2^−N, 2,000 trials each, most of the last empty or nearly: nominal .95,
    # binomial standard deviation .0089.
    rng = np.random.default_rng(0)
    n = np.arange(1, 11)
    found = [binomial_trend(rng.binomial(2000, 2.0**-n), np.full(10, 2000), at=n).slope for _ in range(600)]
    assert np.mean([f.low <= -1 <= f.high for f in found]) == pytest.approx(0.95, abs=4 * 0.0089)


@given(st.integers(0, 10**6))
def test_binomial_trend_is_the_most_likely_line(seed):
    rng = np.random.default_rng(seed)
    n = np.arange(2, 9)
    trials = 10 ** rng.integers(2, 8, size=7)
    hits = rng.binomial(trials, 2.0 ** (-0.1 - rng.uniform(0.1, 1) * n))
    hits[0], hits[-1] = max(hits[0], 1), max(hits[-1], 1)
    found = binomial_trend(hits, trials, at=n)
    assert found.slope.reason == ""

    def likelihood(intercept, slope):
        p = 2.0 ** (intercept + slope * n)
        return hits @ np.log(p) + (trials - hits) @ np.log1p(-p)

    best = likelihood(found.intercept.value, found.slope.value)
    assert best == pytest.approx(found.log_likelihood, rel=1e-9)
    for step in ((1e-3, 0), (-1e-3, 0), (0, 1e-4), (0, -1e-4)):
        moved = likelihood(found.intercept.value + step[0], found.slope.value + step[1])
        assert moved <= best + 1e-6 * abs(best) * 1e-3 + 1e-9


def test_binomial_trend_of_nothing_and_of_everything_has_a_reason():
    nothing = binomial_trend([0, 0], [10, 10], at=[1, 2])
    assert nothing.slope.reason == "nothing succeeded"
    assert np.isnan([nothing.slope.value, nothing.slope.low]).all()
    one_end = binomial_trend([7, 0, 0], [10, 10, 10], at=[1, 2, 3])
    assert one_end.slope.reason == "only one end succeeded: the slope has no bound"
    assert np.isnan(one_end.slope.value)
    everything = binomial_trend([10, 10], [10, 10], at=[1, 2])
    assert everything.slope.reason == "the likelihood is largest at a probability of 1"
    assert everything.slope.value == pytest.approx(0, abs=1e-3)
    assert np.isnan(everything.slope.low)


def test_binomial_trend_keeps_the_contract_of_results():
    found = binomial_trend([5, 2], [10, 10], at=[1, 2])
    assert isinstance(found, Result)
    assert [row["metric"] for row in found.to_records()] == ["log2_probability_intercept", "log2_probability_slope"]


@pytest.mark.parametrize(
    ("successes", "trials", "at", "message"),
    [
        ([1, 2], [10], [1, 2], "must be rows of one length"),
        ([11, 2], [10, 10], [1, 2], "successes must be whole numbers from 0 to trials"),
        ([1, 2], [10, 10], [3, 3], "at must hold two different finite numbers"),
        ([1, 2], [10, 10], [3, np.nan], "at must hold two different finite numbers"),
    ],
)
def test_binomial_trend_says_what_does_not_fit(successes, trials, at, message):
    with pytest.raises(ValueError, match=message):
        binomial_trend(successes, trials, at=at)


def test_binomial_trend_needs_a_level():
    with pytest.raises(ValueError, match="level must be inside"):
        binomial_trend([1, 2], [10, 10], at=[1, 2], level=1.0)
