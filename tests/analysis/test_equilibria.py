"""Equilibria of games whose equilibria are known, and properties over random ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.analysis.equilibria import find_equilibria, pure_equilibria
from nashlens.analysis.exploitability import nash_conv
from nashlens.analysis.homotopy import limiting_logit_equilibrium
from nashlens.analysis.nash import is_equilibrium
from nashlens.analysis.potential import potential_decomposition
from nashlens.analysis.welfare import social_optimum
from nashlens.games import catalog, make
from nashlens.games.normal_form import NormalFormGame
from tests.analysis.known_equilibria import MATCHING_PENNIES, holds, volunteers_dilemma


@settings(max_examples=40)
@given(st.lists(st.integers(1, 3), min_size=1, max_size=4).map(tuple), st.integers(0, 10_000))
def test_pure_equilibria_random_game_equal_brute_force(shape: tuple[int, ...], seed: int) -> None:
    payoffs = np.random.default_rng(seed).integers(0, 3, size=(len(shape), *shape)).astype(float)
    expected = set()
    for actions in np.ndindex(shape):
        deviations = [
            payoffs[(i, *actions[:i], a, *actions[i + 1 :])] - payoffs[(i, *actions)]
            for i in range(len(shape))
            for a in range(shape[i])
        ]
        if max(deviations) <= 0:
            expected.add(actions)
    found = pure_equilibria(NormalFormGame(payoffs))
    assert {tuple(int(s.argmax()) for s in p) for p in found.profiles} == expected
    assert not found.is_complete


def test_find_equilibria_one_agent_are_its_best_actions() -> None:
    found = find_equilibria(NormalFormGame([[1.0, 3.0, 3.0]]))
    assert [p[0].tolist() for p in found.profiles] == [[0, 1, 0], [0, 0, 1]]
    assert found.is_complete


def test_find_equilibria_one_action_each_is_the_only_profile() -> None:
    for n_agents in (1, 2, 3, 4):
        found = find_equilibria(NormalFormGame(np.ones((n_agents, *(1,) * n_agents))))
        assert len(found) == 1
        assert found.equilibria[0].is_pure


def test_find_equilibria_agent_with_one_action_leaves_the_others_theirs() -> None:
    # Matching pennies beside a third agent without a choice.
    payoffs = np.concatenate([MATCHING_PENNIES.payoffs, np.zeros((1, 2, 2))])[..., None]
    found = find_equilibria(NormalFormGame(payoffs))
    assert len(found) == 1
    assert holds(found, [0.5, 0.5], [0.5, 0.5], [1.0])


@pytest.mark.parametrize("name", [entry.name for entry in catalog.entries() if entry.name != "blotto"])
def test_find_equilibria_catalogued_game_holds_every_known_one(name: str) -> None:
    # The catalogue's equilibria, welfare and potentialness were worked out by hand, each with its source.
    game, known = catalog_game(name), catalog.known(name)
    if known is None:
        pytest.skip(f"nothing is known of {name} beforehand")
    found = find_equilibria(game, max_supports=500)
    for profile in known.equilibria:
        assert is_equilibrium(game, profile)
        assert holds(found, *(s.tolist() for s in profile))
    if known.complete:
        assert len(found) == len(known.equilibria)
    assert social_optimum(game).maximum == pytest.approx(known.welfare)
    if known.potentialness is not None:
        assert potential_decomposition(game).potentialness == pytest.approx(known.potentialness, abs=1e-9)


def catalog_game(name: str) -> NormalFormGame:
    game = make(name)
    assert isinstance(game, NormalFormGame)
    return game


def test_find_equilibria_too_large_to_enumerate_still_finds_some() -> None:
    game = NormalFormGame(np.random.default_rng(0).random((2, 7, 7)))
    found = find_equilibria(game, max_vertices=20, max_supports=200)
    assert len(found) >= 1
    assert not found.is_complete
    assert "vertices" in found.reason
    for profile in found.profiles:
        assert nash_conv(game, profile).nash_conv <= 1e-8


def test_find_equilibria_volunteers_dilemma_has_the_symmetric_one() -> None:
    # T12: P(not) = c^(1 / (N − 1)): N = 3, c = 1/4 gives 1/2, payoff 1 − c each, welfare 2.25.
    found = find_equilibria(volunteers_dilemma(3, 0.25))
    assert holds(found, [0.5, 0.5], [0.5, 0.5], [0.5, 0.5])
    symmetric_one = next(e for e in found.equilibria if e.profile[0][0] == pytest.approx(0.5))
    assert symmetric_one.payoffs == pytest.approx([0.75] * 3, abs=1e-9)
    # Pure: exactly one volunteers. Two of three mix while one never volunteers: P(not) = c.
    assert sum(e.is_pure for e in found.equilibria) == 3
    assert holds(found, [1, 0], [0.25, 0.75], [0.25, 0.75])
    assert len(found) == 7
    assert not found.is_complete
    assert found.bound == "lower"


def test_find_equilibria_four_volunteers_mix_at_the_cube_root() -> None:
    probability = 0.25 ** (1 / 3)
    found = limiting_logit_equilibrium(volunteers_dilemma(4, 0.25))
    assert holds(found, *[[probability, 1 - probability]] * 4)
