"""What was measured of finished runs, as scalars for TensorBoard: one folder a run."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from nashlens.reports import atomic
from nashlens.reports.event_file import event_file
from nashlens.reports.export import tidy_frame
from nashlens.reports.store import Store
from nashlens.reports.suite import Suite
from nashlens.reports.unmeasured import Unmeasured

FILE_NAME = "events.out.tfevents.0.nashlens"  # one name a run: writing again replaces what was there


def write_scalars(store: Store, suite: Suite, folder: Path, *, lost: list[Unmeasured] | None = None) -> int:
    """Write the numbers of every finished run along training, and return how many runs there were.

    Parameters
    ----------
    store, suite : whose runs.
    folder : of the logs; a run's file goes to ``SUITE/GAME/ALGORITHM/seed-K``, its tags are ``METRIC/AGENT``.
    lost : what cannot be measured is added to it; it is warned of if this is left out.

    Raises
    ------
    StoreError : a link stands where a run should.
    OSError : the folder cannot be written to.
    """
    frame = tidy_frame(store, suite, lost=lost)
    n_runs = 0
    for (game, algorithm, seed), part in frame.groupby(["game", "algorithm", "seed"], sort=False):
        place = folder / suite.name / str(game) / str(algorithm) / f"seed-{seed}"
        place.mkdir(parents=True, exist_ok=True)
        atomic.write_bytes(place / FILE_NAME, event_file(_scalars(part)), flush_folder=False)
        n_runs += 1
    return n_runs


def _scalars(part: pd.DataFrame) -> list[tuple[str, int, float]]:
    finite = part[part["value"].notna()]
    return [
        (f"{metric}/{agent}" if agent else str(metric), int(step), float(value))
        for metric, agent, step, value in zip(
            finite["metric"], finite["agent"], finite["step"], finite["value"], strict=True
        )
    ]
