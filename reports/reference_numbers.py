"""Numbers from elsewhere, as a reader gives them in a CSV file, to stand beside the measured ones.

One row a number, with the columns

``game``, ``algorithm``
    as the suite labels them.
``metric``
    as the column of that name in ``data/table-estimates.csv``, such as ``final_return``.
``value``
    a number, in the unit of the metric.
``source``
    where it was published.
``agent``
    whose number it is; empty or left out where it belongs to all agents.
``low``, ``high``
    its interval; empty or left out where there is none.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

REQUIRED = ("game", "algorithm", "metric", "value", "source")
OPTIONAL = ("agent", "low", "high")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceNumber:
    """A published number.

    Attributes
    ----------
    line : of the file that it stands in.
    game, algorithm, metric, agent : what it is a number of; `agent` is empty for all agents.
    value : the number.
    low, high : its interval; NaN where there is none.
    source : where it was published.
    """

    line: int
    game: str
    algorithm: str
    metric: str
    agent: str
    value: float
    low: float
    high: float
    source: str


def read_reference(path: Path) -> tuple[ReferenceNumber, ...]:
    """Return the numbers of a file.

    Raises
    ------
    OSError : the file cannot be read.
    ValueError : it is not as described above; the error names the file and the line.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} must be UTF-8 text: {error.reason} at byte {error.start}") from error
    return parse_reference(text, source=str(path))


def parse_reference(text: str, *, source: str = "reference") -> tuple[ReferenceNumber, ...]:
    """Return the numbers that a CSV text holds.

    Parameters
    ----------
    text : as described above.
    source : how to call it in an error.

    Raises
    ------
    ValueError : a column is missing or unknown, a row has too few or too many fields, a number is none, an interval
        does not hold its value, a number stands twice, or there is no row.
    """
    reader = csv.reader(StringIO(text), strict=True)
    found: list[ReferenceNumber] = []
    lines: dict[tuple[str, ...], int] = {}
    header: list[str] | None = None
    try:
        for row in reader:
            where = f"{source}, line {reader.line_num}"
            if not any(field.strip() for field in row):
                continue
            if header is None:
                header = _checked_header([field.strip() for field in row], where=where)
                continue
            number = _number(row, header, line=reader.line_num, where=where)
            key = (number.game, number.algorithm, number.metric, number.agent, number.source)
            if key in lines:
                raise ValueError(f"{where}: the same number stands in line {lines[key]}")
            lines[key] = number.line
            found.append(number)
    except csv.Error as error:
        raise ValueError(f"{source}, line {reader.line_num}: no CSV: {error}") from error
    if not found:
        raise ValueError(f"{source} must have a header and at least one row of numbers; it has none")
    return tuple(found)


def _checked_header(header: Sequence[str], *, where: str) -> list[str]:
    missing = [name for name in REQUIRED if name not in header]
    unknown = [name for name in header if name not in {*REQUIRED, *OPTIONAL}]
    if missing:
        raise ValueError(
            f"{where}: the columns {', '.join(REQUIRED)} are needed, with commas between them; missing: "
            f"{', '.join(missing)}"
        )
    if unknown or len(set(header)) < len(header):
        wrong = unknown[0] if unknown else next(name for name in header if header.count(name) > 1)
        raise ValueError(
            f"{where}: column {wrong!r} is unknown or stands twice; known: {', '.join((*REQUIRED, *OPTIONAL))}"
        )
    return list(header)


def _number(row: Sequence[str], header: Sequence[str], *, line: int, where: str) -> ReferenceNumber:
    if len(row) != len(header):
        raise ValueError(f"{where}: {len(row)} fields, but the header has {len(header)}")
    fields = {name: field.strip() for name, field in zip(header, row, strict=True)}
    empty = [name for name in REQUIRED if not fields[name]]
    if empty:
        raise ValueError(f"{where}: {empty[0]} is empty")
    value = _finite(fields, "value", where=where)
    low, high = (_finite(fields, name, where=where) if fields.get(name) else math.nan for name in ("low", "high"))
    if math.isnan(low) != math.isnan(high):
        raise ValueError(f"{where}: low and high must both be given, or neither")
    if low > value or value > high:
        raise ValueError(f"{where}: value must lie between low and high, not {value:g} outside {low:g} to {high:g}")
    words = {name: fields.get(name, "") for name in ("game", "algorithm", "metric", "agent", "source")}
    return ReferenceNumber(line=line, value=value, low=low, high=high, **words)


def _finite(fields: Mapping[str, str], name: str, *, where: str) -> float:
    try:
        value = float(fields[name].replace("−", "-"))
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(f"{where}: {name} must be a finite number, not {fields[name]!r}")
    return value
