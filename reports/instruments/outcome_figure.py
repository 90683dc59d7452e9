"""The figure of what particle worlds did sooner than at the longest horizon, and of rewards, beside sampling noise."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from nashlens.reports.curve_figures import curve_figure
from nashlens.reports.estimates import difference
from nashlens.reports.figures import Figure
from nashlens.reports.instruments.drift_frames import algorithms_of, drift_of
from nashlens.reports.instruments.nonstationarity_quantities import HORIZONS, drift_name, floor_name
from nashlens.reports.instruments.seed_estimates import seed_means
from nashlens.reports.verdicts import Statement, Verdict

REWARD, REWARD_FLOOR = "ns_outcome_reward_drift", "ns_outcome_reward_floor"
SHORT = {
    **{drift_name(h): "drift" for h in HORIZONS},
    **{floor_name(h): "noise floor" for h in HORIZONS},
    REWARD: "drift",
    REWARD_FLOOR: "noise floor",
}


def outcome_figure(merged: pd.DataFrame, games: Sequence[str]) -> Figure | None:
    """Return drift at the shorter horizons and of rewards, a panel each in every particle world.

    Parameters
    ----------
    merged : tidy, agents averaged.
    games : labels, in the order of the panels.
    """
    parts = []
    for game in games:
        own = merged[merged["game"] == game]
        pairs = [
            (f"{game}_after_{h}_step{'s' if h > 1 else ''}", drift_name(h), floor_name(h))
            for h in HORIZONS
            if drift_name(h) != drift_of(own)
        ]
        for label, drift, floor in [*pairs, (f"{game}_rewards", REWARD, REWARD_FLOOR)]:
            drawn = own[own["metric"].isin([drift, floor])]
            if len(drawn):
                parts.append(drawn.assign(game=label))
    return curve_figure(
        parts,
        name="ns-outcomes",
        title="The same sooner, and in rewards",
        about="Change from one snapshot to the next of what an agent sees a few steps after its own actions, and of "
        "the rewards that it adds up until the longest horizon: 2-Wasserstein distances, mean over agents and probe "
        "states, biased upwards by sampling, and beside each the same with the snapshots' samples shuffled. One step "
        "of a particle world moves little: what others do shows with time.",
        say=lambda part, _: floor_statements(part),
        zero=True,
        short=SHORT,
    )


def floor_statements(part: pd.DataFrame) -> list[Statement]:
    """Return for each algorithm whether a drift is more than sampling noise.

    Parameters
    ----------
    part : tidy, of one drift and its floor, agents averaged.
    """
    floor = next((name for name in part["metric"].unique() if SHORT[name] == "noise floor"), None)
    drift = next(name for name in part["metric"].unique() if SHORT[name] == "drift")
    if floor is None:
        return []
    return [
        above_floor(name, *(seed_means(part, metric, algorithm=name) for metric in (drift, floor)))
        for name in algorithms_of(part)
    ]


def above_floor(algorithm: str, own: pd.Series, floor: pd.Series) -> Statement:
    """Return whether the drift under an algorithm is more than sampling noise.

    Parameters
    ----------
    algorithm : label.
    own, floor : one number a seed.
    """

    def write(verdicts: Sequence[Verdict]) -> str:
        verdict = verdicts[0].word(
            up="lies above its noise floor",
            down="lies below its noise floor, which sampling alone would not give",
            neither="is not shown to be more than sampling noise",
        )
        if verdicts[0].silent:
            return f"The drift under {algorithm} beside its noise floor: {verdict}."
        return f"The drift under {algorithm} {verdict} (excess {verdicts[0].evidence})."

    return Statement(differences=(difference(own, floor),), write=write)
