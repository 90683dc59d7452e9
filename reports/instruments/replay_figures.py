"""The figures of stale replay: by others, by agents, by insertion, by what was played, and errors of learned values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from nashlens.reports.curve_figures import curve_figure
from nashlens.reports.estimates import MIN_SEEDS, difference
from nashlens.reports.figures import Figure
from nashlens.reports.instruments.drift_frames import algorithms_of
from nashlens.reports.instruments.outcome_figure import above_floor
from nashlens.reports.instruments.replay_quantities import MAX_OTHERS, by_others_name
from nashlens.reports.instruments.seed_estimates import seed_estimate, seed_halves, seed_means
from nashlens.reports.verdicts import Statement, Verdict, plain
from nashlens.reports.words import counted, estimate_words, number

BY_OTHERS = {by_others_name(k): k for k in range(1, MAX_OTHERS + 1)}
SHORT_PLAYED = {"rs_played_drift": "drift", "rs_played_floor": "noise floor"}


def share_per_other(part: pd.DataFrame, algorithm: str) -> pd.Series:
    """Return by seed the factor by which one more other multiplies the effective share; empty below two others.

    Parameters
    ----------
    part : tidy, of one game, agents averaged.
    algorithm : label.

    Notes
    -----
    The exponential of the least-squares slope of the share's logarithm in the number of others.
    """
    rows = part[(part["algorithm"] == algorithm) & part["metric"].isin(list(BY_OTHERS)) & (part["value"] > 0)]
    found = {}
    for seed, own in rows.groupby("seed"):
        counts = own["metric"].map(BY_OTHERS).to_numpy(dtype=np.float64)
        if len(counts) > 1:
            found[seed] = float(np.exp(np.polyfit(counts, np.log(own["value"].to_numpy(dtype=np.float64)), 1)[0]))
    return pd.Series(found, dtype=np.float64)


def late_errors(part: pd.DataFrame) -> dict[str, pd.Series]:
    """Return by algorithm the error of learned action values in the second half of training, one number a seed."""
    late = {name: seed_halves(part, "rs_q_error", algorithm=name)[1] for name in algorithms_of(part)}
    return {name: values for name, values in late.items() if len(values)}


def nearer(late: Mapping[str, pd.Series]) -> list[Statement]:
    """Return who is nearer to the truth, every pair of algorithms judged together.

    Parameters
    ----------
    late : as `late_errors` returns them.
    """
    pairs = list(combinations(late, 2))
    enough = [(a, b) for a, b in pairs if len(late[a].index.intersection(late[b].index)) >= MIN_SEEDS]
    if not enough:
        return [plain("Too few seeds to compare.")] if pairs else []

    def write(verdicts: Sequence[Verdict]) -> str:
        told = []
        for (first, second), verdict in zip(enough, verdicts, strict=True):
            if verdict.sign:
                closer, farther = (second, first) if verdict.sign > 0 else (first, second)
                told.append(f"{closer} is nearer than {farther} ({first} less {second}: {verdict.evidence})")
        rest = len(enough) - len(told)
        words = f"{'; '.join(told)}." if told else ""
        if rest:
            words += f" {'No' if not told else 'In ' + counted(rest, 'other pair') + ' no'} difference is shown."
        return words.strip()

    return [Statement(differences=tuple(difference(late[a], late[b]) for a, b in enough), write=write)]


def others_figure(merged: pd.DataFrame, games: Sequence[str]) -> Figure | None:
    """Return the effective share against how many others are weighted for, one panel a game of several others.

    Parameters
    ----------
    merged : tidy, agents averaged.
    games : labels, in the order of the panels.
    """
    parts = []
    for game in games:
        own = merged[(merged["game"] == game) & merged["metric"].isin(list(BY_OTHERS))]
        if own["metric"].nunique() > 1:
            parts.append(own.assign(step=own["metric"].map(BY_OTHERS), metric="rs_effective_share"))
    return curve_figure(
        parts,
        name="rs-others",
        title="What a replay is worth, by how many others changed",
        about="Effective share of the replay at the end of training when the importance weights count only so many of "
        "the others, mean over agents; 1 if their policies had not moved.",
        say=lambda part, game: [plain(_decay(merged[merged["game"] == game]))],
        zero=True,
        x_label="others weighted for",
    )


def _decay(part: pd.DataFrame) -> str:
    said = []
    for name in algorithms_of(part):
        factor = share_per_other(part, name)
        if len(factor):
            said.append(
                f"Under {name} one more other multiplies the share by {estimate_words(seed_estimate(factor, least=0))}."
            )
    return " ".join(said)


def insertion_figure(merged: pd.DataFrame, games: Sequence[str]) -> Figure | None:
    """Return the effective share of each interval's transitions, one panel a game.

    Parameters
    ----------
    merged : tidy, agents averaged.
    games : labels, in the order of the panels.
    """
    parts = [merged[(merged["game"] == game) & (merged["metric"] == "rs_share_at")] for game in games]
    return curve_figure(
        [part for part in parts if len(part)],
        name="rs-insertion",
        title="What a replay is worth, by when its transitions came",
        about="Effective share, under the policies at the end of training, of the transitions that came in each "
        "interval between snapshots, drawn at the step at which the interval begins; mean over agents. It is 1 if the "
        "others' policies have not moved since.",
        say=lambda part, game: [_old_and_new(part, name) for name in algorithms_of(part)],
        zero=True,
        x_label="step of insertion",
    )


def _old_and_new(part: pd.DataFrame, algorithm: str) -> Statement:
    early, late = seed_halves(part, "rs_share_at", algorithm=algorithm)

    def write(verdicts: Sequence[Verdict]) -> str:
        verdict = verdicts[0].word(
            up="is worth more than",
            down="is worth less than",
            neither="is not shown to be worth more or less than",
        )
        means = f"{number(late.mean())} beside {number(early.mean())}"
        if verdicts[0].silent:
            return f"Under {algorithm} the newer half is worth {means} for the older; {verdict}."
        return f"Under {algorithm} the newer half {verdict} the older: {means} (difference {verdicts[0].evidence})."

    return Statement(differences=(difference(late, early),), write=write)


def error_figure(merged: pd.DataFrame, games: Sequence[str]) -> Figure | None:
    """Return how far learned action values are off, one panel a game where that is known.

    Parameters
    ----------
    merged : tidy, agents averaged.
    games : labels, in the order of the panels.
    """
    parts = [merged[(merged["game"] == game) & (merged["metric"] == "rs_q_error")] for game in games]
    return curve_figure(
        [part for part in parts if len(part)],
        name="rs-error",
        title="How far learned action values are from the truth",
        about="Mean size, over states and own actions, of what an agent's network says less the exact optimal value of "
        "the action against the others' policies at that moment, exploration included; mean over agents. Every seed's "
        "number is exact.",
        say=lambda part, game: nearer(late_errors(part)),
        zero=True,
    )


def played_figure(merged: pd.DataFrame, games: Sequence[str]) -> Figure | None:
    """Return how far what was played moved beside sampling noise, one panel a game whose observations recur.

    Parameters
    ----------
    merged, games : as in `others_figure`.
    """
    parts = [merged[(merged["game"] == game) & merged["metric"].isin(list(SHORT_PLAYED))] for game in games]
    return curve_figure(
        [part for part in parts if len(part)],
        name="rs-played",
        title="How far policies moved, told by actions alone",
        about="Total variation between the frequencies of actions in an interval of the sampled replay and in the one "
        "before, at observations that both hold, mean over agents; beside it the same with actions shuffled between "
        "the two. Biased upwards by sampling: only what lies above the floor is drift.",
        say=lambda part, _: [
            above_floor(name, *(seed_means(part, f"rs_played_{which}", algorithm=name) for which in ("drift", "floor")))
            for name in algorithms_of(part)
        ],
        zero=True,
        short=SHORT_PLAYED,
    )
