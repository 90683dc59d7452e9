"""Mixtures: members drawn by their weights and kept, moments of their draws, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from nashlens.games.core import Box, Choice
from nashlens.games.mixture_policy import MixturePolicy
from nashlens.games.network_policy import GaussianPolicy, Network
from nashlens.games.policy import ConstantPolicy, Policy, ScriptedPolicy, uniform_policy

TWO_FACTORS = Choice((3, 2))
BOX = Box((-1.0, 0.0), (1.0, 4.0))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def counts(actions: np.ndarray, part: slice) -> np.ndarray:
    return actions[:, part].sum(axis=0)


def seen(n: int, size: int = 1) -> np.ndarray:
    return np.ones((n, size))


def scripted() -> ScriptedPolicy:
    """Return the policy that takes its observation for the probability of its first action."""
    return ScriptedPolicy(
        lambda o: np.column_stack([o[:, 0], 1 - o[:, 0]]), action_space=Choice((2,)), observation_size=1
    )


def gaussian(outputs: list[float]) -> GaussianPolicy:
    network = Network(weights=(np.zeros((1, 4)),), biases=(np.array(outputs),))
    return GaussianPolicy(network, action_space=BOX, observation_size=1)


def test_mixture_draws_its_member_by_the_weights_and_keeps_to_it() -> None:
    mixture = MixturePolicy([ConstantPolicy(row) for row in np.eye(3)], weights=[0.2, 0.5, 0.3])
    memory = mixture.initial_memory(10_000, rng=rng(10))
    drawn = np.bincount(memory[:, 0].astype(int))
    assert stats.chisquare(drawn, [2000, 5000, 3000]).pvalue > 0.01
    for _ in range(3):
        memory = mixture.next_memory(seen(10_000), memory)
        actions = mixture.sample(seen(10_000), memory=memory, rng=rng(11))
        np.testing.assert_array_equal(actions.argmax(axis=1), memory[:, 0])
    np.testing.assert_array_equal(
        mixture.probabilities(seen(10_000), memory=memory), np.eye(3)[memory[:, 0].astype(int)]
    )


def test_mixture_without_memory_is_the_first_step_of_an_episode() -> None:
    members = [ConstantPolicy([0.9, 0.1]), ConstantPolicy([0.3, 0.7])]
    mixture = MixturePolicy(members, weights=[0.25, 0.75])
    np.testing.assert_allclose(mixture.probabilities(seen(1)), [[0.45, 0.55]], atol=1e-15)  # .225 + .225, .025 + .525
    actions = mixture.sample(seen(10_000), rng=rng(12))
    assert stats.chisquare(counts(actions, slice(0, 2)), [4500, 5500]).pvalue > 0.01
    assert mixture.mode(seen(1)).tolist() == [[0, 1]]  # the likeliest member's likeliest action


def test_mixture_asks_each_member_with_its_own_rows_and_masks() -> None:
    rule = scripted()
    mixture = MixturePolicy([rule, ConstantPolicy([0.5, 0.5])])
    observations = np.array([[0.1], [0.2], [0.3]])
    masks = np.array([[True, True], [True, False], [True, True]])
    memory = np.array([[0.0], [1.0], [0.0]])
    expected = [[0.1, 0.9], [1.0, 0.0], [0.3, 0.7]]
    np.testing.assert_allclose(mixture.probabilities(observations, masks=masks, memory=memory), expected, atol=1e-15)
    assert mixture.mode(observations, masks=masks, memory=memory).tolist() == [[0, 1], [1, 0], [0, 1]]


def test_mixture_of_box_policies_has_the_moments_of_its_draws() -> None:
    # means -.5 and .5 (in the first coordinate, tanh(∓.5493) = ∓.5), both with deviation d: variance d² + .25
    members = [gaussian([place, 0.0, -4.0, -4.0]) for place in (-np.arctanh(0.5), np.arctanh(0.5))]
    mixture = MixturePolicy(members)
    mean, std = mixture.moments(seen(1))
    np.testing.assert_allclose(mean, [[0, 2]], atol=1e-12)
    np.testing.assert_allclose(std[0, 0], np.sqrt(np.exp(-8) + 0.25), atol=1e-12)
    draws = mixture.sample(seen(20_000), rng=rng(13))
    np.testing.assert_allclose(draws.std(axis=0), std[0], rtol=0.02)
    kept = mixture.moments(seen(2), memory=np.array([[1.0], [0.0]]))[0]
    np.testing.assert_allclose(kept[:, 0], [0.5, -0.5], atol=1e-12)


@pytest.mark.parametrize(
    ("members", "weights", "message"),
    [
        ([], None, "members must be one or more policies over one action space"),
        ([ConstantPolicy([1.0]), ConstantPolicy([0.5, 0.5])], None, "members must be one or more policies over one"),
        (
            [uniform_policy(TWO_FACTORS), uniform_policy(TWO_FACTORS, observation_size=2)],
            None,
            "must read equally much",
        ),
        ([MixturePolicy([ConstantPolicy([1.0])])], None, "members must be policies without memory"),
        ([ConstantPolicy([1.0])] * 2, [0.5, 0.6], "weights must be 2 probabilities that sum to 1"),
        ([ConstantPolicy([1.0])] * 2, [1.5, -0.5], "weights must be 2 probabilities that sum to 1"),
        ([ConstantPolicy([1.0])] * 2, [np.nan, 1.0], "weights must be 2 probabilities that sum to 1"),
        ([ConstantPolicy([1.0])] * 2, [1.0], "weights must be 2 probabilities that sum to 1"),
    ],
)
def test_mixture_refuses_what_does_not_fit(members: list[Policy], weights: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MixturePolicy(members, weights=weights)
