"""Tabular Markov games: induced models by enumeration, values by series, shapes that do not fit."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.analysis.markov_game import (
    MarkovGame,
    as_markov_game,
    induced_kernel,
    induced_reward,
    joint_action_values,
    state_values,
)
from nashlens.games import NormalFormGame, Profile

PENNIES = NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])


@st.composite
def random_markov_games(draw, n_snapshots=3):
    """A random Markov game of one to three agents, and T snapshots of random policies."""
    source = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_agents, n_states = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    n_actions = [draw(st.integers(1, 3)) for _ in range(n_agents)]
    game = MarkovGame(
        kernel=source.dirichlet(np.full(n_states, 0.5), size=(n_states, *n_actions)),
        rewards=source.normal(size=(n_agents, n_states, *n_actions)),
    )
    return game, Profile([source.dirichlet(np.ones(n), size=(n_snapshots, n_states)) for n in n_actions])


@given(random_markov_games())
@settings(deadline=None, max_examples=40)
def test_induced_models_agree_with_enumeration_over_the_others_actions(case):
    game, profile = case
    for agent in range(game.n_agents):
        kernel, reward = induced_kernel(game, profile, agent=agent), induced_reward(game, profile, agent=agent)
        expected_kernel, expected_reward = np.zeros_like(kernel), np.zeros_like(reward)
        for t, s in np.ndindex(3, game.n_states):
            for joint in product(*(range(n) for n in game.n_actions)):
                weight = np.prod([profile[j][t, s, a] for j, a in enumerate(joint) if j != agent])
                expected_kernel[t, s, joint[agent]] += weight * game.kernel[(s, *joint)]
                expected_reward[t, s, joint[agent]] += weight * game.rewards[(agent, s, *joint)]
        np.testing.assert_allclose(kernel, expected_kernel, rtol=0, atol=1e-13)
        np.testing.assert_allclose(reward, expected_reward, rtol=0, atol=1e-12)


@given(random_markov_games(), st.floats(0, 0.9))
@settings(deadline=None, max_examples=40)
def test_values_keep_the_bellman_equations(case, discount):
    game, profile = case
    values = state_values(game, profile, discount=discount)
    joint = joint_action_values(game, profile, discount=discount)
    for t, i, s in np.ndindex(values.shape):
        expected = sum(
            np.prod([profile[j][t, s, a] for j, a in enumerate(actions)]) * joint[(t, i, s, *actions)]
            for actions in product(*(range(n) for n in game.n_actions))
        )
        assert values[t, i, s] == pytest.approx(expected, abs=1e-10)


def test_state_values_of_repeated_matching_pennies_are_the_stage_payoff_over_1_minus_discount():
    # Stage payoff (2 · .7 − 1)(2 · .9 − 1) = .32.
    game, profile = as_markov_game(PENNIES, Profile([[[0.7, 0.3]], [[0.9, 0.1]]]))
    values = state_values(game, profile, discount=0.9)
    assert values.shape == (1, 2, 1)
    assert values.ravel().tolist() == pytest.approx([3.2, -3.2])


def test_joint_action_values_move_although_the_model_does_not():
    # Repeated matching pennies, γ = .9, π_1 = (.7, .3), the opponent (.9, .1) → (.2, .8): the stage payoff goes from
    # .32 to −.24, and Q_1 by .9 / .1 · (−.56) = −5.04 for every joint action.
    profile = Profile([[[0.7, 0.3]] * 2, [[0.9, 0.1], [0.2, 0.8]]])
    q = joint_action_values(*as_markov_game(PENNIES, profile), discount=0.9)
    np.testing.assert_allclose(q[1, 0] - q[0, 0], np.full((1, 2, 2), -5.04), rtol=0, atol=1e-12)


def test_markov_game_keeps_read_only_copies():
    kernel = np.ones((1, 2, 1))
    game = MarkovGame(kernel=kernel, rewards=np.zeros((1, 1, 2)))
    kernel[:] = 5
    assert game.kernel.max() == 1
    assert not game.rewards.flags.writeable


@pytest.mark.parametrize(
    ("kernel", "rewards", "message"),
    [
        (np.ones((1, 2, 1)), np.zeros((2, 1, 2)), r"rewards must be \[N, S, A_1, …, A_N\]"),
        (np.ones((1, 3, 1)), np.zeros((1, 1, 2)), r"kernel must be \[S, A_1, …, A_N, S\] = \(1, 2, 1\)"),
        (np.ones((1, 2, 1)), np.full((1, 1, 2), np.nan), "rewards must be finite"),
        (np.full((1, 2, 1), 0.9), np.zeros((1, 1, 2)), "kernel must be non-negative and sum to 1"),
        (np.full((1, 2, 1), np.nan), np.zeros((1, 1, 2)), "kernel must be non-negative and sum to 1"),
    ],
)
def test_markov_game_says_what_does_not_fit(kernel, rewards, message):
    with pytest.raises(ValueError, match=message):
        MarkovGame(kernel=kernel, rewards=rewards)


def test_markov_game_rejects_policies_of_another_game():
    game = MarkovGame(kernel=np.ones((1, 2, 1)), rewards=np.zeros((1, 1, 2)))
    with pytest.raises(ValueError, match="profile must hold policies whose last two axes are"):
        as_markov_game(game, Profile([np.ones((3, 1, 1))]))
    with pytest.raises(ValueError, match=r"profile must have \(2, 2\) actions"):
        as_markov_game(PENNIES, Profile.uniform(2, 3))


@pytest.mark.parametrize("discount", [1.0, -0.1, np.nan])
def test_values_reject_a_discount_without_a_solution(discount):
    game, profile = as_markov_game(PENNIES, Profile([[[0.7, 0.3]], [[0.9, 0.1]]]))
    with pytest.raises(ValueError, match=r"discount must be in \[0, 1\)"):
        state_values(game, profile, discount=discount)
