"""Welfare, the price of anarchy and of stability."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.analysis.equilibria import find_equilibria
from nashlens.analysis.welfare import price_of_anarchy, social_optimum, welfare
from nashlens.games.normal_form import NormalFormGame, Profile


def symmetric(matrix: list[list[float]]) -> NormalFormGame:
    return NormalFormGame([np.array(matrix, dtype=float), np.array(matrix, dtype=float).T])


DILEMMA = symmetric([[3, 0], [5, 1]])
CHICKEN = symmetric([[6, 2], [7, 0]])


@pytest.mark.parametrize(
    ("game", "anarchy", "stability"),
    [
        (DILEMMA, 3.0, 3.0),  # 6 / 2
        (CHICKEN, 12 / 9, 12 / (28 / 3)),  # worst 9 (pure), best 28/3 (mixed)
        (symmetric([[0, 1], [1, 0]]), 2.0, 1.0),  # mixed welfare 1, pure 2
    ],
)
@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_price_of_anarchy_known_games(game: NormalFormGame, anarchy: float, stability: float, scale: float) -> None:
    found = price_of_anarchy(NormalFormGame(game.payoffs * scale))
    assert found.anarchy == pytest.approx(anarchy, rel=1e-9)
    assert found.stability == pytest.approx(stability, rel=1e-9)
    assert found.reason == ""
    assert found.bound == "exact"


def test_price_of_anarchy_negative_welfare_is_undefined_and_normalised_is_given() -> None:
    # Climbing: welfare from −60 to 22, equilibria at 22, 14 and 6.875.
    found = price_of_anarchy(NormalFormGame([[[11, -30, 0], [-30, 7, 6], [0, 0, 5]]] * 2))
    assert np.isnan(found.anarchy)
    assert "-60" in found.reason
    assert found.worst_normalised == pytest.approx(66.875 / 82)
    assert found.best_normalised == 1.0
    missing = {r["metric"]: r["reason"] for r in found.to_records()}
    assert missing["price_of_anarchy"]
    assert not missing["worst_equilibrium_normalised_welfare"]


def test_price_of_anarchy_equilibrium_without_welfare_is_undefined() -> None:
    # Both equilibria of [[1, 0], [0, 0]]: welfare 2 and 0.
    found = price_of_anarchy(symmetric([[1, 0], [0, 0]]))
    assert np.isnan(found.anarchy)
    assert np.isnan(found.stability)


def test_price_of_anarchy_constant_welfare_says_so() -> None:
    found = price_of_anarchy(NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]]))
    assert np.isnan(found.worst_normalised)
    assert "same at every profile" in found.reason


def test_price_of_anarchy_three_agents_is_a_lower_bound() -> None:
    payoffs = np.ones((3, 2, 2, 2))
    payoffs[:, 0, 0, 0] = 2.0
    found = price_of_anarchy(NormalFormGame(payoffs))
    assert found.bound == "lower"
    assert {r["metric"]: r["bound"] for r in found.to_records()}["price_of_stability"] == "upper"


def test_price_of_anarchy_empty_list_raises() -> None:
    with pytest.raises(ValueError, match="at least one"):
        price_of_anarchy(DILEMMA, equilibria=replace(find_equilibria(DILEMMA), equilibria=()))


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_price_of_anarchy_random_positive_game_is_ordered(seed: int) -> None:
    game = NormalFormGame(np.random.default_rng(seed).random((2, 3, 3)))
    found = price_of_anarchy(game)
    assert found.anarchy >= found.stability - 1e-9
    assert found.stability >= 1 - 1e-9


def test_social_optimum_dilemma_is_mutual_cooperation() -> None:
    found = social_optimum(DILEMMA)
    assert (found.maximum, found.minimum, found.actions) == (6.0, 2.0, ((0, 0),))
    assert [r["value"] for r in found.to_records()] == [6.0, 2.0]


def test_social_optimum_ties_are_all_listed() -> None:
    assert social_optimum(symmetric([[0, 1], [1, 0]])).actions == ((0, 1), (1, 0))


def test_welfare_batch_of_profiles() -> None:
    # Dilemma: (C, C) 6, uniform 2.25 + 2.25, (D, D) 2; normalised (w − 2) / 4.
    profile = Profile([[[1, 0], [0.5, 0.5], [0, 1]]] * 2)
    found = welfare(DILEMMA, profile)
    assert found.welfare == pytest.approx([6, 4.5, 2])
    assert found.normalised == pytest.approx([1, 0.625, 0])
    assert found.shortfall == pytest.approx([0, 1.5, 4])
    assert len(found.to_records()) == 9


def test_welfare_that_never_varies_has_no_normalised_form() -> None:
    assert np.isnan(welfare(NormalFormGame(np.full((2, 2, 2), 1 / 3)), Profile.uniform(2, 2)).normalised)


def test_welfare_profile_of_another_game_raises() -> None:
    with pytest.raises(ValueError, match="profile"):
        welfare(DILEMMA, Profile.uniform(3, 2))
