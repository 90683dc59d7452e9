"""Crypto: errors, success, and who sees the key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nashlens import games
from nashlens.games import Batch, Step

Wait = Callable[[Batch], Step]


def said(*words: Any) -> list[np.ndarray]:
    """What Eve, Bob and Alice say."""
    return [np.eye(4)[[w]] if isinstance(w, int) else np.array([w], dtype=np.float64) for w in words]


# The squared distance of two different one-hot vectors is 2.
@pytest.mark.parametrize(
    ("eve", "bob", "rewards", "success"),
    [
        (0, 1, [-2, 2, 2], (1, 0)),
        (1, 1, [0, 0, 0], (1, 1)),
        (1, 0, [0, -2, -2], (0, 1)),
        (3, 2, [-2, 0, 0], (0, 0)),
    ],
)
def test_rewards_by_hand(placed: Any, eve: int, bob: int, rewards: list[float], success: tuple[int, int]) -> None:
    step = placed("simple_crypto", np.zeros((5, 2)), facts={"goal": 1, "key": 0}).step(said(eve, bob, 2))
    np.testing.assert_array_equal(step.rewards, [rewards])
    assert (step.measures["bob_success"][0], step.measures["eve_success"][0]) == success


def test_one_that_says_nothing_errs_by_nothing_and_has_no_success(placed: Any) -> None:
    batch = placed("simple_crypto", np.zeros((5, 2)), facts={"goal": 0, "key": 0}, actions="continuous")
    step = batch.step(said([0, 0, 0, 0], [0.5, 0.25, 0, 0], 2))
    # Bob's error: 0.5² + 0.25² = 0.3125.
    np.testing.assert_allclose(step.rewards, [[0, -0.3125, -0.3125]])
    assert (step.measures["bob_success"][0], step.measures["eve_success"][0]) == (1, 0)


def test_eve_sees_the_channel_bob_the_key_too_alice_the_message(placed: Any) -> None:
    batch = placed("simple_crypto", np.zeros((5, 2)), facts={"goal": 1, "key": 0})
    eve, bob, alice = batch.step(said(0, 1, 3)).next_observations
    key, goal, channel = np.eye(4)[0], np.eye(4)[1], np.eye(4)[3]
    np.testing.assert_array_equal(eve[0], channel)
    np.testing.assert_array_equal(bob[0], [*key, *channel])
    np.testing.assert_array_equal(alice[0], [*goal, *key])
    assert batch.spec.sides == ("eve", "alice_and_bob", "alice_and_bob")


@pytest.mark.parametrize("n", [2, 3, 4])
def test_messages_and_keys_come_from_the_set_and_independently(n: int) -> None:
    state = games.make("simple_crypto", n_messages=n).start(4000, rng=np.random.default_rng(0)).state()
    joint = np.histogram2d(state["goal"], state["key"], bins=[np.arange(n + 1)] * 2)[0] / 4000
    # Each cell is binomial with p = 1/n²; five standard errors.
    np.testing.assert_allclose(joint, 1 / n**2, atol=5 * np.sqrt(1 / n**2 / 4000))
