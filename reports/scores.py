"""Scores of runs: final returns, mean over agents, on the scale of their games' anchors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nashlens.games.core import Array
from nashlens.reports.anchors import Anchors

FINAL = ("expected_payoff", "final_return")


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """Scores of every algorithm over the games that all of them play.

    Attributes
    ----------
    games : K labels.
    by_algorithm : ``[S, K]`` an algorithm, S seeds of each game.
    """

    games: tuple[str, ...]
    by_algorithm: Mapping[str, Array]


def scores_of(frame: pd.DataFrame, anchors: Mapping[str, Anchors]) -> Scores:
    """Return the scores of all runs that are done, on the games that have anchors and that every algorithm plays.

    Parameters
    ----------
    frame, anchors : tidy, agents not merged; and the anchors of every game by its label.

    Notes
    -----
    Where an algorithm has more seeds in one game than in another, its first ones of each are taken.
    """
    values: dict[str, dict[str, Array]] = {}
    for (game, algorithm), part in frame[frame["metric"].isin(FINAL)].groupby(["game", "algorithm"], sort=False):
        scale = anchors.get(str(game))
        if scale is None or scale.reason:
            continue
        values.setdefault(str(algorithm), {})[str(game)] = normalised(part, scale).to_numpy(dtype=np.float64)
    games = [game for game in anchors if values and all(game in each for each in values.values())]
    tables = {}
    for algorithm, each in values.items():
        n = min((len(each[game]) for game in games), default=0)
        tables[algorithm] = np.stack([each[game][:n] for game in games], axis=1) if games else np.zeros((0, 0))
    return Scores(games=tuple(games), by_algorithm=tables)


def normalised(part: pd.DataFrame, scale: Anchors) -> pd.Series:
    """Return the scores of one algorithm in one game by seed, at the last step of each.

    Parameters
    ----------
    part : tidy, of a return that `FINAL` names.
    scale : the anchors of the game.
    """
    last = part[part["step"] == part.groupby("seed")["step"].transform("max")]
    returns = last.groupby("seed")["value"].mean().sort_index()
    return (returns - scale.random) / (scale.better - scale.random)
