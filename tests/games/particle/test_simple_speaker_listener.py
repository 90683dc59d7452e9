"""Speaker and listener: rewards, the message's way, and colours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nashlens import games
from nashlens.games import Batch, Choice, Step

Wait = Callable[[Batch], Step]


# Speaker, listener, three landmarks; the listener is 0.5 from landmark 1.
PLACES = [[0.9, 0.9], [0.3, 0.4], [1.0, 1.0], [0.0, 0.0], [-1.0, 0.0]]


@pytest.mark.parametrize(("team_reward", "reward"), [("own", -0.25), ("sum", -0.5)])
def test_reward_is_minus_the_squared_distance(placed: Any, wait: Wait, team_reward: str, reward: float) -> None:
    step = wait(placed("simple_speaker_listener", PLACES, facts={"goal": 1}, team_reward=team_reward))
    np.testing.assert_allclose(step.rewards, [[reward, reward]])
    np.testing.assert_allclose(step.measures["distance"], [0.5])


@pytest.mark.parametrize(("radius", "reached"), [(0.49, 0), (0.51, 1)])
def test_target_reach_counts_within_the_radius(placed: Any, wait: Wait, radius: float, reached: int) -> None:
    batch = placed("simple_speaker_listener", PLACES, facts={"goal": 1}, reach_radius=radius)
    np.testing.assert_array_equal(wait(batch).measures["target_reach"], [reached])


@pytest.mark.parametrize(("mode", "heard"), [("one_hot", [0, 1, 0]), ("soft", [0.2, 0.5, 0.3])])
def test_listener_hears_what_the_speaker_says_and_sees_no_colour(placed: Any, mode: str, heard: list[float]) -> None:
    batch = placed("simple_speaker_listener", PLACES, facts={"goal": 2}, actions=mode)
    np.testing.assert_allclose(batch.observations[0], [[0.15, 0.15, 0.65]])
    silent = [0, 0, 0.7, 0.6, -0.3, -0.4, -1.3, -0.4, 0, 0, 0]
    np.testing.assert_allclose(batch.observations[1], [silent])
    step = batch.step([np.array([[0.2, 0.5, 0.3]]), np.eye(5)[[0]]])
    np.testing.assert_allclose(step.next_observations[1], [[*silent[:8], *heard]])


def test_speaker_never_moves_and_goals_are_drawn_evenly() -> None:
    game = games.make("simple_speaker_listener")
    assert game.spec.action_spaces == (Choice((3,)), Choice((5,)))
    batch = game.start(3000, rng=np.random.default_rng(0))
    before = batch.state()
    batch.step([np.eye(3)[np.zeros(3000, dtype=int)], np.eye(5)[np.full(3000, 4)]])
    batch.step([np.eye(3)[np.zeros(3000, dtype=int)], np.eye(5)[np.full(3000, 4)]])
    after = batch.state()
    np.testing.assert_array_equal(after["positions"][:, [0, 2, 3, 4]], before["positions"][:, [0, 2, 3, 4]])
    assert (after["positions"][:, 1, 1] > before["positions"][:, 1, 1]).all()
    counts = np.bincount(before["goal"], minlength=3)
    # Binomial(3000, 1/3): mean 1000, standard deviation 25.8; five of them.
    assert np.abs(counts - 1000).max() < 130
