"""Elo ratings and their cyclic share."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.analysis.elo import cyclic_share, elo, log_odds, win_probability

RPS = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])
TRANSITIVE = np.array([[0.0, 1, 2], [-1, 0, 1], [-2, -1, 0]])  # A_ij = j − i


def test_win_probability_two_hundred_points_is_three_in_four() -> None:
    assert float(win_probability(200)) == pytest.approx(0.759747, abs=1e-6)
    assert win_probability([0.0, 400.0]) == pytest.approx([0.5, 10 / 11])


def test_elo_seventy_six_percent_is_two_hundred_points() -> None:
    # P = .76 gives Δ = 200.24.
    odds = np.log(0.76 / 0.24)
    ratings = elo([[0, odds], [-odds, 0]]).ratings
    assert ratings[0] - ratings[1] == pytest.approx(200.24, abs=0.005)
    assert ratings.sum() == pytest.approx(0.0, abs=1e-9)


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_cyclic_share_known_tables(scale: float) -> None:
    # T28: RPS 1, transitive 0, their sum 1/3.
    assert cyclic_share(RPS * scale) == pytest.approx(1.0, abs=1e-12)
    assert cyclic_share(TRANSITIVE * scale) == pytest.approx(0.0, abs=1e-12)
    assert cyclic_share((RPS + TRANSITIVE) * scale) == pytest.approx(1 / 3, abs=1e-12)


def test_cyclic_share_of_even_games_is_nan_and_says_why() -> None:
    found = elo(np.zeros((3, 3)))
    assert np.isnan(found.cyclic_share)
    assert found.to_records()[-1]["reason"] == "all games are even"


@given(st.integers(2, 6), st.integers(0, 10_000))
def test_elo_of_ratings_recovers_them(n: int, seed: int) -> None:
    ratings = np.random.default_rng(seed).normal(scale=200, size=n)
    probability = win_probability(ratings[:, None] - ratings)
    found = elo(np.log(probability) - np.log(probability.T))
    assert found.ratings == pytest.approx(ratings - ratings.mean(), abs=1e-6)
    assert found.cyclic_share == pytest.approx(0.0, abs=1e-9)


@given(st.integers(2, 6), st.integers(0, 10_000))
def test_cyclic_share_random_table_lies_between_nothing_and_everything(n: int, seed: int) -> None:
    half = np.random.default_rng(seed).normal(size=(n, n))
    share = cyclic_share(half - half.T)
    assert -1e-12 <= share <= 1 + 1e-12
    if n == 2:
        assert share == pytest.approx(0.0, abs=1e-12)  # two agents cannot cycle


def test_log_odds_clean_sweep_is_finite_and_no_game_is_even() -> None:
    # (10 + ½) / (10 + 1) against ½ / 11: log 21.
    odds = log_odds([[0, 10, 0], [0, 0, 0], [0, 0, 0]], [[0, 10, 0], [10, 0, 0], [0, 0, 0]])
    assert odds[0, 1] == pytest.approx(np.log(21))
    assert odds[0, 2] == 0.0
    assert (odds == -odds.T).all()


@pytest.mark.parametrize(
    ("wins", "games"),
    [
        (np.zeros((2, 3)), np.zeros((2, 3))),
        (np.zeros((2, 2)), np.zeros((3, 3))),
        ([[0, 1], [1, 0]], [[0, 3], [3, 0]]),
        ([[0, -1], [1, 0]], [[0, 0], [0, 0]]),
    ],
)
def test_log_odds_counts_that_do_not_fit_raise(wins: object, games: object) -> None:
    with pytest.raises(ValueError, match="wins"):
        log_odds(wins, games)  # type: ignore[arg-type]


def test_elo_not_antisymmetric_raises() -> None:
    with pytest.raises(ValueError, match="odds"):
        elo([[0, 1], [1, 0]])
    with pytest.raises(ValueError, match="odds must be a full array of numbers"):
        elo("better")
    with pytest.raises(ValueError, match="table"):
        cyclic_share(np.ones((2, 2)))
