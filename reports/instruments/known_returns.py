"""Intervals of returns in games that are known as a whole: they end where the game's payoffs do.

Student's t and the jackknife know nothing of the game: in rock, paper, scissors the interval of a worst case near −1
would reach below −1, which nobody can get. Of particle worlds no bound is known, and nothing is cut there.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from nashlens.reports.conventions import GameFacts
from nashlens.reports.instruments.cross_play_pairings import RETURN

OVER_OPPONENTS = ("mean", "worst_case", "cvar", "trained_opponent", "self_play", "cross_play")
OF_ENSEMBLES = ("mixture_worst", "mean_single_worst", "post_hoc_worst")
RETURNS = frozenset((*OVER_OPPONENTS, *OF_ENSEMBLES))
CUT_NOTE = "Intervals of returns are cut to the payoffs of a game that is known as a whole."


def cut_to_payoffs(frame: pd.DataFrame, facts: Mapping[str, GameFacts]) -> pd.DataFrame:
    """Return a frame of cross-play with every interval of a return cut to what a side can get in its game.

    Parameters
    ----------
    frame : estimate rows with ``game``, and ``side`` and ``quantity`` or the ``score`` of a pairing; differences of
        returns, ranks and counts stay as they are.
    facts : of every game by label; a game that is missing has no known bound.
    """
    if frame.empty:
        return frame
    least, most = np.array([_range(row, facts) for row in frame.to_dict("records")]).T
    ends = {column: np.clip(frame[column].to_numpy(np.float64), least, most) for column in ("low", "high")}
    return frame.assign(**ends)


def _range(row: Mapping[Any, Any], facts: Mapping[str, GameFacts]) -> tuple[float, float]:
    """Return the least and the most that the number of one row can be; infinite where that is not known."""
    return_of, found, side = str(row.get("score", "")).partition(f"{RETURN} of ")
    about = facts.get(str(row["game"]))
    if about is None or not (row.get("quantity") in RETURNS or (found and not return_of)):
        return -math.inf, math.inf
    return about.return_range(side if found else str(row["side"]))
