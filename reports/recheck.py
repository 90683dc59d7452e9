"""Checking a report: every stored run is measured again, and every file is held against what was written.

Tables are compared number by number, drawings and pages word by word, so that one number is the same in both where it
is so within a tolerance. The time at which a report was made, and by which version, is all that may differ.
"""

from __future__ import annotations

import io
import math
import re
from itertools import zip_longest
from pathlib import Path

import pandas as pd

from nashlens.reports.document import contents_of, data_of, others
from nashlens.reports.escapes import to_csv
from nashlens.reports.reference_table import beside, numbers_beside
from nashlens.reports.report import MADE, Report, assemble
from nashlens.reports.safe_files import StoreError, inside, read_file
from nashlens.reports.store import Store
from nashlens.reports.suite import Suite

TOLERANCE = 1e-9
REFERENCE = "data/table-reference.csv"
NUMBER = re.compile(r"([-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?)")
WHEN_MADE = re.compile(rf"({MADE}(?:</dt><dd>|: ))[^<\n]*")
SHOWN = 60  # characters of a line that differs


def differences(store: Store, suite: Suite, *, tolerance: float = TOLERANCE) -> list[str]:
    """Return a line for every file of a report that does not follow from the stored runs, or is none of the report's.

    Where a run is damaged that was none when the report was built, nothing can be measured anew: the one line names it.
    Numbers from elsewhere that stand in the report are taken as they are; what they are compared with is not.

    Parameters
    ----------
    store : where runs and report are.
    suite : whose report is checked.
    tolerance : largest difference of two numbers, relative to their size where that is above 1.

    Raises
    ------
    StoreError : there is no report.
    """
    folder = store.path("report", suite.name)
    if not inside(folder, "data").is_dir():
        raise StoreError(f"{folder} is no report; build it first: nashlens report build {store.root}")
    try:
        report = assemble(store, suite, anew=True)
    except StoreError as error:
        return [str(error)]
    lines = []
    try:
        report = _with_references(report, folder)
    except ValueError as error:
        lines.append(f"{REFERENCE}: {error}")
    contents = contents_of(report)
    tables = {f"data/{name}.csv": frame for name, frame in data_of(report).items()}
    for name, anew in contents.items():
        try:
            written = read_file(inside(folder, *name.split("/")))
            if name in tables:
                found = compare(_table(written), _table(to_csv(tables[name]).encode()), tolerance=tolerance)
            else:
                found = _compare_text(written.decode(), anew, tolerance=tolerance)
        except FileNotFoundError:
            found = "missing from the report"
        except ValueError as error:
            found = f"damaged: {error}"
        lines += [f"{name}: {found}"] if found else []
    reported = {line.partition(":")[0] for line in lines}
    return lines + [f"{name}: no file of this report" for name in others(folder, contents) if name not in reported]


def _with_references(report: Report, folder: Path) -> Report:
    """Return a report with the numbers from elsewhere that were written into it beside its own.

    Raises
    ------
    ValueError : their table is damaged, or they cannot be compared with what was measured.
    """
    try:
        written = read_file(inside(folder, *REFERENCE.split("/")))
    except FileNotFoundError:
        return report
    return beside(report, numbers_beside(_table(written)), source=REFERENCE)


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


def _compare_text(written: str, anew: str, *, tolerance: float) -> str:
    """Return the first line in which two texts differ by more than numbers within the tolerance; empty if none does."""
    texts = (WHEN_MADE.sub(r"\1", text).splitlines() for text in (written, anew))
    for number, (old, new) in enumerate(zip_longest(*texts, fillvalue=""), start=1):
        if old == new:
            continue
        pairs = list(zip_longest(NUMBER.split(old), NUMBER.split(new), fillvalue=""))
        different = [(first, second) for first, second in pairs if not _same(first, second, tolerance)]
        if different:
            at = max(0, _first_difference(old, new) - SHOWN // 2)
            return f"line {number}: {old[at : at + SHOWN].strip()!r}, should be {new[at : at + SHOWN].strip()!r}"
    return ""


def _first_difference(old: str, new: str) -> int:
    return next((k for k, (a, b) in enumerate(zip(old, new, strict=False)) if a != b), min(len(old), len(new)))


def _same(old: object, new: object, tolerance: float) -> bool:
    try:
        first, second = float(str(old)), float(str(new))
    except ValueError:
        return str(old) == str(new)
    both_missing = first != first and second != second  # noqa: PLR0124 — NaN differs from itself
    if math.isinf(first) or math.isinf(second):
        return first == second
    return both_missing or abs(first - second) <= tolerance * max(1.0, abs(second))


def _table(content: bytes) -> pd.DataFrame:
    return pd.read_csv(io.BytesIO(content), keep_default_na=False, dtype=str)
