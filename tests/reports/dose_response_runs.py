"""Runs of the stag hunt made by hand, whose policies of others were replaced."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd

from nashlens.agents.records import TrainingRun
from nashlens.games import make
from nashlens.reports.instruments.dose_response import dose_response

MakeRun = Callable[..., TrainingRun]
GAME = make("stag_hunt")


def arm(make_run: MakeRun, together: list[float], **inference: Any) -> list[TrainingRun]:
    """Return runs of the stag hunt that begin at hare and hunt the stag with the given probabilities at the end."""
    known = {"source": "true", "entropy_weight": 0.001, "fed_as": "actions", "dose": 0.0, "dose_of": "uniform"}
    settings = {"kind": "maddpg", "inference": {**known, **inference}}
    return [
        make_run(
            [[[0.0, 1.0], [p, 1 - p]]] * 2,
            game="stag_hunt",
            seed=seed,
            algorithm=dict.fromkeys(GAME.spec.sides, settings),
        )
        for seed, p in enumerate(together)
    ]


def suite_of(make_run: MakeRun, arms: dict[str, list[TrainingRun]]) -> dict[str, pd.DataFrame]:
    return dose_response(arms, GAME, label="hunt")


NEARLY = [0.99, 0.98, 0.97, 0.99, 0.98]
