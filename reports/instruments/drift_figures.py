"""The figures of drift: how far worlds move from snapshot to snapshot beside sampling noise, and critics' targets."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from nashlens.reports.curve_figures import curve_figure
from nashlens.reports.estimates import MIN_SEEDS, difference
from nashlens.reports.figures import Figure
from nashlens.reports.instruments.drift_frames import algorithms_of, drift_of
from nashlens.reports.instruments.nonstationarity_quantities import TARGET_PARTS
from nashlens.reports.instruments.outcome_figure import SHORT, above_floor
from nashlens.reports.instruments.seed_estimates import seed_estimate, seed_halves, seed_means
from nashlens.reports.verdicts import Statement, Verdict, plain
from nashlens.reports.words import estimate_words, number

SHORT_TARGETS = {"ns_target_total": "all", "ns_target_policy": "by policies", "ns_target_critic": "by the critic"}


def drift_figure(merged: pd.DataFrame, games: Sequence[str]) -> Figure | None:
    """Return how far each agent's world moved from snapshot to snapshot, one panel a game.

    Parameters
    ----------
    merged : tidy, agents averaged.
    games : labels, in the order of the panels.
    """
    parts = []
    for game in games:
        own = merged[merged["game"] == game]
        metric = drift_of(own)
        parts.append(own[own["metric"].isin([metric, metric.replace("_drift_", "_floor_")])])
    return curve_figure(
        parts,
        name="ns-drift",
        title="How far each agent's world moves while the others learn",
        about="Change from one snapshot to the next of what an agent's own actions lead to, mean over agents: in "
        "sequential and repeated games total variation of what follows, in matrix games the expected reward, both "
        "exact; in particle worlds the 2-Wasserstein distance of what is seen at the longest horizon, an estimate that "
        "is biased upwards by sampling and stands beside its noise floor. Given everybody's action the same is 0.",
        say=_drift_statements,
        zero=True,
        short=SHORT,
    )


def _drift_statements(part: pd.DataFrame, game: str) -> list[Statement]:
    metric = drift_of(part)
    floor = metric.replace("_drift_", "_floor_")
    said = []
    for algorithm in algorithms_of(part):
        early, late = seed_halves(part, metric, algorithm=algorithm)
        said.append(_halves(algorithm, early, late))
        if (part["metric"] == floor).any() and floor != metric:
            own = seed_means(part, metric, algorithm=algorithm)
            said.append(above_floor(algorithm, own, seed_means(part, floor, algorithm=algorithm)))
    names = algorithms_of(part)
    for k, first in enumerate(names):
        for second in names[k + 1 :]:
            one, other = (seed_means(part, metric, algorithm=name) for name in (first, second))
            if len(one.index.intersection(other.index)) >= MIN_SEEDS:
                said.append(_apart(first, second, one, other))
    return said


def _halves(algorithm: str, early: pd.Series, late: pd.Series) -> Statement:
    def write(verdicts: Sequence[Verdict]) -> str:
        change = verdicts[0]
        verdict = change.word(
            up="moves more in the second half of training than in the first",
            down="moves less in the second half of training than in the first",
            neither="is not shown to move less or more in the second half of training than in the first",
        )
        means = f"{number(early.mean())}, then {number(late.mean())}"
        if change.silent:
            return f"Under {algorithm} the world moved by {means} in the halves of training; {verdict}."
        return f"Under {algorithm} the world {verdict}: {means} (difference {change.evidence})."

    return Statement(differences=(difference(late, early),), write=write)


def _apart(first: str, second: str, one: pd.Series, other: pd.Series) -> Statement:
    def write(verdicts: Sequence[Verdict]) -> str:
        (found,) = verdicts
        if found.sign:
            much = "more" if found.sign > 0 else "less"
            return f"Worlds move {much} under {first} than under {second} (difference {found.evidence})."
        return f"That worlds move more under one of {first} and {second} is not shown (difference {found.evidence})."

    return Statement(differences=(difference(one, other),), write=write)


def target_figure(merged: pd.DataFrame, games: Sequence[str]) -> Figure | None:
    """Return how far critics' targets moved, and by what; one panel a game that has any.

    Parameters
    ----------
    merged, games : as in `drift_figure`.
    """
    parts = []
    for game in games:
        own = merged[(merged["game"] == game) & merged["metric"].isin(list(SHORT_TARGETS))]
        if len(own):
            parts.append(own)
    return curve_figure(
        parts,
        name="ns-targets",
        title="What stays: how far the critics' targets move",
        about="Mean size of the change from one snapshot to the next of what the targets bootstrap from, at what was "
        "seen in episodes of the final policies: all of it, and the parts that the target critic and the target "
        "policies make alone. Q-learning has no target policy, and its online network stands for the target. "
        "Observations and random numbers are the same at every snapshot, so that what has not moved gives 0.",
        say=lambda part, game: [plain(_remains(part))],
        zero=True,
        short=SHORT_TARGETS,
    )


def _remains(part: pd.DataFrame) -> str:
    said = []
    for algorithm in algorithms_of(part):
        sizes = {name: seed_means(part, f"ns_target_{name}", algorithm=algorithm) for name in TARGET_PARTS}
        if len(sizes["policy"]) and float(sizes["total"].mean()) > 0:
            share = sizes["policy"] / sizes["total"]
            said.append(
                f"Under {algorithm} the part that the target policies move alone is "
                f"{estimate_words(seed_estimate(share, least=0.0))} of the whole in size."
            )
    return " ".join(said)
