"""When sharing was enough: the verdict on each way to share, from its difference to separate policies.

Sharing was enough where the whole interval of the difference lies above a margin below zero: it may cost so much and no
more. It costs where the difference is below zero after Holm's correction for all differences of the chapter. Where
neither holds nothing is decided. The margin is fixed beforehand: a share of what separate policies gain over random
play.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from nashlens.analysis.multiple_comparisons import holm
from nashlens.analysis.results import Estimate
from nashlens.reports.instruments.estimate_rows import estimate_of
from nashlens.reports.instruments.last_policies import SEPARATE
from nashlens.reports.verdicts import ALPHA, p_value
from nashlens.reports.words import has_interval

TOLERATED = 0.05
Word = Literal["enough", "costs", "not decided", "no statement"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """One way to share in one role of a game.

    Attributes
    ----------
    game, role, algorithm : which.
    shares, indexed : whether its agents share an actor, and whether they see their index.
    difference : common return less that of separate policies, paired by seed.
    margin : the largest loss that is tolerated; NaN if separate policies gain nothing over random play.
    adjusted_p : of the difference, Holm's over the chapter; NaN without an interval.
    verdict : what holds.
    """

    game: str
    role: str
    algorithm: str
    shares: bool
    indexed: bool
    difference: Estimate
    margin: float
    adjusted_p: float
    verdict: Word

    @property
    def place(self) -> tuple[str, str]:
        """Game and role."""
        return self.game, self.role


def judged(sharing: pd.DataFrame, anchors: pd.DataFrame) -> tuple[Judged, ...]:
    """Return the verdict on every algorithm but the references, in the order of the frame.

    Parameters
    ----------
    sharing, anchors : the frames of all games, one below the other, as `homogeneity` compares them.
    """
    rows = sharing[sharing["quantity"] == "sharing_difference"].to_dict("records")
    differences = [estimate_of(row) for row in rows]
    tested = [each for each in differences if has_interval(each)]
    adjusted = iter(holm([p_value(each) for each in tested]).adjusted.tolist())
    found = []
    for row, difference in zip(rows, differences, strict=True):
        margin = _margin(sharing, anchors, game=str(row["game"]), role=str(row["role"]))
        p = float(next(adjusted)) if has_interval(difference) else math.nan
        found.append(
            Judged(
                game=str(row["game"]),
                role=str(row["role"]),
                algorithm=str(row["algorithm"]),
                shares=row["sharing"] != SEPARATE,
                indexed=str(row["indexed"]) == "True",
                difference=difference,
                margin=margin,
                adjusted_p=p,
                verdict=_verdict(difference, margin=margin, p=p),
            )
        )
    return tuple(found)


def rows_where(frame: pd.DataFrame, **where: str) -> pd.DataFrame:
    """Return the rows of a frame that have the given words in the given columns."""
    chosen = frame
    for column, wanted in where.items():
        chosen = chosen[chosen[column] == wanted]
    return chosen


def value_of(frame: pd.DataFrame, **where: str) -> float:
    """Return the value of the first row of a frame that fits; NaN if none does."""
    chosen = rows_where(frame, **where)
    return float(chosen["value"].iloc[0]) if len(chosen) else float("nan")


def _margin(sharing: pd.DataFrame, anchors: pd.DataFrame, *, game: str, role: str) -> float:
    where = {"game": game, "role": role}
    separate = value_of(sharing, **where, quantity="common_return", reference="True")
    gained = separate - value_of(anchors, **where, quantity="random_return")
    return TOLERATED * gained if gained > 0 else float("nan")


def _verdict(difference: Estimate, *, margin: float, p: float) -> Word:
    if not has_interval(difference) or np.isnan(margin):
        return "no statement"
    if difference.low > -margin:
        return "enough"
    return "costs" if p <= ALPHA and difference.value < 0 else "not decided"
