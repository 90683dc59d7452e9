"""Verdicts: which statements of direction beneath a figure hold once it is counted how many of them are made.

Every difference that decides a word beneath one figure (rose, fell, higher, lower, nearer, …) is tested against 0 with
Student's t, and the p-values of the figure are adjusted together by Holm's method. A direction is said where the
adjusted p-value is at most `ALPHA`. The intervals that are printed are those of single differences, unadjusted. Without
an interval nothing is said at all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from scipy import special

from nashlens.analysis.multiple_comparisons import holm
from nashlens.analysis.results import Estimate
from nashlens.reports.words import counted, direction, estimate_words, has_interval, p_statement

ALPHA = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """One difference, judged as one of a family.

    Attributes
    ----------
    estimate : the difference, with its unadjusted interval.
    adjusted_p : Holm's; NaN where nothing can be said.
    n_comparisons : tests in the family.
    """

    estimate: Estimate
    adjusted_p: float
    n_comparisons: int

    @property
    def silent(self) -> bool:
        """Whether there is no interval, and so nothing to say."""
        return not has_interval(self.estimate)

    @property
    def sign(self) -> int:
        """1 or −1 where a direction holds, 0 elsewhere."""
        if self.silent or self.adjusted_p > ALPHA:
            return 0
        return 1 if self.estimate.value > 0 else -1

    def word(self, *, up: str, down: str, neither: str) -> str:
        """Return the word for what holds."""
        if not self.silent and self.adjusted_p > ALPHA:
            return neither
        return direction(self.estimate, up=up, down=down, neither=neither)

    @property
    def evidence(self) -> str:
        """The difference, its unadjusted interval, the adjusted p-value and how many comparisons it counts."""
        if self.silent:
            return estimate_words(self.estimate)
        of = counted(self.n_comparisons, "comparison")
        return f"{estimate_words(self.estimate)}, Holm-adjusted {p_statement(self.adjusted_p)} of {of}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """Sentences, and the differences that decide their words.

    Attributes
    ----------
    differences : what is tested; none for sentences that only say what was found.
    write : the sentences, from the verdict on each difference.
    """

    differences: tuple[Estimate, ...] = ()
    write: Callable[[Sequence[Verdict]], str]


def plain(text: str) -> Statement:
    """Return a statement that no test decides."""
    return Statement(write=lambda _: text)


def p_value(estimate: Estimate) -> float:
    """Return the two-sided p-value of Student's t against 0, read off a mean's interval; NaN without one.

    Parameters
    ----------
    estimate : a mean with Student's t interval ``m ± t_{n−1} s / √n``.
    """
    if not has_interval(estimate):
        return math.nan
    half = (estimate.high - estimate.low) / 2
    if half == 0:
        return 1.0 if estimate.value == 0 else 0.0
    quantile = float(special.stdtrit(estimate.n - 1, (1 + estimate.level) / 2))
    return 2 * float(special.stdtr(estimate.n - 1, -abs(estimate.value) / half * quantile))


def n_comparisons(statements: Mapping[str, Sequence[Statement]]) -> int:
    """Return how many differences with an interval decide the words of a figure."""
    return sum(has_interval(each) for group in statements.values() for s in group for each in s.differences)


def written(statements: Mapping[str, Sequence[Statement]]) -> dict[str, str]:
    """Return the words of every group of statements, all of them judged as one family.

    Parameters
    ----------
    statements : of one figure, by whatever they are grouped by, such as the game.
    """
    tested = [each for group in statements.values() for s in group for each in s.differences if has_interval(each)]
    adjusted = iter(holm([p_value(each) for each in tested]).adjusted.tolist())
    words = {}
    for name, group in statements.items():
        sentences = []
        for statement in group:
            verdicts = [
                Verdict(
                    estimate=each,
                    adjusted_p=next(adjusted) if has_interval(each) else math.nan,
                    n_comparisons=len(tested),
                )
                for each in statement.differences
            ]
            sentences.append(statement.write(verdicts))
        words[name] = " ".join(sentence for sentence in sentences if sentence)
    return words


def family_note(m: int) -> str:
    """Say how the words beneath a figure were decided, for its caption; empty where no test decides any.

    Parameters
    ----------
    m : comparisons in the family.
    """
    if not m:
        return ""
    return (
        f" A direction is stated where p is at most {ALPHA} after Holm's correction for the "
        f"{counted(m, 'comparison')} beneath this figure (Student's t over seeds); the intervals are unadjusted."
    )
