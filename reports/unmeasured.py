"""What could not be measured of finished runs: said beside each run, in `suite status` and in the report.

A run that was trained is stored and good, whatever goes wrong when it is measured. So each failure of an instrument is
written into the run's folder with its reason, the other instruments and runs go on, and the next report tries again.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import pandas as pd

from nashlens.reports import atomic
from nashlens.reports.run_records import COMMON, UNMEASURED
from nashlens.reports.safe_files import StoreError, inside, read_json
from nashlens.reports.store import Store
from nashlens.reports.suite import Suite
from nashlens.reports.tables import Table
from nashlens.reports.words import counted, listed

RUN_FOLDER = re.compile(r"\bruns/[0-9a-f]{64}/")
COLUMNS = ("game", "algorithm", "instrument", "seed", "reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Unmeasured:
    """One thing that could not be measured.

    Attributes
    ----------
    game, algorithm : as the suite calls them; the algorithm is empty where several were to be compared, both are where
        the instrument's chapter of the report is left out.
    seed : of the run; None where several were to be compared.
    instrument : its name, `run_records.COMMON` for the common measures.
    reason : why.
    """

    game: str
    algorithm: str
    seed: int | None
    instrument: str
    reason: str

    def words(self) -> str:
        """Return what could not be measured and why in one line."""
        whose = f"seed {self.seed} of {self.algorithm} in {self.game}" if self.seed is not None else self.game
        return f"{self.instrument} could not be taken of {whose}: {self.reason}"


def attempt(
    store: Store, run_id: str, instrument: str, take: Callable[[], pd.DataFrame], *, anew: bool = False
) -> tuple[pd.DataFrame | None, str]:
    """Return what an instrument measures of a run and an empty text, or None and why it could not.

    Parameters
    ----------
    store, run_id : of the run; what failed is written down beside it, and struck out once it succeeds.
    instrument : which.
    take : measures.
    anew : True to write nothing down, and to let pass only failures that were written down before.

    Raises
    ------
    Exception : of `take`, where `anew` is True and the failure is a new one.
    StoreError : a link stands where the run should.
    """
    known = failures_of(store, run_id)
    try:
        frame = take()
    except Exception as error:  # of whatever kind: one instrument's mistake must not hide everything else
        if anew and instrument not in known:
            raise
        reason = reason_of(error, store)
        if not anew:
            note(store, run_id, {**known, instrument: reason})
        return None, reason
    if instrument in known and not anew:
        note(store, run_id, {name: reason for name, reason in known.items() if name != instrument})
    return frame, ""


def tell(found: Sequence[Unmeasured], lost: list[Unmeasured] | None) -> None:
    """Add what could not be measured to a list, or warn of it where there is none."""
    if lost is not None:
        lost.extend(found)
        return
    for each in found:
        warnings.warn(each.words(), stacklevel=3)


def failures_of(store: Store, run_id: str) -> dict[str, str]:
    """Return why instruments could not measure a run, by their names; empty where nothing that can be read says so.

    Raises
    ------
    StoreError : a link stands where the run should.
    """
    folder = store.path("runs", run_id)
    try:
        found = read_json(inside(folder, UNMEASURED))
    except (FileNotFoundError, StoreError):
        return {}
    return {str(name): str(reason) for name, reason in found.items()}


def note(store: Store, run_id: str, failures: Mapping[str, str]) -> None:
    """Write down why instruments could not measure a run, over what was written down before.

    Raises
    ------
    StoreError : a link stands where the run should.
    """
    path = store.path("runs", run_id) / UNMEASURED
    with suppress(OSError):  # a disk that is full keeps no note; who asked is told all the same
        if failures:
            atomic.write_json(path, dict(failures))
        else:
            path.unlink(missing_ok=True)


def known_failures(store: Store, suite: Suite) -> list[Unmeasured]:
    """Return what could not be measured of a suite's finished runs when it was last tried."""
    return [
        Unmeasured(game=cell.game, algorithm=cell.algorithm, seed=run.seed, instrument=name, reason=reason)
        for cell in suite.cells
        for run in cell.runs
        if store.status(run.run_id).state == "done"
        for name, reason in failures_of(store, run.run_id).items()
        if name in {COMMON, *cell.metrics}
    ]


def unmeasured_lines(found: Sequence[Unmeasured], runs: pd.DataFrame) -> tuple[str, ...]:
    """Return a line of a report's summary that counts what could not be measured; none if there is nothing.

    Parameters
    ----------
    found : what could not be measured.
    runs : as `frames.inventory` returns them.
    """
    of_runs = len({(each.game, each.algorithm, each.seed) for each in found if each.seed is not None})
    of_games = sum(each.seed is None and bool(each.game) for each in found)
    of_chapters = sum(not each.game for each in found)
    done = int((runs["state"] == "done").sum())
    parts = [f"{of_runs} of {counted(done, 'finished run')} could not be measured in full"] if of_runs else []
    parts += [f"{counted(of_games, 'comparison')} of runs could not be made"] if of_games else []
    parts += [f"{counted(of_chapters, 'chapter')} had to be left out"] if of_chapters else []
    return (f"{listed(parts)}; a table says why.",) if parts else ()


def unmeasured_table(found: Sequence[Unmeasured]) -> Table | None:
    """Return the table of what could not be measured, or None if there is nothing."""
    if not found:
        return None
    rows = [(each.game, each.algorithm, each.instrument, each.seed, each.reason) for each in found]
    data = pd.DataFrame(rows, columns=list(COLUMNS)).astype({"seed": "Int64"})
    grouped = data.groupby([name for name in COLUMNS if name != "seed"], sort=False)["seed"].agg(list).reset_index()
    return Table(
        name="unmeasured",
        title="What could not be measured",
        caption="Finished runs of which an instrument gave no numbers, or which it could not compare, and why. They "
        "take no part in its figures and tables. Building the report again tries again; running the suite again makes "
        "runs anew whose files are damaged.",
        header=("game", "algorithm", "instrument", "seeds", "reason"),
        rows=tuple(
            (
                str(row["game"]) or "all",
                str(row["algorithm"]) or "all",
                str(row["instrument"]),
                listed([str(seed) for seed in row["seed"] if seed is not pd.NA]) or "all",
                str(row["reason"]),
            )
            for row in grouped.to_dict("records")
        ),
        data=data,
    )


def reason_of(error: Exception, store: Store) -> str:
    """Return what went wrong in one line, without the folders of the store and of the run."""
    words = RUN_FOLDER.sub("", " ".join(str(error).split()).replace(f"{store.root}/", ""))
    return words if isinstance(error, ValueError) and words else f"{type(error).__name__}: {words}".rstrip(": ")
