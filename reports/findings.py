"""What figures show, in sentences that are decided by the intervals and by nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from nashlens.reports.estimates import MIN_SEEDS, by_seed, difference, final_estimates
from nashlens.reports.quantities import quantity
from nashlens.reports.words import counted, direction, estimate_words, listed, number, with_interval


def learning_finding(frame: pd.DataFrame, *, game: str, metric: str) -> str:
    """Say where the returns of a game began and ended, and whether the algorithms differ at the end.

    Parameters
    ----------
    frame : tidy, agents merged.
    game : label of the game.
    metric : a return.
    """
    part = frame[(frame["game"] == game) & (frame["metric"] == metric)]
    sentences = []
    for algorithm in part["algorithm"].unique():
        own = part[part["algorithm"] == algorithm]
        first, last = int(own["step"].min()), int(own["step"].max())
        change = difference(by_seed(own, step=last), by_seed(own, step=first))
        verdict = direction(change, up="rose", down="fell", neither="did not change beyond the seeds' spread")
        start, end = by_seed(own, step=first).mean(), by_seed(own, step=last).mean()
        sentences.append(
            f"Under {algorithm} the mean return of {_whom(own)} {verdict}: {number(start)} at step {first:,}, "
            f"{number(end)} at step {last:,}, change {estimate_words(change)}."
        )
    sentences += _comparisons(part, quantity(metric).title.lower())
    return " ".join(sentences)


def equilibrium_finding(frame: pd.DataFrame, *, game: str, constant_sum: bool, span: float) -> str:
    """Say whether last iterate and time average of a matrix game approach equilibrium.

    Parameters
    ----------
    frame : tidy, agents merged.
    game : label of the game.
    constant_sum : whether the payoffs add to a constant.
    span : highest less lowest payoff of any agent, to judge what is near.
    """
    own = frame[frame["game"] == game]
    sentences = [
        average_finding(own[own["algorithm"] == algorithm], algorithm=algorithm, constant_sum=constant_sum)
        for algorithm in own["algorithm"].unique()
    ]
    if not constant_sum:
        sentences += [_selection(own[own["algorithm"] == a], algorithm=a, span=span) for a in own["algorithm"].unique()]
    sentences += _comparisons(own[own["metric"] == "nash_conv"], "NashConv of the last iterate")
    return " ".join(sentence for sentence in sentences if sentence)


def average_finding(frame: pd.DataFrame, *, algorithm: str, constant_sum: bool) -> str:
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
    gap = difference(last, average)
    middle = _middle_step(frame)
    fall = difference(average, by_seed(frame, metric="nash_conv_average", step=middle))
    text = (
        f"Under {algorithm} NashConv ends at {_of(frame, 'nash_conv')} for the last iterate and "
        f"{_of(frame, 'nash_conv_average')} for the time average; their difference is {estimate_words(gap)}, "
    )
    text += direction(
        gap,
        up="so the average of the strategies is nearer to equilibrium than the strategies themselves",
        down="so the average of the strategies is farther from equilibrium than the strategies themselves",
        neither="which does not tell them apart",
    )
    if not constant_sum:
        return f"{text}."
    moved = direction(fall, up="rose", down="fell", neither="neither rose nor fell beyond the seeds' spread")
    text += f". Over the second half of training the average's NashConv {moved} ({estimate_words(fall)})."
    return f"{text} {_cycling(frame, average_nearer=gap.low > 0, average_falls=fall.high < 0)}"


def drift_finding(frame: pd.DataFrame, *, game: str) -> str:
    """Say whether policies still move at the end of training as they did at its beginning.

    Parameters
    ----------
    frame : tidy, agents merged.
    game : label of the game.
    """
    part = frame[(frame["game"] == game) & (frame["metric"] == "policy_drift")]
    sentences = []
    for algorithm in part["algorithm"].unique():
        own = part[part["algorithm"] == algorithm]
        middle = _middle_step(own)
        early = own[own["step"] <= middle].groupby("seed")["value"].mean()
        late = own[own["step"] > middle].groupby("seed")["value"].mean()
        change = difference(late, early)
        verdict = direction(
            change,
            up="move more in the second half of training than in the first",
            down="move less in the second half of training than in the first",
            neither="move about as much in the second half of training as in the first, within the seeds' spread",
        )
        sentences.append(
            f"Under {algorithm} policies {verdict}: mean drift from snapshot to snapshot {number(early.mean())}, then "
            f"{number(late.mean())}, change {estimate_words(change)}."
        )
    return " ".join(sentences)


def _cycling(frame: pd.DataFrame, *, average_nearer: bool, average_falls: bool) -> str:
    turns = final_estimates(frame, ["turns"])
    known = not turns.empty
    row = turns.iloc[0] if known else None
    turning = row is not None and row["low"] > 1
    spun = (
        ""
        if row is None
        else f" around the equilibrium by {with_interval(row['value'], row['low'], row['high'])} whole turns"
    )
    if turning and average_nearer and average_falls:
        return f"The last iterate cycles{spun} while the time average approaches equilibrium."
    if turning:
        return f"The last iterate cycles{spun}, but that the time average approaches equilibrium is not shown."
    if average_nearer and average_falls:
        return f"The time average approaches equilibrium; that the last iterate cycles is not shown{_only(spun)}."
    return f"That the last iterate cycles while the time average approaches equilibrium is not shown{_only(spun)}."


def _only(spun: str) -> str:
    return f" (it went{spun})" if spun else ""


def _selection(frame: pd.DataFrame, *, algorithm: str, span: float) -> str:
    """Say at how many seeds play ended near an equilibrium, and how far that is from the best joint action."""
    gaps, welfare = by_seed(frame, metric="nash_conv"), by_seed(frame, metric="welfare_gap")
    near = gaps < 0.01 * span
    if welfare.empty:
        return ""
    text = f"{int(near.sum())} of {counted(len(gaps), 'seed')} of {algorithm} end within 1 % of the payoff span of an "
    text += "equilibrium"
    if near.any():
        best = int((welfare[near.index[near]] < 0.01 * span).sum())
        text += f", {best} of them at the best joint action"
    return f"{text}; the mean welfare gap is {_of(frame, 'welfare_gap')}."


def _comparisons(part: pd.DataFrame, what: str) -> list[str]:
    algorithms = list(part["algorithm"].unique())
    sentences = []
    for k, first in enumerate(algorithms):
        for second in algorithms[k + 1 :]:
            one, other = (by_seed(part[part["algorithm"] == name]) for name in (first, second))
            if len(one.index.intersection(other.index)) < MIN_SEEDS:
                continue
            gap = difference(one, other)
            verdict = direction(gap, up="is higher than", down="is lower than", neither="is not told apart from")
            sentences.append(
                f"At the end the {what} of {first} {verdict} that of {second}: paired difference {estimate_words(gap)}."
            )
    return sentences


def _of(frame: pd.DataFrame, metric: str) -> str:
    rows = final_estimates(frame, [metric])
    row = rows.iloc[0]
    return with_interval(row["value"], row["low"], row["high"])


def _whom(frame: pd.DataFrame) -> str:
    agents: Sequence[str] = [str(name) for name in frame["agent"].unique()]
    return agents[0] if len(agents) == 1 else f"{listed(agents)} together"


def _middle_step(frame: pd.DataFrame) -> int:
    steps = sorted(frame["step"].unique())
    return int(steps[(len(steps) - 1) // 2])
