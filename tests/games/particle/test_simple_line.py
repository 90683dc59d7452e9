"""Line: places, assignment, where landmarks may stand."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nashlens import games
from nashlens.games import Batch, Step

Wait = Callable[[Batch], Step]


def test_agents_in_their_places_have_solved_it_in_any_order(placed: Any, wait: Wait) -> None:
    landmarks = [[0.0, 0.0], [1.0, 0.75]]
    places = np.linspace(0, 1, 4)[[2, 0, 3, 1], None] * landmarks[1]
    step = wait(placed("simple_line", [*places, *landmarks], terminate_on_success=True))
    np.testing.assert_allclose(step.rewards, 0, atol=1e-15)
    assert (step.measures["solved"][0], step.terminated[0]) == (1, True)


@pytest.mark.parametrize(("offset", "reward"), [(0.1, -0.1), (7.0, -2.0)])
def test_reward_is_the_average_distance_cut_at_two(placed: Any, wait: Wait, offset: float, reward: float) -> None:
    places = [[0, offset], [0.625, offset], [1.25, offset], [0, 0], [1.25, 0]]
    step = wait(placed("simple_line", places, n_agents=3))
    np.testing.assert_allclose(step.rewards, [[reward] * 3])
    np.testing.assert_allclose(step.measures["distance"], [-reward])
    assert not step.terminated[0]


def test_second_landmark_stands_at_its_distance_inside_the_square() -> None:
    positions = games.make("simple_line").start(2000, rng=np.random.default_rng(0)).state()["positions"]
    first, second = positions[:, 4], positions[:, 5]
    assert np.abs(first).max() <= 0.25
    assert np.abs(second).max() < 1
    np.testing.assert_allclose(np.linalg.norm(second - first, axis=1), 1.25)


def test_observation_holds_velocity_position_and_landmarks(placed: Any) -> None:
    seen = placed("simple_line", [[0.5, 0.25], [0.0, 0.0], [1.0, 0.75]], N=1).observations[0]
    np.testing.assert_allclose(seen, [[0, 0, 0.5, 0.25, -0.5, -0.25, 0.5, 0.5]])
