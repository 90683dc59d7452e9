"""What takes a game in normal form refuses anything else by name."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from nashlens.analysis.correlated import correlated_equilibrium
from nashlens.analysis.dynamics import trajectory, vector_field
from nashlens.analysis.enumeration import enumerate_equilibria
from nashlens.analysis.equilibria import find_equilibria, pure_equilibria
from nashlens.analysis.homogeneity_gap import homogeneity_gap, repeated_homogeneity_gap
from nashlens.analysis.homotopy import limiting_logit_equilibrium
from nashlens.analysis.minimax import game_value
from nashlens.analysis.potential import largest_cycle, potential_decomposition
from nashlens.analysis.quantal import logit_branch
from nashlens.analysis.supports import support_equilibria
from nashlens.analysis.welfare import price_of_anarchy, social_optimum, welfare
from nashlens.analysis.zero_sum import optimal_strategies
from nashlens.games import Profile, make

HALF = Profile.uniform(2, 2)
CALLS: dict[str, Callable[[Any], object]] = {
    "correlated_equilibrium": correlated_equilibrium,
    "enumerate_equilibria": enumerate_equilibria,
    "find_equilibria": find_equilibria,
    "game_value": game_value,
    "homogeneity_gap": homogeneity_gap,
    "largest_cycle": largest_cycle,
    "limiting_logit_equilibrium": limiting_logit_equilibrium,
    "logit_branch": lambda game: logit_branch(game, [1.0]),
    "optimal_strategies": optimal_strategies,
    "potential_decomposition": potential_decomposition,
    "price_of_anarchy": price_of_anarchy,
    "pure_equilibria": pure_equilibria,
    "repeated_homogeneity_gap": lambda game: repeated_homogeneity_gap(game, rounds=2, memory=True),
    "social_optimum": social_optimum,
    "support_equilibria": support_equilibria,
    "trajectory": lambda game: trajectory(game, HALF),
    "vector_field": lambda game: vector_field(game, HALF),
    "welfare": lambda game: welfare(game, HALF),
}


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
def test_a_name_or_a_world_in_place_of_a_game_is_refused(call: Callable[[Any], object]) -> None:
    expected = r"game must be a NormalFormGame, such as games.make\('chicken'\), not "
    with pytest.raises(ValueError, match=f"{expected}'chicken'"):
        call("chicken")
    with pytest.raises(ValueError, match=f"{expected}a SimpleSpread"):
        call(make("simple_spread"))
