"""Runs of matching pennies made by hand, and what is measured of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nashlens.agents.records import TrainingRun
from nashlens.games import make
from nashlens.reports.instruments.nonstationarity import INSTRUMENT
from tests.reports.instrument_runs import constant_run

HEADS = [[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]]
TURNING = [[0.5, 0.5], [0.9, 0.1], [0.5, 0.5]]
ZERO, ONE = [1.0, 0.0], [0.0, 1.0]


def pennies(second: Sequence[Sequence[float]] = TURNING, *, seed: int = 0, **changes: Any) -> TrainingRun:
    return constant_run(make("matching_pennies"), [HEADS, second], seed=seed, **changes)


def measured(run: TrainingRun) -> list[dict[str, Any]]:
    return list(INSTRUMENT.measure(run, make(run.spec.name, **run.spec.parameters)))
