"""The table of numbers from a reader's own file beside the measured ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from nashlens.reports.estimates import ALL_AGENTS, final_estimates, merged_agents
from nashlens.reports.published_table import comparison_words
from nashlens.reports.quantities import quantity
from nashlens.reports.reference_numbers import ReferenceNumber
from nashlens.reports.tables import CELL_COLUMNS, Table
from nashlens.reports.words import counted, listed, number, with_interval

if TYPE_CHECKING:
    from nashlens.reports.report import Report

COLUMNS = (
    *("game", "algorithm", "metric", "agent", "measured", *CELL_COLUMNS),
    *("published", "published_low", "published_high", "source"),
)


def reference_table(frame: pd.DataFrame, numbers: Sequence[ReferenceNumber], *, source: str) -> Table:
    """Return the published numbers of a file, each beside what was measured of the same.

    Parameters
    ----------
    frame : tidy, agents merged.
    numbers : as `reference_numbers.read_reference` returns them.
    source : the name of the file, for an error.

    Raises
    ------
    ValueError : a number is one of a game, an algorithm, a metric or an agent that was not measured; it names the line
        and what there is.
    """
    estimates = final_estimates(frame, sorted({each.metric for each in numbers}))
    rows = [_row(estimates, frame, each, source=source) for each in numbers]
    data = pd.DataFrame(rows, columns=list(COLUMNS))
    return Table(
        name="reference",
        title="Numbers from elsewhere beside measured ones",
        caption="Measured: mean over seeds at the last step with its interval, as in the table of where training "
        "ended. Numbers from elsewhere are as they were given, with their interval where one was. The last column says "
        "only where such a number lies against the measured interval: it is no test of a difference, which would need "
        "the seeds of both.",
        header=("game", "quantity", "agent", "algorithm", "measured", "n", "elsewhere", "source", "value elsewhere"),
        rows=tuple(_words({str(key): value for key, value in row.items()}) for row in data.to_dict("records")),
        numeric=frozenset({4, 5, 6}),
        data=data,
    )


def beside(report: Report, numbers: Sequence[ReferenceNumber], *, source: str) -> Report:
    """Return a report with the table of numbers from elsewhere after its first; unchanged if there are none.

    Raises
    ------
    ValueError : as for `reference_table`.
    """
    if not numbers:
        return report
    table = reference_table(merged_agents(report.frame), numbers, source=source)
    return replace(report, tables=(*report.tables[:1], table, *report.tables[1:]))


def numbers_beside(data: pd.DataFrame) -> tuple[ReferenceNumber, ...]:
    """Return the numbers from elsewhere that a table of them was made of.

    Parameters
    ----------
    data : as written beside the report, every value as text.

    Raises
    ------
    ValueError : the table lacks a column, or a value is no number.
    """
    lacking = [name for name in COLUMNS if name not in data.columns]
    if lacking:
        raise ValueError(f"column {lacking[0]} is missing")
    return tuple(
        ReferenceNumber(
            line=line,
            game=str(row["game"]),
            algorithm=str(row["algorithm"]),
            metric=str(row["metric"]),
            agent=str(row["agent"]),
            value=float(row["published"]),
            low=float(row["published_low"] or "nan"),
            high=float(row["published_high"] or "nan"),
            source=str(row["source"]),
        )
        for line, row in enumerate(data.to_dict("records"), start=2)
    )


def _row(estimates: pd.DataFrame, frame: pd.DataFrame, each: ReferenceNumber, *, source: str) -> dict[str, object]:
    own = frame
    for column in ("game", "algorithm", "metric"):
        wanted = getattr(each, column)
        known = [str(word) for word in own[column].unique()]
        if wanted not in known:
            raise ValueError(
                f"{source}, line {each.line}: {column} {wanted!r} was not measured{_of(each, column)}; "
                f"there {'is' if len(known) == 1 else 'are'} {listed(known) or 'none'}"
            )
        own = own[own[column] == wanted]
    agents = [str(agent) for agent in own["agent"].unique()]
    agent = each.agent or (ALL_AGENTS if ALL_AGENTS in agents else "")
    agent = ALL_AGENTS if agents == [ALL_AGENTS] else agent
    if agent not in agents:
        raise ValueError(
            f"{source}, line {each.line}: agent {each.agent!r} has no {each.metric} in {each.game}; "
            f"there are {listed(agents)}"
        )
    keys = {"game": each.game, "algorithm": each.algorithm, "metric": each.metric, "agent": agent}
    same = np.logical_and.reduce([estimates[name] == word for name, word in keys.items()])
    found = estimates[same].iloc[0]
    ours = {"measured": found["value"], **{column: found[column] for column in CELL_COLUMNS}, "n": int(found["n"])}
    theirs = {"published": each.value, "published_low": each.low, "published_high": each.high, "source": each.source}
    return {**keys, **ours, **theirs}


def _of(each: ReferenceNumber, column: str) -> str:
    return {"game": "", "algorithm": f" in {each.game}", "metric": f" of {each.algorithm} in {each.game}"}[column]


def _words(row: dict[str, object]) -> tuple[str, ...]:
    measured, low, high = (float(str(row[name])) for name in ("measured", "low", "high"))
    theirs = [float(str(row[name])) for name in ("published", "published_low", "published_high")]
    return (
        str(row["game"]),
        quantity(str(row["metric"])).title,
        str(row["agent"]),
        str(row["algorithm"]),
        with_interval(measured, low, high),
        counted(int(str(row["n"])), "seed"),
        with_interval(theirs[0], theirs[1], theirs[2]) if np.isfinite(theirs[1]) else number(theirs[0]),
        str(row["source"]),
        comparison_words(row),
    )
