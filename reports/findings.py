"""What figures show, in statements that are decided by tests over seeds and by nothing else.

Agents are averaged within a side only: what one side wins the other may lose, and their mean says nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from nashlens.reports.estimates import MIN_SEEDS, by_seed, by_side, difference, final_estimates, mean_over_seeds
from nashlens.reports.quantities import quantity
from nashlens.reports.verdicts import Statement, Verdict, plain
from nashlens.reports.words import counted, listed, number, with_interval

NEAR = 0.01
CONSTANT = "did not change beyond the spread of the seeds"


def learning_finding(frame: pd.DataFrame, *, game: str, metric: str, sides: Mapping[str, str]) -> list[Statement]:
    """Say where the returns of each side of a game began and ended, and whether the algorithms differ at the end.

    Parameters
    ----------
    frame : tidy, agents merged.
    game : label of the game.
    metric : a return.
    sides : the side of each agent.
    """
    part = frame[(frame["game"] == game) & (frame["metric"] == metric)]
    parts = by_side(part, sides)
    said = []
    for algorithm in part["algorithm"].unique():
        said += [_change(own[own["algorithm"] == algorithm], str(algorithm)) for own in parts]
    for own in parts:
        of = f" of {_whom(own)}" if len(parts) > 1 else ""
        said += _comparisons(own, f"{quantity(metric).title.lower()}{of}")
    return [statement for statement in said if statement is not None]


def equilibrium_finding(frame: pd.DataFrame, *, game: str, constant_sum: bool, span: float) -> list[Statement]:
    """Say whether last iterate and time average of a matrix game approach equilibrium.

    Parameters
    ----------
    frame : tidy, agents merged.
    game : label of the game.
    constant_sum : whether the payoffs add to a constant.
    span : highest less lowest payoff of any agent, to judge what is near.
    """
    own = frame[frame["game"] == game]
    said = []
    for algorithm in own["algorithm"].unique():
        part = own[own["algorithm"] == algorithm]
        if (part["metric"] == "nash_conv").any():
            said.append(average_finding(part, algorithm=str(algorithm), constant_sum=constant_sum))
        if not constant_sum:
            said.append(plain(_selection(part, algorithm=str(algorithm), span=span)))
    return said + _comparisons(own[own["metric"] == "nash_conv"], "NashConv of the last iterate")


def average_finding(frame: pd.DataFrame, *, algorithm: str, constant_sum: bool) -> Statement:
    """Say how the time average of one algorithm in one matrix game stands to its last iterate.

    In a constant-sum game the sentence says whether the pattern known from regularised learning was found: a last
    iterate that turns around the equilibrium while the average of the strategies comes nearer to it.

    Parameters
    ----------
    frame : tidy, of one game and one algorithm.
    algorithm : its label.
    constant_sum : whether the payoffs add to a constant.
    """
    last, average = by_seed(frame, metric="nash_conv"), by_seed(frame, metric="nash_conv_average")
    differences = [difference(last, average)]
    turns = by_seed(frame, metric="turns")
    if constant_sum:
        differences.append(difference(average, by_seed(frame, metric="nash_conv_average", step=_middle_step(frame))))
        if len(turns):
            differences.append(difference(turns, pd.Series(1.0, index=turns.index)))

    def write(verdicts: Sequence[Verdict]) -> str:
        gap = verdicts[0]
        nearer = gap.word(
            up="the average of the strategies is nearer to equilibrium than the strategies themselves",
            down="the average of the strategies is farther from equilibrium than the strategies themselves",
            neither="the two are not told apart",
        )
        text = (
            f"{algorithm}: NashConv ends at {_of(frame, 'nash_conv')} for the last iterate and at "
            f"{_of(frame, 'nash_conv_average')} for the time average; {nearer}"
        )
        if gap.silent or not constant_sum:
            return f"{text}." if gap.silent else f"{text} (difference {gap.evidence})."
        moved = verdicts[1].word(up="rose", down="fell", neither=CONSTANT)
        text += f" (difference {gap.evidence}). Over the second half of training the average's NashConv {moved}"
        return f"{text} ({verdicts[1].evidence}). {_cycling(frame, verdicts)}"

    return Statement(differences=tuple(differences), write=write)


def success_finding(frame: pd.DataFrame, *, game: str) -> list[Statement]:
    """Say how many seeds of each algorithm learned, and whether the shares of two algorithms are apart.

    Parameters
    ----------
    frame : tidy, with the metric ``success``.
    game : label of the game.
    """
    rows = final_estimates(frame[frame["game"] == game], ["success"]).to_dict("records")
    sentences = [
        f"{row['algorithm']}: {int(sum(row['values']))} of {counted(row['n'], 'seed')} learned, a share of "
        f"{with_interval(row['value'], row['low'], row['high'])}."
        for row in rows
    ]
    for k, first in enumerate(rows):
        for second in rows[k + 1 :]:
            if min(first["n"], second["n"]) < MIN_SEEDS:
                continue
            apart = first["low"] > second["high"] or second["low"] > first["high"]
            said = "do not overlap" if apart else "overlap"
            sentences.append(f"The intervals of {first['algorithm']} and {second['algorithm']} {said}.")
    return [plain(sentence) for sentence in sentences]


def drift_finding(frame: pd.DataFrame, *, game: str, sides: Mapping[str, str]) -> list[Statement]:
    """Say whether the policies of each side still move at the end of training as they did at its beginning.

    Parameters
    ----------
    frame : tidy, agents merged.
    game : label of the game.
    sides : the side of each agent.
    """
    part = frame[(frame["game"] == game) & (frame["metric"] == "policy_drift")]
    parts = by_side(part, sides)
    said = []
    for algorithm in part["algorithm"].unique():
        for own in parts:
            of = f" of {_whom(own)}" if len(parts) > 1 else ""
            said.append(_halves(own[own["algorithm"] == algorithm], f"{algorithm}: policies{of}"))
    return [statement for statement in said if statement is not None]


def _change(own: pd.DataFrame, algorithm: str) -> Statement | None:
    """Say where the return of one side of one algorithm began and ended."""
    if own.empty:
        return None
    first, last = int(own["step"].min()), int(own["step"].max())
    start, end = by_seed(own, step=first), by_seed(own, step=last)
    whose = f"{algorithm}: the mean return of {_whom(own)}"

    def write(verdicts: Sequence[Verdict]) -> str:
        change = verdicts[0]
        verdict = change.word(up="rose", down="fell", neither=CONSTANT)
        if change.silent:
            return f"{whose} was {number(start.mean())} at step {first:,}, {number(end.mean())} at {last:,}; {verdict}."
        return (
            f"{whose} {verdict}, from {number(start.mean())} at step {first:,} to {number(end.mean())} at step "
            f"{last:,}, a change of {change.evidence}."
        )

    return Statement(differences=(difference(end, start),), write=write)


def _halves(own: pd.DataFrame, whose: str) -> Statement | None:
    """Say whether policies move more in the first or in the second half of training."""
    if own.empty:
        return None
    middle = _middle_step(own)
    early = own[own["step"] <= middle].groupby("seed")["value"].mean()
    late = own[own["step"] > middle].groupby("seed")["value"].mean()
    means = f"the mean drift from snapshot to snapshot is {number(early.mean())}, then {number(late.mean())}"

    def write(verdicts: Sequence[Verdict]) -> str:
        change = verdicts[0]
        verdict = change.word(
            up="move more in the second half of training than in the first",
            down="move less in the second half of training than in the first",
            neither="move as much in the second half of training as in the first, within the spread of the seeds",
        )
        if change.silent:
            return f"{whose}: {means}; {verdict}."
        return f"{whose} {verdict}; {means}, a change of {change.evidence}."

    return Statement(differences=(difference(late, early),), write=write)


def _cycling(frame: pd.DataFrame, verdicts: Sequence[Verdict]) -> str:
    """Say which halves of the pattern are shown: a last iterate that turns, an average that approaches."""
    rows = final_estimates(frame, ["turns"])
    counted_turns = (
        "" if rows.empty or rows["value"].isna().any() else f" ({_around(rows.iloc[0])} turns around the equilibrium)"
    )
    turning = len(verdicts) > 2 and verdicts[2].sign > 0
    approaching = verdicts[0].sign > 0 and verdicts[1].sign < 0
    if turning and approaching:
        return f"So the last iterate cycles{counted_turns} while the time average approaches equilibrium."
    if turning:
        return f"So the last iterate cycles{counted_turns}; that the time average approaches equilibrium is not shown."
    if approaching:
        return f"So the time average approaches equilibrium; that the last iterate cycles is not shown{counted_turns}."
    return f"Neither a cycling last iterate{counted_turns} nor an average that approaches equilibrium is shown."


def _around(row: pd.Series) -> str:
    return with_interval(row["value"], row["low"], row["high"])


def _selection(frame: pd.DataFrame, *, algorithm: str, span: float) -> str:
    """Say at how many seeds play ended near an equilibrium, and how far that is from the best joint action."""
    gaps, welfare = by_seed(frame, metric="nash_conv"), by_seed(frame, metric="welfare_gap")
    if welfare.empty:
        return ""
    if gaps.empty:
        return f"{algorithm}: the mean welfare gap is {_of(frame, 'welfare_gap')}."
    near = gaps < NEAR * span
    text = f"{int(near.sum())} of {counted(len(gaps), 'seed')} end with NashConv within {NEAR:.0%} of the payoff span"
    if near.any():
        best = int((welfare[near.index[near]] < NEAR * span).sum())
        text += f", {best} of them as near to the best joint action"
    return f"{text}; the mean welfare gap is {_of(frame, 'welfare_gap')}."


def _comparisons(part: pd.DataFrame, what: str) -> list[Statement]:
    """Compare the algorithms at the end, two by two; pairs with too few shared seeds are left out."""
    ends = {str(name): by_seed(own) for name, own in part.groupby("algorithm", sort=False)}
    names = list(ends)
    pairs = [(first, second) for k, first in enumerate(names) for second in names[k + 1 :]]
    enough = [(a, b) for a, b in pairs if len(ends[a].index.intersection(ends[b].index)) >= MIN_SEEDS]
    return [_comparison(ends[a], ends[b], names=(a, b), what=what) for a, b in enough]


def _comparison(one: pd.Series, other: pd.Series, *, names: tuple[str, str], what: str) -> Statement:
    def write(verdicts: Sequence[Verdict]) -> str:
        gap = verdicts[0]
        verdict = gap.word(up="is higher than", down="is lower than", neither="is not told apart from")
        if gap.silent:
            return f"At the end the {what} under {names[0]} and under {names[1]}: {verdict}."
        return f"At the end the {what} under {names[0]} {verdict} that under {names[1]} (difference {gap.evidence})."

    return Statement(differences=(difference(one, other),), write=write)


def _of(frame: pd.DataFrame, metric: str) -> str:
    found = mean_over_seeds(by_seed(frame, metric=metric).to_numpy(dtype=np.float64), metric=metric)
    return with_interval(found.value, found.low, found.high)


def _whom(frame: pd.DataFrame) -> str:
    agents: Sequence[str] = [str(name) for name in frame["agent"].unique()]
    return agents[0] if len(agents) == 1 else f"{listed(agents)} together"


def _middle_step(frame: pd.DataFrame) -> int:
    steps = sorted(frame["step"].unique())
    return int(steps[(len(steps) - 1) // 2])
