"""Measuring stored runs: for a few seconds in one job, and what is left then in others.

Most runs are measured in milliseconds. Instruments that train responses take minutes a run: there a job measures one
run, says how long that took, and leaves the others to whichever worker is free.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from nashlens.reports.run_records import COMMON
from nashlens.reports.run_spec import RunSpec
from nashlens.reports.safe_files import StoreError
from nashlens.reports.store import Store

MEASURING_SECONDS = 2.0
"""After so long a job leaves what it has not measured: long beside what a further job costs, which is milliseconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Measuring:
    """What came of measuring some runs.

    Attributes
    ----------
    left : the runs that nobody has tried to measure.
    seconds : where some are left, what one run took; infinity if nobody knows.
    warnings : a line for each thing that could not be measured.
    """

    left: tuple[RunSpec, ...] = ()
    seconds: float = 0.0
    warnings: tuple[str, ...] = ()


def measure_stored(store: Store, runs: Sequence[RunSpec], metrics: Sequence[str]) -> Measuring:
    """Measure those of some stored runs that are not measured, one at least, until `MEASURING_SECONDS` are over.

    The training is stored and good, whatever comes of this: what cannot be measured is written down beside the run, and
    the report tries again.

    Parameters
    ----------
    store : where the runs are.
    runs : of one cell.
    metrics : the instruments that it is measured by.
    """
    waiting = [run for run in runs if unmeasured_by(store, run, metrics)]
    lines: dict[str, None] = {}
    began = time.monotonic()
    for k, run in enumerate(waiting):
        seconds = time.monotonic() - began
        if k and seconds >= MEASURING_SECONDS:
            return Measuring(left=tuple(waiting[k:]), seconds=seconds / k, warnings=tuple(lines))
        lines |= dict.fromkeys(_measure(store, run, metrics))
    return Measuring(warnings=tuple(lines))


def unmeasured_by(store: Store, run: RunSpec, metrics: Sequence[str]) -> list[str]:
    """Return what was not taken of a stored run: of the common measures and of its cell's instruments, by name.

    What an earlier version measured counts as taken: the report, which knows the versions, takes it again.

    Raises
    ------
    StoreError : a link stands where the run should.
    """
    return [name for name in (COMMON, *metrics) if not store.measures_path(run.run_id, name).is_file()]


def mark_unmeasured(store: Store, run: RunSpec, metrics: Sequence[str], reason: str) -> list[str]:
    """Write down why a run could not be measured by what was not taken of it; return a line for each."""
    from nashlens.reports.unmeasured import failures_of, note

    try:
        names = unmeasured_by(store, run, metrics)
        if names:
            note(store, run.run_id, {**failures_of(store, run.run_id), **dict.fromkeys(names, reason)})
    except StoreError:  # a link stands where the run should: nothing is written there
        names = [COMMON]
    return [_line(name, run, reason) for name in names]


def _measure(store: Store, run: RunSpec, metrics: Sequence[str]) -> list[str]:
    from nashlens.reports.frames import measured
    from nashlens.reports.instruments.measuring import measured_by
    from nashlens.reports.unmeasured import attempt

    takes = {COMMON: partial(measured, store, run.run_id)}
    takes |= {name: partial(measured_by, name, store, run.run_id) for name in metrics}
    reasons = {name: attempt(store, run.run_id, name, take)[1] for name, take in takes.items()}
    return [_line(name, run, reason) for name, reason in reasons.items() if reason]


def _line(name: str, run: RunSpec, reason: str) -> str:
    return f"{name} could not be taken of seed {run.seed} of {run.game}: {reason}"
