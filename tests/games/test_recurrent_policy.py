import numpy as np
import pytest

from nashlens import games
from nashlens.games.core import Box, Choice
from nashlens.games.episodes import play
from nashlens.games.recurrent_policy import RecurrentGaussianPolicy, RecurrentNetwork, RecurrentPolicy


def a_network(*, n_inputs=2, n_hidden=3, memory=4, n_outputs=2, index=(), seed=0):
    rng = np.random.default_rng(seed)
    shapes = [(n_inputs + len(index), n_hidden), (n_hidden, 3 * memory), (memory, 3 * memory), (memory, n_outputs)]
    return RecurrentNetwork(
        weights=tuple(rng.normal(size=shape) for shape in shapes),
        biases=tuple(rng.normal(size=shape[1]) for shape in shapes),
        index=index,
    )


def latch(n_outputs=2):
    """One number of memory: z = σ(−20) ≈ 0, so h' = n = tanh(20 x + r · 20 h) with r = σ(20): the sign sticks."""
    return RecurrentNetwork(
        weights=(
            np.array([[1.0]]),
            np.array([[0.0, 0.0, 20.0]]),
            np.array([[0.0, 0.0, 20.0]]),
            np.array([[-30.0, 30.0]]),
        ),
        biases=(np.zeros(1), np.array([20.0, -20.0, 0.0]), np.zeros(3), np.zeros(2)),
    )


def test_memory_by_hand():
    # x = 1, h = 0: n = tanh(20) = 1, h' = 1; then x = 0: n = tanh(20) = 1; with no memory and x = 0: n = 0.
    policy = RecurrentPolicy(latch(), action_space=Choice((2,)), observation_size=1)
    memory = policy.next_memory(np.array([[1.0], [0.0]]), np.zeros((2, 1)))
    np.testing.assert_allclose(memory, [[1.0], [0.0]], atol=1e-8)
    memory = policy.next_memory(np.zeros((2, 1)), memory)
    np.testing.assert_allclose(memory, [[1.0], [0.0]], atol=1e-8)
    # logits ±30 h: certain of action 1 in the first row, indifferent in the second.
    np.testing.assert_allclose(
        policy.probabilities(np.zeros((2, 1)), memory=memory), [[0.0, 1.0], [0.5, 0.5]], atol=1e-8
    )


def test_rows_do_not_meet_and_the_given_memory_stays_as_it_is():
    network = a_network(index=(0.0, 1.0))
    rng = np.random.default_rng(1)
    seen, memory = rng.normal(size=(5, 2)), rng.normal(size=(5, 4))
    before = memory.copy()
    whole = network.remember(seen, memory)
    np.testing.assert_array_equal(memory, before)
    for k in range(5):
        np.testing.assert_allclose(network.remember(seen[k : k + 1], memory[k : k + 1])[0], whole[k], rtol=1e-12)


def test_masks_leave_illegal_actions_no_probability():
    policy = RecurrentPolicy(a_network(n_outputs=5), action_space=Choice((2, 3)), observation_size=2)
    masks = np.array([[True, False, True, True, False]])
    chances = policy.probabilities(np.ones((1, 2)), masks=masks, memory=np.ones((1, 4)))
    assert chances[0, [1, 4]].tolist() == [0.0, 0.0]
    np.testing.assert_allclose([chances[0, :2].sum(), chances[0, 2:].sum()], 1.0)


def test_box_policy_draws_around_its_mean_inside_the_box():
    policy = RecurrentGaussianPolicy(a_network(), action_space=Box((-1.0,), (3.0,)), observation_size=2)
    seen, memory = np.zeros((20_000, 2)), np.full((20_000, 4), 0.1)
    mean, std = policy.moments(seen, memory=memory)
    drawn = policy.sample(seen, memory=memory, rng=np.random.default_rng(0))
    assert drawn.min() >= -1.0
    assert drawn.max() <= 3.0
    expected = np.clip(mean + std * np.random.default_rng(1).standard_normal(mean.shape), -1.0, 3.0)
    np.testing.assert_allclose(drawn.mean(), expected.mean(), atol=6 * std[0, 0] / np.sqrt(20_000))
    np.testing.assert_array_equal(policy.mode(seen, memory=memory), mean)
    assert policy.next_memory(seen, memory).shape == (20_000, 4)


