"""The folder that suites and their runs live in, written so that a crash or a second writer leaves it readable.

Below it stand ``suites/NAME.json``, what a suite asks for; ``runs/RUN_ID/``, one run each, whose ``status.json`` holds
the checksums of its other files and is written last; and what can be made again from these. `docs/store.md` has all.

A run without ``status.json`` is not there. Every file is put in place by a rename. Links in place of a run's folder or
files are refused: they could lead anywhere.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nashlens.reports import atomic
from nashlens.reports.run_records import COMMON, Status, read_record, read_status, verified_spec, write_record
from nashlens.reports.run_spec import RunSpec
from nashlens.reports.safe_files import DamageError, StoreError, inside, read_json, why

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun
    from nashlens.reports.provenance import Provenance
    from nashlens.reports.suite import Suite

__all__ = ["MARK", "SCHEMA", "Store", "StoreError"]

SCHEMA = 1
MARK = "nashlens.json"


class Store:
    """A folder of runs.

    Parameters
    ----------
    root : the folder; see `Store.create` and `Store.existing`.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def create(cls, root: str | Path) -> Store:
        """Return the store at `root`, made if there is none.

        Raises
        ------
        StoreError : the folder cannot be written to, or holds something that is no store.
        """
        path = Path(root)
        if (path / MARK).exists():
            store = cls.existing(path)
            if not os.access(path, os.W_OK):
                raise StoreError(f"out: cannot write to {path}: permission denied")
            return store
        try:
            # Another process may be making the same store just now: its mark, half written or whole, is not foreign.
            foreign = path.is_dir() and any(not each.name.startswith(f".{MARK}.") for each in path.iterdir())
            if foreign and (path / MARK).exists():
                return cls.existing(path)
            if foreign:
                raise StoreError(f"out: {path} holds other files; give a new or empty folder")
            path.mkdir(parents=True, exist_ok=True)
            atomic.write_json(path / MARK, {"schema": SCHEMA})
        except OSError as error:
            raise StoreError(f"out: cannot write to {path}: {why(error)}") from error
        return cls(path)

    @classmethod
    def existing(cls, root: str | Path) -> Store:
        """Return the store at `root`.

        Raises
        ------
        StoreError : there is none, or it has another schema.
        """
        path = Path(root)
        if not (path / MARK).is_file():
            raise StoreError(f"{path} is no folder of nashlens runs: it has no {MARK}")
        schema = read_json(path / MARK).get("schema")
        if schema != SCHEMA:
            raise StoreError(f"{path / MARK} has schema {schema!r}; this version reads {SCHEMA}")
        return cls(path)

    def add_suite(self, suite: Suite) -> None:
        """Write down what a suite asks for; one of the same name is replaced.

        Raises
        ------
        StoreError : it cannot be written down.
        """
        path = self.folder("suites") / f"{suite.name}.json"
        try:
            # Not sorted: the order of games and algorithms is the order of the report.
            atomic.write_text(path, json.dumps(suite.to_json(), indent=1) + "\n")
        except OSError as error:
            raise StoreError(f"out: cannot write to {path}: {why(error)}") from error

    def suite_names(self) -> list[str]:
        """Return the names of the suites that were run here."""
        return sorted(path.stem for path in self.path("suites").glob("*.json"))

    def suite(self, name: str | None = None) -> Suite:
        """Return one suite; the only one if no name is given.

        Raises
        ------
        StoreError : there is no such suite, or several and no name, or its file is damaged.
        """
        from nashlens.reports.suite import suite_from_json

        known = self.suite_names()
        if name is None and len(known) != 1:
            raise StoreError(f"suite: say which of {', '.join(known)}" if known else f"{self.root} holds no suite")
        chosen = known[0] if name is None else name
        if chosen not in known:
            raise StoreError(f"suite: {self.root} holds no {chosen!r}; it holds {', '.join(known) or 'none'}")
        path = self.path("suites", f"{chosen}.json")
        try:
            return suite_from_json(read_json(path))
        except (FileNotFoundError, KeyError, TypeError, ValueError) as error:
            raise DamageError(f"{path} is damaged, or of another version: {str(error).splitlines()[0]}") from error

    def status(self, run_id: str) -> Status:
        """Return where a run stands; ``planned`` if nothing was written of it, or its record is damaged.

        Damage is what makes a run be made again; `read` says what the damage is.
        """
        return read_status(self._run(run_id))

    def write_done(
        self,
        spec: RunSpec,
        run: TrainingRun,
        *,
        provenance: Provenance,
        seconds: float,
        processor_seconds: float = 0.0,
    ) -> None:
        """Store a run that was trained to its end."""
        folder = self.folder("runs", spec.run_id)
        write_record(folder, spec, run, provenance=provenance, seconds=seconds, processor_seconds=processor_seconds)

    def write_failed(
        self,
        spec: RunSpec,
        reason: str,
        *,
        provenance: Provenance,
        seconds: float,
        run: TrainingRun | None = None,
        details: str = "",
    ) -> None:
        """Store that a run failed and why, with what there is of it.

        Raises
        ------
        ValueError : no reason is given.
        """
        if not reason:
            raise ValueError("reason must say why the run failed; it is empty")
        folder = self.folder("runs", spec.run_id)
        write_record(folder, spec, run, provenance=provenance, seconds=seconds, reason=reason, details=details)

    def read(self, run_id: str) -> TrainingRun:
        """Return a stored run.

        Raises
        ------
        StoreError : the run is not there, a file is missing or damaged, or it is not the run that its name says.
        """
        return read_record(self._run(run_id), run_id)

    def verify(self, run_id: str) -> RunSpec:
        """Return a run's specification after its files were held against their checksums.

        Raises
        ------
        DamageError : a file is missing, damaged or foreign.
        """
        return verified_spec(self._run(run_id), run_id)

    def provenance(self, run_id: str) -> dict[str, Any]:
        """Return what a run was made with.

        Raises
        ------
        DamageError : the file is missing or damaged.
        """
        path = self._run(run_id) / "provenance.json"
        try:
            return read_json(path)
        except FileNotFoundError as error:
            raise DamageError(f"{path} is missing") from error

    def lock_path(self, run_id: str) -> Path:
        """Return the file that the process locks which works on a run."""
        self._run(run_id)
        return self.path("locks", run_id)

    def measures_path(self, run_id: str, instrument: str = COMMON) -> Path:
        """Return where the common measures of a run are kept, or those of one instrument.

        Raises
        ------
        StoreError : `instrument` is no plain name, or a link stands there.
        """
        if not instrument.isidentifier():
            raise StoreError(f"instrument must be a plain name, not {instrument!r}")
        return inside(self._run(run_id), f"{instrument}.parquet")

    def path(self, *names: str) -> Path:
        """Return where something of the store stands or would stand, one name a level.

        Raises
        ------
        StoreError : a link stands on the way, or a name is no plain one.
        """
        return inside(self.root, *names)

    def folder(self, *names: str) -> Path:
        """Return a folder of the store, made if it is not there.

        Raises
        ------
        StoreError : it cannot be made, or a link stands on the way.
        """
        path = self.path(*names)
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError(f"out: cannot write to {path}: {why(error)}") from error
        return path

    def _run(self, run_id: str) -> Path:
        if len(run_id) != 64 or any(c not in "0123456789abcdef" for c in run_id):
            raise StoreError(f"run_id must be 64 hexadecimal digits, not {run_id!r}")
        return inside(self.root, "runs", run_id)
