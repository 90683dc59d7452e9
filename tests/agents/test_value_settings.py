import pytest
from pydantic import ValidationError

from nashlens.agents import config
from nashlens.agents.config import DQN, Exploration, JointDQN


@pytest.mark.parametrize(("n_steps", "expected"), [(0, 0.9), (50, 0.7), (100, 0.5), (101, 0.5), (10**9, 0.5)])
def test_epsilon_falls_linearly_and_then_stays(n_steps, expected):
    # 0.9 − 0.4 · min(1, n / 100)
    assert Exploration(start=0.9, end=0.5, decay_steps=100).at(n_steps) == pytest.approx(expected)


def test_what_has_a_value_in_the_paper_keeps_it():
    ours, paper = DQN(), config.MADDPG()
    for name in ("hidden", "learning_rate", "gamma", "tau", "batch_size", "clip", "rollout", "sharing"):
        assert getattr(ours, name) == getattr(paper, name)


def test_parse_reads_both_kinds():
    parsed = config.parse({"kind": "dqn", "importance": {"clip": 5.0}, "exploration": {"decay_steps": 10}})
    assert parsed == DQN(importance=config.Importance(clip=5.0), exploration=Exploration(decay_steps=10))
    assert config.parse({"kind": "joint_dqn", "reward": "sum"}) == JointDQN(reward="sum")


@pytest.mark.parametrize(
    ("settings", "named"),
    [
        ({"kind": "dqn", "exploration": {"start": 1.5}}, "start"),
        ({"kind": "dqn", "exploration": {"decay_steps": 0}}, "decay_steps"),
        ({"kind": "dqn", "importance": {"clip": 0.0}}, "clip"),
        ({"kind": "dqn", "loss": "absolute"}, "loss"),
        ({"kind": "joint_dqn", "max_joint_actions": 0}, "max_joint_actions"),
        ({"kind": "joint_dqn", "sharing": {"mode": "full"}}, "sharing"),
    ],
)
def test_parse_refuses_what_does_not_fit_and_names_it(settings, named):
    with pytest.raises(ValidationError, match=named):
        config.parse(settings)
