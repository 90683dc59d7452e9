"""Networks as policies: hand-computed outputs, draws by chi-square and Kolmogorov-Smirnov, refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from nashlens.games.core import Box, Choice
from nashlens.games.network_policy import GaussianPolicy, Network, NetworkPolicy

TWO_FACTORS = Choice((3, 2))
BOX = Box((-1.0, 0.0), (1.0, 4.0))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def counts(actions: np.ndarray, part: slice) -> np.ndarray:
    return actions[:, part].sum(axis=0)


def seen(n: int, size: int = 1) -> np.ndarray:
    return np.ones((n, size))


NETWORK = Network(
    weights=(np.array([[1.0, -1.0], [2.0, 0.0], [0.5, 1.0]]), np.array([[1.0, 0.0], [0.0, 2.0]])),
    biases=(np.array([0.0, 1.0]), np.array([0.5, -1.0])),
    index=(2.0,),
)


def test_network_equals_a_computation_by_hand() -> None:
    # input (1, -3, 2): hidden (1 - 6 + 1, -1 + 2) + (0, 1) = (-4, 2) -> (0, 2); output (0 + .5, 4 - 1) = (.5, 3)
    # input (1, 1, 2): hidden (1 + 2 + 1, -1 + 2) + (0, 1) = (4, 2); output (4.5, 3)
    np.testing.assert_array_equal(NETWORK(np.array([[1.0, -3.0], [1.0, 1.0]])), [[0.5, 3.0], [4.5, 3.0]])
    assert NETWORK(np.ones((1, 2), dtype=np.float32)).dtype == np.float64


def test_network_of_one_layer_is_linear() -> None:
    linear = Network(weights=(np.array([[2.0], [-1.0]]),), biases=(np.array([1.0]),))
    np.testing.assert_array_equal(linear(np.array([[1.0, 5.0]])), [[-2.0]])


@pytest.mark.parametrize(
    ("weights", "biases", "message"),
    [
        ((), (), "weights and biases must be one a layer, not 0 and 0"),
        ((np.ones((1, 1)),), (), "weights and biases must be one a layer, not 1 and 0"),
        ((np.ones((1, 2)), np.ones((3, 1))), (np.ones(2), np.ones(1)), "layers must fit one another"),
        ((np.ones(2),), (np.ones(2),), "layers must fit one another"),
        ((np.ones((1, 2)),), (np.ones(1),), "biases must have one entry an output"),
    ],
)
def test_network_refuses_layers_that_do_not_fit(weights: Any, biases: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Network(weights=weights, biases=biases)


def hard_policy(**options: Any) -> NetworkPolicy:
    return NetworkPolicy(NETWORK, action_space=Choice((2,)), observation_size=2, **options)


def test_network_policy_probabilities_equal_a_computation_by_hand() -> None:
    # logits (4.5, 3): probability of the first is 1/(1 + e^-1.5)
    first = 1 / (1 + np.exp(-1.5))
    np.testing.assert_allclose(hard_policy().probabilities(np.array([[1.0, 1.0]])), [[first, 1 - first]], atol=1e-15)
    assert hard_policy().mode(np.array([[1.0, 1.0], [1.0, -3.0]])).tolist() == [[1, 0], [0, 1]]


def test_network_policy_sample_frequencies_follow_the_softmax() -> None:
    first = 1 / (1 + np.exp(-1.5))
    actions = hard_policy().sample(seen(10_000, 2), rng=rng(6))
    assert stats.chisquare(counts(actions, slice(0, 2)), [10_000 * first, 10_000 * (1 - first)]).pvalue > 0.01


def test_soft_network_policy_draws_gumbel_softmax_points() -> None:
    # the larger coordinate follows the softmax, whatever the temperature; each point lies on the simplex
    policy = hard_policy(soft=True, temperature=0.5)
    points = policy.sample(seen(10_000, 2), rng=rng(7))
    np.testing.assert_allclose(points.sum(axis=1), 1, atol=1e-12)
    assert ((points > 0) & (points < 1)).mean() > 0.9
    first = 1 / (1 + np.exp(-1.5))
    winners = np.bincount(points.argmax(axis=1), minlength=2)
    assert stats.chisquare(winners, [10_000 * first, 10_000 * (1 - first)]).pvalue > 0.01
    # with two actions the log-odds are logistic around 1.5, divided by the temperature
    assert stats.kstest(np.diff(np.log(points[:, ::-1]), axis=1)[:, 0] * 0.5, stats.logistic(1.5).cdf).pvalue > 0.01
    np.testing.assert_allclose(policy.mode(seen(1, 2)), policy.probabilities(seen(1, 2)))


def test_soft_network_policy_keeps_to_legal_actions() -> None:
    masks = np.tile([False, True], (5, 1))
    assert hard_policy(soft=True).sample(seen(5, 2), masks=masks, rng=rng()).tolist() == [[0, 1]] * 5
    assert hard_policy(soft=True).mode(seen(5, 2), masks=masks).tolist() == [[0, 1]] * 5
    assert hard_policy().sample(seen(5, 2), masks=masks, rng=rng()).tolist() == [[0, 1]] * 5


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_network_policy_refuses_other_temperatures(temperature: float) -> None:
    with pytest.raises(ValueError, match="temperature must be above 0, not"):
        hard_policy(temperature=temperature)


def test_policies_refuse_networks_of_other_sizes() -> None:
    with pytest.raises(ValueError, match="network must have 3 inputs beside its index and 2 outputs, not 2 and 2"):
        NetworkPolicy(NETWORK, action_space=Choice((2,)), observation_size=3)
    with pytest.raises(ValueError, match="network must have 2 inputs beside its index and 5 outputs, not 2 and 2"):
        NetworkPolicy(NETWORK, action_space=TWO_FACTORS, observation_size=2)
    with pytest.raises(ValueError, match="network must have 2 inputs beside its index and 4 outputs, not 2 and 2"):
        GaussianPolicy(NETWORK, action_space=BOX, observation_size=2)


def gaussian(outputs: list[float]) -> GaussianPolicy:
    network = Network(weights=(np.zeros((1, 4)),), biases=(np.array(outputs),))
    return GaussianPolicy(network, action_space=BOX, observation_size=1)


def test_gaussian_policy_moments_equal_a_computation_by_hand() -> None:
    # box [-1, 1] x [0, 4]: middles 0 and 2, half widths 1 and 2; outputs (0, 1, ln .5, ln .25)
    mean, std = gaussian([0.0, 1.0, np.log(0.5), np.log(0.25)]).moments(seen(1))
    np.testing.assert_allclose(mean, [[0, 2 + 2 * np.tanh(1)]], atol=1e-15)
    np.testing.assert_allclose(std, [[0.5, 0.5]], atol=1e-15)


def test_gaussian_policy_width_is_held_within_its_range() -> None:
    _, std = gaussian([0.0, 0.0, -99.0, 99.0]).moments(seen(1))
    np.testing.assert_allclose(std, [[np.exp(-5), 2 * np.exp(1)]])


def test_gaussian_policy_draws_from_its_moments_and_clips_to_the_box() -> None:
    narrow = gaussian([0.2, -0.3, -3.0, -3.0])
    mean, std = narrow.moments(seen(1))
    draws = narrow.sample(seen(10_000), rng=rng(8))
    for column in range(2):
        law = stats.norm(mean[0, column], std[0, column])
        assert stats.kstest(draws[:, column], law.cdf).pvalue > 0.01
    wide = gaussian([0.0, 0.0, 1.0, 1.0]).sample(seen(1000), rng=rng(9))
    assert wide.min(axis=0).tolist() == list(BOX.low)
    assert wide.max(axis=0).tolist() == list(BOX.high)
    np.testing.assert_array_equal(narrow.mode(seen(1)), mean)
