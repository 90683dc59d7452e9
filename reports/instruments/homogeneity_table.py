"""The table of homogeneity: one row a game and way to share, everything that was measured of it beside one another."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from nashlens.reports.estimates import final_estimates
from nashlens.reports.instruments import critic_deviation
from nashlens.reports.instruments.estimate_rows import estimate_words, few_note
from nashlens.reports.instruments.homogeneity_verdicts import TOLERATED, Judged, rows_where, value_of
from nashlens.reports.instruments.last_policies import SEPARATE
from nashlens.reports.tables import Table
from nashlens.reports.words import counted, number, with_interval

BLANK = "—"
HEADER = (
    "game",
    "sharing",
    "common return",
    "less separate policies",
    "exact gap",
    "sharing is",
    "diversity",
    "swap loss",
    "clone loss",
    "NashConv",
    "gradient conflict",
    "n",
)
QUANTITIES = ("common_return", "sharing_difference", "swap_loss", "clone_loss", "nash_conv")
KEY = ("game", "role", "algorithm", "quantity")
DIVERSITIES = ("diversity_force", "diversity_gaussian", "diversity_choice")


def homogeneity_table(
    sharing: pd.DataFrame, anchors: pd.DataFrame, measures: pd.DataFrame, verdicts: Sequence[Judged]
) -> Table:
    """Return the table.

    Parameters
    ----------
    sharing, anchors : as `homogeneity` compares them, all games.
    measures : the tidy frame of diversity and gradient conflict, agents merged.
    verdicts : of `homogeneity_verdicts.judged`.
    """
    words = {(each.game, each.role, each.algorithm): each.verdict for each in verdicts}
    ends = final_estimates(measures) if len(measures) else pd.DataFrame(columns=["game", "algorithm", "metric"])
    rows = []
    for (game, role, algorithm), part in sharing.groupby(["game", "role", "algorithm"], sort=False):
        by = {str(row["quantity"]): row for row in part.to_dict("records")}
        where = ends[(ends["game"] == game) & (ends["algorithm"] == algorithm)]
        if "agent" in where:
            where = where[where["agent"].isin(["", role])]
        separate = bool((part["reference"] == "True").any())
        rows.append(
            (
                str(game) if role == "all" else f"{game}: {role}",
                str(algorithm),
                _words(by.get("common_return")),
                "the reference" if separate else _words(by.get("sharing_difference")),
                exact_gap(anchors, part),
                "" if separate else words.get((str(game), str(role), str(algorithm)), "no statement"),
                _measured(where, DIVERSITIES),
                _words(by.get("swap_loss")),
                _clone_words(by.get("clone_loss")),
                _bounded(by.get("nash_conv")),
                _measured(where, ("gradient_conflict",)),
                counted(int(by["common_return"]["n"]), "seed"),
            )
        )
    return Table(
        name="homogeneity",
        title="What sharing did",
        caption=f"{_caption(anchors)}{few_note(sharing)}",
        header=HEADER,
        rows=tuple(rows),
        numeric=frozenset({11}),
        data=_data(sharing, anchors, ends, verdicts),
    )


def _data(sharing: pd.DataFrame, anchors: pd.DataFrame, ends: pd.DataFrame, verdicts: Sequence[Judged]) -> pd.DataFrame:
    """Return every number of table and answers: of compared runs, of the payoffs, and of single runs."""
    judged = {(each.game, each.role, each.algorithm, "sharing_difference"): each for each in verdicts}
    found = [judged.get(key) for key in zip(*(sharing[name] for name in KEY), strict=True)]
    sharing = sharing.assign(
        adjusted_p=[math.nan if each is None else each.adjusted_p for each in found],
        verdict=["" if each is None else each.verdict for each in found],
    )
    known = anchors[anchors["quantity"].isin(["best_return", "best_shared_return"])].assign(algorithm="")
    compared = pd.concat([sharing, known], ignore_index=True) if len(known) else sharing
    if ends.empty:
        return compared
    own = ends[ends["metric"].isin([*DIVERSITIES, "gradient_conflict", critic_deviation.NAME])].drop(
        columns=["values", "step"]
    )
    return pd.concat([compared, own.rename(columns={"metric": "quantity", "agent": "role"})], ignore_index=True)


def exact_gap(anchors: pd.DataFrame, rows: pd.DataFrame) -> str:
    """Return what one way to share must lose of the best joint return, where that is computed from the payoffs.

    Parameters
    ----------
    anchors : all games.
    rows : of one game, role and algorithm of the frame ``sharing``.

    Returns
    -------
    The best joint return less that of the best shared strategy, in words; 0 where policies are separate or read an
    index, with which agents can play any joint strategy. ``≤`` where the best shared strategy was only climbed to.
    """
    first = rows.iloc[0]
    own = rows_where(anchors, game=str(first["game"]), role=str(first["role"]))
    best, shared = (value_of(own, quantity=name) for name in ("best_return", "best_shared_return"))
    if not math.isfinite(best):
        return BLANK
    if first["sharing"] == SEPARATE or first["indexed"] == "True":
        return number(0.0)
    climbed = rows_where(own, quantity="best_shared_return")["bound"].iloc[0] == "lower"
    return f"{'≤ ' if climbed else ''}{number(max(best - shared, 0.0))}"


def _caption(anchors: pd.DataFrame) -> str:
    exact = []
    for (game, role), part in anchors.groupby(["game", "role"], sort=False):
        best, shared = (value_of(part, quantity=name) for name in ("best_return", "best_shared_return"))
        if math.isfinite(best):
            at_least = part.loc[part["quantity"] == "best_shared_return", "bound"].iloc[0] == "lower"
            whose = game if role == "all" else f"{game}, {role}"
            exact.append(
                f"{whose} {number(best)} and {number(shared)}{' (best of several climbs)' if at_least else ''}"
            )
    known = f" The best joint return and that of the best shared strategy: {'; '.join(exact)}." if exact else ""
    return (
        "Means over seeds with their 95% intervals (Student's t; of returns in played episodes and their differences "
        "floored at the errors of each seed's episodes). The common return is the common reward, the sum of "
        "payoffs in a matrix game without one, or the mean return of a role's agents; with several sides the "
        "opponents are those of the reference's runs. Sharing is enough where the interval of the difference, paired "
        f"by seed, lies above −{TOLERATED:.0%} of what separate policies gain over random play; it costs where the "
        "difference is below 0 after Holm's correction over this table. Exact gap: what agents that share must lose of "
        "the best joint return, computed from the payoffs; 0 with an index or separate policies. Swap loss: the return "
        "in place less the mean return of the other orders of the policies; clone loss: the return less that of copies "
        "of the best agent (≤: an upper bound, where the best copy is chosen by episodes); their tests have a table of "
        "their own. NashConv is exact in matrix games and game trees; with ≥ it is a "
        "lower bound, by the policies of the other runs of the seed and by those that were not learned. Diversity is "
        "a share of the largest distance of two actions; gradients are exact in matrix games and elsewhere need runs "
        f"that kept their critics. “{BLANK}”: not defined or not kept there; agents of different spaces cannot change "
        f"places.{known}"
    )


def _words(row: Mapping[Any, Any] | None) -> str:
    return BLANK if row is None else estimate_words(row)


def _clone_words(row: Mapping[Any, Any] | None) -> str:
    """Return a clone loss in words; policies that are copies of each other lose 0 whatever the bound of the rest."""
    if row is None:
        return BLANK
    copies = row["sharing"] != SEPARATE and row["indexed"] == "False"
    return f"{'≤ ' if row['each'] == 'upper' and not copies else ''}{estimate_words(row)}"


def _bounded(row: Mapping[Any, Any] | None) -> str:
    """Return NashConv in words; where it is exact its interval is cut to what it can be, and a bound is named one."""
    if row is None:
        return BLANK
    if row["each"] == "lower":
        return f"≥ {estimate_words(row)}"
    return estimate_words({**row, "low": np.maximum(row["low"], 0.0)})


def _measured(ends: pd.DataFrame, metrics: Sequence[str]) -> str:
    """Return the words of the first of some metrics that was measured."""
    for metric in metrics:
        for row in ends[ends["metric"] == metric].to_dict("records"):
            low, high = float(row["low"]), float(row["high"])
            if math.isfinite(low) and math.isfinite(high):
                return with_interval(float(row["value"]), low, high)
            return number(float(row["value"]))
    return BLANK
