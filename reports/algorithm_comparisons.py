"""Which algorithm is better: paired differences on shared seeds, all of a report judged as one family.

Runs of two algorithms that have a seed in common are compared by their difference. Which pairs are compared is fixed by
the suite and not by what came out: every two where a game has at most `ALL_PAIRS` algorithms, else each with the first
of the suite. A direction is said where p is at most `verdicts.ALPHA` after Holm's correction for all of them. Fewer
than `MIN_SEEDS` shared seeds have no p-value and no verdict; their differences stand there one by one.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import combinations

import numpy as np

from nashlens.analysis.comparisons import PValue, sign_flip_test
from nashlens.analysis.multiple_comparisons import holm
from nashlens.analysis.results import Estimate
from nashlens.games.randomness import child
from nashlens.reports.compared_scores import Score
from nashlens.reports.estimates import MIN_SEEDS, difference
from nashlens.reports.quantities import quantity
from nashlens.reports.verdicts import ALPHA, p_value
from nashlens.reports.words import counted, estimate_words, p_statement

ALL_PAIRS = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Comparison:
    """Two algorithms compared by one score of one game.

    Attributes
    ----------
    score : what they are compared by.
    first, second : their labels.
    differences : first less second, one a shared seed.
    estimate : their mean with its unadjusted interval; none for fewer than `MIN_SEEDS`.
    p : two-sided; Student's t, of shares of seeds the exact sign-flip test; NaN without enough seeds.
    exact : the sign-flip test, which assumes only that a difference is as likely as its negative.
    adjusted_p : Holm's over the family; NaN without `p`.
    n_comparisons : tests in the family.
    """

    score: Score
    first: str
    second: str
    differences: tuple[float, ...]
    estimate: Estimate
    p: float
    exact: PValue
    adjusted_p: float = math.nan
    n_comparisons: int = 0

    @property
    def sign(self) -> int:
        """1 where the first is shown to be higher, −1 where the second is, 0 where neither is."""
        if math.isnan(self.adjusted_p) or self.adjusted_p > ALPHA:
            return 0
        return 1 if self.estimate.value > 0 else -1

    @property
    def evidence(self) -> str:
        """The difference with its interval and the adjusted p-value."""
        return f"{estimate_words(self.estimate)}, Holm-adjusted {p_statement(self.adjusted_p)}"

    def turned(self) -> Comparison:
        """Return the same comparison with the second first."""
        own = self.estimate
        return replace(
            self,
            first=self.second,
            second=self.first,
            differences=tuple(-each for each in self.differences),
            estimate=replace(own, value=-own.value, low=-own.high, high=-own.low),
            exact=replace(self.exact, statistic=-self.exact.statistic),
        )

    @property
    def verdict(self) -> str:
        """What holds, in words."""
        if math.isnan(self.p):
            return f"{counted(self.estimate.n, 'shared seed')}: no statement"
        if not self.sign:
            return f"not decided with {counted(self.estimate.n, 'seed')}"
        more, less = (self.first, self.second) if self.sign > 0 else (self.second, self.first)
        better = self.estimate.higher_is_better
        if better is None or self.score.whose:
            return f"{more} is higher"
        return f"{more if better else less} is better"


def compared(scores: Sequence[Score]) -> list[Comparison]:
    """Return every pair of every score, its p-value adjusted for all of them.

    Parameters
    ----------
    scores : as `compared_scores.compared_scores` returns them.
    """
    found = [_pair(score, first, second) for score in scores for first, second in pairs_of(list(score.ends))]
    tested = [each for each in found if not math.isnan(each.p)]
    adjusted = iter(holm([each.p for each in tested]).adjusted.tolist())
    return [
        replace(each, adjusted_p=math.nan if math.isnan(each.p) else next(adjusted), n_comparisons=len(tested))
        for each in found
    ]


def pairs_of(names: Sequence[str]) -> list[tuple[str, str]]:
    """Return which algorithms are compared: every two, or where they are many each with the first.

    >>> pairs_of(["a", "b", "c"]), pairs_of(["a", "b", "c", "d", "e"])[-1]
    ([('a', 'b'), ('a', 'c'), ('b', 'c')], ('a', 'e'))
    """
    return list(combinations(names, 2)) if len(names) <= ALL_PAIRS else [(names[0], name) for name in names[1:]]


def _pair(score: Score, first: str, second: str) -> Comparison:
    what = quantity(score.metric)
    one, other = score.ends[first], score.ends[second]
    shared = one.index.intersection(other.index)
    gaps = (one.loc[shared] - other.loc[shared]).to_numpy(dtype=np.float64)
    estimate = difference(one, other, higher_is_better=what.higher_is_better)
    exact = sign_flip_test(gaps, rng=child(0, "comparisons", score.game, score.metric, first, second))
    p = math.nan
    if len(gaps) >= MIN_SEEDS:
        p = exact.p if what.share else p_value(estimate)
    if what.share and len(gaps) >= MIN_SEEDS and np.ptp(gaps) == 0 and gaps[0] != 0:
        reason = "all seeds differ alike; Student's t has no interval for that"
        estimate = replace(estimate, low=math.nan, high=math.nan, reason=reason)
    return Comparison(
        score=score, first=first, second=second, differences=tuple(gaps.tolist()), estimate=estimate, p=p, exact=exact
    )
