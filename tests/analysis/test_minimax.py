"""Values of constant-sum games and one-sided exploitability: closed forms, identity with NashConv, refusals."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.analysis.exploitability import nash_conv
from nashlens.analysis.minimax import game_value, one_sided_exploitability
from nashlens.games import NormalFormGame, Profile

ROCK = np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
RPS = NormalFormGame([ROCK, -ROCK])


def zero_sum(matrix):
    return NormalFormGame([np.asarray(matrix, float), -np.asarray(matrix, float)])


@pytest.mark.parametrize(
    ("matrix", "expected"),
    # 2×2 without a saddle: (ad − bc) / (a + d − b − c); with one: the saddle.
    [
        ([[3, -1], [-2, 1]], 1 / 7),
        ([[4, 2], [3, 1]], 2.0),
        (ROCK, 0.0),
        ([[5.0]], 5.0),
        ([[1, -1], [-1, 1], [0, 0]], 0.0),
    ],
)
def test_game_value_of_small_matrices(matrix, expected):
    found = game_value(zero_sum(matrix))
    assert found.values.tolist() == pytest.approx([expected, -expected], abs=1e-9)
    assert found.tolerance < 1e-9


def test_game_value_of_a_constant_sum_game_shares_the_sum():
    game = NormalFormGame([ROCK + 2.0, 5.0 - ROCK])
    assert game_value(game).values.tolist() == pytest.approx([2.0, 5.0], abs=1e-9)


def test_game_value_of_constant_payoffs_is_the_constant():
    assert game_value(NormalFormGame([np.full((2, 2), 3.0), np.full((2, 2), -3.0)])).values.tolist() == [3.0, -3.0]


@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_game_value_does_not_depend_on_the_scale_of_payoffs(scale):
    found = game_value(zero_sum(scale * np.array([[3, -1], [-2, 1]])))
    assert found.values[0] / scale == pytest.approx(1 / 7, abs=1e-9)
    assert found.tolerance / scale < 1e-9


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 6))
@settings(deadline=None, max_examples=40)
def test_game_value_is_proved_by_its_strategies(seed, n_rows, n_columns):
    matrix = np.random.default_rng(seed).normal(size=(n_rows, n_columns))
    found = game_value(zero_sum(matrix))
    x, y = found.strategies
    assert (x @ matrix).min() >= found.values[0] - found.tolerance
    assert (matrix @ y).max() <= found.values[0] + found.tolerance
    assert found.tolerance < 1e-7
    assert float(nash_conv(zero_sum(matrix), found.strategies).nash_conv) < 1e-7


def test_one_sided_exploitability_of_pure_rock_is_1():
    for agent in (0, 1):
        found = one_sided_exploitability(RPS, [1, 0, 0], agent=agent)
        assert float(found.exploitability) == pytest.approx(1.0, abs=1e-9)
        assert float(found.worst_case) == -1.0


@given(st.integers(0, 2**32 - 1), st.integers(1, 5), st.integers(1, 5), st.floats(-5, 5))
@settings(deadline=None, max_examples=40)
def test_one_sided_exploitabilities_of_both_agents_add_to_nash_conv(seed, n_rows, n_columns, total):
    source = np.random.default_rng(seed)
    matrix = source.normal(size=(n_rows, n_columns))
    game = NormalFormGame([matrix, total - matrix])
    profile = Profile([source.dirichlet(np.ones(n), size=4) for n in (n_rows, n_columns)])
    both = [one_sided_exploitability(game, profile[i], agent=i).exploitability for i in (0, 1)]
    np.testing.assert_allclose(sum(both), nash_conv(game, profile).nash_conv, rtol=0, atol=1e-7)
    assert min(b.min() for b in both) > -1e-7


def test_one_sided_exploitability_to_records_names_the_agent():
    rows = one_sided_exploitability(RPS, np.eye(3), agent=1).to_records()
    assert [(row["agent"], row["index_0"]) for row in rows] == [(1, 0), (1, 1), (1, 2)]
    assert [row["value"] for row in rows] == pytest.approx([1.0] * 3)
    assert [row["agent"] for row in game_value(RPS).to_records()] == [0, 1]


def test_one_sided_exploitability_says_what_does_not_fit():
    with pytest.raises(ValueError, match="agent must be 0 or 1, not 2"):
        one_sided_exploitability(RPS, [1, 0, 0], agent=2)
    with pytest.raises(ValueError, match="strategy must have 3 actions for agent 0, not 2"):
        one_sided_exploitability(RPS, [1, 0])
    with pytest.raises(ValueError, match="must be non-negative and sum to 1"):
        one_sided_exploitability(RPS, [1, 1, 0])
    with pytest.raises(ValueError, match="two agents, and game has 1"):
        game_value(NormalFormGame([[1.0, 2.0]]))
    with pytest.raises(ValueError, match="constant-sum games"):
        one_sided_exploitability(NormalFormGame([ROCK, ROCK]), [1, 0, 0])