def test_play_carries_the_memory_through_an_episode_and_begins_each_empty():
    # In the repeated game both see the last joint action; the policies must act by what they remember of it.
    game = games.make("repeated", stage="prisoners_dilemma", rounds=4)
    size = game.spec.observation_sizes[0]
    policies = [
        RecurrentPolicy(a_network(n_inputs=size, seed=seed), action_space=Choice((2,)), observation_size=size)
        for seed in range(2)
    ]
    first = play(game, policies, n_episodes=50, rng=np.random.default_rng(0))
    again = play(game, policies, n_episodes=50, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(first.returns, again.returns)
    assert np.ptp(first.returns) > 0


@pytest.mark.parametrize("memory", [None, np.zeros((3, 5)), np.zeros((2, 4))], ids=["none", "wide", "short"])
def test_a_memory_that_is_missing_or_does_not_fit_is_refused(memory):
    policy = RecurrentPolicy(a_network(), action_space=Choice((2,)), observation_size=2)
    with pytest.raises(ValueError, match=r"memory of a recurrent policy must have shape \(3, 4\)"):
        policy.probabilities(np.zeros((3, 2)), memory=memory)
    gaussian = RecurrentGaussianPolicy(a_network(), action_space=Box((-1.0,), (1.0,)), observation_size=2)
    with pytest.raises(ValueError, match=r"memory of a recurrent policy must have shape \(3, 4\)"):
        gaussian.moments(np.zeros((3, 2)), memory=memory)


def test_networks_that_do_not_fit_are_refused():
    good = a_network()
    with pytest.raises(ValueError, match="of four layers, not 3 and 4"):
        RecurrentNetwork(weights=good.weights[:3], biases=good.biases)
    with pytest.raises(ValueError, match="layers must fit"):
        RecurrentNetwork(weights=(good.weights[0].T, *good.weights[1:]), biases=good.biases)
    with pytest.raises(ValueError, match="biases must have one entry an output"):
        RecurrentNetwork(weights=good.weights, biases=(np.zeros(9), *good.biases[1:]))
    with pytest.raises(ValueError, match="3 inputs beside its index and 2 outputs, not 2 and 2"):
        RecurrentPolicy(good, action_space=Choice((2,)), observation_size=3)
    with pytest.raises(ValueError, match="2 inputs beside its index and 4 outputs, not 2 and 2"):
        RecurrentGaussianPolicy(good, action_space=Box((-1.0, -1.0), (1.0, 1.0)), observation_size=2)


def test_a_soft_policy_draws_points_whose_largest_part_is_a_draw_of_its_probabilities():
    # The Gumbel-max rule: the largest of logits plus Gumbel noise follows the softmax, whatever the temperature.
    network = a_network(n_outputs=3)
    policy = RecurrentPolicy(network, action_space=Choice((3,)), observation_size=2, soft=True, temperature=0.5)
    seen, memory = np.zeros((20_000, 2)), np.full((20_000, 4), 0.1)
    drawn = policy.sample(seen, memory=memory, rng=np.random.default_rng(0))
    np.testing.assert_allclose(drawn.sum(axis=1), 1.0)
    assert (drawn < 1).all()
    chances = policy.probabilities(seen, memory=memory)[0]
    shares = np.bincount(drawn.argmax(axis=1), minlength=3) / 20_000
    np.testing.assert_allclose(shares, chances, atol=5 * 0.5 / np.sqrt(20_000))
    np.testing.assert_array_equal(policy.mode(seen[:1], memory=memory[:1])[0], chances)


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_a_temperature_that_is_not_above_zero_is_refused(temperature):
    with pytest.raises(ValueError, match="temperature must be above 0"):
        RecurrentPolicy(a_network(), action_space=Choice((2,)), observation_size=2, temperature=temperature)
