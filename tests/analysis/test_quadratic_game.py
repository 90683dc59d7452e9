"""Quadratic games: Cournot, quadratic with interaction, bilinear on a square; a grid as the independent answer."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.analysis.quadratic_game import QuadraticGame, quadratic_nash_conv

# u_i = q_i (12 − q_1 − q_2): price less cost 12 at no output.
COURNOT = QuadraticGame(linear=12 * np.eye(2), quadratic=[[[-1, -1], [0, 0]], [[0, 0], [-1, -1]]])


def coupled(b, c):
    """u_i = −(a_i − c_i)² + b a_i a_j, without the constant."""
    quadratic = np.zeros((2, 2, 2))
    quadratic[[0, 1], [0, 1], [0, 1]] = -1
    quadratic[:, 0, 1] = b
    return QuadraticGame(linear=2 * np.diag(c), quadratic=quadratic)


SQUARE = QuadraticGame(  # u_1 = x y = −u_2 on [−1, 1]²
    linear=np.zeros((2, 2)), quadratic=[[[0, 1], [0, 0]], [[0, -1], [0, 0]]], low=[-1, -1], high=[1, 1]
)


@pytest.mark.parametrize(
    ("actions", "expected"),
    # Σ (q_i − (12 − q_j) / 2)²: collusion at (3, 3), equilibrium at (4, 4).
    [([3.0, 3.0], 4.5), ([4.0, 4.0], 0.0), ([6.0, 3.0], 2.25)],
)
def test_nash_conv_in_cournot_competition(actions, expected):
    # T10
    found = quadratic_nash_conv(COURNOT, actions)
    assert float(found.nash_conv) == pytest.approx(expected, abs=1e-12)
    assert bool(found.is_equilibrium) == (expected == 0)
    assert COURNOT.best_replies(actions).tolist() == pytest.approx([(12 - actions[1]) / 2, (12 - actions[0]) / 2])


def test_nash_conv_of_coupled_quadratic_payoffs():
    # T10: BR_i = c_i + b a_j / 2 = (1.05, −.925): .75² + 1.125² = 1.828125. Equilibrium (.8, −.8).
    game = coupled(0.5, [1.0, -1.0])
    found = quadratic_nash_conv(game, [[0.3, 0.2], [0.8, -0.8]])
    assert found.nash_conv.tolist() == pytest.approx([1.828125, 0.0], abs=1e-12)
    assert np.isnan(found.normalised_gains).all()


def test_nash_conv_of_the_bilinear_game_is_the_distance_from_the_centre():
    # max_y xy = |x| on either side: |x| + |y|.
    actions = np.random.default_rng(0).uniform(-1, 1, size=(50, 2))
    found = quadratic_nash_conv(SQUARE, actions)
    np.testing.assert_allclose(found.nash_conv, np.abs(actions).sum(axis=1), rtol=0, atol=1e-14)


@given(st.integers(0, 2**32 - 1), st.integers(1, 3))
@settings(deadline=None, max_examples=60)
def test_best_replies_beat_every_action_on_a_grid(seed, n):
    source = np.random.default_rng(seed)
    low = source.normal(size=n)
    game = QuadraticGame(
        linear=source.normal(size=(n, n)), quadratic=source.normal(size=(n, n, n)), low=low, high=low + 2
    )
    actions = low + 2 * source.random(n)
    gains, replies, here = game.deviation_gains(actions), game.best_replies(actions), game.payoffs(actions)
    for i in range(n):
        tried = np.repeat(actions[None], 201, axis=0)
        tried[:, i] = np.linspace(low[i], low[i] + 2, 201)
        best = game.payoffs(tried)[:, i].max()
        replied = actions.copy()
        replied[i] = replies[i]
        assert game.payoffs(replied)[i] == pytest.approx(here[i] + gains[i], abs=1e-10)
        assert best - 1e-10 <= here[i] + gains[i] <= best + 5e-3  # spacing .01, curvature of a few units


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"linear": np.zeros(2), "quadratic": np.zeros((2, 2, 2))}, r"linear and quadratic must be \[N, N\]"),
        ({"linear": [[np.nan]], "quadratic": [[[-1.0]]]}, "linear and quadratic must be finite"),
        ({"linear": [[1.0]], "quadratic": [[[0.0]]]}, "quadratic of agent 0 must be negative in its own action"),
        ({"linear": [[1.0]], "quadratic": [[[1.0]]], "low": [1.0], "high": [1.0]}, "low and high must be 1 numbers"),
        ({"linear": [[1.0]], "quadratic": [[[1.0]]], "low": [0.0]}, "or its action bounded"),
    ],
)
def test_quadratic_game_says_what_does_not_fit(settings, message):
    with pytest.raises(ValueError, match=message):
        QuadraticGame(**settings)


def test_quadratic_nash_conv_says_what_does_not_fit():
    with pytest.raises(ValueError, match="actions must be finite, with 2 in the last axis"):
        quadratic_nash_conv(SQUARE, [0.0])
    with pytest.raises(ValueError, match=r"actions must lie between \[-1.0, -1.0\]"):
        quadratic_nash_conv(SQUARE, [0.0, 2.0])
    with pytest.raises(ValueError, match="tolerance must be"):
        quadratic_nash_conv(SQUARE, [0.0, 0.0], tolerance=-1)
