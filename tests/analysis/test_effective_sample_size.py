"""Effective sample size: the closed form's numbers, agreement with samples, intervals, bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.analysis.effective_sample_size import (
    effective_share,
    effective_share_interval,
    expected_gaussian_share,
    expected_share,
)
from nashlens.analysis.results import Result


@pytest.mark.parametrize(("n", "three_quarters"), [(1, 0.8), (2, 0.64), (4, 0.4096), (9, 0.1342), (19, 0.0144)])
def test_expected_share_falls_exponentially_from_a_half_to_three_quarters(n, three_quarters):
    # T04: 1 + χ² = 5/4 an agent: .8^(N − 1).
    assert expected_share([[0.75, 0.25]] * n, [[0.5, 0.5]] * n).share == pytest.approx(three_quarters, abs=5e-5)


@pytest.mark.parametrize(("n", "share"), [(1, 0.6098), (2, 0.3718), (4, 0.1382), (9, 0.01165)])
def test_expected_share_falls_faster_from_a_half_to_nine_tenths(n, share):
    # 1 + χ² = 1.64 an agent.
    assert expected_share([[0.9, 0.1]] * n, [[0.5, 0.5]] * n).share == pytest.approx(share, abs=5e-5)


def test_expected_gaussian_share_of_two_standard_deviations():
    # exp(−4) = .0183; two coordinates or two agents multiply.
    one = expected_gaussian_share([[2.0]], [[1.0]], behaviour_mean=[[0.0]], behaviour_std=[[1.0]])
    assert one.share == pytest.approx(0.0183, abs=5e-5)
    two = expected_gaussian_share([[2.0], [2.0]], [[1.0], [1.0]], behaviour_mean=[[0.0]] * 2, behaviour_std=[[1.0]] * 2)
    assert two.share == pytest.approx(one.share**2)
    wide = expected_gaussian_share([[0.0]], [[2.0]], behaviour_mean=[[0.0]], behaviour_std=[[1.0]])
    assert wide.share == 0


def test_expected_share_of_a_policy_that_does_something_new_is_zero():
    found = expected_share([[0.5, 0.5]], [[1.0, 0.0]])
    assert (found.share, found.chi_squares[0]) == (0.0, np.inf)
    assert isinstance(found, Result)
    assert [row["metric"] for row in found.to_records()] == ["expected_effective_share", "chi_square"]


@given(st.integers(0, 2**32 - 1))
def test_effective_share_does_not_heed_scale_and_lies_between_1_over_n_and_1(seed):
    logs = np.random.default_rng(seed).normal(size=20)
    share = effective_share(logs)
    assert 1 / 20 - 1e-12 <= share <= 1 + 1e-12
    assert effective_share(logs + 800) == pytest.approx(share, rel=1e-10)


def test_effective_share_at_its_ends():
    assert effective_share(np.zeros(7)) == 1
    assert effective_share(np.array([0.0, -np.inf])) == 0.5
    assert np.isnan(effective_share(np.full(3, -np.inf)))
    assert np.isnan(effective_share(np.zeros(0)))


def test_effective_share_interval_covers_the_closed_form():
    # Weights 3/2 and 1/2 with chance ½ each: share .8. 200 buffers of 200; the percentile interval may lack a little.
    source = np.random.default_rng(0)
    hits = []
    for _ in range(200):
        found = effective_share_interval(source.choice([0.5, 1.5], size=200), n_resamples=300, rng=source)
        hits.append(found.low <= 0.8 <= found.high)
    assert 0.88 < np.mean(hits) < 0.99


def test_effective_share_interval_says_why_there_is_none():
    rng = np.random.default_rng(0)
    few = effective_share_interval([1.0, 3.0], episodes=[0, 1], rng=rng)
    assert (few.value, few.unit) == (pytest.approx(0.8), "episode")
    assert few.reason == "n = 2 episodes; an interval needs at least 5"
    assert effective_share_interval([0.0] * 6, rng=rng).reason == "every weight is 0"
    assert effective_share_interval([], rng=rng).reason == "there is no weight"


def test_effective_sample_size_says_what_does_not_fit():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="weights must be finite and non-negative"):
        effective_share_interval([-1.0], rng=rng)
    with pytest.raises(ValueError, match="n_resamples must be at least 100"):
        effective_share_interval([1.0], n_resamples=1, rng=rng)
    with pytest.raises(ValueError, match="behaviour must have one entry for each of 1 others, not 2"):
        expected_share([[1.0]], [[1.0], [1.0]])
    with pytest.raises(ValueError, match=r"current\[0\] and behaviour\[0\] must be single"):
        expected_share([[0.5, 0.5]], [[1.0]])
    with pytest.raises(ValueError, match=r"behaviour\[0\] must sum to 1"):
        expected_share([[0.5, 0.5]], [[0.5, 0.4]])
    with pytest.raises(ValueError, match=r"behaviour_std must be above 0, not 0\.0"):
        expected_gaussian_share([[0.0]], [[1.0]], behaviour_mean=[[0.0]], behaviour_std=[[0.0]])
    with pytest.raises(ValueError, match=r"std must be finite, \[N − 1, D\] like mean"):
        expected_gaussian_share([[0.0]], [1.0], behaviour_mean=[[0.0]], behaviour_std=[[1.0]])
