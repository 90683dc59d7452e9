"""In how many runs a shift between observations is told apart from 0: by the interval of each run, or exactly."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nashlens.reports.instruments.inference_shift import HIGH, LOW, SHIFT
from nashlens.reports.words import NOTHING

RESAMPLED = (
    "the interval within a run resamples whole episodes, those of each snapshot's policies among themselves, with the "
    "run's networks as they are, and misses 0 by chance in about one of twenty runs without a shift; the one over "
    "seeds is Student's t over trainings"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftCounts:
    """Runs by where their shift lies; several pairs of agents of one run count as several.

    Attributes
    ----------
    above, below : those whose interval lies on one side of 0, or whose exact shift does.
    open : those whose interval holds 0, or whose exact shift is 0.
    unknown : those without an interval, or without a shift.
    exact : whether all are exact, with nothing to resample.
    """

    above: int
    below: int
    open: int
    unknown: int
    exact: bool

    @property
    def n(self) -> int:
        """How many there are."""
        return self.above + self.below + self.open + self.unknown

    @property
    def in_words(self) -> str:
        """What a cell of a table or the rest of a sentence says of them."""
        how = "exactly" if self.exact else "by the interval within the run"
        text = f"{how} above 0 in {self.above} of {self.n}, below 0 in {self.below}"
        text += f", {'exactly' if self.exact else 'not told apart from'} 0 in {self.open}"
        return f"{text}, {'no value' if self.exact else 'no interval'} in {self.unknown}" if self.unknown else text


def shift_counts(by: Mapping[str, Mapping[Any, Any]]) -> ShiftCounts:
    """Return where the shift of one pair of agents lies, seed by seed.

    Parameters
    ----------
    by : final estimates of the pair by metric, the shift among them; its ends only where it was sampled.
    """
    exact = by[SHIFT]["each"] == "exact"
    shifts = [float(value) for value in by[SHIFT]["values"]]
    if exact:
        ends = [(value, value) for value in shifts]
    elif {LOW, HIGH} <= by.keys():
        ends = [
            (float(low), float(high)) for low, high in zip(*(by[end]["values"] for end in (LOW, HIGH)), strict=True)
        ]
    else:
        ends = [(math.nan, math.nan)] * len(shifts)
    known = [(low, high) for low, high in ends if not math.isnan(low)]
    above = sum(low > NOTHING for low, _ in known)
    below = sum(high < -NOTHING for _, high in known)
    return ShiftCounts(
        above=above, below=below, open=len(known) - above - below, unknown=len(ends) - len(known), exact=exact
    )


def together(counts: Iterable[ShiftCounts]) -> ShiftCounts:
    """Return the counts of several pairs of agents in one."""
    given = list(counts)
    return ShiftCounts(
        above=sum(each.above for each in given),
        below=sum(each.below for each in given),
        open=sum(each.open for each in given),
        unknown=sum(each.unknown for each in given),
        exact=all(each.exact for each in given),
    )
