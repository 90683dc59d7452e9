"""Payoff and risk dominance in 2×2 games."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.analysis.dominance import dominance
from nashlens.games.normal_form import NormalFormGame

STAG_HUNT = NormalFormGame([[[4, 0], [3, 3]], [[4, 3], [0, 3]]])


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_dominance_stag_hunt_stag_pays_more_and_hare_risks_less(scale: float) -> None:
    # Leaving (stag, stag) costs 1 each, leaving (hare, hare) 3 each: products 1 and 9. Stag needs a belief of 3/4.
    found = dominance(NormalFormGame(STAG_HUNT.payoffs * scale))
    assert found.equilibria == ((0, 0), (1, 1))
    assert found.payoff_dominant == 0
    assert found.risk_dominant == 1
    assert found.deviation_products == pytest.approx(np.array([1, 9]) * scale**2, rel=1e-12)
    assert found.indifference == pytest.approx([0.75, 0.75])


def test_dominance_battle_of_the_sexes_has_neither() -> None:
    # Each prefers another equilibrium, and both products are 2 · 1.
    found = dominance(NormalFormGame([[[2, 0], [0, 1]], [[1, 0], [0, 2]]]))
    assert found.payoff_dominant is None
    assert found.risk_dominant is None
    # The second agent is indifferent if the first plays 0 with 2/3, the first if the second does with 1/3.
    assert found.indifference == pytest.approx([2 / 3, 1 / 3])


def test_dominance_chicken_equilibria_lie_off_the_diagonal() -> None:
    found = dominance(NormalFormGame([[[6, 2], [7, 0]], [[6, 7], [2, 0]]]))
    assert found.equilibria == ((0, 1), (1, 0))
    assert found.risk_dominant is None
    assert found.indifference == pytest.approx([2 / 3, 1 / 3])
    assert [r["risk_dominant"] for r in found.to_records()] == [False, False]


@given(st.integers(0, 10_000))
def test_dominance_symmetric_coordination_risk_dominant_is_best_against_equal_mixing(seed: int) -> None:
    a, b = np.random.default_rng(seed).random((2, 2))
    matrix = np.array([[a[0] + 1, b[0]], [b[1], a[1] + 1]])
    found = dominance(NormalFormGame([matrix, matrix.T]))
    assert found.risk_dominant == int(matrix.sum(axis=1).argmax())
    assert found.payoff_dominant == int(np.diagonal(matrix).argmax())


def test_dominance_larger_game_raises() -> None:
    with pytest.raises(ValueError, match="two actions"):
        dominance(NormalFormGame(np.zeros((2, 2, 3))))


@pytest.mark.parametrize("matrix", [[[3, 0], [5, 1]], [[0, 0], [0, 0]]])
def test_dominance_without_two_opposite_equilibria_raises(matrix: list[list[float]]) -> None:
    first = np.array(matrix, dtype=float)
    with pytest.raises(ValueError, match="opposite corners"):
        dominance(NormalFormGame([first, first.T]))
