"""The chapter on stale replay: what it is worth as agents are added, what ages say, and what learned values miss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from nashlens.reports.conventions import GameFacts
from nashlens.reports.curve_figures import curve_figure
from nashlens.reports.estimates import MIN_SEEDS, difference
from nashlens.reports.figures import Figure
from nashlens.reports.instruments.contract import Chapter
from nashlens.reports.instruments.drift_frames import algorithms_of, basis, over_agents
from nashlens.reports.instruments.replay_quantities import MAX_OTHERS, by_others_name
from nashlens.reports.instruments.replay_table import P_LEVEL, replay_table
from nashlens.reports.instruments.seed_estimates import seed_estimate, seed_halves, seed_means
from nashlens.reports.verdicts import Statement, Verdict, plain, written
from nashlens.reports.words import counted, estimate_words, listed, number

BY_OTHERS = {by_others_name(k): k for k in range(1, MAX_OTHERS + 1)}
AGES = {
    "rs_age_own": "given its own action",
    "rs_age_epsilon": "given ε too",
    "rs_age_fingerprint": "given a fingerprint of both ε and the updates made",
    "rs_age_joint": "given everybody's action",
}


def replay_chapter(frame: pd.DataFrame, facts: Mapping[str, GameFacts]) -> Chapter:
    """Return answers, figures and a table of what the instrument measured.

    Parameters
    ----------
    frame : tidy.
    facts : of every game by label.
    """
    if frame.empty:
        return Chapter(answers=("Stale replay was not measured: no finished run is one that it applies to.",))
    merged = over_agents(frame)
    games = [str(game) for game in merged["game"].unique()]
    told = written({game: _nearer(_late_errors(merged[merged["game"] == game])) for game in games})
    figures = (_others_figure(merged, games), _insertion_figure(merged, games), _error_figure(merged, games))
    return Chapter(
        answers=tuple(
            _answer(merged[merged["game"] == game], frame[frame["game"] == game], game, told=told[game])
            for game in games
        ),
        figures=tuple(figure for figure in figures if figure is not None),
        tables=(replay_table(merged),),
    )


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


def _means(part: pd.DataFrame, metric: str) -> str:
    """Return a metric of every algorithm in words, empty where none has it."""
    each = []
    for algorithm in algorithms_of(part):
        values = seed_means(part, metric, algorithm=algorithm)
        if len(values):
            each.append(f"{estimate_words(seed_estimate(values, least=0.0))} under {algorithm}")
    return listed(each)


def _answer(part: pd.DataFrame, single: pd.DataFrame, game: str, *, told: str) -> str:
    said = [
        f"{game}. At the end of training the replay is worth a share of {_means(part, 'rs_effective_share')} of its "
        f"transitions to an agent, the others being what they are now ({basis(part)}; mean over agents, an estimate "
        "from episodes of the snapshots that filled it)."
    ]
    factors = {name: values for name in algorithms_of(part) if len(values := share_per_other(part, name))}
    if factors:
        words = [f"{estimate_words(seed_estimate(v, least=0.0))} under {name}" for name, v in factors.items()]
        said.append(f"One more other multiplies that share by {listed(words)}.")
    said += [_ages(part), _tests(single), _errors(part, told)]
    return " ".join(words for words in said if words)


def _ages(part: pd.DataFrame) -> str:
    """Say what a transition's age tells exactly, and what a fingerprint leaves of it."""
    said = [f"{given}: {words}" for name, given in AGES.items() if (words := _means(part, name))]
    return f"What a transition's age tells of its outcome, exactly and in nats: {'; '.join(said)}." if said else ""


def _tests(single: pd.DataFrame) -> str:
    """Say how often the tests on the sampled replay found that age tells something."""
    said = []
    for kind, given in (("own", "its own action"), ("joint", "everybody's action, the control")):
        tests = single[(single["metric"] == f"rs_age_p_{kind}") & single["value"].notna()]
        if len(tests):
            found = int((tests["value"] <= P_LEVEL).sum())
            said.append(f"{found} of {counted(len(tests), 'test')} given {given}")
    return f"On the sampled replay age tells something (p ≤ {P_LEVEL}) in {listed(said)}." if said else ""


def _late_errors(part: pd.DataFrame) -> dict[str, pd.Series]:
    """Return by algorithm the error of learned action values in the second half of training, one number a seed."""
    late = {name: seed_halves(part, "rs_q_error", algorithm=name)[1] for name in algorithms_of(part)}
    return {name: values for name, values in late.items() if len(values)}


def _errors(part: pd.DataFrame, told: str) -> str:
    """Say how far learned action values are off in the second half of training, and who is nearer."""
    late = _late_errors(part)
    if not late:
        return ""
    words = [f"{estimate_words(seed_estimate(values, least=0.0))} under {name}" for name, values in late.items()]
    return (
        f"Over the second half of training the learned action values miss their exact value by {listed(words)}, in "
        f"units of return. {told}"
    ).strip()


def _nearer(late: Mapping[str, pd.Series]) -> list[Statement]:
    pairs = list(combinations(late, 2))
    enough = [(a, b) for a, b in pairs if len(late[a].index.intersection(late[b].index)) >= MIN_SEEDS]
    if not enough:
        return [plain("Too few seeds to compare.")] if pairs else []

    def write(verdicts: Sequence[Verdict]) -> str:
        told = []
        for (first, second), verdict in zip(enough, verdicts, strict=True):
            if verdict.sign:
                nearer, farther = (second, first) if verdict.sign > 0 else (first, second)
                told.append(f"{nearer} is nearer than {farther} ({first} less {second}: {verdict.evidence})")
        rest = len(enough) - len(told)
        words = f"{'; '.join(told)}." if told else ""
        if rest:
            words += f" {'No' if not told else 'In ' + counted(rest, 'other pair') + ' no'} difference is shown."
        return words.strip()

    return [Statement(differences=tuple(difference(late[a], late[b]) for a, b in enough), write=write)]


def _others_figure(merged: pd.DataFrame, games: Sequence[str]) -> Figure | None:
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
        "the others, mean over agents.",
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


def _insertion_figure(merged: pd.DataFrame, games: Sequence[str]) -> Figure | None:
    parts = [merged[(merged["game"] == game) & (merged["metric"] == "rs_share_at")] for game in games]
    return curve_figure(
        [part for part in parts if len(part)],
        name="rs-insertion",
        title="What a replay is worth, by when its transitions came",
        about="Effective share, under the policies at the end of training, of the transitions that came in each "
        "interval between snapshots, drawn at the step at which the interval begins; mean over agents.",
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


def _error_figure(merged: pd.DataFrame, games: Sequence[str]) -> Figure | None:
    parts = [merged[(merged["game"] == game) & (merged["metric"] == "rs_q_error")] for game in games]
    return curve_figure(
        [part for part in parts if len(part)],
        name="rs-error",
        title="How far learned action values are from the truth",
        about="Mean size, over states and own actions, of what an agent's network says less the exact optimal value of "
        "the action against the others' policies at that moment, exploration included; mean over agents. Every seed's "
        "number is exact.",
        say=lambda part, game: _nearer(_late_errors(part)),
        zero=True,
    )
