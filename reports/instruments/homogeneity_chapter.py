"""The chapter on homogeneity: when sharing was enough, in sentences that follow from the table's verdicts."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import pandas as pd

from nashlens.reports.figures import Figure
from nashlens.reports.instruments.contract import Chapter, Comparisons
from nashlens.reports.instruments.estimate_rows import estimate_of
from nashlens.reports.instruments.homogeneity_table import homogeneity_table
from nashlens.reports.instruments.homogeneity_tests import homogeneity_tests_table
from nashlens.reports.instruments.homogeneity_verdicts import (
    TOLERATED,
    Judged,
    judged,
    rows_where,
    value_of,
)
from nashlens.reports.interval_figures import interval_panel
from nashlens.reports.verdicts import ALPHA
from nashlens.reports.words import counted, estimate_words, has_interval, listed, number

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
        answers=answers(sharing, anchors, verdicts),
        figures=(returns_figure(sharing, anchors, verdicts),),
        tables=(homogeneity_table(sharing, anchors, frame, verdicts), *([tests] if tests is not None else [])),
    )


def answers(sharing: pd.DataFrame, anchors: pd.DataFrame, verdicts: Sequence[Judged]) -> tuple[str, ...]:
    """Return the sentences that open the report: where sharing was enough, what explains it, and the weak points."""
    shared = [each for each in verdicts if each.shares]
    said = [
        verdict_sentence([each for each in shared if not each.indexed], "Sharing one policy without an index"),
        verdict_sentence([each for each in shared if each.indexed], "Sharing one policy that reads the agent's index"),
        gap_sentence(anchors),
        shortfall_sentence(sharing, anchors, shared),
        clone_sentence(sharing, shared),
        equilibrium_sentence(sharing, shared),
        weak_points(sharing, verdicts),
    ]
    return tuple(sentence for sentence in said if sentence)


def verdict_sentence(verdicts: Sequence[Judged], whose: str) -> str:
    """Return where one way to share was enough, where it cost common return, and where nothing is decided."""
    if not verdicts:
        return ""
    said = []
    for word, before in (
        ("enough", "was enough in"),
        ("costs", "cost common return in"),
        ("not decided", "was neither shown to be enough nor to cost anything in"),
        ("no statement", "allows no statement in"),
    ):
        chosen = [each for each in verdicts if each.verdict == word]
        if chosen:
            said.append(f"{before} {listed([_judged_words(each) for each in chosen])}")
    return (
        f"{whose} {'; it '.join(said)}. Differences are to separate policies, paired by seed; enough means "
        f"that no more than {TOLERATED:.0%} of their gain over random play is lost."
    )


def gap_sentence(anchors: pd.DataFrame) -> str:
    """Return what any shared policy without memory, index or other observations must lose, where that is computed."""
    said = []
    for (game, _), part in anchors.groupby(["game", "role"], sort=False):
        best, shared = (value_of(part, quantity=name) for name in ("best_return", "best_shared_return"))
        if not math.isfinite(best):
            continue
        exact = part.loc[part["quantity"] == "best_shared_return", "bound"].iloc[0] == "exact"
        if best - shared <= 1e-9 * max(1.0, abs(best)):
            said.append(f"nothing in {game}")
        else:
            said.append(f"{'' if exact else 'at most '}{number(best - shared)} of {number(best)} in {game}")
    if not said:
        return ""
    return (
        f"Computed from the payoffs, agents with one shared strategy and the same view must lose {listed(said)}: no "
        "longer training wins that back, only what tells the agents apart."
    )


def shortfall_sentence(sharing: pd.DataFrame, anchors: pd.DataFrame, shared: Sequence[Judged]) -> str:
    """Return whether training found the best shared strategy where it is computed: what it lost beyond the gap."""
    short: list[str] = []
    reached: list[str] = []
    for each in shared:
        best = value_of(anchors, game=each.game, role=each.role, quantity="best_shared_return")
        where = {"game": each.game, "role": each.role, "algorithm": each.algorithm, "quantity": "common_return"}
        chosen = rows_where(sharing, **where)
        if each.indexed or not math.isfinite(best) or chosen.empty:
            continue
        found = estimate_of(chosen.to_dict("records")[0])
        if has_interval(found):
            words = f"{estimate_words(found)} against {number(best)} ({each.game}, {each.algorithm})"
            (short if found.high < best else reached).append(words)
    if not short and not reached:
        return ""
    parts = [f"ended below the best shared strategy with {listed(short)}"] if short else []
    parts += [f"is not shown to have ended below it with {listed(reached)}"] if reached else []
    beyond = " What is lost beyond the gap is lost in learning, not by what a shared policy can be." if short else ""
    return f"Training of a shared policy {' and '.join(parts)}.{beyond}"


def clone_sentence(sharing: pd.DataFrame, shared: Sequence[Judged]) -> str:
    """Return whether the clone test of separate policies foretold where sharing without an index costs."""
    tested = sharing[(sharing["quantity"] == "clone_loss") & (sharing["reference"] == "True")]
    plain = [each for each in shared if not each.indexed and each.verdict != "no statement"]
    counts = {True: [0, 0], False: [0, 0]}
    for row in tested.to_dict("records"):
        loss = estimate_of(row)
        own = [each for each in plain if each.place == (row["game"], row["role"])]
        if not has_interval(loss) or not own:
            continue
        gains = loss.low > 0
        counts[gains][0] += 1
        counts[gains][1] += any(each.verdict == "costs" for each in own)
    if not counts[True][0] + counts[False][0]:
        return ""
    parts = []
    for gains, words in ((True, "lose by being copies of their best"), (False, "are not shown to")):
        total, costly = counts[gains]
        if total:
            parts.append(f"in {counted(total, 'game')} separately trained agents {words}, and sharing cost in {costly}")
    return f"Clone test against outcome: {'; '.join(parts)} (without an index; intervals over seeds, unadjusted)."


def equilibrium_sentence(sharing: pd.DataFrame, shared: Sequence[Judged]) -> str:
    """Return how far from equilibrium the policies are that lose by sharing, where that is exact."""
    said = []
    for each in shared:
        where = {"game": each.game, "role": each.role, "algorithm": each.algorithm}
        row = rows_where(sharing, **where, quantity="nash_conv")
        if each.verdict == "costs" and len(row) and row["each"].iloc[0] == "exact":
            said.append(f"{estimate_words(estimate_of(row.to_dict('records')[0]))} ({each.game}, {each.algorithm})")
    if not said:
        return ""
    return f"NashConv of the policies that lose by sharing is {listed(said)}: it measures stability, not this loss."


def weak_points(sharing: pd.DataFrame, verdicts: Sequence[Judged]) -> str:
    """Return what the reader should hold against these answers."""
    seeds = sorted({int(n) for n in sharing.loc[sharing["quantity"] == "common_return", "n"]})
    n = counted(seeds[0], "seed") if len(seeds) == 1 else f"{seeds[0]} to {counted(seeds[-1], 'seed')}"
    undecided = sum(each.verdict in {"not decided", "no statement"} for each in verdicts)
    several = sharing.loc[sharing["role"] != "all", "role"].nunique() > 0
    sides = " With several sides a role plays opponents that it did not meet in training." if several else ""
    return (
        f"Weak points: {n} a cell, equal numbers of environment steps and not of parameters unless an algorithm's name "
        f"says so, no tuning of its own for any way to share; {undecided} of {counted(len(verdicts), 'comparison')} "
        f"undecided.{sides}"
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
        name="homogeneity",
        title="Common return by what is shared",
        caption="Mean over seeds with its 95% interval (Student's t). Lines: random play; in matrix games also the "
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


def _judged_words(each: Judged) -> str:
    where = each.game if each.role == "all" else f"{each.game} ({each.role})"
    note = ", a gain" if each.adjusted_p <= ALPHA and each.difference.value > 0 else ""
    if math.isnan(each.margin):
        note += "; separate policies do not beat random play there"
    return f"{where} ({each.algorithm}: {estimate_words(each.difference)}{note})"


def _together(frames: Sequence[pd.DataFrame]) -> pd.DataFrame:
    whole = [frame for frame in frames if len(frame)]
    return pd.concat(whole, ignore_index=True) if whole else pd.DataFrame(columns=list(frames[0]) if frames else [])
