"""Simple: the numbers of one placed step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nashlens import games
from nashlens.games import Batch, Step

Wait = Callable[[Batch], Step]


def test_reward_is_minus_the_squared_distance(placed: Any, wait: Wait) -> None:
    # A 3-4-5 triangle: distance 0.5.
    batch = placed("simple", [[0.3, 0.4], [0.0, 0.0]], reach_radius=0.6)
    np.testing.assert_allclose(batch.observations[0], [[0, 0, -0.3, -0.4]])
    step = wait(batch)
    np.testing.assert_allclose(step.rewards, [[-0.25]])
    np.testing.assert_allclose(step.measures["distance"], [0.5])
    np.testing.assert_array_equal(step.measures["target_reach"], [1])
    assert wait(placed("simple", [[0.3, 0.4], [0.0, 0.0]])).measures["target_reach"] == [0]


def test_policy_that_walks_straight_arrives() -> None:
    game = games.make("simple", actions="continuous", max_cycles=100)
    batch = game.start(50, rng=np.random.default_rng(0))
    for _ in range(100):
        seen = batch.observations[0]
        wish = (seen[:, 2:4] - seen[:, 0:2]).clip(-1, 1)
        ways = [np.zeros(50), (-wish[:, 0]).clip(0), wish[:, 0].clip(0), (-wish[:, 1]).clip(0), wish[:, 1].clip(0)]
        step = batch.step([np.stack(ways, axis=1)])
    assert step.measures["target_reach"].all()
