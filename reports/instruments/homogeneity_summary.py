"""The one sentence on homogeneity: in how many games sharing was enough, and whether payoffs alone foretold it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import pandas as pd

from nashlens.reports.instruments.homogeneity_verdicts import Judged, rows_where, value_of
from nashlens.reports.words import counted

ORDER = ("costs", "enough", "not decided", "no statement")
"""Of several ways to share in one game the first of these verdicts counts for the game."""
WAYS = ((False, "one policy for all was"), (True, "with the agent's index in its observation it was"))


def in_short(anchors: pd.DataFrame, shared: Sequence[Judged]) -> str:
    """Return in how many games sharing was enough, with and without an index, and whether the exact gap foretold it.

    Parameters
    ----------
    anchors : as `homogeneity` compares them, all games.
    shared : verdicts on the ways to share.
    """
    said = []
    for indexed, how in WAYS:
        found = list(verdict_by_place([each for each in shared if each.indexed == indexed]).values())
        if found:
            enough, costs = found.count("enough"), found.count("costs")
            said.append(
                f"{how} enough in {enough} of {counted(len(found), 'game')}, cost common return in {costs}, and is "
                f"undecided in {len(found) - enough - costs}"
            )
    if not said:
        return ""
    whole = "; ".join(said)
    return f"{whole[0].upper()}{whole[1:]}.{_foretold(anchors, shared)}"


def verdict_by_place(verdicts: Sequence[Judged]) -> dict[tuple[str, str], str]:
    """Return one verdict for each game and role: the first in `ORDER` of those on its ways to share."""
    found: dict[tuple[str, str], str] = {}
    for each in verdicts:
        found[each.place] = min(found.get(each.place, each.verdict), each.verdict, key=ORDER.index)
    return found


def _foretold(anchors: pd.DataFrame, shared: Sequence[Judged]) -> str:
    """Return whether sharing without an index cost where the payoffs alone say that it must."""
    plain = verdict_by_place([each for each in shared if not each.indexed])
    must = [place for place in plain if _must_lose(anchors, place)]
    if not must:
        return ""
    lost = sum(plain[place] == "costs" for place in must)
    said = f"in {lost} of the {counted(len(must), 'game')} whose payoffs alone say that it must"
    others = [verdict for place, verdict in plain.items() if place not in must]
    rest = f", and in {others.count('costs')} of the {counted(len(others), 'other')}" if others else ""
    return f" Without an index it cost {said}{rest}."


def _must_lose(anchors: pd.DataFrame, place: tuple[str, str]) -> bool:
    """Say whether the best shared strategy is known exactly and falls short of the best joint return."""
    own = rows_where(anchors, game=place[0], role=place[1])
    shared = rows_where(own, quantity="best_shared_return")
    best = value_of(own, quantity="best_return")
    if not math.isfinite(best) or shared["bound"].iloc[0] != "exact":
        return False
    return bool(best - float(shared["value"].iloc[0]) > 1e-9 * max(1.0, abs(best)))
