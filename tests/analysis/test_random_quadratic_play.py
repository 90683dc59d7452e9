"""Random play in quadratic games: closed forms, quadrature, sampling, limits, refusals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from nashlens.analysis.quadratic_game import QuadraticGame, quadratic_nash_conv
from nashlens.analysis.random_quadratic_play import clipped_normal_moments, random_play_nash_conv

BILINEAR = QuadraticGame(
    linear=np.zeros((2, 2)), quadratic=[[[0, 1], [0, 0]], [[0, -1], [0, 0]]], low=[-1, -1], high=[1, 1]
)
COURNOT = QuadraticGame(
    linear=12 * np.eye(2), quadratic=[[[-1, -1], [0, 0]], [[0, 0], [-1, -1]]], low=[0, 0], high=[12, 12]
)


def test_clipped_normal_moments_of_a_half_line_cut_in_the_middle():
    # max(X, 0) of a standard normal X: mean 1/√(2π), mean square 1/2 (folded normal, halved); the upper bound is far.
    first, second = clipped_normal_moments(0.0, 1.0, low=0.0, high=50.0)
    assert first == pytest.approx(1 / np.sqrt(2 * np.pi), abs=1e-12)
    assert second == pytest.approx(0.5, abs=1e-12)


@given(st.floats(-3, 3), st.floats(0.05, 3), st.floats(-2, 0), st.floats(0.1, 2))
def test_clipped_normal_moments_are_those_of_quadrature(mean, std, low, high):
    first, second = clipped_normal_moments(mean, std, low=low, high=high)
    law = stats.norm(mean, std)
    for power, found in ((1, first), (2, second)):
        inside = integrate.quad(lambda x, k=power: x**k * law.pdf(x), low, high, points=[np.clip(mean, low, high)])[0]
        assert found == pytest.approx(low**power * law.cdf(low) + high**power * law.sf(high) + inside, abs=1e-7)


def test_random_play_of_fixed_actions_is_pure_play():
    actions = np.array([3.0, 3.0])  # collusion in Cournot: 4.5
    assert random_play_nash_conv(COURNOT, actions, actions**2).nash_conv == pytest.approx(4.5)
    assert quadratic_nash_conv(COURNOT, actions).nash_conv == pytest.approx(4.5)


def test_random_play_pays_for_its_spread_where_payoffs_are_curved():
    # At the means of Cournot's equilibrium, 4 each, variance v costs each agent its own curvature 1 times v.
    found = random_play_nash_conv(COURNOT, [4.0, 4.0], [16.25, 16.5])
    assert found.gains.tolist() == pytest.approx([0.25, 0.5])


def test_random_play_in_the_bilinear_game_knows_only_means():
    # NashConv is |E x| + |E y|; the uniform draw has mean 0 and is an equilibrium.
    assert random_play_nash_conv(BILINEAR, [0.0, 0.0], [1 / 3, 1 / 3]).nash_conv == 0
    assert random_play_nash_conv(BILINEAR, [0.3, -0.4], [0.5, 0.5]).nash_conv == pytest.approx(0.7)


def test_random_play_agrees_with_sampled_payoffs_of_a_grid_of_replies():
    rng = np.random.default_rng(0)
    draws = np.clip(rng.normal([2.0, 5.0], [1.0, 2.0], (20_000, 2)), 0, 12)
    first, second = clipped_normal_moments([2.0, 5.0], [1.0, 2.0], low=0.0, high=12.0)
    exact = random_play_nash_conv(COURNOT, first, second).gains
    base = COURNOT.payoffs(draws)
    grid = np.linspace(0, 12, 61)
    for i in range(2):
        best = max(COURNOT.payoffs(np.where(np.arange(2) == i, each, draws))[:, i].mean() for each in grid)
        assert best - base[:, i].mean() == pytest.approx(exact[i], abs=4 * base[:, i].std() / 141 + 0.011)


@pytest.mark.parametrize(
    ("values", "message"), [({"std": 0.0}, "std > 0"), ({"low": 2.0}, "low < high"), ({"mean": np.nan}, "finite")]
)
def test_clipped_normal_moments_refuse(values, message):
    given_values = {"mean": 0.0, "std": 1.0, "low": -1.0, "high": 1.0} | values
    with pytest.raises(ValueError, match=message):
        clipped_normal_moments(
            given_values["mean"], given_values["std"], low=given_values["low"], high=given_values["high"]
        )


def test_random_play_refuses_moments_that_cannot_be():
    with pytest.raises(ValueError, match="squares must be"):
        random_play_nash_conv(COURNOT, [3.0, 3.0], [8.0, 9.0])
    with pytest.raises(ValueError, match="actions must"):
        random_play_nash_conv(COURNOT, [3.0, 13.0], [9.0, 169.0])
