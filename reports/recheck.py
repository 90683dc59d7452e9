"""Checking a report: every stored run is measured again, and every table is held against what was written."""

from __future__ import annotations

import io
import math
from pathlib import Path

import pandas as pd

from nashlens.reports.document import data_of
from nashlens.reports.escapes import to_csv
from nashlens.reports.report import assemble
from nashlens.reports.store import Store, StoreError
from nashlens.reports.suite import Suite

TOLERANCE = 1e-9
NOT_COMPARED = {"table-runs"}


def differences(store: Store, suite: Suite, *, tolerance: float = TOLERANCE) -> list[str]:
    """Return a line for every table of a report whose numbers do not follow from the stored runs.

    Parameters
    ----------
    store : where runs and report are.
    suite : whose report is checked.
    tolerance : largest difference of two numbers, relative to their size where that is above 1.

    Raises
    ------
    StoreError : there is no report, or a run is damaged.
    """
    folder = store.root / "report" / suite.name / "data"
    if not folder.is_dir():
        raise StoreError(f"{folder.parent} is no report; build it first: nashlens report build {store.root}")
    lines = []
    for name, anew in data_of(assemble(store, suite, anew=True)).items():
        path = folder / f"{name}.csv"
        if name in NOT_COMPARED:
            continue
        if not path.is_file():
            lines.append(f"{name}: missing from the report")
            continue
        difference = compare(_read(path), _through_csv(anew), tolerance=tolerance)
        if difference:
            lines.append(f"{name}: {difference}")
    return lines


def compare(written: pd.DataFrame, anew: pd.DataFrame, *, tolerance: float = TOLERANCE) -> str:
    """Return what differs between two tables, the first difference in words; empty if nothing does.

    Parameters
    ----------
    written : the table of the report.
    anew : the table as it is now.
    tolerance : as in `differences`.
    """
    if list(written.columns) != list(anew.columns):
        return f"columns are {', '.join(written.columns)}, should be {', '.join(anew.columns)}"
    if len(written) != len(anew):
        return f"{len(written)} rows, should be {len(anew)}"
    for column in written.columns:
        for row, (old, new) in enumerate(zip(written[column], anew[column], strict=True)):
            if not _same(old, new, tolerance):
                return f"row {row + 1}, {column}: {old}, should be {new}"
    return ""


def _same(old: object, new: object, tolerance: float) -> bool:
    try:
        first, second = float(str(old)), float(str(new))
    except ValueError:
        return str(old) == str(new)
    both_missing = first != first and second != second  # noqa: PLR0124 — NaN differs from itself
    if math.isinf(first) or math.isinf(second):
        return first == second
    return both_missing or abs(first - second) <= tolerance * max(1.0, abs(second))


def _read(path: Path) -> pd.DataFrame:
    try:
        return pd.read_csv(path, keep_default_na=False, dtype=str)
    except (ValueError, OSError) as error:
        raise StoreError(f"{path} is damaged: {error}") from error


def _through_csv(frame: pd.DataFrame) -> pd.DataFrame:
    return pd.read_csv(io.StringIO(to_csv(frame)), keep_default_na=False, dtype=str)
