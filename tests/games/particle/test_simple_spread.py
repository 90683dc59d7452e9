"""Spread: rewards, options and measures worked by hand, and observations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nashlens import games
from nashlens.games import Batch, Choice, Step

Wait = Callable[[Batch], Step]


# Two agents 0.2 apart (they overlap, 2 · 0.15 = 0.3); landmark 0 is 0.05 from agent 0, landmark 1 is 0.8 from agent 1.
PLACES = [[0.0, 0.0], [0.2, 0.0], [0.0, 0.05], [1.0, 0.0]]
DISTANCE = 0.05 + 0.8


@pytest.mark.parametrize(
    ("arguments", "reward"),
    [
        ({}, -0.5 * DISTANCE - 0.5),
        ({"local_ratio": 0.25}, -0.75 * DISTANCE - 0.25),
        ({"local_ratio": 0.0}, -DISTANCE),
        ({"curriculum": True}, -0.5 * DISTANCE),
        ({"curriculum": True, "curriculum_stage": 1}, -0.5 * DISTANCE - 0.5),
        ({"curriculum_stage": 0}, -0.5 * DISTANCE - 0.5),
        ({"self_collision": True}, -0.5 * DISTANCE - 1.0),
        ({"team_reward": "own"}, -DISTANCE - 1),
        ({"team_reward": "sum"}, -2 * DISTANCE - 2),
        ({"team_reward": "sum", "self_collision": True}, -2 * DISTANCE - 4),
    ],
)
def test_reward_of_overlapping_pair(placed: Any, wait: Wait, arguments: dict[str, Any], reward: float) -> None:
    step = wait(placed("simple_spread", PLACES, n_agents=2, **arguments))
    np.testing.assert_allclose(step.rewards, [[reward, reward]])


def test_measures_of_overlapping_pair(placed: Any, wait: Wait) -> None:
    measures = wait(placed("simple_spread", PLACES, N=2)).measures
    np.testing.assert_allclose(measures["distance"], [DISTANCE])
    np.testing.assert_array_equal(measures["collisions"], [[1, 1]])
    np.testing.assert_array_equal(measures["occupied_landmarks"], [1])
    np.testing.assert_array_equal(measures["covered"], [0])


@pytest.mark.parametrize("ends", [True, False])
def test_covered_landmarks_terminate_only_where_asked(placed: Any, wait: Wait, ends: bool) -> None:
    places = [[0.0, 0.0], [1.0, 0.0], [1.0, 0.05], [0.0, 0.05]]
    step = wait(placed("simple_spread", places, n_agents=2, terminate_on_success=ends))
    np.testing.assert_array_equal(step.measures["covered"], [1])
    assert step.terminated == [ends]
    assert step.truncated == [False]


def test_success_at_the_time_limit_is_truncated_as_in_mpe2(placed: Any, wait: Wait) -> None:
    step = wait(placed("simple_spread", [[0, 0], [0, 0.05]], n_agents=1, terminate_on_success=True, max_cycles=1))
    assert (step.terminated[0], step.truncated[0]) == (False, True)


def test_observation_holds_velocity_position_landmarks_others_silence(placed: Any) -> None:
    seen = placed("simple_spread", PLACES, n_agents=2).observations[1]
    np.testing.assert_allclose(seen, [[0, 0, 0.2, 0, -0.2, 0.05, 0.8, 0, -0.2, 0, 0, 0]])


def test_observation_of_nearest_landmark_only(placed: Any) -> None:
    seen = placed("simple_spread", PLACES, n_agents=2, num_landmark_neighbors=1, num_agent_neighbors=2).observations[1]
    np.testing.assert_allclose(seen, [[0, 0, 0.2, 0, -0.2, 0.05, -0.2, 0, 0, 0, 0, 0, 0, 0]], atol=1e-15)


@pytest.mark.parametrize(
    ("arguments", "common"),
    [
        ({}, False),
        ({"local_ratio": 0.0}, True),
        ({"n_agents": 1}, True),
        ({"curriculum": True}, True),
        ({"team_reward": "sum"}, True),
        ({"team_reward": "own", "local_ratio": 0.0}, False),
    ],
)
def test_common_reward_is_claimed_only_where_it_always_holds(arguments: dict[str, Any], common: bool) -> None:
    assert games.make("simple_spread", **arguments).spec.common_reward is common


@pytest.mark.parametrize("n", [1, 2, 3, 6, 100])
def test_sizes_grow_with_the_number_of_agents(n: int) -> None:
    # 4 own numbers, 2 for each of n landmarks, 2 + 2 for each of n − 1 others: mpe2's 18 for n = 3.
    spec = games.make("simple_spread", n_agents=n).spec
    assert spec.observation_sizes == (4 + 2 * n + 4 * (n - 1),) * n
    assert spec.action_spaces == (Choice((5,)),) * n
    assert set(spec.sides) == {"team"}


def test_more_bodies_than_a_machine_can_pair_are_refused_before_anything_is_made():
    with pytest.raises(
        ValueError, match=r"simple_spread must have at most 2,000 agents and landmarks together, not 2,"
    ):
        games.make("simple_spread", n_agents=1_001)
