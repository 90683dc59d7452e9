"""Formation: the circle and where it begins."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nashlens import games
from nashlens.games import Batch, Step

Wait = Callable[[Batch], Step]


CENTRE = np.array([0.2, -0.1])


def circle(n: int, *, first: float, radius: float = 0.5) -> np.ndarray:
    angles = first + 2 * np.pi / n * np.arange(n)
    return CENTRE + radius * np.stack([np.cos(angles), np.sin(angles)], axis=1)


@pytest.mark.parametrize("n", [1, 3, 4, 7])
def test_agents_on_the_circle_have_solved_it(placed: Any, wait: Wait, n: int) -> None:
    step = wait(placed("simple_formation", [*circle(n, first=0.3)[::-1], CENTRE], N=n, terminate_on_success=True))
    np.testing.assert_allclose(step.rewards, 0, atol=1e-14)
    assert (step.measures["solved"][0], step.terminated[0]) == (1, True)


def test_reward_is_the_average_distance_from_the_circle(placed: Any, wait: Wait) -> None:
    step = wait(placed("simple_formation", [*circle(4, first=0.3, radius=0.6), CENTRE]))
    np.testing.assert_allclose(step.rewards, [[-0.1] * 4])
    np.testing.assert_allclose(step.measures["distance"], [0.1])
    assert (step.measures["solved"][0], step.terminated[0]) == (0, False)


def test_circle_begins_at_the_least_angle_counted_from_zero_to_full_turn(placed: Any, wait: Wait) -> None:
    # Angles 350° and 10°: the least is 10°, so the places are at 10° and 190°; the agent at 350° has to cross.
    angles = np.radians([350.0, 10.0])
    agents = CENTRE + 0.5 * np.stack([np.cos(angles), np.sin(angles)], axis=1)
    chord = 2 * 0.5 * np.sin(np.radians(160.0) / 2)
    step = wait(placed("simple_formation", [*agents, CENTRE], n_agents=2))
    np.testing.assert_allclose(step.rewards, [[-chord / 2] * 2])


def test_landmark_stands_near_the_middle() -> None:
    positions = games.make("simple_formation").start(2000, rng=np.random.default_rng(0)).state()["positions"]
    assert 0.49 < np.abs(positions[:, 4]).max() <= 0.5
    assert 0.99 < np.abs(positions[:, :4]).max() <= 1
