"""Scores of algorithms made by hand, so that what a comparison of them must say is known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from nashlens.reports.compared_scores import Score

UP = (0.3, 0.31, 0.32, 0.33, 0.34, 0.35)


def score(ends: Mapping[str, Sequence[float]], *, game: str = "g", metric: str = "final_return") -> Score:
    """Return a score of numbers by seed, 0, 1, and so on."""
    series = {name: pd.Series(values, index=range(len(values)), dtype=float) for name, values in ends.items()}
    return Score(game=game, metric=metric, whose="", ends=series)


def apart(by: Sequence[float], *, game: str = "g", metric: str = "final_return") -> Score:
    """Return a score by which `a` is that much above `b`, seed by seed."""
    noise = np.random.default_rng(3).normal(size=len(by))
    return score({"a": noise + np.asarray(by), "b": noise}, game=game, metric=metric)
