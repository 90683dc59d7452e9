"""Treasure: picking up, delivering, coming back, and what that is worth."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nashlens import games
from nashlens.games import Batch, Step

Wait = Callable[[Batch], Step]


ARGUMENTS: dict[str, Any] = {"num_collectors": 2, "num_deposits": 2, "num_treasures": 2}
# Collectors, deposits, treasures. Both collectors overlap treasure 0 (0.05 < 0.075) and each other.
PLACES = [[0.05, 0.0], [-0.04, 0.0], [0.5, 0.0], [-0.5, 0.0], [0.0, 0.0], [0.9, 0.9]]
FACTS = {"kind": [1, 0]}


def test_first_collector_gets_the_treasure_and_all_get_the_reward(placed: Any, wait: Wait) -> None:
    batch = placed("collect_treasure", PLACES, facts=FACTS, **ARGUMENTS)
    step = wait(batch)
    state = batch.state()
    np.testing.assert_array_equal(state["holding"], [[1, -1]])
    np.testing.assert_array_equal(state["alive"], [[False, True]])
    # 5 for the treasure; −5 for the overlap; 0.1 times the way: collector 0 to deposit 1 0.55, collector 1 to treasure
    # 1; deposit 0 to the centroid (0.005, 0) 0.495, deposit 1 to its carrier 0.55.
    expected = [-0.055, -0.1 * np.hypot(0.94, 0.9), 5 - 0.0495, 5 - 0.055]
    np.testing.assert_allclose(step.rewards, [expected])
    np.testing.assert_array_equal(step.measures["carrying"], [[1, 0, 0, 1]])
    np.testing.assert_array_equal(step.measures["collisions"], [[1, 1, 0, 0]])
    assert [step.measures[m][0] for m in ("pickups", "deliveries", "alive_treasures")] == [1, 0, 1]


def test_treasure_comes_back_in_the_next_step_at_a_place_inside(placed: Any, wait: Wait) -> None:
    batch = placed("collect_treasure", PLACES, facts=FACTS, **ARGUMENTS)
    wait(batch)
    step = wait(batch)
    state = batch.state()
    assert state["alive"].all()
    assert np.abs(state["positions"][0, 4]).max() <= 0.95
    np.testing.assert_array_equal(state["positions"][0, 5], [0.9, 0.9])
    assert (step.measures["pickups"][0], step.measures["alive_treasures"][0]) == (0, 2)


@pytest.mark.parametrize(("kind", "delivered"), [(0, 1), (1, 0)])
def test_only_the_deposit_of_its_kind_takes_a_treasure(placed: Any, wait: Wait, kind: int, delivered: int) -> None:
    places = [[0.5, 0.1], [-0.9, 0.9], *PLACES[2:4], [0.9, -0.9], [0.9, 0.9]]
    batch = placed("collect_treasure", places, facts={**FACTS, "holding": [kind, -1]}, **ARGUMENTS)
    step = wait(batch)
    assert step.measures["deliveries"][0] == delivered
    assert batch.state()["holding"][0, 0] == (-1 if delivered else kind)
    assert step.rewards[0, 2] == pytest.approx(5 * delivered - 0.1 * np.hypot(0.7, -0.5), rel=1e-9)


def test_treasure_picked_up_beside_its_deposit_is_delivered_at_once(placed: Any, wait: Wait) -> None:
    places = [[0.5, 0.0], [-0.9, 0.9], *PLACES[2:4], [0.5, 0.0], [0.9, 0.9]]
    step = wait(placed("collect_treasure", places, facts={"kind": [0, 0]}, **ARGUMENTS))
    assert [step.measures[m][0] for m in ("pickups", "deliveries")] == [1, 1]


def test_collector_takes_one_treasure_at_a_time(placed: Any, wait: Wait) -> None:
    places = [[0.0, 0.0], [-0.9, 0.9], *PLACES[2:4], [0.02, 0.0], [-0.02, 0.0]]
    batch = placed("collect_treasure", places, facts=FACTS, **ARGUMENTS)
    assert wait(batch).measures["pickups"][0] == 1
    np.testing.assert_array_equal(batch.state()["alive"], [[False, True]])


def test_collector_without_any_treasure_to_go_to_pays_for_no_way(placed: Any, wait: Wait) -> None:
    places = [[0.0, 0.0], [-0.9, 0.9], *PLACES[2:4], [0.02, 0.0]]
    arguments = {**ARGUMENTS, "num_treasures": 1}
    step = wait(placed("collect_treasure", places, facts={"kind": [0]}, **arguments))
    assert step.rewards[0, 1] == 5.0


def test_observation_is_sorted_by_distance_and_hides_what_is_gone(placed: Any, wait: Wait) -> None:
    batch = placed("collect_treasure", PLACES, facts=FACTS, **ARGUMENTS)
    before = batch.observations[1][0]
    treasures = [0.04, 0, 0, 1, 0.94, 0.9, 1, 0]
    np.testing.assert_allclose(before[-8:], treasures)
    after = wait(batch).next_observations[1][0]
    # Collector 0 (0.09 away) now holds kind 1; deposit 1 is 0.46 away, deposit 0 0.54.
    np.testing.assert_array_equal(after[:6], [-0.04, 0, *batch.state()["velocities"][0, 1], 0, 0])
    np.testing.assert_allclose(after[[6, 7, 10, 11, 12, 13]], [0.09, 0, 0, 0, 0, 1], atol=1e-15)
    np.testing.assert_allclose(after[[14, 15, 18, 19, 20, 21]], [-0.46, 0, 0, 1, 0, 0])
    np.testing.assert_allclose(after[[22, 23, 26, 27, 28, 29]], [0.54, 0, 1, 0, 0, 0])
    np.testing.assert_allclose(after[-8:], [0.94, 0.9, 1, 0, 0, 0, 0, 0])


def test_default_sizes_are_those_of_mpe2() -> None:
    spec = games.make("collect_treasure").spec
    assert spec.observation_sizes == (86,) * 6 + (84,) * 2
