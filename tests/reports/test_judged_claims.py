from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from nashlens.reports.instruments.estimate_rows import over_seeds
from nashlens.reports.instruments.judged_claims import Claim, judged_claims, n_margins

SPREAD = np.array([-0.2, -0.1, 0.0, 0.1, 0.2])


def claim(*means: float, n: int = 5) -> Claim:
    margins = tuple(over_seeds(mean + SPREAD[:n]) for mean in means)
    return Claim(game="g", pair="a of b", claim="H", evidence="", n=n, margins=margins)


def p_of(mean: float) -> float:
    return float(stats.ttest_1samp(mean + SPREAD, 0.0).pvalue)


def test_margins_are_judged_by_students_t_and_holm_over_all_claims() -> None:
    found = judged_claims([claim(1.0), claim(-0.5), claim(0.01)])
    assert [each.verdict for each in found] == ["supported", "refuted", "not shown"]
    assert [each.p for each in found] == pytest.approx([p_of(1.0), p_of(-0.5), p_of(0.01)])
    assert [each.adjusted_p for each in found] == pytest.approx([3 * p_of(1.0), 2 * p_of(-0.5), p_of(0.01)])


def test_what_holds_alone_need_not_hold_in_a_family() -> None:
    alone = claim(0.22)
    assert p_of(0.22) < 0.05 < 2 * p_of(0.22)
    assert judged_claims([alone])[0].verdict == "supported"
    assert [each.verdict for each in judged_claims([alone, alone])] == ["not shown"] * 2


@pytest.mark.parametrize(
    ("means", "verdict", "decides"),
    [
        ((1.0, 0.5), "supported", 0.5),
        ((1.0, -0.5), "refuted", -0.5),
        ((-0.5, -1.0), "refuted", -1.0),
        ((1.0, 0.01), "not shown", 0.01),
    ],
)
def test_of_two_margins_both_must_hold_and_one_refutes(
    means: tuple[float, float], verdict: str, decides: float
) -> None:
    found = judged_claims([claim(*means)])[0]
    assert found.verdict == verdict
    assert found.p == pytest.approx(p_of(decides))
    assert found.adjusted_p >= found.p


def test_few_seeds_and_infinite_numbers_show_nothing_and_do_not_count() -> None:
    few, infinite = (
        claim(1.0, n=4),
        Claim(game="g", pair="", claim="", evidence="", n=5, margins=(over_seeds([math.inf] * 5),)),
    )
    found = judged_claims([few, infinite, claim(1.0)])
    assert [each.verdict for each in found] == ["not shown", "not shown", "supported"]
    assert all(math.isnan(each.p) for each in found[:2])
    assert n_margins(found) == 1


def test_a_claim_without_margins_keeps_its_verdict() -> None:
    given = Claim(game="g", pair="all", claim="H6", evidence="", n=5, verdict="refuted", p=0.01, adjusted_p=0.02)
    assert judged_claims([given]) == [given]
