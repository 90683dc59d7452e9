"""Tag: bounties, the prey's speed, who sees which velocity."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nashlens import games
from nashlens.games import Batch, Step

Wait = Callable[[Batch], Step]


# Two predators at the prey (0.1 < 0.125) and one far away; the prey at 0.95 pays 0.5 for leaving; obstacles far off.
PLACES = [[0.95, 0.1], [0.95, -0.1], [-0.9, 0.0], [0.95, 0.0], [-0.5, -0.5], [-0.5, 0.5]]


def test_rewards_and_measures_by_hand(placed: Any, wait: Wait) -> None:
    step = wait(placed("simple_tag", PLACES))
    np.testing.assert_allclose(step.rewards, [[20, 20, 20, -20.5]])
    np.testing.assert_array_equal(step.measures["collisions"], [[1, 1, 0, 0]])
    assert (step.measures["touches"][0], step.measures["caught"][0]) == (2, 1)
    assert not step.terminated[0]


@pytest.mark.parametrize(("second", "ends"), [((0.9, 0.9), False), ((-0.9, 0.1), True)])
def test_episode_ends_when_all_prey_are_caught_at_once(placed: Any, wait: Wait, second: Any, ends: bool) -> None:
    places = [*PLACES[:4], second]
    step = wait(placed("simple_tag", places, num_good=2, num_obstacles=0, terminate_on_success=True))
    assert (bool(step.measures["caught"][0]), bool(step.terminated[0])) == (ends, ends)


# Predators 1.0; prey 30 % and 100 % faster as in the paper; the curriculum's shares of 1.3.
@pytest.mark.parametrize(
    ("arguments", "speed"),
    [
        ({}, 1.3),
        ({"prey_speedup": 1.0}, 2.0),
        ({"prey_speedup": 0.0}, 1.0),
        ({"curriculum": True}, 0.65),
        ({"curriculum": True, "curriculum_stage": 1}, 0.975),
        ({"curriculum": True, "curriculum_stage": 2}, 1.3),
        ({"curriculum_stage": 0}, 1.3),
    ],
)
def test_prey_reaches_its_speed_limit(arguments: dict[str, Any], speed: float) -> None:
    game = games.make("simple_tag", num_obstacles=0, num_adversaries=1, max_cycles=30, **arguments)
    batch = game.start(1, rng=np.random.default_rng(0))
    right = [np.eye(5)[[2]]] * 2
    for _ in range(25):
        batch.step(right)
    np.testing.assert_allclose(batch.state()["velocities"][0, :, 0], [1.0, speed])


def test_velocities_of_prey_alone_are_seen(placed: Any) -> None:
    batch = placed("simple_tag", [[0, 0], [1, 0], [0, 1], [-1, 0]], num_adversaries=2, num_good=2, num_obstacles=0)
    state = batch.state()
    state["velocities"][0] = [[0.1, 0], [0.2, 0], [0.3, 0], [0.4, 0]]
    batch.restore(state)
    predator, _, prey, _ = (seen[0] for seen in batch.observations)
    np.testing.assert_allclose(predator, [0.1, 0, 0, 0, 1, 0, 0, 1, -1, 0, 0.3, 0, 0.4, 0])
    np.testing.assert_allclose(prey, [0.3, 0, 0, 1, 0, -1, 1, -1, -1, -1, 0.4, 0])


def test_neighbour_limit_gives_each_neighbour_a_velocity_zero_for_predators(placed: Any) -> None:
    arguments: dict[str, Any] = {"num_adversaries": 2, "num_good": 1, "num_obstacles": 0, "num_agent_neighbors": 3}
    batch = placed("simple_tag", [[0, 0], [0.3, 0], [0.5, 0]], **arguments)
    state = batch.state()
    state["velocities"][0] = [[0.1, 0], [0.2, 0], [0.3, 0]]
    batch.restore(state)
    places, velocities = [0.3, 0, 0.5, 0, 0, 0], [0, 0, 0.3, 0, 0, 0]
    np.testing.assert_allclose(batch.observations[0], [[0.1, 0, 0, 0, *places, *velocities]])


def test_default_sizes_and_sides_are_those_of_mpe2() -> None:
    spec = games.make("simple_tag").spec
    assert spec.observation_sizes == (16, 16, 16, 14)
    assert spec.sides == ("predators", "predators", "predators", "prey")
    state = games.make("simple_tag").start(2000, rng=np.random.default_rng(0)).state()
    assert 0.9 < np.abs(state["positions"][:, :4]).max() <= 1
    assert 0.89 < np.abs(state["positions"][:, 4:]).max() <= 0.9
