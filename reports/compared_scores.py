"""By what algorithms of a game are compared: a score between anchors or a return, and NashConv where it is exact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import pandas as pd

from nashlens.reports.anchors import Anchors
from nashlens.reports.conventions import GameFacts
from nashlens.reports.estimates import by_seed, by_side, merged_agents
from nashlens.reports.quantities import SCORE, quantity
from nashlens.reports.scores import FINAL, normalised
from nashlens.reports.words import listed

RETURNS = ("expected_payoff", "final_return", "evaluation_return", "training_return")
GAPS = ("nash_conv", "cce_gap")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Score:
    """One score of one game, by what is compared.

    Attributes
    ----------
    game : label.
    metric : of the tidy frame.
    whose : the agents or the side whose score it is; empty where the game has only one.
    ends : the numbers at the last step by seed, of every algorithm.
    """

    game: str
    metric: str
    whose: str
    ends: Mapping[str, pd.Series]

    @property
    def words(self) -> str:
        """The score for a reader, and whose it is where a game has several."""
        title = quantity(self.metric).title
        return f"{title} of {self.whose}" if self.whose else title


def compared_scores(frame: pd.DataFrame, facts: Mapping[str, GameFacts], anchors: Mapping[str, Anchors]) -> list[Score]:
    """Return the scores by which the algorithms of each game are compared.

    Parameters
    ----------
    frame : tidy, agents not merged: a score is of the mean over all agents.
    facts, anchors : of every game, by label.

    Returns
    -------
    Of each game the share of seeds that learned where a line is drawn; the final return on the scale of the game's
    anchors or, where it has none, the best return that was measured, of each side by itself, but not where payoffs add
    to a constant: there it says as much of the opponent; and the distance from equilibrium where it is exact.
    """
    found: list[Score] = []
    for label, about in facts.items():
        part = frame[frame["game"] == label]
        if len(part):
            found += _of_game(part, about, anchors.get(label))
    return found


def _of_game(part: pd.DataFrame, facts: GameFacts, anchors: Anchors | None) -> Iterator[Score]:
    known = set(part["metric"])
    if "success" in known:
        yield _score(part[part["metric"] == "success"], facts.label, "success")
    if anchors is not None and not anchors.reason and known & set(FINAL):
        own = part[part["metric"].isin(FINAL)]
        ends = {str(name): normalised(each, anchors) for name, each in own.groupby("algorithm", sort=False)}
        yield Score(game=facts.label, metric=SCORE, whose="", ends=_known(ends))
    elif not facts.constant_sum:
        yield from _returns(part, facts)
    gap = next((name for name in GAPS if name in known), None)
    if gap is not None:
        yield _score(part[part["metric"] == gap], facts.label, gap)


def _returns(part: pd.DataFrame, facts: GameFacts) -> Iterator[Score]:
    metric = next((name for name in RETURNS if (part["metric"] == name).any()), None)
    if metric is None:
        return
    sides = by_side(merged_agents(part[part["metric"] == metric]), facts.side_of)
    for own in sides:
        names = [str(name) for name in own["agent"].unique()]
        yield _score(own, facts.label, metric, whose=listed(names) if len(sides) > 1 else "")


def _score(part: pd.DataFrame, game: str, metric: str, *, whose: str = "") -> Score:
    ends = {str(name): by_seed(own) for name, own in part.groupby("algorithm", sort=False)}
    return Score(game=game, metric=metric, whose=whose, ends=_known(ends))


def _known(ends: Mapping[str, pd.Series]) -> dict[str, pd.Series]:
    """Return the seeds that have a number, of the algorithms that have any."""
    known = {name: each.dropna() for name, each in ends.items()}
    return {name: each for name, each in known.items() if len(each)}
