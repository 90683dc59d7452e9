"""Reference: whose distance counts for whom."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nashlens.games import Batch, Choice, Step

Wait = Callable[[Batch], Step]


# Agent 0 should go to landmark 0 (2 away, agent 1 knows), agent 1 to landmark 1 (1 away, agent 0 knows).
PLACES = [[0.0, 0.0], [1.0, 0.0], [0.0, 2.0], [2.0, 0.0], [5.0, 5.0]]
FACTS = {"goal": [1, 0]}


@pytest.mark.parametrize(
    ("arguments", "rewards"),
    [
        ({"team_reward": "own"}, [-1, -2]),
        ({"local_ratio": 0.25}, [-1.5 * 0.75 - 0.25, -1.5 * 0.75 - 0.5]),
        ({"local_ratio": 0.0}, [-1.5, -1.5]),
        ({"team_reward": "sum"}, [-3, -3]),
        ({"team_reward": "own", "squared_distance": True}, [-1, -4]),
        ({"team_reward": "sum", "squared_distance": True}, [-5, -5]),
    ],
)
def test_rewards_by_hand(placed: Any, wait: Wait, arguments: dict[str, Any], rewards: list[float]) -> None:
    batch = placed("simple_reference", PLACES, facts=FACTS, **arguments)
    assert batch.spec.common_reward is (rewards[0] == rewards[1])
    np.testing.assert_allclose(wait(batch).rewards, [rewards])


def test_measures_are_an_agents_own_distance(placed: Any, wait: Wait) -> None:
    measures = wait(placed("simple_reference", PLACES, facts=FACTS, reach_radius=1.5)).measures
    np.testing.assert_allclose(measures["distance"], [[2, 1]])
    np.testing.assert_array_equal(measures["target_reach"], [[0, 1]])


def test_agent_sees_the_others_goal_and_hears_the_other(placed: Any) -> None:
    batch = placed("simple_reference", PLACES, facts=FACTS)
    assert batch.spec.action_spaces == (Choice((5, 10)),) * 2
    said = [np.concatenate([np.eye(5)[[0]], np.eye(10)[[k]]], axis=1) for k in (3, 8)]
    seen = batch.step(said).next_observations
    np.testing.assert_allclose(seen[0][0, 2:11], [0, 2, 2, 0, 5, 5, 0.25, 0.75, 0.25])
    np.testing.assert_array_equal(seen[0][0, 11:], np.eye(10)[8])
    np.testing.assert_array_equal(seen[1][0, 11:], np.eye(10)[3])
