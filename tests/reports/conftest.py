"""Runs made by hand, so that what is measured of them is known without training."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nashlens.agents.records import ActorSnapshots, TrainingRun
from nashlens.games import make
from nashlens.reports.provenance import Provenance
from nashlens.reports.store import Store
from nashlens.reports.suite import Suite, parse_suite
from nashlens.reports.tables import CELL_COLUMNS, Table

# A number with its interval, as a cell of a table shows it.
INTERVAL = re.compile(r"(^|\s)−?[\d.,]+ \[−?[\d.,]+, −?[\d.,]+\]")
MIXED = [[0.5, 0.5], [0.9, 0.1]]  # a strategy at each of two snapshots
Strategies = Sequence[Sequence[Sequence[float]]]
RunMaker = Callable[..., TrainingRun]


def actor_playing(strategies_TA: Sequence[Sequence[float]]) -> ActorSnapshots:
    """Return snapshots whose softmax is the given strategy whatever is seen: weights 0, biases the logs."""
    with np.errstate(divide="ignore"):
        logs = np.maximum(np.log(np.asarray(strategies_TA)), -60.0)
    n_snapshots, n_actions = logs.shape
    return ActorSnapshots(
        weights=(np.zeros((n_snapshots, 1, n_actions), dtype=np.float32),), biases=(logs.astype(np.float32),)
    )


def run_playing(
    strategies_NTA: Strategies,
    *,
    game: str = "matching_pennies",
    seed: int = 0,
    first_update: int | None = 1,
    episode_returns: Sequence[Sequence[float]] = (),
    episode_steps: Sequence[int] = (),
    **changes: Any,
) -> TrainingRun:
    """Return a run of a matrix game with one snapshot every 100 steps that plays the given strategies."""
    n_snapshots = len(strategies_NTA[0])
    spec = make(game).spec
    values: dict[str, Any] = {
        "spec": spec,
        "seed": seed,
        "algorithm": {side: {"kind": "maddpg"} for side in spec.sides},
        "n_steps": 100 * (n_snapshots - 1),
        "n_updates": 1,
        "status": "done",
        "reason": "",
        "snapshot_steps": 100 * np.arange(n_snapshots),
        "actors": tuple(actor_playing(each) for each in strategies_NTA),
        "episode_steps": np.asarray(episode_steps, dtype=np.int64),
        "episode_returns": np.asarray(episode_returns, dtype=np.float32).reshape(-1, spec.n_agents),
        "evaluation_returns": np.full((n_snapshots, spec.n_agents), np.nan),
        "n_evaluation_episodes": 0,
        "explored": False,
        "losses": {},
        "update_steps": np.array([] if first_update is None else [first_update], dtype=np.int64),
        "parameter_hash": "0" * 64,
    }
    return TrainingRun(**{**values, **changes})


@pytest.fixture(autouse=True)
def intervals_travel(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hold every table that a test makes, of whatever chapter, to the rule: an interval shown is an interval kept."""
    checks_made = Table.__post_init__

    def checked(table: Table) -> None:
        checks_made(table)
        shown = [word for row in table.rows for word in row if INTERVAL.search(word)]
        assert not shown or set(CELL_COLUMNS) <= set(table.data.columns), f"{table.name} shows {shown[0]}"

    monkeypatch.setattr(Table, "__post_init__", checked)


@pytest.fixture
def make_run() -> RunMaker:
    return run_playing


@pytest.fixture
def provenance() -> Provenance:
    return Provenance(
        versions={"python": "3.11", "nashlens": "0"},
        platform="Linux x86_64",
        processors=2,
        threads={"OMP_NUM_THREADS": "1"},
        commit="",
        time="2026-01-01T00:00:00Z",
        command="nashlens suite run",
    )


SUITE = """
name = "small"
question = "Which one?"
seeds = 2
steps = 300
snapshots = 4

[games.matching_pennies]
settings = { batch_size = 8, rollout = { n_envs = 2, warmup_steps = 50, update_every_steps = 50 } }

[algorithms.maddpg]
kind = "maddpg"
hidden = [8]

[algorithms.ddpg]
kind = "ddpg"
hidden = [8]
"""


@pytest.fixture
def suite_text() -> str:
    return SUITE


@pytest.fixture
def suite(suite_text: str) -> Suite:
    """Two seeds of two algorithms in matching pennies; modules that need another suite have their own fixture."""
    return parse_suite(suite_text)


@pytest.fixture
def store(tmp_path: Path, suite: Suite, make_run: RunMaker, provenance: Provenance) -> Store:
    """Every run of the suite is done; modules that need another state have their own fixture."""
    store = Store.create(tmp_path / "out")
    store.add_suite(suite)
    for spec in suite.runs:
        store.write_done(spec, make_run([MIXED, MIXED], seed=spec.seed), provenance=provenance, seconds=1.0)
    return store
