"""The chapter on cross-play: what ensembles are worth, and how much of a policy belongs to its training partners."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from nashlens.reports.conventions import GameFacts
from nashlens.reports.figures import Figure
from nashlens.reports.instruments.contract import Chapter, Comparisons
from nashlens.reports.instruments.cross_play_tables import cross_play_tables
from nashlens.reports.instruments.estimate_rows import estimate_of
from nashlens.reports.instruments.homogeneity_verdicts import rows_where
from nashlens.reports.instruments.meta_comparison import ALL
from nashlens.reports.instruments.published_ensembles import published_ensembles
from nashlens.reports.interval_figures import interval_panel
from nashlens.reports.verdicts import Statement, Verdict, written
from nashlens.reports.words import counted, estimate_words, listed, number

CYCLIC = 0.1  # share of the results beyond which one rating a run hides too much
WORST = {
    "mixture_worst": "trained as an ensemble",
    "post_hoc_worst": "trained apart, then mixed",
    "mean_single_worst": "its single members",
}
SOLE = "ensembles"
NAMED = 4  # comparisons that show nothing are counted beyond so many, and stand in the tables


def cross_play_chapter(comparisons: Mapping[str, Comparisons], facts: Mapping[str, GameFacts]) -> Chapter:
    """Return the chapter; it says so where no game lets two runs meet.

    Parameters
    ----------
    comparisons : the frames of `cross_play` by game.
    facts : of every game by label.
    """
    frames = (
        {
            name: pd.concat([each[name] for each in comparisons.values()], ignore_index=True)
            for name in ("pairings", "robustness", "self_play", "ensembles", "choices", "meta")
        }
        if comparisons
        else {}
    )
    if not frames or frames["pairings"].empty:
        return Chapter(
            answers=("No game of this suite has two sides, or one side of several agents: nobody can meet.",)
        )
    ensembles = frozenset(str(name) for name in frames["ensembles"]["algorithm"])
    figure = worst_case_figure(frames["ensembles"])
    table = published_ensembles(frames["pairings"], ensembles, facts)
    return Chapter(
        answers=answers(frames),
        figures=() if figure is None else (figure,),
        tables=(*cross_play_tables(frames), *(() if table is None else (table,))),
    )


def answers(frames: Mapping[str, pd.DataFrame]) -> tuple[str, ...]:
    """Return the sentences that open the report."""
    said = [
        training_gain_sentence(frames["ensembles"]),
        mixing_gain_sentence(frames["ensembles"]),
        choice_sentence(frames["choices"]),
        partner_sentence(frames["self_play"]),
        meta_sentence(frames["meta"]),
        weak_points(frames["pairings"], frames["ensembles"]),
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
    """Return where policies do better or worse with those they were trained with than with strangers."""
    rows = self_play[self_play["quantity"] == "gap"]
    return _judged(
        rows,
        whole="Against or with those it was trained with, instead of strangers from other runs, a side",
        up="gets more in",
        down="gets less in",
        neither="is not shown to get more or less in",
    )


def meta_sentence(meta: pd.DataFrame) -> str:
    """Return who holds the equilibrium of the meta-game, and whether one rating a run is enough to say so."""
    said = []
    for game, part in meta.groupby("game", sort=False):
        weights = part[part["quantity"] == "nash_weight"]
        shares = {str(r["algorithm"]): float(r["value"]) for r in weights.to_dict("records")}
        held = listed([f"{name} {number(value, decimals=2)}" for name, value in shares.items()])
        (cyclic,) = part[(part["quantity"] == "cyclic_share") & (part["algorithm"] == ALL)]["value"]
        if pd.isna(cyclic):
            share = "no match is decided"
        else:
            word = "one rating a run hides part of them" if cyclic > CYCLIC else "ratings say nearly all"
            share = f"{cyclic:.0%} of the squared results are cyclic, so that {word}"
        said.append(f"{game}: {held}; {share}")
    if not said:
        return ""
    return (
        "Weights of the algorithms in the meta-game's equilibrium of most entropy, over the runs at hand — "
        f"{'; '.join(said)}."
    )


def weak_points(pairings: pd.DataFrame, ensembles: pd.DataFrame) -> str:
    """Return what the reader should hold against these answers."""
    runs = sorted({int(n) for n in pairings["n"]})
    n = counted(runs[0], "run") if len(runs) == 1 else f"{runs[0]} to {counted(runs[-1], 'run')}"
    mixed = (
        " Policies trained apart had K runs' data where an ensemble had one's, and each serves in several mixtures, so "
        "that intervals of the difference are too narrow, if anything. No opponent here learns within an episode which "
        "member it plays."
        if len(ensembles)
        else ""
    )
    return (
        f"Weak points: {n} a side and algorithm; worst cases are over the runs at hand and not over all opponents."
        f"{mixed}"
    )


def worst_case_figure(ensembles: pd.DataFrame) -> Figure | None:
    """Return the worst cases of ensembles, of policies mixed afterwards, and of single members, one panel a side."""
    rows = ensembles[ensembles["quantity"].isin(list(WORST))]
    rows = rows[rows["value"].notna()]
    if rows.empty:
        return None
    panels, said = [], []
    for (game, side), part in rows.groupby(["game", "side"], sort=False):
        named = part.assign(row=part["quantity"].map(WORST), kind="worst case").drop_duplicates(["algorithm", "row"])
        panels.append(
            interval_panel(
                named,
                name=f"worst-case-{game}-{side}".replace(".", "_"),
                title=f"{game}: {side}",
                x_label="return in the worst case",
            )
        )
        words = [f"{row['row']} {estimate_words(estimate_of(row))}" for row in named.to_dict("records")]
        said.append(f"{game}, {side}. {'; '.join(words)}.")
    return Figure(
        name="worst-case",
        title="Worst cases of ensembles",
        caption="Return of a side in the worst case over the policies that none of the compared was trained with: all "
        "algorithms' other runs, at their end and halfway. Mean over seeds with its 95% interval (Student's t). The "
        "worst opponent is chosen on half of the episodes and measured on the other; where returns are expectations "
        "both are exact.",
        paragraphs=tuple(said),
        panels=tuple(panels),
        data=rows,
    )


def _judged(rows: pd.DataFrame, *, whole: str, up: str, down: str, neither: str, named: bool = True) -> str:
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
        where = f"{row['game']}, {row['side']}"
        several = rows_where(rows, game=str(row["game"]), side=str(row["side"]))
        what = f", {row['algorithm']}" if several["algorithm"].nunique() > 1 else ""
        statements.append(judge(where + what))
    written({SOLE: statements})
    said = []
    for kind, words in found.items():
        counts = not named or (kind == neither and len(words) > NAMED)
        if words:
            said.append(f"{kind} {counted(len(words), 'comparison') if counts else listed(words)}")
    return f"{whole} {'; it '.join(said)}."
