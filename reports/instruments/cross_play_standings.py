"""The sentences on how policies stand: diversity within ensembles, robustness, and the meta-game of runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any

import numpy as np
import pandas as pd

from nashlens.analysis.alpha_sweep import ALPHAS
from nashlens.reports.instruments.estimate_rows import estimate_words
from nashlens.reports.instruments.homogeneity_verdicts import rows_where
from nashlens.reports.instruments.meta_comparison import ALL, NO_MATCH, share_at
from nashlens.reports.instruments.population import STRANGER
from nashlens.reports.words import listed, number

CYCLIC = 0.1  # share of the results beyond which one rating a run hides too much
LEAD = 1e-6  # algorithms whose shares are this close lead together


def diversity_sentence(sub_policies: pd.DataFrame) -> str:
    """Return how differently the sub-policies of ensembles act."""
    if sub_policies.empty:
        return ""
    several = sub_policies.groupby("game")["algorithm"].nunique()
    said = [
        f"{row['game']}, {row['agent']} {estimate_words(row)}"
        + (f" ({row['algorithm']})" if several[row["game"]] > 1 else "")
        for row in sub_policies.to_dict("records")
    ]
    return (
        "Diversity of sub-policies, as a share of the largest distance between two of them (0: all alike, so that "
        f"mixing them gains nothing): {'; '.join(said)}."
    )


def robustness_sentences(robustness: pd.DataFrame, opponents: pd.DataFrame) -> list[str]:
    """Return for each game what its sides get against opponents that they were not trained with, and at worst."""
    said = []
    for game, part in robustness.groupby("game", sort=False):
        sides = []
        for side, own in part.groupby("side", sort=False):
            each = []
            for algorithm, rows in own.groupby("algorithm", sort=False):
                values = rows.set_index("quantity")["value"]
                worst = rows[rows["quantity"] == "worst_case"].iloc[0].to_dict()
                trained = rows_where(opponents, game=str(game), side=str(side), algorithm=str(algorithm))
                hardest = trained[trained["quantity"] == "trained_opponent"].to_dict("records")
                more = f", trained opponent {estimate_words(hardest[0])}" if hardest else ""
                each.append(
                    f"{algorithm} mean {number(values['mean'])}, worst quarter {number(values['cvar'])}, worst case "
                    f"{estimate_words(worst)}{more}"
                )
            sides.append(f"{side} — {'; '.join(each)}")
        meeting = "in other runs' teams" if STRANGER in set(part["side"]) else "against policies of other runs"
        said.append(
            f"Robustness in {game}, return {meeting} (worst ones chosen and measured on different episodes): "
            f"{'. '.join(sides)}."
        )
    return said


def meta_sentence(meta: pd.DataFrame) -> str:
    """Return who holds the equilibrium of the meta-game, and whether one rating a run is enough to say so."""
    said = []
    for game, part in meta.groupby("game", sort=False):
        cyclic = part[(part["quantity"] == "cyclic_share") & (part["algorithm"] == ALL)].iloc[0].to_dict()
        if cyclic["reason"] == NO_MATCH:
            said.append(f"{game}: {NO_MATCH}")
            continue
        weights = part[part["quantity"] == "nash_weight"]
        held = listed([f"{row['algorithm']} {_of_table(row)}" for row in weights.to_dict("records")])
        if pd.isna(cyclic["value"]):
            share = "no match is decided"
        else:
            word = "one rating a run hides part of them" if cyclic["value"] > CYCLIC else "ratings say nearly all"
            share = f"{cyclic['value']:.0%} of the squared results are cyclic, so that {word}"
        said.append(f"{game}: {held}; {share}")
    if not said:
        return ""
    return (
        "Weights of the algorithms in the meta-game's equilibrium of most entropy, over the runs at hand, with "
        f"bootstrap intervals over runs where there are enough — {'; '.join(said)}."
    )


def alpha_sentence(meta: pd.DataFrame) -> str:
    """Return which algorithm leads under α-rank, and whether that depends on the selection pressure."""
    said = []
    for game, part in meta.groupby("game", sort=False):
        shares = {
            alpha: part[part["quantity"] == share_at(alpha)].set_index("algorithm")["value"].astype(float)
            for alpha in ALPHAS
        }
        if all(each.empty for each in shares.values()):
            continue
        leaders = {alpha: listed(list(each.index[each >= each.max() - LEAD])) for alpha, each in shares.items()}
        spans = [(name, [alpha for alpha, _ in same]) for name, same in groupby(leaders.items(), key=itemgetter(1))]
        parts = [f"{name} at {_span(alphas)}" for name, alphas in spans]
        word = "the leader does not depend on the pressure" if len(spans) == 1 else "the leader depends on the pressure"
        said.append(f"{game}: {listed(parts)}, so that {word}")
    if not said:
        return ""
    pressures = f"selection pressures from α = {ALPHAS[0]:g} to {ALPHAS[-1]:g}"
    return f"Largest share under α-rank of the runs at hand, for {pressures} — {'; '.join(said)}."


def _of_table(row: Mapping[Any, Any]) -> str:
    """Return a number of the meta-game with its interval over runs, if it has one."""
    low, high = float(row["low"]), float(row["high"])
    value = number(float(row["value"]), decimals=2)
    return f"{value} [{number(low, decimals=2)}, {number(high, decimals=2)}]" if np.isfinite(low) else value


def _span(alphas: Sequence[float]) -> str:
    if len(alphas) == 1:
        return f"α = {alphas[0]:g}"
    return f"α = {alphas[0]:g} to {alphas[-1]:g}"
