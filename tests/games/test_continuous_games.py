"""Games in real numbers: payoffs and equilibria in closed form, conformance, refusals."""

import numpy as np
import pytest

from nashlens import games
from nashlens.analysis.quadratic_game import QuadraticGame, quadratic_nash_conv
from nashlens.games import conformance
from nashlens.games.continuous_games import ContinuousGame, attraction, bilinear, cournot, entries


def analysed(game: ContinuousGame) -> QuadraticGame:
    return QuadraticGame(linear=game.linear, quadratic=game.quadratic, low=game.low, high=game.high)


@pytest.mark.parametrize("name", [entry.name for entry in entries()])
def test_continuous_games_keep_the_contract(name):
    game = games.make(name)
    assert conformance.check(game, rng=np.random.default_rng(0)).n_episodes > 0
    again = games.make(game.spec.name, **game.spec.parameters)
    assert again.spec == game.spec


@pytest.mark.parametrize(
    ("game", "actions", "expected"),
    [
        # u_i = −(a_i − c_i)² + b a_i a_j with b = .5, c = (1, −1): NashConv 1.828125 at (.3, .2), 0 at (.8, −.8)
        (attraction(), (0.3, 0.2), 1.828125),
        (attraction(), (0.8, -0.8), 0.0),
        (bilinear(), (0.3, -0.4), 0.7),  # |x| + |y|
        (cournot(), (3.0, 3.0), 4.5),  # Σ (q_i − (12 − q_j)/2)²
        (cournot(), (4.0, 4.0), 0.0),
    ],
)
def test_continuous_games_have_the_nash_conv_of_the_textbook(game, actions, expected):
    assert quadratic_nash_conv(analysed(game), actions).nash_conv == pytest.approx(expected, abs=1e-12)


def test_played_payoffs_are_those_of_the_formula_and_the_episode_is_over():
    batch = cournot().start(2, rng=np.random.default_rng(0))
    step = batch.step([np.array([[3.0], [4.0]]), np.array([[3.0], [5.0]])])
    assert step.rewards.tolist() == [[18.0, 18.0], [12.0, 15.0]]  # q_i (12 − q_1 − q_2)
    assert step.terminated.all()
    assert not step.truncated.any()
    batch.restore(batch.state())


def test_actions_outside_the_bounds_are_cut_to_them():
    step = bilinear().start(1, rng=np.random.default_rng(0)).step([np.array([[3.0]]), np.array([[-3.0]])])
    assert step.rewards.tolist() == [[-1.0, 1.0]]


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"linear": np.ones((2, 3))}, "linear and quadratic must be"),
        ({"quadratic": np.ones((2, 2))}, "linear and quadratic must be"),
        ({"linear": np.full((2, 2), np.nan)}, "linear must be finite"),
        ({"low": [1, 1], "high": [0, 2]}, "low < high"),
        ({"low": [0]}, "low and high must be 2 numbers"),
    ],
)
def test_continuous_game_refuses_what_does_not_fit(values, message):
    given = {"linear": np.eye(2), "quadratic": np.zeros((2, 2, 2)), "low": [0, 0], "high": [1, 1]} | values
    with pytest.raises(ValueError, match=message):
        ContinuousGame(given["linear"], given["quadratic"], low=given["low"], high=given["high"])


def test_attraction_refuses_parameters_out_of_range():
    with pytest.raises(ValueError, match="b must be"):
        attraction(b=2.0)
    with pytest.raises(ValueError, match="c must be"):
        attraction(c=-1.0)
