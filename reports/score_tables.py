"""Tables of scores across games: aggregates, the probability of improvement, and the anchors that both rest on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np
import pandas as pd
from scipy import special

from nashlens.analysis.aggregates import (
    REFERENCE,
    interquartile_mean,
    optimality_gap,
    probability_of_improvement,
)
from nashlens.analysis.results import Estimate
from nashlens.games.randomness import child
from nashlens.reports.anchors import Anchors
from nashlens.reports.estimates import LEVEL, MIN_SEEDS
from nashlens.reports.scores import Scores
from nashlens.reports.tables import Table
from nashlens.reports.words import counted, estimate_words, listed, number


def aggregates_table(scores: Scores) -> Table:
    """Return interquartile mean, mean and optimality gap of the scores of each algorithm.

    Parameters
    ----------
    scores : of two or more games.
    """
    rows, data = [], []
    for algorithm, table in scores.by_algorithm.items():
        rng = child(0, "scores", "aggregates", algorithm)
        found = {
            "interquartile_mean": interquartile_mean(table, level=LEVEL, rng=rng),
            "optimality_gap": optimality_gap(table, level=LEVEL, rng=rng),
        }
        each = table.mean(axis=1)
        points = "; ".join(number(float(value)) for value in each) if len(table) < MIN_SEEDS else ""
        rows.append(
            (algorithm, *(_words(estimate) for estimate in found.values()), counted(len(table), "seed"), points)
        )
        data += [_record(estimate, algorithm=algorithm, quantity=name) for name, estimate in found.items()]
    few = any(len(table) < MIN_SEEDS for table in scores.by_algorithm.values())
    header = ("algorithm", "interquartile mean", "optimality gap", "n of each game")
    return Table(
        name="scores",
        title="Scores across games",
        caption=f"Scores of runs over {listed(scores.games)}: 0 as random play, 1 as the better anchor. Interquartile "
        "mean of all runs of all games, higher is better; optimality gap, how far runs fall short of 1 on average, "
        f"lower is better. {LEVEL:.0%} intervals of a bootstrap that resamples seeds within each game"
        f"{few_note(scores)}. {REFERENCE}.",
        header=(*header, "mean score of each seed") if few else header,
        rows=tuple(row if few else row[:-1] for row in rows),
        numeric=frozenset({1, 2, 3}),
        data=pd.DataFrame(data),
    )


def improvement_table(scores: Scores) -> Table:
    """Return for every pair how probably a run of the one beats a run of the other.

    Parameters
    ----------
    scores : of two or more games and algorithms.
    """
    pairs = list(combinations(scores.by_algorithm, 2))
    level = 1 - (1 - LEVEL) / len(pairs)
    rows, data = [], []
    for one, other in pairs:
        found = probability_of_improvement(
            scores.by_algorithm[one],
            scores.by_algorithm[other],
            level=level,
            rng=child(0, "scores", "improvement", one, other),
        )
        rows.append((f"{one} over {other}", _words(found), counted(found.n, "seed"), _verdict(found, one, other)))
        data.append(_record(found, algorithm=one, quantity="probability_of_improvement") | {"other": other})
    together = (
        ""
        if len(pairs) == 1
        else (
            f" Each interval has the level {level:.2%}, so that all {len(pairs)} hold together at {LEVEL:.0%} "
            "(Bonferroni)."
        )
    )
    return Table(
        name="improvement",
        title="Probability of improvement",
        caption="How probably a run of the first beats a run of the second in a game, averaged over "
        f"{listed(scores.games)}; a tie counts one half. Bootstrap as for the scores.{together} {REFERENCE}.",
        header=("pair", "probability", "n of each game", "verdict"),
        rows=tuple(rows),
        numeric=frozenset({1, 2}),
        data=pd.DataFrame(data),
    )


def anchors_table(anchors: Mapping[str, Anchors]) -> Table:
    """Return the anchors of every game, or why it has no score.

    Parameters
    ----------
    anchors : by label.
    """
    rows = tuple(
        (
            label,
            _anchor_words(each.random, each.random_error),
            _anchor_words(each.better, each.better_error),
            each.name,
            f"{each.n:,} episodes" if each.n else ("exact" if each.name else ""),
            each.reason or "scored",
        )
        for label, each in anchors.items()
    )
    return Table(
        name="anchors",
        title="Anchors of the scores",
        caption="Return of an episode, mean over agents, of random play (score 0) and of the better anchor (score 1), "
        "with the standard error over episodes where it was played; measured once, from draws that are always the "
        "same. A rule of thumb is not optimal: scores above 1 can occur.",
        header=("game", "random play", "better anchor", "what it is", "n", "score"),
        rows=rows,
        numeric=frozenset({1, 2}),
        data=pd.DataFrame([row for label, each in anchors.items() for row in _anchor_records(label, each)]),
    )


def _anchor_records(label: str, anchors: Anchors) -> Iterator[dict[str, object]]:
    """Yield a row for each anchor of a game, with a normal interval over episodes where it was played."""
    exact = not anchors.n
    for what, value, error in (
        ("random play", anchors.random, anchors.random_error),
        (anchors.name or "better anchor", anchors.better, anchors.better_error),
    ):
        half = np.nan if exact else float(special.ndtri((1 + LEVEL) / 2)) * error
        yield {"game": label, "what": what, "value": value, "low": value - half, "high": value + half} | {
            "level": np.nan if exact else LEVEL,
            "method": "computed" if exact else "normal",
            "n": anchors.n,
            "unit": "episode",
            "bound": "exact" if exact else "estimate",
            "higher_is_better": True,
            "reason": anchors.reason,
        }


def _anchor_words(value: float, error: float) -> str:
    return "" if np.isnan(value) else number(value) + (f" ± {number(error)}" if error else "")


def _words(estimate: Estimate) -> str:
    return number(estimate.value) if estimate.reason and estimate.n < MIN_SEEDS else estimate_words(estimate)


def _verdict(found: Estimate, one: str, other: str) -> str:
    if not np.isfinite([found.low, found.high]).all():
        return f"{counted(found.n, 'seed')}: no statement"
    if found.low > 0.5:
        return f"{one} is more often the better"
    return f"{other} is more often the better" if found.high < 0.5 else "not decided"


def _record(found: Estimate, *, algorithm: str, quantity: str) -> dict[str, object]:
    return {
        "algorithm": algorithm,
        "quantity": quantity,
        "value": found.value,
        "low": found.low,
        "high": found.high,
    } | {
        "level": found.level,
        "method": found.method,
        "n": found.n,
        "unit": found.unit,
        "bound": found.bound,
        "higher_is_better": found.higher_is_better,
        "reason": found.reason,
    }


def few_note(scores: Scores) -> str:
    """Say that there are too few seeds for intervals, where there are."""
    few = any(len(table) < MIN_SEEDS for table in scores.by_algorithm.values())
    return f" (with fewer than {MIN_SEEDS} seeds there is none)" if few else ""
