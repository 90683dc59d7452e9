"""Scores across games: performance profiles, aggregates and the probability of improvement.

A run's score is its final return, mean over agents, on the scale of its game's anchors. The unit is the seed; intervals
resample the seeds within each game and keep the games, so that they speak of other seeds of the same games.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from nashlens.analysis.aggregates import REFERENCE
from nashlens.analysis.performance_profile import performance_profile
from nashlens.games.randomness import child
from nashlens.reports.anchors import Anchors
from nashlens.reports.curve_figures import alternative_of
from nashlens.reports.estimates import LEVEL
from nashlens.reports.figures import Figure, curve_panel
from nashlens.reports.score_tables import aggregates_table, anchors_table, few_note, improvement_table
from nashlens.reports.scores import Scores, scores_of
from nashlens.reports.tables import Table
from nashlens.reports.words import counted, listed

N_THRESHOLDS = 81


def score_chapter(frame: pd.DataFrame, anchors: Mapping[str, Anchors]) -> tuple[Figure | None, tuple[Table, ...]]:
    """Return the figure and the tables of scores; none where fewer than two games have one.

    Parameters
    ----------
    frame : tidy, agents not merged.
    anchors : of every game, by label.
    """
    scores = scores_of(frame, anchors)
    if len(scores.games) < 2 or not scores.by_algorithm:
        return None, ()
    tables = [aggregates_table(scores), anchors_table(anchors)]
    if len(scores.by_algorithm) > 1:
        tables.insert(1, improvement_table(scores))
    return profile_figure(scores), tuple(tables)


def profile_figure(scores: Scores) -> Figure:
    """Return performance profiles: the share of runs whose score is above each threshold.

    Parameters
    ----------
    scores : of two or more games.
    """
    every = np.concatenate([table.ravel() for table in scores.by_algorithm.values()])
    low, high = min(0.0, float(every.min())), max(1.0, float(every.max()))
    thresholds = np.linspace(low - 0.02 * (high - low), high, N_THRESHOLDS)
    parts = []
    for algorithm, table in scores.by_algorithm.items():
        found = performance_profile(table, thresholds, level=LEVEL, rng=child(0, "scores", "profile", algorithm))
        parts.append(
            pd.DataFrame(
                {
                    "line": algorithm,
                    "step": thresholds,
                    "mean": found.values,
                    "low": found.low,
                    "high": found.high,
                    "n": len(table),
                }
            )
        )
    data = pd.concat(parts, ignore_index=True)
    names = list(scores.by_algorithm)
    panel = curve_panel(
        data,
        pd.DataFrame(columns=["line", "seed", "step", "value"]),
        name="profile-all",
        title=f"All of {listed(scores.games)}",
        lines=names,
        y_label="share of runs above the threshold",
        alternative=alternative_of(data, title="all games", what="Share of runs", against="score"),
        colours={name: k for k, name in enumerate(names)},
        zero=True,
        x_label="score: 0 as random play, 1 as the better anchor",
        plain_x=True,
    )
    return Figure(
        name="profile",
        title="Performance profiles across games",
        caption=f"Share of all runs whose score is above each threshold, over {listed(scores.games)}, every game "
        f"counting alike. {_n_words(scores)} Bands: pointwise {LEVEL:.0%} intervals of a bootstrap that resamples "
        f"seeds within each game{few_note(scores)}; nothing is said about a whole curve. Games without a "
        f"score stand in the table of anchors with the reason. {REFERENCE}.",
        paragraphs=(),
        panels=(panel,),
        data=data.rename(columns={"line": "algorithm", "step": "threshold", "mean": "share"}),
    )


def _n_words(scores: Scores) -> str:
    counts = sorted({len(table) for table in scores.by_algorithm.values()})
    return f"{listed([counted(n, 'seed') for n in counts])} of each game and algorithm."
