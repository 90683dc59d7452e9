"""Runs of simple games made by hand, for cross-play."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd

from nashlens.agents.records import ActorSnapshots, TrainingRun

RunMaker = Callable[..., TrainingRun]
THIRD = [1 / 3] * 3
ROCK, PAPER, SCISSORS = np.eye(3).tolist()
LEFT, RIGHT, EVEN = [1.0, 0.0], [0.0, 1.0], [0.5, 0.5]


def playing(strategy: list[float]) -> ActorSnapshots:
    """Return two snapshots, the first even, whose softmax is the strategy."""
    even = np.zeros(len(strategy))
    with np.errstate(divide="ignore"):
        logs = np.stack([even, np.maximum(np.log(strategy), -60.0)])
    weights = (np.zeros((2, 1, len(strategy)), dtype=np.float32),)
    return ActorSnapshots(weights=weights, biases=(logs.astype(np.float32),))


def throwing(make_run: RunMaker, *throws: list[float], seed: int) -> TrainingRun:
    """Return a run of rock, paper, scissors in which both agents play an ensemble of throws."""
    run = make_run([[THIRD, throws[0]], [THIRD, throws[0]]], game="rock_paper_scissors", seed=seed)
    more = tuple(playing(throw) for throw in throws[1:])
    return replace(run, more_actors=(more, more)) if more else run


def meeting(make_run: RunMaker, left: bool, *, seed: int) -> TrainingRun:
    """Return a run of anti-coordination that has settled on one of its two conventions."""
    first, second = (LEFT, RIGHT) if left else (RIGHT, LEFT)
    return make_run([[EVEN, first], [EVEN, second]], game="anti_coordination", seed=seed)


def value(frame: pd.DataFrame, **where: str) -> float:
    chosen = frame
    for column, wanted in where.items():
        chosen = chosen[chosen[column] == wanted]
    assert len(chosen) == 1
    return float(chosen["value"].iloc[0])
