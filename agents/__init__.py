"""Agents: MADDPG and its relatives, stacked over seeds and agents, in torch.

What was learned leaves this room as plain policies and arrays (`records`), which need no torch to read. The modules are
imported when they are first asked for, so that reading a run stays light.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "TrainingRun": "records",
    "train": "training",
    "MADDPG": "config",
    "DDPG": "config",
    "REINFORCE": "config",
    "AdvantageActorCritic": "config",
    "TRPO": "config",
    "COMA": "config",
    "DQN": "config",
    "JointDQN": "config",
}

__all__ = [
    "COMA",
    "DDPG",
    "DQN",
    "MADDPG",
    "REINFORCE",
    "TRPO",
    "AdvantageActorCritic",
    "JointDQN",
    "TrainingRun",
    "train",
]


def __getattr__(name: str) -> Any:
    if name in _HOMES:
        return getattr(import_module(f"nashlens.agents.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
