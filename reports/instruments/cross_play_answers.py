"""The sentences on cross-play: what ensembles gain, what partners are worth, and what to hold against the answers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from nashlens.reports.instruments.cross_play_standings import (
    alpha_sentence,
    diversity_sentence,
    meta_sentence,
    robustness_sentences,
)
from nashlens.reports.instruments.estimate_rows import estimate_of
from nashlens.reports.instruments.homogeneity_verdicts import rows_where
from nashlens.reports.instruments.population import STRANGER
from nashlens.reports.verdicts import Statement, Verdict, written
from nashlens.reports.words import counted, estimate_words, listed

SOLE = "ensembles"
NAMED = 4  # comparisons that show nothing are counted beyond so many, and stand in the tables


def answers(frames: Mapping[str, pd.DataFrame]) -> tuple[str, ...]:
    """Return the sentences that open the report.

    Parameters
    ----------
    frames : of `cross_play`, and those of `cross_play_runs.run_frames`, each of all games.
    """
    said = [
        training_gain_sentence(frames["ensembles"]),
        mixing_gain_sentence(frames["ensembles"]),
        diversity_sentence(frames["sub_policies"]),
        choice_sentence(frames["choices"]),
        *robustness_sentences(frames["robustness"], frames["opponents"]),
        partner_sentence(frames["self_play"]),
        coordination_sentence(frames["self_play"]),
        meta_sentence(frames["meta"]),
        alpha_sentence(frames["meta"]),
        weak_points(frames),
    ]
    return tuple(sentence for sentence in said if sentence)


def training_gain_sentence(ensembles: pd.DataFrame) -> str:
    """Return whether training as an ensemble beats mixing policies that were trained apart, in the worst case."""
    rows = ensembles[(ensembles["quantity"] == "training_gain") & (ensembles["against"] != "")]
    return _judged(
        rows,
        whole="Training K policies as an ensemble, instead of mixing K that were trained apart,",
        up="raises the worst case over held-out opponents in",
        down="lowers the worst case over held-out opponents in",
        neither="is not shown to change the worst case in",
    )


def mixing_gain_sentence(ensembles: pd.DataFrame) -> str:
    """Return what mixing alone does to the worst case of an ensemble's members."""
    rows = ensembles[ensembles["quantity"] == "mixing_gain"].drop_duplicates(["game", "side", "algorithm"])
    return _judged(
        rows,
        whole="Drawing one of its members for each episode, instead of keeping to one,",
        up="raises an ensemble's worst case in",
        down="lowers an ensemble's worst case in",
        neither="is not shown to change the worst case in",
    )


def choice_sentence(choices: pd.DataFrame) -> str:
    """Return in how many comparisons the ensemble is the better choice, as the paper's table counts them."""
    if choices.empty:
        return ""
    better = int((choices["value"] > 0).sum())
    said = _judged(
        choices,
        whole="An ensemble instead of a single policy, against one kind of opponent from other seeds,",
        up="is shown to return more in",
        down="is shown to return less in",
        neither="is not told apart in",
        named=False,
    )
    return f"{said} Its mean is the higher one in {better} of {counted(len(choices), 'comparison')}."


def partner_sentence(self_play: pd.DataFrame) -> str:
    """Return where a side does better or worse against the opponent that it was trained with."""
    rows = self_play[(self_play["quantity"] == "gap") & (self_play["side"] != STRANGER)]
    return _judged(
        rows,
        whole="Against or with those it was trained with, instead of strangers from other runs, a side",
        up="gets more in",
        down="gets less in",
        neither="is not shown to get more or less in",
    )


def coordination_sentence(self_play: pd.DataFrame) -> str:
    """Return what teams lose with a stranger among them: the gap of zero-shot coordination."""
    rows = self_play[(self_play["quantity"] == "gap") & (self_play["side"] == STRANGER)]
    return _judged(
        rows,
        whole="Zero-shot coordination: with a stranger from another run in the place of one of its own, a team",
        up="loses return in",
        down="gains return in",
        neither="is not shown to lose or gain in",
        where="{game}",
    )


def weak_points(frames: Mapping[str, pd.DataFrame]) -> str:
    """Return what the reader should hold against these answers.

    Parameters
    ----------
    frames : as for `answers`.
    """
    pairings, ensembles = frames["pairings"], frames["ensembles"]
    runs = sorted({int(n) for n in pairings["n"]})
    n = counted(runs[0], "run") if len(runs) == 1 else f"{runs[0]} to {counted(runs[-1], 'run')}"
    mixed = (
        " Policies trained apart had K runs' data where an ensemble had one's, and each serves in several mixtures, "
        "so that intervals of the difference are too narrow: of ten seeds they covered .92 (K = 2) and .90 (K = 3) "
        "instead of .95 in simulations. No opponent here learns within an episode which member it plays."
        if len(ensembles)
        else ""
    )
    opponents = frames["opponents"]
    trained = (
        " Opponents trained against an ensemble begin anew, those trained against single policies may begin from the "
        "run's own: what is left against the one and the other is not compared."
        if len(ensembles) and (opponents["bound"] != "exact").any()
        else ""
    )
    empty = int(frames["robustness"]["n_empty"].sum())
    gaps = (
        f" {counted(empty, 'cell')} of the tables of robustness were not played: they are left out, and counted beside "
        "each number."
        if empty
        else ""
    )
    return (
        f"Weak points: {n} a side and algorithm; worst cases are over the runs at hand and not over all opponents."
        f"{mixed}{trained}{gaps}"
    )


def _judged(
    rows: pd.DataFrame,
    *,
    whole: str,
    up: str,
    down: str,
    neither: str,
    named: bool = True,
    where: str = "{game}, {side}",
) -> str:
    """Return one sentence about many estimates, each judged as one of a family by Holm's method."""
    if rows.empty:
        return ""
    found: dict[str, list[str]] = {up: [], down: [], neither: [], "allows no statement in": []}

    def judge(words: str) -> Statement:
        def write(verdicts: Sequence[Verdict]) -> str:
            verdict = verdicts[0]
            kind = "allows no statement in" if verdict.silent else {1: up, -1: down, 0: neither}[verdict.sign]
            found[kind].append(f"{words} ({estimate_words(verdict.estimate)})")
            return ""

        return Statement(differences=(estimate,), write=write)

    statements = []
    for row in rows.to_dict("records"):
        estimate = estimate_of(row)
        place = where.format(game=row["game"], side=row["side"])
        several = rows_where(rows, game=str(row["game"]), side=str(row["side"]))
        what = f", {row['algorithm']}" if several["algorithm"].nunique() > 1 else ""
        statements.append(judge(place + what))
    written({SOLE: statements})
    said = []
    for kind, words in found.items():
        counts = not named or (kind == neither and len(words) > NAMED)
        if words:
            said.append(f"{kind} {counted(len(words), 'comparison') if counts else listed(words)}")
    return f"{whole} {'; it '.join(said)}."
