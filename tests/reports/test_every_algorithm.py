"""What every kind of learner leaves behind can be measured: matrix games, trees, and particle worlds."""

import numpy as np
import pytest

from nashlens import games
from nashlens.agents import config
from nashlens.agents.training import train
from nashlens.reports.measures import measure, strategies_of

REPLAY = {"warmup_steps": 16, "update_every_steps": 8, "n_envs": 4}
SETTINGS = {
    "maddpg": {"rollout": REPLAY, "batch_size": 8},
    "ddpg": {"rollout": REPLAY, "batch_size": 8},
    "dqn": {"rollout": REPLAY, "batch_size": 8},
    "joint_dqn": {"rollout": REPLAY, "batch_size": 8},
    "reinforce": {},
    "actor_critic": {},
    "trpo": {},
    "coma": {},
}
GAMES = {
    "matrix": lambda: games.make("climbing"),
    "sequential": lambda: games.make("tiny_hanabi"),
    "particle": lambda: games.make("simple_speaker_listener", max_cycles=5),
}


@pytest.mark.parametrize("kind", SETTINGS)
@pytest.mark.parametrize("name", GAMES)
def test_runs_of_every_algorithm_are_measured(kind, name):
    settings = config.parse({"kind": kind, **SETTINGS[kind]})
    run = train(GAMES[name](), settings, seeds=[0], steps=64, n_snapshots=3)[0]
    assert run.status == "done"
    metrics = {row["metric"] for row in measure(run)}
    assert "training_return" in metrics
    # A joint learner sees the others' cards: it has no strategy in a game tree, so its exact NashConv is left out.
    expected = {"matrix": "nash_conv", "particle": "final_return", "sequential": "nash_conv"}[name]
    left_out = (name, kind) == ("sequential", "joint_dqn")
    assert ("final_return" if left_out else expected) in metrics
    assert not left_out or "nash_conv" not in metrics


@pytest.mark.parametrize(("draw", "exact"), [("side", False), ("agent", True)])
def test_an_ensemble_that_draws_together_in_a_game_tree_has_no_exact_row_of_independent_play(draw, exact):
    settings = {"rollout": REPLAY, "batch_size": 8, "ensemble": {"size": 2, "draw": draw}}
    run = train(GAMES["sequential"](), config.parse({"kind": "maddpg", **settings}), seeds=[0], steps=64)[0]
    metrics = {row["metric"] for row in measure(run)}
    assert ("nash_conv" in metrics) == exact
    assert ("final_return" in metrics) == (not exact)


@pytest.mark.parametrize("settings", [{"kind": "maddpg", "rollout": REPLAY, "batch_size": 8}, {"kind": "actor_critic"}])
@pytest.mark.parametrize("name", GAMES)
def test_runs_of_actors_with_memory_are_measured(settings, name):
    windows = {"windows": {"steps": 2}} if settings["kind"] == "maddpg" else {}
    asked = config.parse({**settings, **windows, "memory": 4, "hidden": [8]})
    run = train(GAMES[name](), asked, seeds=[0], steps=64, n_snapshots=3)[0]
    rows = measure(run)
    metrics = {row["metric"] for row in rows}
    # In a matrix game the first step is the only one; in a tree information sets tell what was seen before. In a world
    # a memory cannot be probed.
    assert ("nash_conv" in metrics) == (name != "particle")
    assert ("final_return" in metrics) == (name == "particle")
    if name == "matrix":
        policy = run.policies()[0]
        memory = policy.next_memory(np.ones((1, 1)), np.zeros((1, 4)))
        expected = policy.probabilities(np.ones((1, 1)), memory=memory)[0]
        np.testing.assert_allclose(strategies_of(run, GAMES[name]())[0][-1], expected)
