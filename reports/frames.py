"""The tidy frame: one row a number, over all finished runs of a suite; and what of the suite is finished."""

from __future__ import annotations

import io

import pandas as pd

from nashlens.reports import atomic
from nashlens.reports.measures import VERSION, measure
from nashlens.reports.store import Store
from nashlens.reports.suite import Suite
from nashlens.reports.words import counted

COLUMNS = (
    "suite",
    "game",
    "algorithm",
    "run_id",
    "seed",
    "step",
    "agent",
    "metric",
    "value",
    "bound",
    "unit",
    "n",
)
MEASURED_COLUMNS = COLUMNS[4:]
INVENTORY_COLUMNS = ("game", "algorithm", "seed", "run_id", "state", "reason", "seconds")


def measured(store: Store, run_id: str) -> pd.DataFrame:
    """Return the measures of one stored run, from its file if they were taken before, taken now and kept otherwise.

    Raises
    ------
    StoreError : the run is not there or damaged.
    ValueError : the run cannot be measured; see `measures.measure`.
    OSError : the measures cannot be kept.
    """
    path = store.measures_path(run_id)
    kept = _kept(path.read_bytes()) if path.is_file() else None
    if kept is not None:
        return kept
    frame = measured_anew(store, run_id)
    buffer = io.BytesIO()
    frame.assign(version=VERSION).to_parquet(buffer, index=False)
    atomic.write_bytes(path, buffer.getvalue(), flush_folder=False)
    return frame


def measured_anew(store: Store, run_id: str) -> pd.DataFrame:
    """Return the measures of one stored run, taken now.

    Raises
    ------
    StoreError : the run is not there or damaged.
    ValueError : the run cannot be measured.
    """
    return pd.DataFrame(measure(store.read(run_id)), columns=list(MEASURED_COLUMNS))


def load_frame(store: Store, suite: Suite, *, anew: bool = False) -> pd.DataFrame:
    """Return the tidy frame of a suite.

    Parameters
    ----------
    store : where the runs are.
    suite : whose runs are wanted; runs that are not done have no rows, see `inventory`.
    anew : True to measure every run again instead of reading what was measured before.

    Raises
    ------
    StoreError : a run that counts as done is damaged.
    ValueError : a run cannot be measured.
    """
    parts = []
    for cell in suite.cells:
        for run in cell.runs:
            run_id = run.run_id
            if store.status(run_id).state != "done":
                continue
            part = measured_anew(store, run_id) if anew else measured(store, run_id)
            labels = {"suite": suite.name, "game": cell.game, "algorithm": cell.algorithm, "run_id": run_id}
            parts.append(part.assign(**labels))
    if not parts:
        return pd.DataFrame(columns=list(COLUMNS))
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)]


def inventory(store: Store, suite: Suite) -> pd.DataFrame:
    """Return one row a planned run: its state, why it failed, and how long it took in seconds."""
    rows = []
    for cell in suite.cells:
        for run in cell.runs:
            run_id = run.run_id
            status = store.status(run_id)
            rows.append((cell.game, cell.algorithm, run.seed, run_id, status.state, status.reason, status.seconds))
    return pd.DataFrame(rows, columns=list(INVENTORY_COLUMNS))


def lost_cells(runs: pd.DataFrame) -> pd.DataFrame:
    """Return the cells of which some runs failed and none is done, with ``game, algorithm, reason``.

    Parameters
    ----------
    runs : as `inventory` returns them.
    """
    lost = []
    for (game, algorithm), part in runs.groupby(["game", "algorithm"], sort=False):
        failed = int((part["state"] == "failed").sum())
        if failed and not (part["state"] == "done").any():
            lost.append((game, algorithm, f"{failed} of {counted(len(part), 'run')} failed"))
    return pd.DataFrame(lost, columns=["game", "algorithm", "reason"])


def _kept(content: bytes) -> pd.DataFrame | None:
    try:
        frame = pd.read_parquet(io.BytesIO(content))
    except (OSError, ValueError):
        return None
    if list(frame.columns) != [*MEASURED_COLUMNS, "version"] or not (frame["version"] == VERSION).all():
        return None
    return frame.drop(columns="version")
