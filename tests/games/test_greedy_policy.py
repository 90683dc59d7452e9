"""A policy that never explores plays the mode of another, in both kinds of spaces, with its memory."""

import numpy as np
import pytest

from nashlens.games.core import Box, Choice
from nashlens.games.greedy_policy import GreedyPolicy
from nashlens.games.mixture_policy import MixturePolicy
from nashlens.games.network_policy import GaussianPolicy, Network
from nashlens.games.policy import ConstantPolicy

SEEN = np.ones((3, 1))


def test_greedy_policy_plays_the_most_probable_alternative():
    greedy = GreedyPolicy(ConstantPolicy([0.2, 0.5, 0.3]))
    for played in (
        greedy.sample(SEEN, rng=np.random.default_rng(0)),
        greedy.mode(SEEN),
        greedy.probabilities(SEEN),
    ):
        assert played.tolist() == [[0.0, 1.0, 0.0]] * 3
    assert greedy.action_space == Choice((3,))
    with pytest.raises(ValueError, match="moments are defined for Box"):
        greedy.moments(SEEN)


def test_greedy_policy_of_a_box_plays_the_mean_without_spread():
    # middle 1, half width 2, tanh(0) = 0: the mean is 1
    network = Network(weights=(np.zeros((1, 2)),), biases=(np.zeros(2),))
    greedy = GreedyPolicy(GaussianPolicy(network, action_space=Box((-1.0,), (3.0,)), observation_size=1))
    mean, std = greedy.moments(SEEN)
    assert mean.tolist() == [[1.0]] * 3
    assert std.tolist() == [[0.0]] * 3
    assert greedy.sample(SEEN, rng=np.random.default_rng(0)).tolist() == [[1.0]] * 3
    with pytest.raises(ValueError, match="probabilities are defined for Choice"):
        greedy.probabilities(SEEN)


def test_greedy_policy_keeps_the_memory_of_a_mixture():
    members = [ConstantPolicy([0.9, 0.1]), ConstantPolicy([0.1, 0.9])]
    greedy = GreedyPolicy(MixturePolicy(members))
    memory = greedy.initial_memory(3, rng=np.random.default_rng(1))
    assert greedy.memory_size == memory.shape[1] > 0
    np.testing.assert_array_equal(greedy.next_memory(SEEN, memory), memory)
    assert set(greedy.sample(SEEN, memory=memory, rng=np.random.default_rng(0)).ravel()) == {0.0, 1.0}
