"""Best responses in Markov games: repeated matching pennies, brute force over policies, value iteration, trees."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.analysis.exploitability import nash_conv
from nashlens.analysis.markov_best_response import discounted_nash_conv, optimal_action_values
from nashlens.analysis.markov_game import MarkovGame, state_values
from nashlens.games import NormalFormGame, Profile

PENNIES = NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])


def random_case(seed, n_actions=(2, 3), n_states=3, size=(2,)):
    source = np.random.default_rng(seed)
    game = MarkovGame(
        kernel=source.dirichlet(np.full(n_states, 0.5), size=(n_states, *n_actions)),
        rewards=source.normal(size=(len(n_actions), n_states, *n_actions)),
    )
    return game, Profile([source.dirichlet(np.ones(n), size=(*size, n_states)) for n in n_actions])


def test_discounted_nash_conv_of_repeated_matching_pennies_is_the_stage_over_1_minus_discount():
    # Stage NashConv |2 · .9 − 1| + |2 · .7 − 1| = 1.2; over 1 − .9 it is 12.
    found = discounted_nash_conv(PENNIES, Profile([[0.9, 0.1], [0.7, 0.3]]), discount=0.9)
    assert float(found.nash_conv) == pytest.approx(12.0, abs=1e-10)
    assert found.normalised_gains.tolist() == pytest.approx([0.08 / 2, 1.12 / 2])


@given(st.integers(0, 2**32 - 1), st.floats(0, 0.95))
@settings(deadline=None, max_examples=30)
def test_discounted_nash_conv_agrees_with_the_best_of_all_deterministic_policies(seed, discount):
    game, profile = random_case(seed, size=())
    start = np.random.default_rng(seed).dirichlet(np.ones(3))
    found = discounted_nash_conv(game, profile, discount=discount, start=start)

    def worth(policies):
        return state_values(game, Profile([p[None] for p in policies]), discount=discount)[0] @ start

    for i, n in enumerate(game.n_actions):
        deviations = []
        for plan in product(range(n), repeat=3):
            policies = list(profile)
            policies[i] = np.eye(n)[list(plan)]
            deviations.append(worth(policies)[i])
        assert found.gains[i] == pytest.approx(max(deviations) - worth(profile)[i], abs=1e-9)


@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
@settings(deadline=None, max_examples=20)
def test_discounted_nash_conv_of_one_state_is_the_stage_game(seed, n_agents):
    source = np.random.default_rng(seed)
    n_actions = source.integers(1, 4, size=n_agents)
    game = NormalFormGame(source.normal(size=(n_agents, *n_actions)))
    profile = Profile([source.dirichlet(np.ones(n), size=(2, 3)) for n in n_actions])
    found = discounted_nash_conv(game, profile, discount=0.8)
    np.testing.assert_allclose(found.gains, nash_conv(game, profile).gains / 0.2, rtol=0, atol=1e-10)
    np.testing.assert_allclose(found.normalised_gains, nash_conv(game, profile).normalised_gains, rtol=0, atol=1e-10)


def test_optimal_action_values_agree_with_value_iteration():
    source = np.random.default_rng(0)
    kernel, reward = source.dirichlet(np.ones(5), size=(4, 5, 3)), source.normal(size=(4, 5, 3))
    expected = np.zeros((4, 5, 3))
    for _ in range(1000):  # .9^1000 is nothing
        expected = reward + 0.9 * np.einsum("tsan,tn->tsa", kernel, expected.max(axis=-1))
    np.testing.assert_allclose(optimal_action_values(kernel, reward, discount=0.9), expected, rtol=0, atol=1e-11)


def test_optimal_action_values_give_up_a_reward_now_for_more_later():
    # From state 0: stay for 1, or go for 0 to state 1, which pays 2 for ever. γ = .9: 18 against 1 + .9 · 18.
    kernel = np.zeros((1, 2, 2, 2))
    kernel[0, 0, [0, 1], [0, 1]] = 1
    kernel[0, 1, :, 1] = 1
    found = optimal_action_values(kernel, np.array([[[1.0, 0.0], [2.0, 2.0]]]), discount=0.9)
    np.testing.assert_allclose(found[0], [[1 + 0.9 * 18, 18.0], [20.0, 20.0]], rtol=0, atol=1e-12)


def test_optimal_action_values_end_where_everything_is_equal():
    kernel = np.random.default_rng(0).dirichlet(np.ones(4), size=(2, 4, 3))
    found = optimal_action_values(kernel, np.full((2, 4, 3), 1e12 / 3), discount=0.99)
    np.testing.assert_allclose(found, 1e14 / 3, rtol=1e-12)


@pytest.mark.parametrize("discount", [0.999, 0.999999])
def test_optimal_action_values_end_at_extreme_discounts(discount):
    source = np.random.default_rng(0)
    kernel, reward = source.dirichlet(np.full(30, 0.1), size=(3, 30, 4)), source.normal(size=(3, 30, 4))
    found = optimal_action_values(kernel, reward, discount=discount)
    backup = reward + discount * np.einsum("tsan,tn->tsa", kernel, found.max(axis=-1))
    np.testing.assert_allclose(backup, found, rtol=0, atol=1e-7 * np.abs(found).max())


def test_discounted_nash_conv_of_batches_is_that_of_its_entries():
    game, profile = random_case(1, size=(2, 3))
    whole = discounted_nash_conv(game, profile, discount=0.7)
    one = discounted_nash_conv(game, Profile([s[1, 2] for s in profile]), discount=0.7)
    assert (whole.gains >= 0).all()
    np.testing.assert_allclose(whole.gains[1, 2], one.gains, rtol=0, atol=1e-12)
    assert discounted_nash_conv(game, Profile([s[:0] for s in profile]), discount=0.7).gains.shape == (0, 3, 2)


def test_discounted_nash_conv_says_what_does_not_fit():
    game, profile = random_case(0)
    with pytest.raises(ValueError, match="discount must be in"):
        discounted_nash_conv(game, profile, discount=1.0)
    with pytest.raises(ValueError, match="start must be a distribution over 3 states"):
        discounted_nash_conv(game, profile, discount=0.5, start=[1.0])
    with pytest.raises(ValueError, match="profile must hold"):
        discounted_nash_conv(game, Profile.uniform(2, 3), discount=0.5)
    with pytest.raises(ValueError, match="tolerance must be"):
        discounted_nash_conv(game, profile, discount=0.5, tolerance=-1)
    with pytest.raises(ValueError, match="discount must be in"):
        optimal_action_values(np.ones((1, 1, 1, 1)), np.ones((1, 1, 1)), discount=1.0)
