"""Runs of any game that play constant strategies, and tidy frames of what instruments measured, for their tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from nashlens.agents.records import ActorSnapshots, TrainingRun
from nashlens.agents.value_snapshots import ValueSnapshots
from nashlens.games import Game
from nashlens.reports.instruments.contract import Instrument

ROLLOUT = {"n_envs": 1, "replay_capacity": 10_000, "warmup_steps": 1, "update_every_steps": 1}


def constant_run(
    game: Game,
    strategies_NTA: Sequence[Sequence[Sequence[float]]],
    *,
    seed: int = 0,
    algorithm: Mapping[str, Any] | None = None,
    **changes: Any,
) -> TrainingRun:
    """Return a run with a snapshot every 100 steps whose agents play the given strategies whatever they see."""
    n_snapshots = len(strategies_NTA[0])
    actors = [_actor(each, size) for each, size in zip(strategies_NTA, game.spec.observation_sizes, strict=True)]
    settings = {"kind": "maddpg", "gamma": 0.9, "rollout": ROLLOUT, **(algorithm or {})}
    values: dict[str, Any] = {
        "spec": game.spec,
        "seed": seed,
        "algorithm": dict.fromkeys(game.spec.sides, settings),
        "n_steps": 100 * (n_snapshots - 1),
        "n_updates": 10,
        "status": "done",
        "reason": "",
        "snapshot_steps": 100 * np.arange(n_snapshots),
        "actors": tuple(actors),
        "episode_steps": np.array([], dtype=np.int64),
        "episode_returns": np.zeros((0, game.spec.n_agents), dtype=np.float32),
        "evaluation_returns": np.full((n_snapshots, game.spec.n_agents), np.nan),
        "n_evaluation_episodes": 0,
        "explored": True,
        "losses": {},
        "update_steps": np.arange(1, 11) * 10 * (n_snapshots - 1),
        "parameter_hash": "0" * 64,
    }
    return TrainingRun(**{**values, **changes})


def _actor(strategies_TA: Sequence[Sequence[float]], size: int) -> ActorSnapshots:
    with np.errstate(divide="ignore"):
        logs = np.maximum(np.log(np.asarray(strategies_TA)), -60.0)
    n_snapshots, n_actions = logs.shape
    return ActorSnapshots(
        weights=(np.zeros((n_snapshots, size, n_actions), dtype=np.float32),), biases=(logs.astype(np.float32),)
    )


def value_actor(values_TA: Sequence[Sequence[float]], size: int, *, epsilons: Sequence[float]) -> ValueSnapshots:
    """Return snapshots of a network that says the given action values whatever it sees, acted on by ε-greedy."""
    values = np.asarray(values_TA, dtype=np.float32)
    return ValueSnapshots(
        weights=(np.zeros((len(values), size, values.shape[1]), dtype=np.float32),),
        biases=(values,),
        epsilons=np.asarray(epsilons, dtype=np.float32),
        fingerprints=np.zeros((len(values), 0), dtype=np.float32),
    )


def measured_frame(
    instrument: Instrument, runs: Mapping[tuple[str, str], Sequence[TrainingRun]], game: Game
) -> pd.DataFrame:
    """Return the tidy frame of runs of one game, by label of the game and of the algorithm."""
    rows = [
        {**each, "seed": run.seed, "game": label, "algorithm": algorithm, "run_id": f"{label} {algorithm} {run.seed}"}
        for (label, algorithm), several in runs.items()
        for run in several
        for each in instrument.measure(run, game)
    ]
    return pd.DataFrame(rows)


def values_of(rows: Sequence[Mapping[str, Any]], metric: str, *, agent: str | None = None) -> list[float]:
    """Return the values of one metric in their order."""
    return [r["value"] for r in rows if r["metric"] == metric and (agent is None or r["agent"] == agent)]
