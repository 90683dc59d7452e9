"""Rules of thumb for places: greedy matching by hand and as a permutation, the end of an episode where it is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens import games
from nashlens.games import anchor_policies, play
from nashlens.games.particle.coverage_rules import covered_place, matched_place, simple_adversary, simple_push


def test_matched_place_by_hand() -> None:
    # The nearest pair is agent 1 at place 0, so that agent 0 is left with place 1, although 0 is nearer to it.
    distances = np.array([[[0.4, 0.9], [0.1, 0.2]]])
    assert matched_place(distances).tolist() == [1]
    assert matched_place(distances[:, :, :1]).tolist() == [-1]
    assert matched_place(np.array([[[np.inf, np.inf], [0.1, 0.2]]])).tolist() == [-1]


@given(st.integers(0, 2**32 - 1), st.integers(1, 6))
def test_agents_that_see_the_same_match_themselves_to_different_places(seed: int, n: int) -> None:
    distances = np.random.default_rng(seed).uniform(0, 2, (4, n, n))
    mine = [matched_place(np.roll(distances, -agent, axis=1)) for agent in range(n)]
    np.testing.assert_array_equal(np.sort(np.stack(mine), axis=0), np.repeat(np.arange(n)[:, None], 4, axis=1))


def test_covered_place_without_a_place_left_is_the_nearest() -> None:
    places, others = np.array([[[0.5, 0.0]]]), np.array([[[0.5, 0.1]]])
    assert covered_place(places, others).tolist() == [[0.5, 0.0]]


def test_adversary_goes_to_the_centroid_and_agents_cover_what_is_not_covered() -> None:
    game: Any = games.make("simple_adversary")
    adversary, agent = simple_adversary(game, 0), simple_adversary(game, 1)
    force = adversary(np.array([[0.4, 0.0, 0.0, -0.8, 9.0, 9.0, 9.0, 9.0]])).force
    assert force is not None
    assert np.sign(force).tolist() == [[1, -1]]
    assert force[0, 1] == pytest.approx(-2 * force[0, 0])
    # Target and first landmark to the right, where the other agent (the last pair) stands already; the second is left.
    force = agent(np.array([[0.5, 0.0, 0.5, 0.0, -0.7, 0.0, 0.1, 0.1, 0.5, 0.0]])).force
    assert force is not None
    assert np.sign(force).tolist() == [[-1, 0]]


def test_agents_with_limited_sight_go_to_the_target() -> None:
    limited: Any = games.make("simple_adversary", num_agent_neighbors=1)
    force = simple_adversary(limited, 1)(np.array([[0.5, 0.0, 0.5, 0.0, -0.7, 0.0, 0.5, 0.0]])).force
    assert force is not None
    assert np.sign(force).tolist() == [[1, 0]]


def test_pusher_goes_to_the_landmark_that_the_agent_is_nearest_to() -> None:
    game: Any = games.make("simple_push")
    # Landmarks at (1, 0) and (0, 1), the agent at (0.2, 0.9).
    force = simple_push(game, 0)(np.array([[0.0, 0.0, 1.0, 0.0, 0.0, 1.0, 0.2, 0.9]])).force
    assert force is not None
    assert np.sign(force).tolist() == [[0, 1]]


@pytest.mark.parametrize("name", ["simple_line", "simple_formation"])
def test_agreed_places_are_taken(name: str) -> None:
    # Continuous actions, twice the usual time: all who can still move freely stand within 0.05 of their places.
    game = games.make(name, actions="continuous", max_cycles=50, terminate_on_success=True)
    episodes = play(game, anchor_policies(game)["heuristic"], n_episodes=300, rng=np.random.default_rng(0))
    assert (episodes.lengths < 50).mean() > 0.9


@pytest.mark.parametrize(
    ("name", "arguments"),
    [
        ("simple_spread", {"n_agents": 1}),
        ("simple_spread", {"n_agents": 5, "num_agent_neighbors": 2, "num_landmark_neighbors": 3}),
        ("simple_spread", {"n_agents": 2, "num_agent_neighbors": 4, "num_landmark_neighbors": 4}),
        ("simple_line", {"n_agents": 1}),
        ("simple_formation", {"n_agents": 1}),
        ("simple_adversary", {"N": 1}),
        ("simple_adversary", {"N": 4, "num_agent_neighbors": 2, "num_landmark_neighbors": 2}),
        ("simple_adversary", {"N": 2, "num_landmark_neighbors": 5}),
    ],
)
def test_other_sizes_and_limits_are_better_than_random(name: str, arguments: dict[str, Any]) -> None:
    game = games.make(name, **arguments)
    found = anchor_policies(game)
    last = game.spec.n_agents - 1
    heuristic = (*found["random"][:1], *found["heuristic"][1:]) if name == "simple_adversary" else found["heuristic"]
    returns = [
        play(game, joint, n_episodes=300, rng=np.random.default_rng(4)).returns[:, last]
        for joint in (found["random"], heuristic)
    ]
    error = np.hypot(*(each.std() / np.sqrt(300) for each in returns))
    assert returns[1].mean() - returns[0].mean() > 5 * error
