"""What every kind of learner leaves behind can be measured: matrix games, trees, and particle worlds."""

import pytest

from nashlens import games
from nashlens.agents import config
from nashlens.agents.training import train
from nashlens.reports.measures import measure

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
    rows = list(measure(run))
    assert rows
    metrics = {each["metric"] for each in rows}
    assert "final_return" in metrics or "expected_payoff" in metrics or "nash_conv_last" in metrics
