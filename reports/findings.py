"""What figures show, in sentences that are decided by the intervals and by nothing else."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from nashlens.reports.estimates import MIN_SEEDS, by_seed, difference, final_estimates
from nashlens.reports.quantities import quantity
from nashlens.reports.words import counted, direction, estimate_words, listed, number, with_interval

NEAR = 0.01


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
        verdict = direction(change, up="rose", down="fell", neither="did not change beyond the spread of the seeds")
        start, end = by_seed(own, step=first).mean(), by_seed(own, step=last).mean()
        sentences.append(
            f"{algorithm}: the mean return of {_whom(own)} {verdict}, from {number(start)} at step {first:,} to "
            f"{number(end)} at step {last:,}, a change of {estimate_words(change)}."
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
    sentences = []
    for algorithm in own["algorithm"].unique():
        part = own[own["algorithm"] == algorithm]
        sentences.append(average_finding(part, algorithm=str(algorithm), constant_sum=constant_sum))
        if not constant_sum:
            sentences.append(_selection(part, span=span))
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
    fall = difference(average, by_seed(frame, metric="nash_conv_average", step=_middle_step(frame)))
    nearer = direction(
        gap,
        up="the average of the strategies is nearer to equilibrium than the strategies themselves",
        down="the average of the strategies is farther from equilibrium than the strategies themselves",
        neither="the two are not told apart",
    )
    text = (
        f"{algorithm}: NashConv ends at {_of(frame, 'nash_conv')} for the last iterate and at "
        f"{_of(frame, 'nash_conv_average')} for the time average; {nearer} (difference {estimate_words(gap)})."
    )
    if not constant_sum:
        return text
    moved = direction(fall, up="rose", down="fell", neither="did not change beyond the spread of the seeds")
    text += f" Over the second half of training the average's NashConv {moved} ({estimate_words(fall)})."
    return f"{text} {_cycling(frame, average_nearer=gap.low > 0, average_falls=fall.high < 0)}"


def success_finding(frame: pd.DataFrame, *, game: str) -> str:
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
    return " ".join(sentences)


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
            up="more in the second half of training than in the first",
            down="less in the second half of training than in the first",
            neither="as much in the second half of training as in the first, within the spread of the seeds",
        )
        sentences.append(
            f"{algorithm}: policies move {verdict}; the mean drift from snapshot to snapshot is "
            f"{number(early.mean())}, then {number(late.mean())}, a change of {estimate_words(change)}."
        )
    return " ".join(sentences)


def _cycling(frame: pd.DataFrame, *, average_nearer: bool, average_falls: bool) -> str:
    """Say which halves of the pattern the intervals show: a last iterate that turns, an average that approaches."""
    rows = final_estimates(frame, ["turns"])
    row = None if rows.empty else rows.iloc[0]
    turning = row is not None and row["low"] > 1
    counted_turns = "" if row is None else f" ({_around(row)} turns around the equilibrium)"
    approaching = average_nearer and average_falls
    if turning and approaching:
        return f"So the last iterate cycles{counted_turns} while the time average approaches equilibrium."
    if turning:
        return f"So the last iterate cycles{counted_turns}; that the time average approaches equilibrium is not shown."
    if approaching:
        return f"So the time average approaches equilibrium; that the last iterate cycles is not shown{counted_turns}."
    return f"Neither a cycling last iterate{counted_turns} nor an average that approaches equilibrium is shown."


def _around(row: pd.Series) -> str:
    return with_interval(row["value"], row["low"], row["high"])


def _selection(frame: pd.DataFrame, *, span: float) -> str:
    """Say at how many seeds play ended near an equilibrium, and how far that is from the best joint action."""
    gaps, welfare = by_seed(frame, metric="nash_conv"), by_seed(frame, metric="welfare_gap")
    if welfare.empty:
        return ""
    near = gaps < NEAR * span
    text = f"{int(near.sum())} of {counted(len(gaps), 'seed')} end with NashConv within {NEAR:.0%} of the payoff span"
    if near.any():
        best = int((welfare[near.index[near]] < NEAR * span).sum())
        text += f", {best} of them as near to the best joint action"
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
                f"At the end the {what} of {first} {verdict} that of {second} (difference {estimate_words(gap)})."
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
