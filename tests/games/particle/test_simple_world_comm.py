"""World with communication: rewards, forests that hide, the leader's sight and word."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nashlens import games
from nashlens.games import Batch, Choice, Step

Wait = Callable[[Batch], Step]


# Leader, adversary, prey, prey; one food, two forests (radius 0.3). Prey 0 is in forest 0, the leader in forest 1,
# adversary 0 and prey 1 in the open.
ARGUMENTS: dict[str, Any] = {"num_good": 2, "num_adversaries": 2, "num_obstacles": 0, "num_food": 1}
PLACES = [[0.8, 0.8], [0.0, -0.8], [-0.8, -0.8], [0.1, -0.8], [0.1, -0.75], [-0.8, -0.7], [0.8, 0.7]]
TO_FOOD = float(np.hypot(0.9, 0.05))


def test_rewards_and_measures_by_hand(placed: Any, wait: Wait) -> None:
    step = wait(placed("simple_world_comm", PLACES, **ARGUMENTS))
    # Adversary 0 touches prey 1 (0.1 < 0.12); the prey overlaps the food (0.05 < 0.075); the leader's nearest prey is
    # prey 1, (0.7, 1.6) away; prey 0 pays for its distance from the food.
    lead = 5 - 0.1 * np.hypot(0.7, 1.6)
    np.testing.assert_allclose(step.rewards, [[lead, 5 - 0.01, -0.05 * TO_FOOD, -5 + 2 - 0.05 * 0.05]])
    np.testing.assert_array_equal(step.measures["collisions"], [[0, 1, 0, 0]])
    np.testing.assert_array_equal(step.measures["in_forest"], [[1, 0, 1, 0]])
    assert [step.measures[m][0] for m in ("touches", "caught", "food")] == [1, 0, 1]


def test_boundary_counts_twice(placed: Any, wait: Wait) -> None:
    places = [*PLACES]
    places[2] = [-0.95, -0.8]
    rewards = wait(placed("simple_world_comm", places, **ARGUMENTS)).rewards
    np.testing.assert_allclose(rewards[0, 2], -2 * 0.5 - 0.05 * np.hypot(1.05, 0.05))


def test_forests_hide_from_all_but_the_leader(placed: Any) -> None:
    batch = placed("simple_world_comm", PLACES, **ARGUMENTS)
    state = batch.state()
    state["velocities"][0, 2:] = [[0.5, 0.0], [0.25, 0.0]]
    batch.restore(state)
    leader, hunter, hidden, free = (seen[0] for seen in batch.observations)
    # Numbers 10 to 15 are the others' places, 16 to 19 (predators) the prey's velocities.
    np.testing.assert_allclose(leader[10:20], [-0.8, -1.6, -1.6, -1.6, -0.7, -1.6, 0.5, 0, 0.25, 0])
    np.testing.assert_allclose(hunter[10:20], [0, 0, 0, 0, 0.1, 0, 0, 0, 0.25, 0])
    np.testing.assert_allclose(hidden[10:], [0, 0, 0, 0, 0, 0, 1, -1, 0, 0])
    np.testing.assert_allclose(free[10:], [0, 0, -0.1, 0, 0, 0, -1, -1, 0, 0])


def test_agents_in_one_forest_see_each_other(placed: Any) -> None:
    places = [*PLACES]
    places[1] = [-0.8, -0.6]
    hunter = placed("simple_world_comm", places, **ARGUMENTS).observations[1][0]
    np.testing.assert_allclose(hunter[10:16], [0, 0, 0, -0.2, 0, 0], atol=1e-15)


def test_predators_hear_the_leader_and_prey_do_not(placed: Any) -> None:
    batch = placed("simple_world_comm", PLACES, **ARGUMENTS)
    assert batch.spec.action_spaces == (Choice((5, 4)), Choice((5,)), Choice((5,)), Choice((5,)))
    word = np.concatenate([np.eye(5)[[0]], np.eye(4)[[2]]], axis=1)
    seen = batch.step([word, *[np.eye(5)[[0]]] * 3]).next_observations
    np.testing.assert_array_equal(seen[0][0, -4:], np.eye(4)[2])
    np.testing.assert_array_equal(seen[1][0, -4:], np.eye(4)[2])
    assert [len(s[0]) for s in seen] == [26, 26, 20, 20]
    assert games.make("simple_world_comm").spec.observation_sizes == (34, 34, 34, 34, 28, 28)
