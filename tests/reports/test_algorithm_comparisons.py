from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nashlens.reports.algorithm_comparisons import ALL_PAIRS, Comparison, compared, pairs_of
from tests.reports.made_scores import UP, apart, score


def test_a_pair_is_compared_by_its_differences_on_shared_seeds() -> None:
    # seed 0 of `a` has no number; seeds 1 … 5 differ by 0, 2, 3, 2, 4
    one = score({"a": [math.nan, 2.0, 4.0, 4.0, 5.0, 6.0], "b": [0.0, 2.0, 2.0, 1.0, 3.0, 2.0]})
    found = compared([replace(one, ends={name: each.dropna() for name, each in one.ends.items()})])[0]
    assert found.differences == (0.0, 2.0, 3.0, 2.0, 4.0)
    against_zero = stats.ttest_1samp([0.0, 2.0, 3.0, 2.0, 4.0], 0.0)
    assert found.p == pytest.approx(against_zero.pvalue, rel=1e-9)
    interval = against_zero.confidence_interval(0.95)
    assert (found.estimate.low, found.estimate.high) == pytest.approx((interval.low, interval.high))
    # Of 32 sign patterns the signs of 2, 3, 2, 4 must agree: 2 × 2, the zero turns freely.
    assert found.exact.p == pytest.approx(4 / 32)
    assert (found.estimate.n, found.estimate.higher_is_better) == (5, True)


def test_all_comparisons_of_a_report_are_one_family() -> None:
    scores = [apart(UP, game="one"), apart(np.subtract(UP, 0.33), game="two"), apart(UP, game="three")]
    found = compared(scores)
    assert [each.n_comparisons for each in found] == [3] * 3
    order = np.argsort([each.p for each in found])
    worst = 0.0
    for rank, k in enumerate(order):
        worst = max(worst, min(1.0, (3 - rank) * found[k].p))
        assert found[k].adjusted_p == pytest.approx(worst)
    assert [each.sign for each in found] == [1, 0, 1]


def test_fewer_than_five_shared_seeds_have_neither_p_nor_verdict_and_leave_the_family_alone() -> None:
    few, enough = compared([apart(UP[:4]), apart(UP)])
    assert math.isnan(few.p)
    assert math.isnan(few.adjusted_p)
    assert (few.sign, few.verdict) == (0, "4 shared seeds: no statement")
    assert math.isnan(few.estimate.low)
    assert "at least 5" in few.estimate.reason
    assert enough.n_comparisons == 1


@pytest.mark.parametrize(("metric", "verdict"), [("final_return", "a is better"), ("nash_conv", "b is better")])
def test_the_verdict_knows_which_way_is_better(metric: str, verdict: str) -> None:
    assert compared([apart(UP, metric=metric)])[0].verdict == verdict


def test_shares_of_seeds_are_judged_by_the_exact_test() -> None:
    always = score({"a": [1.0] * 6, "b": [0.0] * 6}, metric="success")
    found = compared([always])[0]
    assert found.p == found.exact.p == pytest.approx(2 / 2**6)
    assert found.verdict == "a is better"
    assert math.isnan(found.estimate.low)
    assert found.estimate.reason == "all seeds differ alike; Student's t has no interval for that"


def test_turned_is_the_same_comparison_from_the_other_side() -> None:
    one = compared([apart(UP)])[0]
    other = one.turned()
    assert (other.first, other.second, other.sign) == ("b", "a", -one.sign)
    assert (other.estimate.low, other.estimate.high) == (-one.estimate.high, -one.estimate.low)
    assert (other.p, other.verdict) == (one.p, one.verdict)
    assert other.turned().differences == one.differences


@given(st.integers(1, 12))
def test_pairs_are_fixed_by_the_names_alone(n: int) -> None:
    names = [f"a{k}" for k in range(n)]
    pairs = pairs_of(names)
    assert len(set(pairs)) == len(pairs) == (n * (n - 1) // 2 if n <= ALL_PAIRS else n - 1)
    assert all(first != second for first, second in pairs)


def test_where_nothing_differs_hardly_any_family_has_a_verdict() -> None:
    # 100 families of four games with no difference: that any verdict falls has probability at most .05 in each.
    rng = np.random.default_rng(0)

    def family() -> list[Comparison]:
        return compared([score({name: rng.normal(size=5) for name in "ab"}, game=f"g{k}") for k in range(4)])

    wrong = sum(any(each.sign for each in family()) for _ in range(100))
    assert wrong <= stats.binom.ppf(0.999, 100, 0.05)
