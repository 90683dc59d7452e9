"""Measuring stored runs by instruments, once each, and keeping what came out beside them."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path

import pandas as pd

from nashlens.games import Game, make
from nashlens.reports import atomic
from nashlens.reports.frames import COLUMNS, MEASURED_COLUMNS
from nashlens.reports.instruments.contract import Comparisons, StoredRuns
from nashlens.reports.instruments.estimate_rows import ESTIMATE_COLUMNS
from nashlens.reports.instruments.registry import instrument
from nashlens.reports.run_records import COMMON
from nashlens.reports.safe_files import StoreError, read_file, read_json
from nashlens.reports.store import Store
from nashlens.reports.suite import Cell, Suite
from nashlens.reports.unmeasured import Unmeasured, attempt, failures_of, reason_of, tell

VERSION_COLUMN = "version"
FRAME_NAME = re.compile(r"[a-z0-9_]{1,64}")


def instruments_of(suite: Suite) -> list[str]:
    """Return the instruments that a suite asks for, in the order of the file."""
    return list(dict.fromkeys(name for cell in suite.cells for name in cell.metrics))


def measured_by(name: str, store: Store, run_id: str, *, anew: bool = False) -> pd.DataFrame:
    """Return what an instrument measures of one stored run, from its file if it was measured before.

    Parameters
    ----------
    name : of the instrument.
    store : where the run is.
    run_id : which.
    anew : True to measure now, and to keep nothing. Times that passed are then those of the first measuring, where its
        file is there: nothing repeats them. Of a file of an earlier version that is read too, rows that it lacks are
        left out, so that a report of it can be checked.

    Raises
    ------
    StoreError : the run is not there or damaged.
    ValueError : there is no such instrument, or the run lacks what it needs.
    """
    chosen = instrument(name)
    path = store.measures_path(run_id, name)
    kept, older = _kept(path, chosen.version), None
    if kept is None:
        earlier = (_kept(path, version) for version in getattr(chosen, "reads", ()))
        kept = older = next((frame for frame in earlier if frame is not None), None)
    if kept is not None and not anew:
        return kept
    run = store.read(run_id)
    game = make(run.spec.name, **run.spec.parameters)
    rows = [{"seed": run.seed, **each} for each in chosen.measure(run, game)]
    frame = pd.DataFrame(rows, columns=list(MEASURED_COLUMNS))
    if not anew:
        with suppress(OSError):  # a full disk keeps no measures; who asks next takes the same ones again
            _keep(frame, path, chosen.version)
    elif kept is not None:
        frame = _with_times_of(kept, frame, [each.name for each in chosen.quantities if each.timing])
    return frame if older is None else frame[frame["metric"].isin(older["metric"])].reset_index(drop=True)


def is_measured_by(name: str, store: Store, run_id: str) -> bool:
    """Return whether an instrument measured one stored run before, in the version that it has here."""
    with suppress(StoreError):  # as in `frames.is_measured`
        return _kept(store.measures_path(run_id, name), instrument(name).version) is not None
    return False


def _with_times_of(kept: pd.DataFrame, frame: pd.DataFrame, times: Sequence[str]) -> pd.DataFrame:
    """Return a frame with the times of another, where both have a row for the same agent at the same step."""
    place = ["metric", "agent", "step"]
    known = kept[kept["metric"].isin(times)].set_index(place)["value"].to_dict()
    if not known:
        return frame
    places = zip(*(frame[column] for column in place), strict=True)
    values = [known.get(at, value) for at, value in zip(places, frame["value"], strict=True)]
    return frame.assign(value=values)


def frame_by(
    name: str, store: Store, suite: Suite, *, anew: bool = False, lost: list[Unmeasured] | None = None
) -> pd.DataFrame:
    """Return the tidy frame of what an instrument measures of a suite's finished runs.

    Parameters
    ----------
    name : of the instrument.
    store, suite, anew, lost : as for `frames.load_frame`.

    Raises
    ------
    StoreError, ValueError : as for `frames.load_frame`.
    """
    parts, missing = [], []
    for cell in suite.cells:
        for run in cell.runs if name in cell.metrics else ():
            if not _is_usable(store, run.run_id):
                continue
            take = partial(measured_by, name, store, run.run_id, anew=anew)
            part, reason = attempt(store, run.run_id, name, take, anew=anew)
            if part is None:
                missing.append(
                    Unmeasured(game=cell.game, algorithm=cell.algorithm, seed=run.seed, instrument=name, reason=reason)
                )
                continue
            labels = {"suite": suite.name, "game": cell.game, "algorithm": cell.algorithm, "run_id": run.run_id}
            if len(part):  # an empty one has no types, and would take them from the others
                parts.append(part.assign(**labels))
    tell(missing, lost)
    return pd.concat(parts, ignore_index=True)[list(COLUMNS)] if parts else pd.DataFrame(columns=list(COLUMNS))


def comparisons_by(
    name: str, store: Store, suite: Suite, *, anew: bool = False, lost: list[Unmeasured] | None = None
) -> dict[str, Comparisons]:
    """Return what an instrument finds in the finished runs of each game, from the store if it was found before.

    Parameters
    ----------
    name : of the instrument.
    store, suite : whose runs.
    anew : True to compare again, and to keep nothing.
    lost : games whose runs cannot be compared are added to it; if it is left out, that is raised.

    Raises
    ------
    Exception : runs cannot be compared, and `lost` is left out.
    """
    found = {}
    for label in dict.fromkeys(cell.game for cell in suite.cells if name in cell.metrics):
        cells = [cell for cell in suite.cells if cell.game == label]
        done = {cell.algorithm: _done(store, cell) for cell in cells}
        done = {algorithm: runs for algorithm, runs in done.items() if runs}
        if not done:
            continue
        first = cells[0].runs[0]
        try:
            found[label] = _compared(name, store, done, make(first.game, **first.parameters), label=label, anew=anew)
        except Exception as error:  # of whatever kind: the other games and instruments go on
            if lost is None:
                raise
            reason = reason_of(error, store)
            lost.append(Unmeasured(game=label, algorithm="", seed=None, instrument=name, reason=reason))
    return found


def _done(store: Store, cell: Cell) -> list[str]:
    return [run.run_id for run in cell.runs if _is_usable(store, run.run_id)]


def _is_usable(store: Store, run_id: str) -> bool:
    """Return whether a run is done, and what the report tried first, its common measures, did not fail."""
    return store.status(run_id).state == "done" and COMMON not in failures_of(store, run_id)


def _compared(
    name: str, store: Store, done: Mapping[str, list[str]], game: Game, *, label: str, anew: bool
) -> Comparisons:
    chosen = instrument(name)
    # A run trained again under the same id has other checksums: what was found in the old one does not hold for it.
    made = {
        algorithm: [(run_id, dict(store.status(run_id).checksums)) for run_id in runs]
        for algorithm, runs in done.items()
    }
    key = atomic.digest(atomic.canonical_json([name, chosen.version, list(ESTIMATE_COLUMNS), label, made]).encode())
    folder = store.path("comparisons", key)
    if not anew and (kept := _kept_frames(folder, chosen.version)) is not None:
        return kept
    runs = {
        algorithm: StoredRuns(
            [partial(store.read, run_id) for run_id in run_ids],
            processor_seconds=[store.status(run_id).processor_seconds for run_id in run_ids],
        )
        for algorithm, run_ids in done.items()
    }
    frames = dict(chosen.compare(runs, game, label=label))
    if not anew:
        with suppress(OSError):  # as above
            _keep_frames(frames, store.folder("comparisons", key), chosen.version)
    return frames


def _keep_frames(frames: Mapping[str, pd.DataFrame], folder: Path, version: int) -> None:
    for name, frame in frames.items():
        if not FRAME_NAME.fullmatch(name):
            raise ValueError(f"the name of a frame must be of lower-case letters, digits and _, not {name!r}")
        _keep(frame, folder / f"{name}.parquet", version)
    atomic.write_json(folder / "frames.json", {"frames": list(frames)})


def _kept_frames(folder: Path, version: int) -> Comparisons | None:
    try:
        names = list(read_json(folder / "frames.json")["frames"])
    except (OSError, KeyError, TypeError, ValueError):
        return None
    kept = {str(name): _kept(folder / f"{name}.parquet", version) for name in names if FRAME_NAME.fullmatch(str(name))}
    frames = {name: frame for name, frame in kept.items() if frame is not None}
    return frames if len(frames) == len(names) else None


def _keep(frame: pd.DataFrame, path: Path, version: int) -> None:
    buffer = io.BytesIO()
    marked = frame.assign(**{VERSION_COLUMN: version})
    marked.attrs = {VERSION_COLUMN: version}  # a frame without rows says its version too
    marked.to_parquet(buffer, index=False)
    atomic.write_bytes(path, buffer.getvalue())


def _kept(path: Path, version: int) -> pd.DataFrame | None:
    try:
        frame = pd.read_parquet(io.BytesIO(read_file(path)))
    except Exception:  # a damaged file makes its reader raise whatever it likes; what it held is measured again
        return None
    if VERSION_COLUMN not in frame or not (frame[VERSION_COLUMN] == version).all():
        return None
    if frame.empty and frame.attrs.get(VERSION_COLUMN) != version:
        return None
    frame.attrs = {}
    return frame.drop(columns=VERSION_COLUMN)
