"""Adversary: rewards, success, what is hidden."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nashlens import games
from nashlens.games import Batch, Step

Wait = Callable[[Batch], Step]


# Adversary, two agents, two landmarks; the target is landmark 1 at the origin.
PLACES = [[0.5, 0.0], [0.0, 0.1], [1.0, 0.0], [1.0, 0.1], [0.0, 0.0]]
FACTS = {"goal": 1}


@pytest.mark.parametrize(("squared", "adversary"), [(False, -0.5), (True, -0.25)])
def test_rewards_by_hand(placed: Any, wait: Wait, squared: bool, adversary: float) -> None:
    step = wait(placed("simple_adversary", PLACES, facts=FACTS, squared_adversary_reward=squared))
    np.testing.assert_allclose(step.rewards, [[adversary, 0.4, 0.4]])


def test_measures_by_hand(placed: Any, wait: Wait) -> None:
    measures = wait(placed("simple_adversary", PLACES, facts=FACTS)).measures
    np.testing.assert_allclose(measures["distance"], [[0.5, 0.1, 1.0]])
    np.testing.assert_allclose(measures["distance_to_landmark_1"], [[0.5, 0.1, 1.0]])
    np.testing.assert_allclose(measures["distance_to_landmark_0"], [[np.hypot(0.5, 0.1), 1.0, 0.1]])
    assert [measures[m][0] for m in ("agents_success", "adversary_success", "covered_landmarks")] == [1, 0, 2]
    wide = wait(placed("simple_adversary", PLACES, facts=FACTS, reach_radius=0.6)).measures
    assert wide["adversary_success"] == [1]


def test_adversary_sees_no_target(placed: Any) -> None:
    one, other = (placed("simple_adversary", PLACES, facts={"goal": goal}).observations for goal in (0, 1))
    np.testing.assert_array_equal(one[0], other[0])
    np.testing.assert_allclose(one[0], [[0.5, 0.1, -0.5, 0, -0.5, 0.1, 0.5, 0]])
    np.testing.assert_allclose(other[1], [[0, -0.1, 1, 0, 0, -0.1, 0.5, -0.1, 1, -0.1]])
    assert (one[1] != other[1]).any()


def test_neighbour_limits_spare_the_target(placed: Any) -> None:
    arguments: dict[str, Any] = {"num_landmark_neighbors": 1, "num_agent_neighbors": 1}
    seen = placed("simple_adversary", PLACES, facts={"goal": 0}, **arguments).observations
    np.testing.assert_allclose(seen[1], [[1, 0, 0, -0.1, 0.5, -0.1]])


@pytest.mark.parametrize("n", [1, 2, 4])
def test_sides_and_sizes(n: int) -> None:
    spec = games.make("simple_adversary", N=n).spec
    assert spec.sides == ("adversary", *["agents"] * n)
    assert spec.observation_sizes == (4 * n, *[4 * n + 2] * n)
