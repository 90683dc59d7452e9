"""Wilson's interval: parity with SciPy, the score equation, exact coverage, impossible counts."""

import numpy as np
import pytest
from scipy import stats

from nashlens.analysis.proportions import wilson


def test_wilson_agrees_with_scipy_for_every_count():
    found = wilson(np.arange(13), 12, level=0.9)
    for count in range(13):
        expected = stats.binomtest(count, 12).proportion_ci(0.9, method="wilson")
        assert found.at(count).low == pytest.approx(expected.low, abs=1e-12)
        assert found.at(count).high == pytest.approx(expected.high, abs=1e-12)


def test_wilson_of_no_success_starts_at_0_and_ends_at_z2_over_n_plus_z2():
    # The score equation at p̂ = 0: n p² = z² p (1 − p).
    z2 = stats.norm.ppf(0.975) ** 2
    estimate = wilson(0, 10).at()
    assert (estimate.value, estimate.low) == (0.0, 0.0)
    assert estimate.high == pytest.approx(z2 / (10 + z2), abs=1e-14)


def test_wilson_covers_near_its_level_over_all_proportions():
    # Exact coverage at p is a binomial sum; its mean over p is at least the level for this n, and it never falls far.
    found = wilson(np.arange(31), 30)
    proportions = np.linspace(0.02, 0.98, 97)
    inside = (found.low <= proportions[:, None]) & (proportions[:, None] <= found.high)
    coverage = (inside * stats.binom.pmf(np.arange(31), 30, proportions[:, None])).sum(axis=1)
    assert 0.94 < coverage.mean() < 0.97
    assert coverage.min() > 0.83


def test_wilson_without_trials_has_a_reason_and_no_value():
    estimate = wilson(0, 0).at()
    assert np.isnan([estimate.value, estimate.low, estimate.high]).all()
    assert estimate.reason == "there is no episode"


@pytest.mark.parametrize(("successes", "trials"), [(11, 10), (-1, 10), (2.5, 10), (np.nan, 10)])
def test_wilson_rejects_impossible_counts(successes, trials):
    with pytest.raises(ValueError, match="successes must be whole numbers from 0 to 10"):
        wilson(successes, trials)


def test_wilson_rejects_text():
    with pytest.raises(ValueError, match="successes must be a full array of numbers"):
        wilson("3", 10)


def test_wilson_rejects_negative_trials_and_a_level_in_percent():
    with pytest.raises(ValueError, match="trials must be at least 0, not -1"):
        wilson(0, -1)
    with pytest.raises(ValueError, match="level must be inside"):
        wilson(1, 2, level=95)
