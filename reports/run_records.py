"""The record of one run: a folder of files whose checksums are written last, and with them whether it is done.

``status.json`` holds the SHA-256 of every other file of the record. A folder without it holds no run, so that a record
that was cut off while it was written counts as not there.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from nashlens.reports import atomic
from nashlens.reports.run_spec import RunSpec
from nashlens.reports.safe_files import DamageError, StoreError, read_file, read_json

if TYPE_CHECKING:
    from collections.abc import Mapping

    from nashlens.agents.records import TrainingRun
    from nashlens.reports.provenance import Provenance

ALWAYS = ("spec.json", "provenance.json")
TRAINED = ("settings.json", "arrays.safetensors")
RECORD_FILES = (*ALWAYS, *TRAINED, "error.txt")
UNMEASURED = "unmeasured.json"
COMMON = "measures"  # what every run is measured by, beside its suite's instruments


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """Where a run stands.

    Attributes
    ----------
    state : ``planned`` before it was run, then ``done`` or ``failed``.
    reason : why it failed; empty otherwise.
    seconds : how long its job took, over the number of seeds that it trained together.
    processor_seconds : how long processors worked on the job, likewise; 0 where that was not measured. Unlike the time
        on the clock it does not grow when other work shares the machine.
    checksums : SHA-256 of each file of the record.
    """

    state: Literal["planned", "done", "failed"]
    reason: str = ""
    seconds: float = 0.0
    processor_seconds: float = 0.0
    checksums: Mapping[str, str] = field(default_factory=dict)


def read_status(folder: Path) -> Status:
    """Return where the run in a folder stands; ``planned`` if nothing was written of it, or its record is damaged."""
    path = folder / "status.json"
    try:
        found = read_json(path)
        if found["state"] not in {"done", "failed"}:
            raise ValueError(f"state must be done or failed, not {found['state']!r}")
        return Status(
            state=found["state"],
            reason=str(found["reason"]),
            seconds=float(found["seconds"]),
            processor_seconds=float(found.get("processor_seconds", 0.0)),
            checksums={str(name): str(checksum) for name, checksum in dict(found["checksums"]).items()},
        )
    except FileNotFoundError:
        return Status(state="planned")
    except (KeyError, TypeError, ValueError):
        return Status(state="planned", reason=f"{path.name} is damaged")


def write_record(
    folder: Path,
    spec: RunSpec,
    run: TrainingRun | None,
    *,
    provenance: Provenance,
    seconds: float,
    processor_seconds: float = 0.0,
    reason: str = "",
    details: str = "",
) -> None:
    """Write the record of a run over what its folder holds; failed where a reason is given, done otherwise.

    Parameters
    ----------
    folder : of the run.
    spec : what was asked for.
    run : what came of it; None where there is nothing.
    provenance : what it was made with.
    seconds, processor_seconds, reason : as in `Status`.
    details : where it broke off, such as a traceback.

    Raises
    ------
    OSError : the folder cannot be written to or the disk is full; then the run counts as not there.
    """
    from safetensors.numpy import save

    from nashlens.agents import records

    contents = {"spec.json": _json_bytes(spec.to_json()), "provenance.json": _json_bytes(provenance.to_json())}
    if run is not None:
        arrays, settings = records.pack(run)
        contents["settings.json"] = _json_bytes(settings)
        contents["arrays.safetensors"] = save(_contiguous(arrays))
    if details:
        contents["error.txt"] = details.encode()
    (folder / "status.json").unlink(missing_ok=True)
    for name, content in contents.items():
        atomic.write_bytes(folder / name, content, flush_folder=False)  # status.json, the last, flushes for all
    checksums = {name: atomic.digest(content) for name, content in contents.items()}
    status = Status(
        state="failed" if reason else "done",
        reason=reason,
        seconds=seconds,
        processor_seconds=processor_seconds,
        checksums=checksums,
    )
    for made_again in (*folder.glob("*.parquet"), folder / UNMEASURED, *(folder / name for name in RECORD_FILES)):
        if made_again.name not in contents:
            made_again.unlink(missing_ok=True)
    atomic.write_json(folder / "status.json", asdict(status))


def verified_spec(folder: Path, run_id: str) -> RunSpec:
    """Return the specification of the run in a folder after its files were held against their checksums.

    Raises
    ------
    DamageError : a file is missing, damaged or foreign.
    """
    status = read_status(folder)
    if status.state == "planned":
        raise DamageError(f"{folder / 'status.json'} is missing or damaged")
    trained = status.state == "done" or any(name in status.checksums for name in TRAINED)
    unsigned = [name for name in (*ALWAYS, *(TRAINED if trained else ())) if name not in status.checksums]
    if unsigned:
        raise DamageError(f"{folder / 'status.json'} is damaged: it has no checksum of {unsigned[0]}")
    for name, expected in status.checksums.items():
        path = folder / name
        if name not in RECORD_FILES:
            raise DamageError(f"{folder / 'status.json'} is damaged: {name!r} is no file of a run")
        try:
            found = atomic.digest(read_file(path))
        except FileNotFoundError as error:
            raise DamageError(f"{path} is missing") from error
        if found != expected:
            raise DamageError(f"{path} is damaged: its checksum differs from the one in status.json")
    try:
        spec = RunSpec(**read_json(folder / "spec.json"))
    except (TypeError, FileNotFoundError) as error:
        raise DamageError(f"{folder / 'spec.json'} is no run of this version: {error}") from error
    if spec.run_id != run_id:
        raise DamageError(f"{folder} holds another run: {spec.run_id}")
    return spec


def read_record(folder: Path, run_id: str) -> TrainingRun:
    """Return the run in a folder, its checksums held first.

    Raises
    ------
    StoreError : the run is not there, a file is missing or damaged, or it is not the run that its name says.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    from nashlens.agents import records

    verified_spec(folder, run_id)
    if "arrays.safetensors" not in read_status(folder).checksums:
        raise StoreError(f"{folder} has no arrays: the run failed before it had any")
    try:
        arrays = load(read_file(folder / "arrays.safetensors"))
        return records.unpack(arrays, read_json(folder / "settings.json"))
    except (SafetensorError, KeyError, TypeError, ValueError) as error:
        raise DamageError(f"{folder} holds no training run that this version can read: {error}") from error


def _contiguous(arrays: Mapping[str, npt.NDArray[Any]]) -> dict[str, npt.NDArray[Any]]:
    return {name: np.asarray(array, order="C") for name, array in arrays.items()}


def _json_bytes(value: Any) -> bytes:
    return (json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False) + "\n").encode()
