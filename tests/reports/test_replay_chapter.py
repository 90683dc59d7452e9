from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nashlens import games
from nashlens.agents.records import ActorSnapshots, TrainingRun
from nashlens.games.particle.scenarios import entries
from nashlens.reports import replay_chapter
from nashlens.reports.provenance import Provenance
from nashlens.reports.replay import replay
from nashlens.reports.replay_chapter import replay_figure
from nashlens.reports.store import Store
from nashlens.reports.suite import Suite, parse_suite

SUITE = """
name = "worlds"
seeds = 4
steps = 30_000

[games.simple_speaker_listener]
[games.climbing]

[algorithms.one]
kind = "maddpg"

[algorithms.two]
kind = "ddpg"
"""

ONE_WORLD = """
name = "one-world"
seeds = 1
steps = 30_000

[games.{name}]

[algorithms.one]
kind = "maddpg"
"""


def run_of(game: str, seed: int) -> TrainingRun:
    """Return a run whose actors have weights that the seed draws."""
    spec = games.make(game).spec
    rng = np.random.default_rng(seed)
    actors = tuple(
        ActorSnapshots(
            weights=(rng.normal(size=(1, size, space.width)).astype(np.float32),),
            biases=(np.zeros((1, space.width), dtype=np.float32),),
        )
        for size, space in zip(spec.observation_sizes, spec.action_spaces, strict=True)
    )
    return TrainingRun(
        spec=spec,
        seed=seed,
        algorithm={side: {"kind": "maddpg"} for side in spec.sides},
        n_steps=0,
        n_updates=0,
        status="done",
        reason="",
        snapshot_steps=np.array([0]),
        actors=actors,
        episode_steps=np.array([], dtype=np.int64),
        episode_returns=np.zeros((0, spec.n_agents), dtype=np.float32),
        evaluation_returns=np.full((1, spec.n_agents), np.nan),
        n_evaluation_episodes=0,
        explored=False,
        losses={},
        update_steps=np.array([], dtype=np.int64),
        parameter_hash="0" * 64,
    )


@pytest.fixture
def suite() -> Suite:
    return parse_suite(SUITE)


@pytest.fixture
def store(tmp_path: Path, suite: Suite, provenance: Provenance) -> Store:
    store = Store.create(tmp_path / "out")
    for cell in suite.cells:
        for spec in cell.runs:
            store.write_done(spec, run_of(spec.game, spec.seed), provenance=provenance, seconds=1.0)
    return store


def frame_of(suite: Suite, *, n_seeds: int = 4) -> pd.DataFrame:
    """Return final returns in which seed 2 is the best, then 0, then 3, then 1."""
    worth = {0: 3.0, 1: 1.0, 2: 4.0, 3: 2.0}
    return pd.DataFrame(
        {"game": cell.game, "algorithm": cell.algorithm, "seed": run.seed, "step": 300, "agent": agent}
        | {"metric": "final_return", "value": worth[run.seed]}
        for cell in suite.cells
        for run in cell.runs[:n_seeds]
        for agent in ("speaker_0", "listener_0")
    )


def test_replay_figure_shows_best_middle_and_worst_seed_of_particle_worlds(store: Store, suite: Suite) -> None:
    figure = replay_figure(store, suite, frame_of(suite))
    assert figure is not None
    assert [player.name for player in figure.players] == ["data-replay-simple_speaker_listener"]
    labels = [(item["algorithm"], item["seed"]) for item in figure.players[0].data["items"]]
    expected = ["best (seed 2)", "middle (seed 3)", "worst (seed 1)"]
    assert labels == [(algorithm, seed) for algorithm in ("one", "two") for seed in expected]
    assert [panel.title for panel in figure.panels] == [
        "simple_speaker_listener: one, seed 3",
        "simple_speaker_listener: two, seed 3",
    ]


def test_replay_figure_s_data_are_the_recorded_episodes(store: Store, suite: Suite) -> None:
    figure = replay_figure(store, suite, frame_of(suite))
    assert figure is not None
    run = next(cell.runs[2] for cell in suite.cells if cell.game == "simple_speaker_listener")
    expected = replay(store.read(run.run_id))
    data = figure.data
    own = data[(data["algorithm"] == "one") & (data["seed"] == 2) & (data["body"] == "listener_0")]
    np.testing.assert_array_equal(own[["x", "y"]].to_numpy(), expected.positions[:, 1])
    np.testing.assert_array_equal(own["reward"].to_numpy()[1:], expected.rewards[:, 1])
    assert np.isnan(own["reward"].iloc[0])
    assert set(own["says"]) == {-1}
    goal = f"landmark_{int(expected.facts['goal'][0])}"
    assert set(data.loc[data["goal"] & (data["seed"] == 2), "body"]) == {goal}


@pytest.mark.parametrize(("n_seeds", "places"), [(1, [""]), (2, ["best", "worst"]), (3, ["best", "middle", "worst"])])
def test_replay_figure_of_few_seeds_shows_all(store: Store, suite: Suite, n_seeds: int, places: list[str]) -> None:
    figure = replay_figure(store, suite, frame_of(suite, n_seeds=n_seeds))
    assert figure is not None
    own = figure.data[figure.data["algorithm"] == "one"]
    assert list(dict.fromkeys(own["place"])) == places
    assert len(figure.panels) == 2


def test_replay_figure_says_what_a_page_has_no_room_for(
    store: Store, suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replay_chapter, "MOST_EPISODES", 3)
    figure = replay_figure(store, suite, frame_of(suite))
    assert figure is not None
    assert set(figure.data["place"]) == {"middle"}
    assert figure.caption.endswith("To keep this page small only the middle seed of each cell is shown.")
    monkeypatch.setattr(replay_chapter, "MOST_EPISODES", 1)
    less = replay_figure(store, suite, frame_of(suite))
    assert less is not None
    assert less.caption.endswith("1 cell would have made this page too large and have none.")


def test_replay_figure_without_finished_runs_or_worlds_is_none(store: Store, suite: Suite) -> None:
    frame = frame_of(suite)
    assert replay_figure(store, suite, frame.iloc[:0]) is None
    matrices = Suite(config=suite.config, cells=tuple(cell for cell in suite.cells if cell.game == "climbing"))
    assert replay_figure(store, matrices, frame) is None


@pytest.mark.parametrize("name", [entry.name for entry in entries()])
def test_every_particle_world_can_be_replayed_in_a_report(name: str, tmp_path: Path, provenance: Provenance) -> None:
    suite = parse_suite(ONE_WORLD.format(name=name))
    (cell,) = suite.cells
    store = Store.create(tmp_path / "out")
    store.write_done(cell.runs[0], run_of(name, 0), provenance=provenance, seconds=1.0)
    scores = [{"game": name, "algorithm": "one", "seed": 0, "step": 300, "agent": agent} for agent in _agents(name)]
    figure = replay_figure(store, suite, pd.DataFrame(scores).assign(metric="final_return", value=1.0))
    assert figure is not None
    assert set(figure.data["body"]) >= set(_agents(name))


def _agents(name: str) -> tuple[str, ...]:
    return games.make(name).spec.agents
