"""The tidy frame of a suite as one file, for other programs."""

from __future__ import annotations

import io
from collections.abc import Collection
from dataclasses import replace
from pathlib import Path
from typing import Literal

import pandas as pd

from nashlens.reports import atomic
from nashlens.reports.frames import is_measured, load_frame
from nashlens.reports.instruments.measuring import frame_by, instruments_of, is_measured_by
from nashlens.reports.store import Store
from nashlens.reports.suite import Suite
from nashlens.reports.unmeasured import Unmeasured

Format = Literal["parquet", "csv"]


def tidy_frame(
    store: Store, suite: Suite, *, leave_out: Collection[str] = (), lost: list[Unmeasured] | None = None
) -> pd.DataFrame:
    """Return every number of a suite's finished runs: the common measures, then those of its instruments.

    Parameters
    ----------
    store : where the runs are.
    suite : whose runs are wanted; those that are not measured yet are measured now.
    leave_out : ids of runs that are not wanted.
    lost : what cannot be measured is added to it; it is warned of if this is left out.

    Returns
    -------
    Frame with the columns `frames.COLUMNS`, one row a number.

    Raises
    ------
    StoreError : a link stands where a run should.
    """
    cells = [replace(cell, runs=tuple(run for run in cell.runs if run.run_id not in leave_out)) for cell in suite.cells]
    wanted = replace(suite, cells=tuple(cells))
    parts = [load_frame(store, wanted, lost=lost)]
    parts += [frame_by(name, store, wanted, lost=lost) for name in instruments_of(wanted)]
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else parts[0]


def unmeasured_runs(store: Store, suite: Suite) -> tuple[frozenset[str], int]:
    """Return the ids of a suite's finished runs that `tidy_frame` has to measure, and how many are finished.

    Parameters
    ----------
    store : where the runs are.
    suite : whose runs are wanted.
    """
    done = [
        (run.run_id, cell.metrics)
        for cell in suite.cells
        for run in cell.runs
        if store.status(run.run_id).state == "done"
    ]
    waiting = (
        run_id
        for run_id, metrics in done
        if not (is_measured(store, run_id) and all(is_measured_by(name, store, run_id) for name in metrics))
    )
    return frozenset(waiting), len(done)


def export(
    store: Store, suite: Suite, path: Path, *, format: Format | None = None, lost: list[Unmeasured] | None = None
) -> int:
    """Write the tidy frame of a suite to one file; return its number of rows.

    Parameters
    ----------
    store, suite, lost : as for `tidy_frame`.
    path : the file; one that is there is replaced, and only by a whole one.
    format : of the file; what the end of its name says if left out.

    Raises
    ------
    ValueError : `checked_format` refuses the file.
    StoreError : a link stands where a run should.
    OSError : the file cannot be written.
    """
    chosen = checked_format(path, format)
    frame = tidy_frame(store, suite, lost=lost)
    atomic.write_bytes(path, _content(frame, chosen))
    return len(frame)


def checked_format(path: Path, format: Format | None) -> Format:
    """Return the format of a file that can be written.

    Parameters
    ----------
    path, format : as for `export`.

    Raises
    ------
    ValueError : the name of the file says no format and none is given, or it is a folder, or would stand in none.
    """
    chosen = format or path.suffix.removeprefix(".").lower()
    if chosen not in ("parquet", "csv"):
        raise ValueError(f"format must be parquet or csv, or the name of the file must end so; out is {path.name!r}")
    if path.is_dir():
        raise ValueError(f"out must be a file, not the folder {path}")
    if not path.parent.is_dir():
        raise ValueError(f"out: there is no folder {path.parent}")
    return "parquet" if chosen == "parquet" else "csv"


def _content(frame: pd.DataFrame, chosen: Format) -> bytes:
    if chosen == "csv":
        # Python's shortest digits: a number that is read back is the number that was written.
        return frame.to_csv(index=False).encode()
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()
