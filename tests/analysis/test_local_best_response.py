"""Local best response in one shot: equal to the best response, greedy in given values, promises that are no bounds."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.analysis.exploitability import nash_conv
from nashlens.analysis.local_best_response import local_best_response
from nashlens.analysis.results import Result
from nashlens.games.normal_form import NormalFormGame, Profile

PENNIES = NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
PROFILE = Profile([[0.9, 0.1], [0.7, 0.3]])


@given(st.integers(0, 2**32 - 1))
def test_local_best_response_in_one_shot_is_the_best_response(seed):
    source = np.random.default_rng(seed)
    game = NormalFormGame(source.normal(size=(3, 2, 3, 2)))
    profile = Profile([source.dirichlet(np.ones(n), size=4) for n in (2, 3, 2)])
    found = local_best_response(game, profile)
    np.testing.assert_allclose(found.gains, nash_conv(game, profile).gains, rtol=0, atol=1e-12)
    assert (found.gains == found.promised).all()
    assert found.bound == "exact"


@given(st.integers(0, 2**32 - 1))
def test_local_best_response_on_learned_values_is_a_lower_bound_and_its_promise_is_not(seed):
    source = np.random.default_rng(seed)
    game = NormalFormGame(source.normal(size=(2, 3, 3)))
    profile = Profile([source.dirichlet(np.ones(3)) for _ in range(2)])
    found = local_best_response(game, profile, q_values=source.normal(size=(2, 3)))
    assert (found.gains <= nash_conv(game, profile).gains + 1e-12).all()
    assert found.bound == "lower"


def test_local_best_response_is_greedy_in_the_values_it_is_given():
    # Matching pennies at (.9, .7): the value is .8 · .4 = .32. A critic that is wrong about heads and tails for agent 0
    # makes it play tails (payoff −.4), promising 5; agent 1 is right: tails, gaining .8 + .32.
    found = local_best_response(PENNIES, PROFILE, q_values=[[0.0, 5.0], [-1.0, 1.0]])
    assert found.actions.tolist() == [1, 1]
    assert found.gains.tolist() == pytest.approx([-0.72, 1.12])
    assert found.promised.tolist() == pytest.approx([4.68, 1.32])
    assert isinstance(found, Result)
    assert [row["agent"] for row in found.to_records()] == [0, 1]


def test_local_best_response_says_what_does_not_fit():
    with pytest.raises(ValueError, match="profile must have"):
        local_best_response(PENNIES, Profile([[1.0], [1.0]]))
    with pytest.raises(ValueError, match="q_values must be 2 arrays, one an agent, not 1"):
        local_best_response(PENNIES, PROFILE, q_values=[[0.0, 1.0]])
    with pytest.raises(ValueError, match=r"q_values\[1\] must be finite, of shape \(2,\), not \(3,\)"):
        local_best_response(PENNIES, PROFILE, q_values=[[0.0, 1.0], [0.0, 1.0, 2.0]])
