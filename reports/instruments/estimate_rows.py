"""Estimates with intervals of their own as rows of a frame, and such frames as tables of a report."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy.typing as npt
import pandas as pd

from nashlens.analysis.random_effects import random_effects_mean
from nashlens.analysis.results import Estimate
from nashlens.analysis.statistics import student_t
from nashlens.reports.estimates import LEVEL, MIN_SEEDS
from nashlens.reports.tables import Table
from nashlens.reports.words import counted, listed, number, with_interval, without_interval

ESTIMATE_COLUMNS = ("value", "low", "high", "level", "method", "n", "unit", "bound", "higher_is_better", "reason")


def estimate_row(estimate: Estimate, *, higher_is_better: bool | None = None, **labels: str | float) -> dict[str, Any]:
    """Return an estimate as one row: what tells it apart, then `ESTIMATE_COLUMNS`.

    Parameters
    ----------
    estimate : the number with its interval.
    higher_is_better : the direction of the quantity, where the estimate itself does not say it.
    labels : what tells the row apart.

    Examples
    --------
    >>> one = Estimate(value=1.0, low=0.5, high=1.5, level=0.95, method="student-t", n=9, unit="seed")
    >>> estimate_row(one, game="tag")["game"], estimate_row(one, game="tag")["n"]
    ('tag', 9)
    """
    if estimate.higher_is_better is None:
        estimate = replace(estimate, higher_is_better=higher_is_better)
    return {**labels, **{column: getattr(estimate, column) for column in ESTIMATE_COLUMNS}}


def estimate_of(row: Mapping[Any, Any]) -> Estimate:
    """Return the estimate that a row of `estimate_row` holds."""
    better = row["higher_is_better"]
    return Estimate(
        value=float(row["value"]),
        low=float(row["low"]),
        high=float(row["high"]),
        level=float(row["level"]),
        method=str(row["method"]),
        n=int(row["n"]),
        unit=str(row["unit"]),
        bound=row["bound"],
        higher_is_better=None if pd.isna(better) else bool(better),
        reason=str(row["reason"]),
    )


def estimate_words(row: Mapping[Any, Any]) -> str:
    """Return the words of one row: the value with its interval, or the value and why there is no interval."""
    value, low, high = (float(row[column]) for column in ("value", "low", "high"))
    if math.isfinite(low) and math.isfinite(high):
        return with_interval(value, low, high)
    if row["bound"] == "exact":
        return number(value)
    return without_interval(value, str(row["reason"] or "not computed"))


def estimates_as_table(
    frame: pd.DataFrame, *, name: str, title: str, caption: str, labels: Mapping[str, str], sort: Sequence[str] = ()
) -> Table:
    """Return a frame of estimate rows as a table.

    Parameters
    ----------
    frame : rows of `estimate_row`.
    name, title, caption : of the table.
    labels : the header of each column that tells rows apart, by the column's name, in their order.
    sort : columns to sort by, if any.
    """
    ordered = frame.sort_values(list(sort), kind="stable", ignore_index=True) if len(sort) else frame
    rows = tuple(
        (
            *(str(row[column]) for column in labels),
            estimate_words(row),
            counted(int(row["n"]), str(row["unit"])),
            str(row["bound"]),
            str(row["method"]),
        )
        for row in ordered.to_dict("records")
    )
    width = len(labels)
    return Table(
        name=name,
        title=title,
        caption=f"{caption}{few_note(ordered)}",
        header=(*labels.values(), "value [interval]", "n", "is", "interval by"),
        rows=rows,
        numeric=frozenset({width, width + 1}),
        data=ordered,
    )


def few_note(frame: pd.DataFrame) -> str:
    """Say for a caption that numbers of few seeds have no interval, where a frame of estimate rows has such.

    >>> few_note(pd.DataFrame({"n": [4, 9], "unit": ["seed", "seed"]}))
    ' Fewer than 5 seeds have no interval.'
    """
    few = frame[frame["n"].lt(MIN_SEEDS) & frame["unit"].isin(["seed", "run"])]
    units = sorted({f"{unit}s" for unit in few["unit"]})
    return f" Fewer than {MIN_SEEDS} {listed(units)} have no interval." if units else ""


def over_seeds(
    values: npt.ArrayLike, *, errors: npt.ArrayLike | None = None, higher_is_better: bool | None = None
) -> Estimate:
    """Return the mean over seeds with Student's interval; fewer than `MIN_SEEDS` have a value, and why no interval.

    Parameters
    ----------
    values : ``[S]``; one number a seed.
    errors : ``[S]``; the standard error of each, at which the interval is floored; not floored if left out.
    higher_is_better : the direction of the quantity, None where it has none.
    """
    if errors is None:
        return enough_seeds(student_t(values, level=LEVEL, higher_is_better=higher_is_better).at())
    return enough_seeds(random_effects_mean(values, errors, level=LEVEL, higher_is_better=higher_is_better).at())


def enough_seeds(estimate: Estimate) -> Estimate:
    """Return an estimate over seeds without its interval where there are fewer than `MIN_SEEDS`, and say so."""
    if estimate.n >= MIN_SEEDS or (estimate.reason and math.isnan(estimate.value)):
        return estimate
    few = f"{counted(estimate.n, estimate.unit)}; an interval needs at least {MIN_SEEDS}"
    return replace(estimate, low=math.nan, high=math.nan, reason=few)
