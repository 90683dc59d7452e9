"""Rules of thumb for predators and prey: who is taken for whom, the leader's quadrants, food, limits of sight."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from nashlens import games
from nashlens.games import anchor_policies, play
from nashlens.games.particle.pursuit_rules import simple_tag, simple_world_comm


def signs(intent: Any) -> list[float]:
    assert intent.force is not None
    return list(np.sign(intent.force[0]))


def test_predator_chases_prey_and_not_its_like() -> None:
    # velocity, position, two obstacles, two predators (right), prey (up), the prey's velocity
    seen = [0, 0, 0, 0, 9, 9, 9, 9, 0.1, 0, 0.2, 0, 0, 0.9, 0, 0]
    world: Any = games.make("simple_tag")
    assert signs(simple_tag(world, 0)(np.array([seen], dtype=float))) == [0, 1]


def test_prey_flees_from_predators() -> None:
    # velocity, position, two obstacles, predators right, and above right
    seen = [0, 0, 0, 0, 9, 9, 9, 9, 0.5, 0, 0.6, 0, 0.6, 0.6]
    world: Any = games.make("simple_tag")
    assert signs(simple_tag(world, 3)(np.array([seen], dtype=float))) == [-1, -1]


def test_with_limited_sight_who_shows_a_velocity_is_prey() -> None:
    world: Any = games.make("simple_tag", num_agent_neighbors=2, num_obstacles=0)
    hidden = [0, 0, 0.5, -0.5]
    near_predator = [*hidden, 0.1, 0, 0, 0.9]
    assert signs(simple_tag(world, 0)(np.array([[*near_predator, 0, 0, 1.0, 0]]))) == [0, 1]
    # Nobody shows one: back to the middle.
    assert signs(simple_tag(world, 0)(np.array([[*near_predator, 0, 0, 0, 0]]))) == [-1, 1]
    assert signs(simple_tag(world, 3)(np.array([[*near_predator, 0, 0, 1.0, 0]]))) == [-1, 0]


def predator_view(*, prey: list[float], heard: list[float]) -> np.ndarray:
    # velocity, position (0.2, 0.1), 5 landmarks, 3 predators, 2 prey, their velocities, 2 forests, the leader's signal
    own = [0, 0, 0.2, 0.1]
    return np.array([[*own, *[9] * 10, *[0.3] * 6, *prey, 0, 0, 0, 0, -1, -1, *heard]], dtype=float)


def test_leader_names_the_quadrant_of_the_nearest_prey() -> None:
    world: Any = games.make("simple_world_comm")
    leader = simple_world_comm(world, 0)
    # The nearest prey is at (0.2 - 0.5, 0.1 + 0.1): left, above, signal 1.
    seen = predator_view(prey=[-0.5, 0.1, 0.9, 0.9], heard=[0, 0, 0, 0])
    intent = leader(seen)
    assert intent.said is not None
    assert intent.said.tolist() == [[0, 1, 0, 0]]
    assert signs(intent) == [-1, 1]


@pytest.mark.parametrize(
    ("heard", "direction"),
    [([1, 0, 0, 0], [-1, -1]), ([0, 1, 0, 0], [-1, 1]), ([0, 0, 1, 0], [1, -1]), ([0, 0, 0, 1], [1, 1])],
)
def test_predator_that_sees_no_prey_goes_where_the_leader_says(heard: list[float], direction: list[float]) -> None:
    world: Any = games.make("simple_world_comm")
    follower = simple_world_comm(world, 1)
    assert signs(follower(predator_view(prey=[0, 0, 0, 0], heard=heard))) == direction
    assert signs(follower(predator_view(prey=[0, 0, 0, 0], heard=[0, 0, 0, 0]))) == [-1, -1]
    assert signs(follower(predator_view(prey=[0, 0, 0.5, 0], heard=heard))) == [1, 0]


def test_prey_eats_until_a_predator_is_near() -> None:
    world: Any = games.make("simple_world_comm")
    rule = simple_world_comm(world, 4)

    def seen(predator: list[float]) -> np.ndarray:
        # velocity, position, obstacle, food (right; far up), forests, predators, other prey, forests, its velocity
        landmarks = [9, 9, 0.4, 0, 0, 2, 9, 9, 9, 9]
        return np.array([[0, 0, 0, 0, *landmarks, *predator, 0, 0, 0, 0, 0, 0, 1, 1, -1, -1, 0, 0]], dtype=float)

    assert signs(rule(seen([0.7, 0.0]))) == [1, 0]
    assert signs(rule(seen([0.5, 0.0]))) == [-1, 0]
    assert signs(rule(seen([0.0, 0.0]))) == [1, 0]  # hidden


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("simple_tag", {"num_good": 2, "num_adversaries": 4, "num_obstacles": 0}),
        ("simple_tag", {"num_good": 2, "num_adversaries": 4, "num_agent_neighbors": 3, "num_landmark_neighbors": 1}),
        ("simple_tag", {"num_good": 1, "num_adversaries": 2, "num_agent_neighbors": 9, "num_landmark_neighbors": 9}),
        ("simple_world_comm", {"num_good": 1, "num_adversaries": 2, "num_obstacles": 0, "num_forests": 0}),
        ("simple_world_comm", {"num_good": 3, "num_adversaries": 3, "num_food": 4, "num_forests": 1}),
    ],
)
def test_other_sizes_and_limits_are_better_than_random(name: str, arguments: dict[str, Any]) -> None:
    game = games.make(name, **arguments)
    found = anchor_policies(game)
    for side in ("predators", "prey"):
        members = list(game.spec.members(side))
        joints = (
            tuple(found[anchor if i in members else "heuristic"][i] for i in range(game.spec.n_agents))
            for anchor in ("random", "heuristic")
        )
        returns = [
            play(game, joint, n_episodes=300, rng=np.random.default_rng(8)).returns[:, members].mean(axis=1)
            for joint in joints
        ]
        error = np.hypot(*(each.std() / np.sqrt(300) for each in returns))
        assert returns[1].mean() - returns[0].mean() > 4 * error
