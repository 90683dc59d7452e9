"""An environment of PettingZoo's whose every part can be changed."""

from __future__ import annotations

from typing import Any

import gymnasium
import numpy as np
from gymnasium import spaces
from pettingzoo import ParallelEnv


class Changing(ParallelEnv[str, Any, Any]):
    """Three agents with unequal spaces: `early` dies after two steps, `late` appears after one; four steps in all.

    An agent is paid the number of the step, times its own factor.
    """

    def __init__(self) -> None:
        self.metadata = {"name": "changing_v0"}
        self.render_mode = None
        self.possible_agents = ["early", "stays", "late"]
        self.agents: list[str] = []
        self.received: list[dict[str, Any]] = []

    def observation_space(self, agent: str) -> gymnasium.Space[Any]:
        return {
            "early": spaces.Discrete(3),
            "stays": spaces.Dict({"a": spaces.Box(-9, 9, (2,)), "b": spaces.MultiBinary(2)}),
            "late": spaces.Tuple((spaces.Box(-9, 9, (1,)), spaces.MultiDiscrete([2, 3]))),
        }[agent]

    def action_space(self, agent: str) -> gymnasium.Space[Any]:
        return {
            "early": spaces.Discrete(3, start=5),
            "stays": spaces.MultiDiscrete([2, 4]),
            "late": spaces.Box(np.array([-1.0, 0.0]), np.array([1.0, 2.0]), dtype=np.float64),
        }[agent]

    def show(self, agent: str) -> Any:
        return {
            "early": self.time % 3,
            "stays": {"a": np.full(2, self.offset, dtype=np.float32), "b": np.array([1, 0], dtype=np.int8)},
            "late": (np.full(1, self.time, dtype=np.float32), np.array([1, 2])),
        }[agent]

    def reset(self, seed: int | None = None, options: Any = None) -> Any:
        self.offset = float(np.random.default_rng(seed).uniform(-1, 1))
        self.time = 0
        self.received = []
        self.agents = ["early", "stays"]
        return {a: self.show(a) for a in self.agents}, {a: {} for a in self.agents}

    def step(self, actions: dict[str, Any]) -> Any:
        assert actions.keys() == set(self.agents)
        self.received.append(actions)
        self.time += 1
        acted = list(self.agents)
        over = self.time == 4
        ended = {a: over or (a == "early" and self.time == 2) for a in acted}
        self.agents = [a for a in acted if not ended[a]]
        if self.time == 1:
            self.agents.append("late")
        shown = {a: self.show(a) for a in {*acted, *self.agents}}
        return (
            shown,
            {a: float(self.time) for a in acted},
            ended,
            dict.fromkeys(acted, False),
            {a: {} for a in shown},
        )
