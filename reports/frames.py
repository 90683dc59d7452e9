"""The tidy frame: one row a number, over all finished runs of a suite; and what of the suite is finished."""

from __future__ import annotations

import io
from contextlib import suppress
from functools import partial
from pathlib import Path

import pandas as pd

from nashlens.reports import atomic
from nashlens.reports.measures import VERSION, measure
from nashlens.reports.run_records import COMMON
from nashlens.reports.safe_files import StoreError, read_file
from nashlens.reports.store import Store
from nashlens.reports.suite import Suite
from nashlens.reports.unmeasured import Unmeasured, attempt, tell
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
    """
    path = store.measures_path(run_id)
    kept = _kept(path)
    if kept is not None:
        return kept
    frame = measured_anew(store, run_id)
    buffer = io.BytesIO()
    frame.assign(version=VERSION).to_parquet(buffer, index=False)
    with suppress(OSError):  # a full disk keeps no measures; who asks next takes the same ones again
        atomic.write_bytes(path, buffer.getvalue(), flush_folder=False)
    return frame


def is_measured(store: Store, run_id: str) -> bool:
    """Return whether the measures of one stored run were taken before, by this version."""
    with suppress(StoreError):  # of a link in their place; who measures says so
        return _kept(store.measures_path(run_id)) is not None
    return False


def measured_anew(store: Store, run_id: str) -> pd.DataFrame:
    """Return the measures of one stored run, taken now.

    Raises
    ------
    StoreError : the run is not there or damaged.
    ValueError : the run cannot be measured.
    """
    return pd.DataFrame(measure(store.read(run_id)), columns=list(MEASURED_COLUMNS))


def load_frame(store: Store, suite: Suite, *, anew: bool = False, lost: list[Unmeasured] | None = None) -> pd.DataFrame:
    """Return the tidy frame of a suite.

    Parameters
    ----------
    store : where the runs are.
    suite : whose runs are wanted; runs that are not done have no rows, see `inventory`.
    anew : True to measure every run again instead of reading what was measured before.
    lost : what cannot be measured is added to it; it is warned of if this is left out.

    Raises
    ------
    StoreError : a link stands where a run should; under `anew` also: a run that counts as done is damaged.
    ValueError : under `anew`: a run cannot be measured of which that is not written down already.
    """
    parts, missing = [], []
    for cell in suite.cells:
        for run in cell.runs:
            run_id = run.run_id
            if store.status(run_id).state != "done":
                continue
            part, reason = attempt(
                store, run_id, COMMON, partial(measured_anew if anew else measured, store, run_id), anew=anew
            )
            if part is None:
                missing.append(
                    Unmeasured(
                        game=cell.game, algorithm=cell.algorithm, seed=run.seed, instrument=COMMON, reason=reason
                    )
                )
                continue
            labels = {"suite": suite.name, "game": cell.game, "algorithm": cell.algorithm, "run_id": run_id}
            parts.append(part.assign(**labels))
    tell(missing, lost)
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


def lost_cells(runs: pd.DataFrame, frame: pd.DataFrame) -> pd.DataFrame:
    """Return the cells that were run and gave no number, with ``game, algorithm, reason``.

    Parameters
    ----------
    runs : as `inventory` returns them.
    frame : what was measured of them.
    """
    lost, measured_ids = [], set(frame["run_id"])
    for (game, algorithm), part in runs.groupby(["game", "algorithm"], sort=False):
        failed = int((part["state"] == "failed").sum())
        done = part.loc[part["state"] == "done", "run_id"]
        if failed + len(done) == 0 or done.isin(measured_ids).any():
            continue
        reasons = [f"{failed} of {counted(len(part), 'run')} failed"] if failed else []
        reasons += [f"{len(done)} of {counted(len(part), 'run')} could not be measured"] if len(done) else []
        lost.append((game, algorithm, ", ".join(reasons)))
    return pd.DataFrame(lost, columns=["game", "algorithm", "reason"])


def _kept(path: Path) -> pd.DataFrame | None:
    try:
        frame = pd.read_parquet(io.BytesIO(read_file(path)))
    except Exception:  # a damaged file makes its reader raise whatever it likes; what it held is measured again
        return None
    if list(frame.columns) != [*MEASURED_COLUMNS, "version"] or not (frame["version"] == VERSION).all():
        return None
    return frame.drop(columns="version")
