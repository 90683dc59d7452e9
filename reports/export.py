"""The tidy frame of a suite as one file, for other programs."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Literal

import pandas as pd

from nashlens.reports import atomic
from nashlens.reports.frames import load_frame
from nashlens.reports.instruments.measuring import frame_by, instruments_of
from nashlens.reports.store import Store
from nashlens.reports.suite import Suite

Format = Literal["parquet", "csv"]


def tidy_frame(store: Store, suite: Suite) -> pd.DataFrame:
    """Return every number of a suite's finished runs: the common measures, then those of its instruments.

    Parameters
    ----------
    store : where the runs are.
    suite : whose runs are wanted.

    Returns
    -------
    Frame with the columns `frames.COLUMNS`, one row a number.

    Raises
    ------
    StoreError : a run that counts as done is damaged.
    ValueError : a run cannot be measured.
    """
    parts = [load_frame(store, suite), *(frame_by(name, store, suite) for name in instruments_of(suite))]
    filled = [part for part in parts if len(part)]
    return pd.concat(filled, ignore_index=True) if filled else parts[0]


def export(store: Store, suite: Suite, path: Path, *, format: Format | None = None) -> int:
    """Write the tidy frame of a suite to one file; return its number of rows.

    Parameters
    ----------
    store, suite : as for `tidy_frame`.
    path : the file; one that is there is replaced, and only by a whole one.
    format : of the file; what the end of its name says if left out.

    Raises
    ------
    ValueError : the name of the file says no format and none is given, or it is a folder.
    StoreError : a run that counts as done is damaged.
    OSError : the file cannot be written.
    """
    chosen = format or path.suffix.removeprefix(".").lower()
    if chosen not in ("parquet", "csv"):
        raise ValueError(f"format must be parquet or csv, or the name of the file must end so; out is {path.name!r}")
    if path.is_dir():
        raise ValueError(f"out must be a file, not the folder {path}")
    if not path.parent.is_dir():
        raise ValueError(f"out: there is no folder {path.parent}")
    frame = tidy_frame(store, suite)
    atomic.write_bytes(path, _content(frame, chosen))
    return len(frame)


def _content(frame: pd.DataFrame, chosen: str) -> bytes:
    if chosen == "csv":
        # Python's shortest digits: a number that is read back is the number that was written.
        return frame.to_csv(index=False).encode()
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()
