"""Tables: words for a reader, and beside them the frame that the words come from."""

from __future__ import annotations

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from nashlens.reports.estimates import LEVEL, MIN_SEEDS
from nashlens.reports.quantities import quantity
from nashlens.reports.words import NO_VALUE, counted, listed, number, with_interval, without_interval

DIRECTION = {True: "higher", False: "lower", None: ""}
# What travels with a number of a table into its CSV, whatever the number's own column is called.
VALUE_COLUMNS = ("value", "measured")
CELL_COLUMNS = ("low", "high", "level", "method", "n", "unit", "bound", "higher_is_better", "reason")
_BLANKS = ("", "", "")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """Rows of words.

    Attributes
    ----------
    name : names its files and its place in the page.
    title : what stands above it.
    caption : what its numbers are.
    header : one word a column.
    rows : as many words in each.
    numeric : the columns that are set flush right.
    data : the numbers, for the CSV: where one has a column of `VALUE_COLUMNS` or an interval, all of `CELL_COLUMNS`
        stand beside it.

    Raises
    ------
    ValueError : a row has not as many words as the header, or the data lack what must travel with a number.
    """

    name: str
    title: str
    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numeric: frozenset[int] = frozenset()
    data: pd.DataFrame

    def __post_init__(self) -> None:
        if any(len(row) != len(self.header) for row in self.rows):
            raise ValueError(f"rows of {self.name} must have {len(self.header)} words each")
        if missing := missing_columns(self.data):
            raise ValueError(
                f"data of {self.name} must have {', '.join(CELL_COLUMNS)} beside its numbers, "
                f"and lack {listed(missing)}"
            )


def missing_columns(data: pd.DataFrame) -> list[str]:
    """Return which of `CELL_COLUMNS` a frame of numbers lacks; none are asked of a frame without estimates.

    >>> missing_columns(pd.DataFrame(columns=["value", *CELL_COLUMNS[1:]]))
    ['low']
    """
    if not {*VALUE_COLUMNS, "low", "high"} & set(data.columns):
        return []
    return [column for column in CELL_COLUMNS if column not in data]


def estimates_table(estimates: pd.DataFrame, lost: pd.DataFrame | None = None) -> Table:
    """Return the table of final estimates, one row each.

    Parameters
    ----------
    estimates : as `estimates.final_estimates` returns them.
    lost : cells without any number, as `frames.lost_cells` returns them; each keeps a row that says why.
    """
    gone = [] if lost is None else lost.to_dict("records")
    rows = []
    for row in estimates.to_dict("records"):
        what = quantity(str(row["metric"]))
        rows.append(
            (
                row["game"],
                what.title,
                row["agent"],
                row["algorithm"],
                _value(row),
                counted(row["n"], row["unit"]),
                row["each"],
                DIRECTION[what.higher_is_better],
                f"{row['step']:,}",
            )
        )
    rows += [
        (
            row["game"],
            "every quantity",
            "",
            row["algorithm"],
            f"{NO_VALUE}: {row['reason']}",
            counted(0, "seed"),
            *_BLANKS,
        )
        for row in gone
    ]
    order = list(dict.fromkeys(row[0] for row in rows))
    rows.sort(key=lambda row: order.index(row[0]))
    few = bool((estimates["n"] < MIN_SEEDS).any()) if len(estimates) else False
    note = f" Fewer than {MIN_SEEDS} seeds: the seeds' own values stand in place of an interval." if few else ""
    return Table(
        name="estimates",
        title="Where training ended",
        caption=f"Mean over seeds at the last step, with its {LEVEL:.0%} interval (Student's t over seeds, cut to the "
        "quantity's range, but for what a game itself measures, and for returns and payoffs, whose intervals may pass "
        "what the game pays; Wilson's for shares of seeds). The column “each seed” says what the number of a single "
        "seed is: exact, or itself an estimate from episodes or observations; the mean over seeds is always an "
        f"estimate. Units are those of the definitions below.{note}",
        header=(
            "game",
            "quantity",
            "agent",
            "algorithm",
            "mean [interval]",
            "n",
            "each seed",
            "better",
            "step",
        ),
        rows=tuple(tuple(str(word) for word in row) for row in rows),
        numeric=frozenset({4, 5, 8}),
        data=_with_lost(_without_lists(estimates), gone),
    )


