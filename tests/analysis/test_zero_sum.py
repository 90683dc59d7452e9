"""Optimal strategies of constant-sum games, and distances to sets of equilibria."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.analysis.enumeration import enumerate_equilibria
from nashlens.analysis.minimax import one_sided_exploitability
from nashlens.analysis.zero_sum import optimal_strategies
from nashlens.games.normal_form import NormalFormGame

THREE_ROWS = np.array([[1.0, -1.0], [-1.0, 1.0], [0.0, 0.0]])


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_optimal_strategies_pennies_with_a_safe_row_are_a_segment(scale: float) -> None:
    # Any mixture of (1/2, 1/2, 0) and (0, 0, 1) guarantees 0; the second agent must mix equally.
    first, second = optimal_strategies(NormalFormGame([THREE_ROWS * scale, -THREE_ROWS * scale]))
    assert first.ranges == pytest.approx(np.array([[0, 0.5], [0, 0.5], [0, 1]]), abs=1e-8)
    assert not first.is_unique
    assert second.ranges == pytest.approx(np.full((2, 2), 0.5), abs=1e-8)
    assert second.is_unique
    assert first.value == pytest.approx(0.0, abs=1e-9 * scale)


def test_nearest_pure_row_is_the_equal_mixture() -> None:
    # Metrics table: x = (1, 0, 0) has L1 distance 1 and nearest point (1/2, 1/2, 0).
    first, _ = optimal_strategies(NormalFormGame([THREE_ROWS, -THREE_ROWS]))
    nearest = first.nearest([1.0, 0.0, 0.0])
    assert nearest == pytest.approx([0.5, 0.5, 0.0], abs=1e-8)
    assert np.abs(nearest - [1, 0, 0]).sum() == pytest.approx(1.0, abs=1e-8)


def test_optimal_strategies_constant_payoffs_are_the_whole_simplex() -> None:
    first, second = optimal_strategies(NormalFormGame(np.full((2, 2, 3), 7.0)))
    assert first.ranges.tolist() == [[0, 1], [0, 1]]
    assert second.nearest([0.2, 0.3, 0.5]) == pytest.approx([0.2, 0.3, 0.5], abs=1e-9)


@settings(max_examples=30)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 10_000), st.booleans())
def test_optimal_strategies_random_game_ranges_equal_those_of_extreme_equilibria(
    n_first: int, n_second: int, seed: int, whole: bool
) -> None:
    rng = np.random.default_rng(seed)
    matrix = rng.integers(-1, 2, (n_first, n_second)).astype(float) if whole else rng.normal(size=(n_first, n_second))
    game = NormalFormGame([matrix, -matrix])
    extreme = enumerate_equilibria(game).profiles
    for agent, own in enumerate(optimal_strategies(game)):
        points = np.array([p[agent] for p in extreme])
        assert own.ranges[:, 0] == pytest.approx(points.min(axis=0), abs=1e-6)
        assert own.ranges[:, 1] == pytest.approx(points.max(axis=0), abs=1e-6)


@settings(max_examples=30)
@given(st.integers(0, 10_000))
def test_nearest_random_strategy_is_optimal(seed: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = rng.integers(-2, 3, (3, 4)).astype(float)
    game = NormalFormGame([matrix, -matrix])
    for agent, own in enumerate(optimal_strategies(game)):
        nearest = own.nearest(rng.dirichlet(np.ones(game.n_actions[agent])))
        assert float(one_sided_exploitability(game, nearest, agent=agent).exploitability) <= 1e-8


def test_optimal_strategies_general_sum_raises() -> None:
    with pytest.raises(ValueError, match="constant"):
        optimal_strategies(NormalFormGame([[[1, 0], [0, 1]], [[1, 0], [0, 1]]]))


def test_optimal_strategies_negative_tolerance_raises() -> None:
    with pytest.raises(ValueError, match="tolerance"):
        optimal_strategies(NormalFormGame([THREE_ROWS, -THREE_ROWS]), tolerance=-1.0)


def test_nearest_wrong_number_of_actions_raises() -> None:
    first, _ = optimal_strategies(NormalFormGame([THREE_ROWS, -THREE_ROWS]))
    with pytest.raises(ValueError, match="strategy"):
        first.nearest([0.5, 0.5])


def test_optimal_strategies_records_give_a_range_for_each_action() -> None:
    records = optimal_strategies(NormalFormGame([THREE_ROWS, -THREE_ROWS]))[0].to_records()
    assert [r["action"] for r in records] == [0, 1, 2]
    assert all(r["low"] <= r["value"] <= r["high"] and r["bound"] == "exact" for r in records)
