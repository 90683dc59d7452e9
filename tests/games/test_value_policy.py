import numpy as np
import pytest

from nashlens import games
from nashlens.games.core import Choice
from nashlens.games.network_policy import Network
from nashlens.games.policy import ConstantPolicy, check_joint_policy, seen_by
from nashlens.games.tabular_policy import to_behaviour
from nashlens.games.value_policy import CentralPolicy, EpsilonGreedyPolicy, combinations


def constant(values, n_inputs=1):
    """A network whose outputs are the same at every input."""
    return Network(weights=(np.zeros((n_inputs, len(values))),), biases=(np.asarray(values, np.float64),))


def test_combinations_count_the_last_factor_fastest():
    # Written out by hand for 2 × 3.
    expected = [[1, 0, 1, 0, 0], [1, 0, 0, 1, 0], [1, 0, 0, 0, 1], [0, 1, 1, 0, 0], [0, 1, 0, 1, 0], [0, 1, 0, 0, 1]]
    assert combinations((2, 3)).tolist() == expected


def test_probabilities_are_one_less_epsilon_on_the_best_and_epsilon_spread_by_factor():
    # Best of the six values is the last: alternatives 1 and 2. ε = 0.3: 0.7 + 0.3 / 2 = 0.85 and 0.7 + 0.3 / 3 = 0.8.
    policy = EpsilonGreedyPolicy(
        constant([0, 1, 2, 3, 4, 5]), action_space=Choice((2, 3)), observation_size=1, epsilon=0.3
    )
    chances = policy.probabilities(np.ones((4, 1)))
    np.testing.assert_allclose(chances, np.tile([0.15, 0.85, 0.1, 0.1, 0.8], (4, 1)))
    assert policy.mode(np.ones((1, 1))).tolist() == [[0, 1, 0, 0, 1]]


def test_the_mode_is_greedy_even_where_all_is_explored():
    policy = EpsilonGreedyPolicy(constant([0, 2, 1]), action_space=Choice((3,)), observation_size=1, epsilon=1.0)
    np.testing.assert_allclose(policy.probabilities(np.ones((1, 1))), [[1 / 3, 1 / 3, 1 / 3]])
    assert policy.mode(np.ones((1, 1))).tolist() == [[0, 1, 0]]


def test_only_legal_combinations_are_chosen_and_explored():
    # The best two combinations use alternative 2 of the second factor, which is illegal: (1, 1) is best of the rest.
    policy = EpsilonGreedyPolicy(
        constant([0, 1, 5, 2, 3, 6]), action_space=Choice((2, 3)), observation_size=1, epsilon=0.4
    )
    masks = np.array([[True, True, True, True, False]])
    assert policy.mode(np.ones((1, 1)), masks=masks).tolist() == [[0, 1, 0, 1, 0]]
    np.testing.assert_allclose(policy.probabilities(np.ones((1, 1)), masks=masks), [[0.2, 0.8, 0.2, 0.8, 0.0]])


@pytest.mark.parametrize("epsilon", [-0.1, 1.1, float("nan")])
def test_epsilon_outside_0_to_1_is_refused(epsilon):
    with pytest.raises(ValueError, match="epsilon must be from 0 to 1"):
        EpsilonGreedyPolicy(constant([0, 1]), action_space=Choice((2,)), observation_size=1, epsilon=epsilon)


def test_a_network_that_does_not_fit_is_refused():
    with pytest.raises(ValueError, match="network must have 1 inputs beside its index and 6 outputs"):
        EpsilonGreedyPolicy(constant([0, 1]), action_space=Choice((2, 3)), observation_size=1, epsilon=0.0)


def test_central_policies_play_the_joint_action_of_the_highest_value():
    # Climbing: the highest common payoff, 11, is at (0, 0); the table of values is the payoff matrix itself.
    game = games.make("climbing")
    joint = EpsilonGreedyPolicy(
        constant(game.payoffs[0].ravel(), n_inputs=2), action_space=Choice((3, 3)), observation_size=2, epsilon=0.0
    )
    policies = [CentralPolicy(joint, action_space=Choice((3,)), start=3 * i) for i in range(2)]
    played = games.play(game, policies, n_episodes=5, rng=np.random.default_rng(0))
    assert played.returns.tolist() == [[11.0, 11.0]] * 5


def test_a_central_policy_reads_all_observations_and_masks():
    # Values are 10 · o_0 + o_1 for the first joint action and 5 for the second: only both observations decide.
    network = Network(weights=(np.array([[10.0, 0.0], [1.0, 0.0]]),), biases=(np.array([0.0, 5.0]),))
    joint = EpsilonGreedyPolicy(network, action_space=Choice((2, 1)), observation_size=2, epsilon=0.0)
    policy = CentralPolicy(joint, action_space=Choice((2,)), start=0)
    observations = [np.array([[0.0], [0.4], [1.0]]), np.array([[4.0], [2.0], [0.0]])]
    masks = [np.array([[True, True], [True, True], [False, True]]), np.ones((3, 1), dtype=np.bool_)]
    seen, legal = seen_by(policy, 0, observations, masks)
    assert seen.tolist() == [[0.0, 4.0], [0.4, 2.0], [1.0, 0.0]]
    assert policy.mode(seen).tolist() == [[0, 1], [1, 0], [1, 0]]
    assert policy.mode(seen, masks=legal).tolist() == [[0, 1], [1, 0], [0, 1]]
    own, legal = seen_by(ConstantPolicy([0.5, 0.5]), 0, observations, masks)
    assert own is observations[0]
    assert legal is masks[0]


def test_a_part_that_the_joint_policy_does_not_have_is_refused():
    joint = EpsilonGreedyPolicy(constant(np.zeros(6)), action_space=Choice((2, 3)), observation_size=1, epsilon=0.0)
    for start, space in ((1, Choice((2,))), (0, Choice((3,))), (2, Choice((2,))), (5, Choice((3,)))):
        with pytest.raises(ValueError, match="start must be where"):
            CentralPolicy(joint, action_space=space, start=start)


def test_central_policies_are_refused_where_own_observations_are_handed_out():
    game = games.make("kuhn_poker")
    spaces = [space.factors[0] for space in game.spec.action_spaces]
    n_inputs = sum(game.spec.observation_sizes)
    joint = EpsilonGreedyPolicy(
        constant(np.zeros(spaces[0] * spaces[1]), n_inputs=n_inputs),
        action_space=Choice(tuple(spaces)),
        observation_size=n_inputs,
        epsilon=0.0,
    )
    policies = [CentralPolicy(joint, action_space=game.spec.action_spaces[i], start=i * spaces[0]) for i in range(2)]
    assert len(check_joint_policy(game.spec, policies, central=True)) == 2
    with pytest.raises(ValueError, match="must read its own observation alone"):
        to_behaviour(game, policies)
    assert games.play(game, policies, n_episodes=3, rng=np.random.default_rng(0)).returns.shape == (3, 2)
