"""The homogeneity gap: the exact values of T24, with their closed forms, and what NashConv does not see."""

from math import factorial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.analysis.homogeneity_gap import check_symmetric, homogeneity_gap, repeated_homogeneity_gap
from nashlens.analysis.results import Result
from nashlens.analysis.shared_policy import welfare_of
from nashlens.games import make
from nashlens.games.normal_form import NormalFormGame


def test_anti_coordination_loses_half_and_is_in_equilibrium():
    # T24: 2θ(1 − θ) is largest at ½; a deterministic shared policy gets 0; NashConv 0 all the same.
    found = homogeneity_gap(make("anti_coordination"))
    assert (found.homogeneous, found.homogeneous_pure, found.heterogeneous, found.gap) == (0.5, 0, 1, 0.5)
    assert found.nash_conv == 0
    assert found.bound == "exact"


@pytest.mark.parametrize(("n", "value"), [(2, 0.5), (3, 0.2222), (4, 0.09375), (5, 0.0384), (6, 0.015432)])
def test_role_assignment_is_n_factorial_over_n_to_the_n(n, value):
    # T24: All distinct: N! Πx, largest at x = 1/N by the inequality of the means.
    found = homogeneity_gap(make("role_assignment", n_agents=n))
    assert found.homogeneous == pytest.approx(factorial(n) / n**n, abs=1e-9)
    assert found.homogeneous == pytest.approx(value, abs=5e-5)
    assert found.heterogeneous == 1
    assert found.nash_conv == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize(("n", "value"), [(2, 0.75), (3, 0.703704), (4, 0.683594), (5, 0.67232), (6, 0.665102)])
def test_coverage_is_1_less_1_less_1_over_n_to_the_n(n, value):
    # T24
    found = homogeneity_gap(make("coverage", n_agents=n))
    assert found.homogeneous == pytest.approx(1 - (1 - 1 / n) ** n, abs=1e-9)
    assert found.homogeneous == pytest.approx(value, abs=5e-7)
    assert found.ratio == pytest.approx(found.homogeneous)


@pytest.mark.parametrize(("n", "value"), [(2, 0.5), (4, 0.125), (6, 0.03125)])
def test_even_split_is_2_over_2_to_the_n(n, value):
    # T24: Kuba et al. (2022), Proposition 1: the reward is paid at (0^{n/2}, 1^{n/2}) and its mirror only.
    found = homogeneity_gap(make("even_split", n_agents=n))
    assert found.ratio == pytest.approx(value, abs=1e-9)
    assert found.bound == "exact"


def test_volunteers_dilemma():
    # T24: N = 3, c = .25: welfare 3(1 − q³) − 3c(1 − q) at q = P(not) is largest at q = √(c/N) = .288675: 2.394338; the
    # best joint action has one volunteer, 2.75.
    game = make("volunteers_dilemma", n_agents=3, cost=0.25)
    found = homogeneity_gap(game)
    assert found.homogeneous == pytest.approx(2.394338, abs=5e-7)
    assert found.heterogeneous == 2.75
    assert sorted(found.shared_strategy)[0] == pytest.approx(0.288675, abs=1e-6)
    assert found.objective == "sum"
    # In the symmetric equilibrium c = q^(N−1), q = ½: each gets 1 − c, 2.25 together.
    half = [np.array([0.5, 0.5])] * 3
    assert np.einsum("abc,a,b,c->", welfare_of(game), *half) == pytest.approx(2.25)


@pytest.mark.parametrize(("rounds", "value"), [(1, 0.5), (2, 1.25), (3, 2.125), (10, 9.000977)])
def test_repeated_anti_coordination_with_memory_loses_less_than_one_round(rounds, value):
    # T24: T − (1 − 2^−T): each round breaks the tie with probability ½, and then all is won.
    found = repeated_homogeneity_gap(make("anti_coordination"), rounds=rounds, memory=True)
    assert found.homogeneous == pytest.approx(rounds - (1 - 2.0**-rounds), abs=1e-9)
    assert found.homogeneous == pytest.approx(value, abs=5e-7)
    assert found.heterogeneous == rounds


@pytest.mark.parametrize("rounds", [1, 2, 3, 10])
def test_repeated_anti_coordination_without_memory_loses_half(rounds):
    # T24
    found = repeated_homogeneity_gap(make("anti_coordination"), rounds=rounds, memory=False)
    assert (found.homogeneous, found.heterogeneous) == (rounds / 2, rounds)


def test_repeated_gap_with_memory_agrees_with_playing_the_rule():
    # Draw evenly until the agents differ, then keep the roles: 40,000 plays of 4 rounds, sd of the return below 1.2.
    rng = np.random.default_rng(0)
    actions = rng.random((40_000, 4, 2)) < 0.5
    differ = actions[..., 0] != actions[..., 1]
    won = np.maximum.accumulate(differ, axis=1).sum(axis=1)
    expected = repeated_homogeneity_gap(make("anti_coordination"), rounds=4, memory=True).homogeneous
    assert won.mean() == pytest.approx(expected, abs=5 * 1.2 / 200)


@given(st.integers(0, 10**6))
def test_best_shared_strategy_of_a_symmetric_team_is_an_equilibrium(seed):
    # Emmons et al. (2022): the gap can be anything, NashConv is 0.
    table = np.random.default_rng(seed).normal(size=(2, 2))
    team = table + table.T
    found = homogeneity_gap(NormalFormGame([team, team]))
    assert found.nash_conv == pytest.approx(0, abs=1e-6)
    assert found.gap >= 0


def test_memory_never_hurts():
    for name in ("chicken", "stag_hunt", "prisoners_dilemma"):
        game = make(name)
        with_memory, without = (repeated_homogeneity_gap(game, rounds=4, memory=m).homogeneous for m in (True, False))
        assert with_memory >= without - 1e-9


def test_homogeneity_gap_keeps_the_contract_of_results():
    found = homogeneity_gap(make("role_assignment", n_agents=3))
    assert isinstance(found, Result)
    assert {row["bound"] for row in found.to_records()} == {"exact"}
    large = homogeneity_gap(make("role_assignment", n_agents=6))  # too many control values to be certain
    bounds = {row["metric"]: row["bound"] for row in large.to_records()}
    assert bounds["homogeneity_gap"] == "upper"
    assert bounds["homogeneity_homogeneous"] == "lower"
    assert np.isnan(homogeneity_gap(NormalFormGame([[[-1.0]], [[-1.0]]])).ratio)


def test_homogeneity_gap_says_what_does_not_fit():
    unequal = NormalFormGame(np.zeros((2, 2, 3)))
    with pytest.raises(ValueError, match="game must give every agent equally many actions"):
        homogeneity_gap(unequal)
    with pytest.raises(ValueError, match="game must be symmetric; agents 0 and 1"):
        repeated_homogeneity_gap(make("battle_of_the_sexes"), rounds=2, memory=True)
    with pytest.raises(ValueError, match="game must have two agents, not 3"):
        repeated_homogeneity_gap(make("coverage", n_agents=3), rounds=2, memory=True)
    with pytest.raises(ValueError, match="rounds must be at least 1, not 0"):
        repeated_homogeneity_gap(make("anti_coordination"), rounds=0, memory=True)
    check_symmetric(make("coverage", n_agents=4))
