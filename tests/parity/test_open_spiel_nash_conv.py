"""NashConv against OpenSpiel's: the same payoff tensors as turn-based games, random profiles, some of them pure."""

import numpy as np
import pyspiel
import pytest
from open_spiel.python.algorithms import exploitability as spiel
from open_spiel.python.policy import TabularPolicy

from nashlens.analysis.exploitability import exploitability, nash_conv
from nashlens.games import NormalFormGame, Profile


def turn_based(payoffs):
    """The tensor game in which agents move one after the other without seeing anything."""
    flat = [own.ravel().tolist() for own in payoffs]
    return pyspiel.convert_to_turn_based(pyspiel.create_tensor_game(flat, list(payoffs.shape[1:])))


def tabular(game, strategies):
    policy = TabularPolicy(game)
    for row, strategy in zip(policy.action_probability_array, strategies, strict=True):
        row[:] = 0.0
        row[: len(strategy)] = strategy
    return policy


def random_strategy(n_actions, rng):
    return np.eye(n_actions)[rng.integers(n_actions)] if rng.random() < 0.2 else rng.dirichlet(np.ones(n_actions))


@pytest.mark.parametrize("n_agents", [2, 3, 4])
def test_nash_conv_agrees_with_open_spiel_on_random_games(n_agents):
    rng = np.random.default_rng(n_agents)
    for _ in range(70):  # 210 games in all
        n_actions = rng.integers(1, 5 if n_agents < 4 else 4, size=n_agents)
        payoffs = rng.normal(size=(n_agents, *n_actions)) * 10.0 ** rng.integers(-2, 3)
        strategies = [random_strategy(n, rng) for n in n_actions]
        game = turn_based(payoffs)
        theirs = spiel.nash_conv(game, tabular(game, strategies), return_only_nash_conv=False)
        ours = nash_conv(NormalFormGame(payoffs), Profile(strategies))
        np.testing.assert_allclose(ours.gains, theirs.player_improvements, rtol=0, atol=1e-9)
        assert float(ours.nash_conv) == pytest.approx(theirs.nash_conv, abs=1e-9)


def test_exploitability_agrees_with_open_spiel_on_random_zero_sum_games():
    rng = np.random.default_rng(0)
    for _ in range(20):
        matrix = rng.normal(size=rng.integers(1, 5, size=2))
        strategies = [random_strategy(n, rng) for n in matrix.shape]
        game = pyspiel.convert_to_turn_based(pyspiel.create_matrix_game(matrix.tolist(), (-matrix).tolist()))
        theirs = spiel.exploitability(game, tabular(game, strategies))
        ours = exploitability(NormalFormGame([matrix, -matrix]), Profile(strategies))
        assert float(ours.exploitability) == pytest.approx(theirs, abs=1e-9)