def runs_table(runs: pd.DataFrame) -> Table:
    """Return the table of planned, done and failed runs, one row a cell.

    Parameters
    ----------
    runs : as `frames.inventory` returns them.
    """
    cells: list[tuple[str, str, int, int, int, int, float]] = []
    for (game, algorithm), part in runs.groupby(["game", "algorithm"], sort=False):
        states = part["state"].value_counts()
        done, failed, planned = (int(states.get(state, 0)) for state in ("done", "failed", "planned"))
        cells.append((str(game), str(algorithm), len(part), done, failed, planned, float(part["seconds"].sum())))
    data = pd.DataFrame(cells, columns=["game", "algorithm", "asked_for", "done", "failed", "not_run", "seconds"])
    return Table(
        name="runs",
        title="What was asked for, and what became of it",
        caption="Runs of each cell, one a seed. Failed runs take no part in any number of this page. The time is that "
        "of the worker processes, seeds trained together counted once.",
        header=("game", "algorithm", "asked for", "done", "failed", "not run", "time"),
        rows=tuple((*(str(word) for word in cell[:6]), f"{number(cell[6], decimals=1)} s") for cell in cells),
        numeric=frozenset({2, 3, 4, 5, 6}),
        data=data,
    )


def failures_table(runs: pd.DataFrame) -> Table | None:
    """Return the table of failed runs with their reasons, or None if there are none."""
    failed = runs[runs["state"] == "failed"]
    if failed.empty:
        return None
    grouped = failed.groupby(["game", "algorithm", "reason"], sort=False)["seed"].agg(list).reset_index()
    return Table(
        name="failures",
        title="Runs that failed",
        caption="Each failed run, and why.",
        header=("game", "algorithm", "seeds", "reason"),
        rows=tuple(
            (row["game"], row["algorithm"], listed([str(seed) for seed in row["seed"]]), row["reason"])
            for row in grouped.to_dict("records")
        ),
        data=failed.drop(columns="seconds"),
    )


def definitions_table(metrics: list[str]) -> Table:
    """Return what each quantity of a report is, with the source of its definition."""
    chosen = [quantity(metric) for metric in metrics]
    rows = tuple((each.title, each.definition, each.value_unit, each.reference) for each in chosen)
    return Table(
        name="definitions",
        title="What the quantities are",
        caption="Definitions as they are computed here.",
        header=("quantity", "definition", "in units of", "source"),
        rows=rows,
        data=pd.DataFrame(rows, columns=["quantity", "definition", "value_unit", "source"]),
    )


def _value(row: dict[Hashable, Any]) -> str:
    value, low, high, values = row["value"], row["low"], row["high"], row["values"]
    if math.isfinite(low) and math.isfinite(high):
        return with_interval(value, low, high)
    if len(values) < MIN_SEEDS:
        return f"{number(value)} ({'; '.join(number(float(each)) for each in values)})"
    return without_interval(value, str(row["reason"]))


def _with_lost(estimates: pd.DataFrame, gone: Sequence[dict[Hashable, Any]]) -> pd.DataFrame:
    if not gone:
        return estimates
    together = pd.DataFrame([*estimates.to_dict("records"), *({**row, "n": 0} for row in gone)])
    whole = [column for column in ("step", "n") if column in together]
    return together.astype(dict.fromkeys(whole, "Int64"))


def _without_lists(frame: pd.DataFrame) -> pd.DataFrame:
    if frame.empty:
        return frame
    return frame.assign(values=[" ".join(repr(float(each)) for each in values) for values in frame["values"]])
