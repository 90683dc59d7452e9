"""Runs of matrix games made by hand, for the question whether agents need to differ."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from nashlens.agents.records import TrainingRun

RunMaker = Callable[..., TrainingRun]
LEFT, RIGHT, EVEN = [1.0, 0.0], [0.0, 1.0], [0.5, 0.5]


def sharing(mode: str, *, index: bool = False, sides: Sequence[str] = ("all",)) -> dict[str, Any]:
    return {side: {"kind": "maddpg", "sharing": {"mode": mode, "index": index}} for side in sides}


def pair(make_run: RunMaker, first: list[float], second: list[float], *, seed: int, mode: str = "none") -> TrainingRun:
    return make_run([[EVEN, first], [EVEN, second]], game="anti_coordination", seed=seed, algorithm=sharing(mode))


def cell(make_run: RunMaker, first: list[float], second: list[float], *, mode: str, n: int = 5) -> list[TrainingRun]:
    return [pair(make_run, first, second, seed=k, mode=mode) for k in range(n)]
