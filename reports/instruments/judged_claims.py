"""Claims that hold where margins are above 0: decided by Student's t over seeds, all of a table as one family.

A claim has one margin or several, each a mean over seeds. It is supported where every one of them is shown to be above
0, refuted where one is shown to be below, and else not shown; shown is what Holm's correction for all margins of the
table leaves.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from nashlens.analysis.multiple_comparisons import holm
from nashlens.analysis.results import Estimate
from nashlens.reports.verdicts import ALPHA, p_value
from nashlens.reports.words import has_interval

YES, NO, OPEN = "supported", "refuted", "not shown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One explanation held against one pair of agents.

    Attributes
    ----------
    game, pair : where.
    claim : the explanation.
    evidence : the numbers that decide.
    n : seeds.
    margins : what must be above 0, mean over seeds; none where another table decides.
    verdict : supported, refuted or not shown.
    p, adjusted_p : of the margin that decides, before and after Holm's correction; NaN where there is none.
    """

    game: str
    pair: str
    claim: str
    evidence: str
    n: int
    margins: tuple[Estimate, ...] = ()
    verdict: str = OPEN
    p: float = math.nan
    adjusted_p: float = math.nan


def judged_claims(claims: Iterable[Claim]) -> list[Claim]:
    """Return the claims with their p-values and, where they have margins, their verdicts.

    Parameters
    ----------
    claims : of one table.
    """
    given = list(claims)
    tested = [margin for claim in given for margin in claim.margins if has_interval(margin)]
    adjusted = iter(holm([p_value(margin) for margin in tested]).adjusted.tolist())
    found = []
    for claim in given:
        own = [float(next(adjusted)) if has_interval(margin) else math.nan for margin in claim.margins]
        found.append(_judged(claim, own) if claim.margins else claim)
    return found


def n_margins(claims: Iterable[Claim]) -> int:
    """Return how many margins are tested."""
    return sum(has_interval(margin) for claim in claims for margin in claim.margins)


def _judged(claim: Claim, adjusted: Sequence[float]) -> Claim:
    """Return a claim with its verdict: by its worst margin if all are above 0, else by the surest that is not."""
    tests = [(each.value, p_value(each), p) for each, p in zip(claim.margins, adjusted, strict=True)]
    if any(math.isnan(p) for _, p, _ in tests):
        return replace(claim, verdict=OPEN)
    below = [(p, after) for value, p, after in tests if value <= 0]
    p, after = min(below) if below else max((p, after) for _, p, after in tests)
    shown = after <= ALPHA
    return replace(claim, p=p, adjusted_p=after, verdict=(NO if below else YES) if shown else OPEN)
