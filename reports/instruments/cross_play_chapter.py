"""The chapter on cross-play: what ensembles are worth, and how much of a policy belongs to its training partners."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from nashlens.reports.conventions import GameFacts
from nashlens.reports.figures import Figure
from nashlens.reports.instruments.contract import Chapter, Comparisons
from nashlens.reports.instruments.cross_play_answers import answers
from nashlens.reports.instruments.cross_play_runs import run_frames
from nashlens.reports.instruments.cross_play_tables import cross_play_tables
from nashlens.reports.instruments.estimate_rows import estimate_of
from nashlens.reports.instruments.known_returns import CUT_NOTE, cut_to_payoffs
from nashlens.reports.instruments.published_ensembles import published_ensembles
from nashlens.reports.interval_figures import interval_panel, marks_note
from nashlens.reports.words import estimate_words

WORST = {
    "mixture_worst": "trained as an ensemble",
    "post_hoc_worst": "trained apart, then mixed",
    "mean_single_worst": "its single members",
}

OF_RETURNS = ("pairings", "robustness", "opponents", "self_play", "ensembles")


def cross_play_chapter(
    comparisons: Mapping[str, Comparisons], facts: Mapping[str, GameFacts], measured: pd.DataFrame | None = None
) -> Chapter:
    """Return the chapter; it says so where no game lets two runs meet.

    Parameters
    ----------
    comparisons : the frames of `cross_play` by game.
    facts : of every game by label.
    measured : the tidy frame of what was measured of single runs, if anything was.
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
    frames |= run_frames(measured, facts)
    frames |= {name: cut_to_payoffs(frames[name], facts) for name in OF_RETURNS}
    ensembles = frozenset(str(name) for name in frames["ensembles"]["algorithm"])
    figure = worst_case_figure(frames["ensembles"])
    table = published_ensembles(frames["pairings"], ensembles, facts)
    return Chapter(
        answers=answers(frames),
        figures=() if figure is None else (figure,),
        tables=(*cross_play_tables(frames), *(() if table is None else (table,))),
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
        f"algorithms' other runs, at their end and halfway. {marks_note(rows)} {CUT_NOTE} The worst opponent is "
        "chosen on half of the episodes and measured on the other; where returns are expectations both are exact.",
        paragraphs=tuple(said),
        panels=tuple(panels),
        data=rows,
    )
