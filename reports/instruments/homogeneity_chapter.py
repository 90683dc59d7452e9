"""The chapter on homogeneity: its answers, one figure of common returns, its tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from nashlens.reports.figures import Figure
from nashlens.reports.instruments.contract import Chapter, Comparisons
from nashlens.reports.instruments.homogeneity_answers import answers
from nashlens.reports.instruments.homogeneity_table import homogeneity_table
from nashlens.reports.instruments.homogeneity_tests import homogeneity_tests_table
from nashlens.reports.instruments.homogeneity_verdicts import Judged, judged
from nashlens.reports.interval_figures import interval_panel, marks_note
from nashlens.reports.verdicts import ALPHA
from nashlens.reports.words import estimate_words, number

LINES = {"best_return": "best", "best_shared_return": "best shared", "random_return": "random play"}


def homogeneity_chapter(frame: pd.DataFrame, comparisons: Mapping[str, Comparisons]) -> Chapter:
    """Return the chapter; empty where no game has two agents of one side.

    Parameters
    ----------
    frame : tidy, of what single runs were measured, agents merged.
    comparisons : the frames ``sharing`` and ``anchors`` by game.
    """
    sharing = _together([each["sharing"] for each in comparisons.values()])
    anchors = _together([each["anchors"] for each in comparisons.values()])
    if sharing.empty:
        return Chapter(answers=("No game of this suite has two agents of one side, so that nobody could share.",))
    verdicts = judged(sharing, anchors)
    tests = homogeneity_tests_table(sharing)
    return Chapter(
        answers=answers(sharing, anchors, frame, verdicts),
        figures=(returns_figure(sharing, anchors, verdicts),),
        tables=(homogeneity_table(sharing, anchors, frame, verdicts), *([tests] if tests is not None else [])),
    )


def returns_figure(sharing: pd.DataFrame, anchors: pd.DataFrame, verdicts: Sequence[Judged]) -> Figure:
    """Return the common returns, one panel a role, with what is known exactly as lines."""
    panels, said = [], []
    rows = sharing[sharing["quantity"] == "common_return"]
    for (game, role), part in rows.groupby(["game", "role"], sort=False):
        whose = str(game) if role == "all" else f"{game}: {role}"
        own = anchors[(anchors["game"] == game) & (anchors["role"] == role)]
        panels.append(
            interval_panel(
                part.rename(columns={"algorithm": "row"}).assign(kind="common return"),
                name=f"homogeneity-{game}-{role}".replace(".", "_"),
                title=whose,
                x_label="common return",
                references={LINES[str(row["quantity"])]: float(row["value"]) for row in own.to_dict("records")},
            )
        )
        mine = [each for each in verdicts if each.place == (game, role)]
        said.append(f"{whose}. {' '.join(_panel_sentence(each) for each in mine)}")
    return Figure(
        name="homogeneity-returns",
        title="Common return by what is shared",
        caption=f"{marks_note(rows)} Dashed and dotted lines: random play; in matrix games also the "
        "best joint return and that of the best strategy that all agents share.",
        paragraphs=tuple(said),
        panels=tuple(panels),
        data=pd.concat([rows, anchors.assign(algorithm="")], ignore_index=True),
    )


def _panel_sentence(each: Judged) -> str:
    how = "shares" if each.shares else "shares nothing"
    index = ", with an index" if each.indexed else ""
    if each.verdict == "no statement":
        return f"{each.algorithm} ({how}{index}): no statement ({estimate_words(each.difference)})."
    p = "< 0.001" if each.adjusted_p < 0.001 else f"= {number(each.adjusted_p, decimals=3)}"
    differs = "differs" if each.adjusted_p <= ALPHA else "is not told apart"
    verdict = {"enough": "within the margin", "costs": "a cost", "not decided": "not decided"}[each.verdict]
    return (
        f"{each.algorithm} ({how}{index}) {differs} from separate policies: {estimate_words(each.difference)}, "
        f"Holm-adjusted p {p}, margin −{number(each.margin)}: {verdict}."
    )


def _together(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    whole = [frame for frame in frames if len(frame)]
    return pd.concat(whole, ignore_index=True) if whole else pd.DataFrame(columns=list(frames[0]) if frames else [])
