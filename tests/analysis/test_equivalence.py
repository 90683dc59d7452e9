"""Equivalence: parity with two one-sided t-tests, its level on the margin, degenerate samples."""

import numpy as np
import pytest
from scipy import stats

from nashlens.analysis.equivalence import equivalence


def test_equivalence_agrees_with_two_one_sided_t_tests():
    x = np.random.default_rng(6).normal(0.1, 0.5, size=12)
    found = equivalence(x, margin=0.6)
    expected = max(
        stats.ttest_1samp(x, -0.6, alternative="greater").pvalue, stats.ttest_1samp(x, 0.6, alternative="less").pvalue
    )
    assert found.p == pytest.approx(expected, abs=1e-14)
    assert (found.verdict == "equivalent") == (found.p < 0.05)
    assert (found.low, found.high) == pytest.approx(stats.ttest_1samp(x, 0).confidence_interval(0.9))


def test_equivalence_of_a_narrow_margin_is_not_shown():
    x = np.random.default_rng(6).normal(0.1, 0.5, size=12)
    assert equivalence(x, margin=0.01).verdict == "not shown"


def test_equivalence_falsely_claims_at_most_at_its_level_on_the_margin():
    # The true difference lies on the margin: P(equivalent) ≤ α = .05; 4,000 samples, standard deviation .0034.
    samples = np.random.default_rng(7).normal(0.5, 0.3, size=(4000, 10))
    claimed = np.mean([equivalence(x, margin=0.5).verdict == "equivalent" for x in samples])
    assert claimed < 0.05 + 4 * 0.0034
    assert claimed > 0.03


def test_equivalence_of_equal_differences_is_decided_by_the_margin_alone():
    assert equivalence([0.1] * 4, margin=0.2).p == 0.0
    assert equivalence([0.3] * 4, margin=0.2).p == 1.0


def test_equivalence_of_one_seed_has_no_answer():
    found = equivalence([0.0], margin=1.0)
    assert found.verdict == "no answer"
    assert found.reason == "n = 1 seed; an interval needs at least 2"


@pytest.mark.parametrize(
    ("margin", "alpha", "message"), [(0.0, 0.05, "margin"), (np.nan, 0.05, "margin"), (1, 0.5, "alpha")]
)
def test_equivalence_says_what_does_not_fit(margin, alpha, message):
    with pytest.raises(ValueError, match=f"{message} must be"):
        equivalence([0.0, 1.0], margin=margin, alpha=alpha)


def test_equivalence_of_a_table_is_refused():
    with pytest.raises(ValueError, match=r"differences must be one row of numbers \[S\]"):
        equivalence([[0.0, 1.0]], margin=1.0)


def test_equivalence_to_records_states_the_verdict():
    assert equivalence([0.0, 0.1], margin=1.0).to_records()[0]["verdict"] == "equivalent"
