"""Equivalence within a margin: evidence that a difference is too small to matter, which no large p-value is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy import special

from nashlens.analysis.results import Bound, Record
from nashlens.analysis.statistics import checked_row, student_t


@dataclass(frozen=True, slots=True, kw_only=True)
class Equivalence:
    """Whether a mean difference lies inside a margin, by two one-sided t-tests.

    Attributes
    ----------
    verdict : ``equivalent`` if the interval lies inside the margin, ``not shown`` if it does not, ``no answer`` if
        there is no interval.
    difference : the mean difference.
    low, high : its interval of level ``1 − 2 α``.
    margin : the largest difference that does not matter, in the units of the difference.
    p : the larger of the two one-sided p-values.
    alpha : level of each one-sided test.
    n, unit : pairs behind it.
    reason : why there is no answer; empty if there is one.
    """

    verdict: Literal["equivalent", "not shown", "no answer"]
    difference: float
    low: float
    high: float
    margin: float
    p: float
    alpha: float
    n: int
    unit: str
    bound: Bound = "estimate"
    reason: str = ""
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return one row."""
        named = ("low", "high", "margin", "p", "alpha", "n", "unit", "verdict", "bound", "reason")
        return [{"metric": "equivalence", "value": self.difference} | {name: getattr(self, name) for name in named}]


def equivalence(differences: npt.ArrayLike, *, margin: float, alpha: float = 0.05, unit: str = "seed") -> Equivalence:
    """Test that a mean difference lies inside ``(−margin, margin)``, by two one-sided t-tests.

    Equivalence is shown if both one-sided tests at level α reject, which is when the ``1 − 2 α`` interval lies inside
    the margin.

    Parameters
    ----------
    differences : ``[S]``, paired differences, or deviations of one sample from its reference.
    margin : the largest difference that does not matter, fixed before the data were seen.
    alpha : level of each one-sided test, inside (0, .5).
    unit : what a row is.

    Raises
    ------
    ValueError : `differences` is not ``[S]``, `margin` is not positive and finite, or `alpha` is out of range.
    """
    if not (np.isfinite(margin) and margin > 0):
        raise ValueError(f"margin must be positive and finite, not {margin}")
    if not 0 < alpha < 0.5:
        raise ValueError(f"alpha must be inside (0, .5), not {alpha}")
    row = checked_row(differences, name="differences")
    interval = student_t(row, level=1 - 2 * alpha, unit=unit).at()
    p = np.nan
    if not interval.reason:
        error = float(row.std(ddof=1)) / np.sqrt(len(row))
        room = margin - abs(interval.value)
        p = float(special.stdtr(len(row) - 1, -room / error)) if error > 0 else float(room <= 0)
    shown = -margin < interval.low and interval.high < margin
    return Equivalence(
        verdict="no answer" if interval.reason else "equivalent" if shown else "not shown",
        difference=interval.value,
        low=interval.low,
        high=interval.high,
        margin=margin,
        p=p,
        alpha=alpha,
        n=len(row),
        unit=unit,
        reason=interval.reason,
    )
