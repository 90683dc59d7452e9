"""What a report says of equilibrium selection: a table a game, algorithms by equilibria, and a sentence each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd

from nashlens.reports.estimates import LEVEL
from nashlens.reports.instruments.contract import Chapter
from nashlens.reports.tables import Table
from nashlens.reports.words import counted, listed, with_interval

NOWHERE = "at none"


def selection_chapter(outcomes: Mapping[str, pd.DataFrame], *, near: float) -> Chapter:
    """Return the chapter.

    Parameters
    ----------
    outcomes : by game, one row an algorithm and equilibrium: ``game, algorithm, outcome, best`` and the share of seeds
        as an estimate row; empty where a game's equilibria are not all known.
    near : total variation of each agent, on average, up to which a profile counts as settled.
    """
    told = {label: frame for label, frame in outcomes.items() if len(frame)}
    return Chapter(
        answers=tuple(_sentence(label, frame) for label, frame in told.items()),
        tables=tuple(_table(label, frame, near=near) for label, frame in told.items()),
    )


def _table(label: str, frame: pd.DataFrame, *, near: float) -> Table:
    names = list(dict.fromkeys(frame["outcome"]))
    rows = []
    for algorithm, part in frame.groupby("algorithm", sort=False):
        by_name = {str(row["outcome"]): row for row in part.to_dict("records")}
        n = int(part["n"].iloc[0])
        rows.append((str(algorithm), *(_share(by_name[name]) for name in names), counted(n, "seed")))
    best = listed([str(name) for name in frame.loc[frame["best"] == "True", "outcome"].unique()])
    return Table(
        name=f"selection-{label}",
        title=f"Which equilibrium was reached in {label}",
        caption=f"Seeds whose last strategies lie within a total variation of {near:g} an agent of an equilibrium, by "
        f"the nearest one; all equilibria of the game stand in the columns. Share of seeds with Wilson's {LEVEL:.0%} "
        f"interval (an estimate; where each seed stands is exact). The best sum of payoffs is that of {best}.",
        header=("algorithm", *names, "n"),
        rows=tuple(rows),
        numeric=frozenset(range(1, len(names) + 2)),
        data=frame,
    )


def _share(row: Mapping[Any, Any]) -> str:
    n, value, low, high = (float(str(row[key])) for key in ("n", "value", "low", "high"))
    if not n:
        return str(row["reason"])
    return f"{round(value * n)} of {n:.0f}" if value == 0 else f"{round(value * n)}: {with_interval(value, low, high)}"


def _sentence(label: str, frame: pd.DataFrame) -> str:
    """Say how many seeds of each algorithm settled at an equilibrium with the best sum of payoffs, and at others."""
    parts = []
    for algorithm, part in frame.groupby("algorithm", sort=False):
        n = int(part["n"].iloc[0])
        counts = {str(row["outcome"]): round(float(row["value"]) * n) for row in part.to_dict("records")} if n else {}
        reached = [f"{name} {count}" for name, count in counts.items() if count and name != NOWHERE]
        nowhere = counts.get(NOWHERE, 0)
        if nowhere:
            reached.append(f"{nowhere} {NOWHERE}")
        parts.append(f"{algorithm} {listed(reached) if reached else 'nothing'} of {n}")
    return f"Equilibria reached in {label}, in seeds: {'; '.join(parts)}."
