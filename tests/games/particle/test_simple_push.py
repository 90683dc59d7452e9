"""Push: rewards, frames on the target, who knows what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nashlens import games
from nashlens.games import Batch, Step

Wait = Callable[[Batch], Step]


# Adversary, agent, two landmarks; the target is landmark 0 at the origin; the two touch (0.08 < 0.1).
PLACES = [[0.3, 0.0], [0.3, 0.08], [0.0, 0.0], [1.0, 0.0]]
D_AGENT = float(np.hypot(0.3, 0.08))


def test_rewards_and_measures_by_hand(placed: Any, wait: Wait) -> None:
    step = wait(placed("simple_push", PLACES, facts={"goal": 0}, reach_radius=0.305))
    np.testing.assert_allclose(step.rewards, [[D_AGENT - 0.3, -D_AGENT]])
    np.testing.assert_allclose(step.measures["distance"], [[0.3, D_AGENT]])
    assert [step.measures[m][0] for m in ("adversary_on_goal", "agent_on_goal", "touches")] == [1, 0, 1]


def test_agent_that_is_touched_is_pushed_away(placed: Any, wait: Wait) -> None:
    batch = placed("simple_push", PLACES, facts={"goal": 0})
    wait(batch)
    velocities = batch.state()["velocities"][0]
    assert velocities[0, 1] < 0 < velocities[1, 1]
    np.testing.assert_allclose(velocities.sum(axis=0), 0, atol=1e-15)


def test_only_the_agent_knows_the_target(placed: Any) -> None:
    one, other = (placed("simple_push", PLACES, facts={"goal": goal}).observations for goal in (0, 1))
    np.testing.assert_array_equal(one[0], other[0])
    np.testing.assert_allclose(one[0], [[0, 0, -0.3, 0, 0.7, 0, 0, 0.08]])
    colors = [0.1, 0.9, 0.1, 0.1, 0.1, 0.9]
    expected = [0, 0, 0.7, -0.08, 0.25, 0.25, 0.75, -0.3, -0.08, 0.7, -0.08, *colors, 0, -0.08]
    np.testing.assert_allclose(other[1], [expected], atol=1e-15)
    assert games.make("simple_push").spec.sides == ("adversary", "agents")
