"""The meta-game: rock, paper, scissors and copies, cyclic shares (T28), the 4ε bound, empty cells."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.analysis.exploitability import nash_conv
from nashlens.analysis.meta_game import meta_game
from nashlens.analysis.results import Result
from nashlens.games.normal_form import NormalFormGame, Profile

RPS = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])
TRANSITIVE = np.subtract.outer(np.arange(3.0), np.arange(3.0)) / 2


def test_meta_game_of_rock_paper_scissors():
    # Equilibrium (⅓, ⅓, ⅓) of value 0; α-rank is even by symmetry; the uniform mixture is the equilibrium.
    found = meta_game(RPS, one_population=True)
    np.testing.assert_allclose(found.average.weights, 1 / 3, atol=1e-9)
    np.testing.assert_allclose(found.ranks.distribution, 1 / 3, atol=1e-9)
    assert found.uniform.nash_conv == pytest.approx(0, abs=1e-12)
    assert found.average.value == 0


def test_meta_game_splits_weight_between_copies():
    # Scissors twice: (⅓, ⅓, 1/6, 1/6), scores 0, where plain averages would change.
    order = [0, 1, 2, 2]
    found = meta_game(RPS[np.ix_(order, order)], one_population=True)
    np.testing.assert_allclose(found.average.weights, [1 / 3, 1 / 3, 1 / 6, 1 / 6], atol=1e-8)
    np.testing.assert_allclose(found.average.scores, 0, atol=1e-8)
    assert found.uniform.nash_conv > 0.1


@pytest.mark.parametrize("n", [10**6])
def test_meta_game_rates_with_the_cyclic_share(n):
    games = np.full((3, 3), n)
    cyclic = meta_game(RPS / 2, one_population=True, games=games).ratings
    assert cyclic is not None
    assert cyclic.cyclic_share == pytest.approx(1, abs=1e-9)
    np.testing.assert_allclose(cyclic.ratings, 0, atol=1e-6)
    # Win probability .76 against the next: log-odds ln(.76/.24) each step, 200.24 Elo points apart, not cyclic.
    odds = np.log(0.76 / 0.24) * 2 * TRANSITIVE
    payoff = np.tanh(odds / 2)  # 2P − 1
    rated = meta_game(payoff, one_population=True, games=games).ratings
    assert rated is not None
    np.testing.assert_allclose(np.diff(rated.ratings), 200.24, atol=0.01)
    assert rated.cyclic_share == pytest.approx(0, abs=1e-6)


def test_meta_game_of_two_populations():
    # Matching pennies for populations: even mixtures, value 0; a better row wins all the weight.
    found = meta_game([[1.0, -1.0], [-1.0, 1.0]])
    np.testing.assert_allclose(found.average.weights, [0.5, 0.5], atol=1e-8)
    assert found.average.value == pytest.approx(0, abs=1e-9)
    better = meta_game([[1.0, 2.0], [0.0, 1.0]])
    np.testing.assert_allclose(better.average.weights, [1, 0], atol=1e-8)
    assert better.average.value == pytest.approx(1)
    assert better.ranks.distribution[0, 0] == pytest.approx(1, abs=1e-3)


@given(st.integers(0, 10**6))
def test_equilibrium_of_a_noisy_table_is_within_four_errors(seed):
    # |M̂ − M| ≤ ε entrywise: NashConv of the equilibrium of M̂ is at most 4ε in M.
    rng = np.random.default_rng(seed)
    true = rng.normal(size=(3, 4))
    noisy = true + rng.uniform(-0.1, 0.1, size=true.shape)
    found = meta_game(noisy, error=0.1)
    profile = Profile([found.average.weights, found.average.task_weights])
    assert nash_conv(NormalFormGame([true, -true]), profile).nash_conv <= found.equilibrium_nash_conv + 1e-6
    assert found.equilibrium_nash_conv == pytest.approx(0.4)


def test_meta_game_averages_both_seats():
    # A first-mover advantage of 1 for everyone leaves the antisymmetric part alone.
    np.testing.assert_allclose(meta_game(RPS + 1, one_population=True).payoffs, RPS)


def test_meta_game_without_empty_runs_and_says_so():
    holed = np.full((4, 4), np.nan)
    holed[:3, :3] = RPS
    found = meta_game(holed, one_population=True)
    assert (found.rows, found.columns, found.n_empty) == ((0, 1, 2), (0, 1, 2), 7)
    rows = found.to_records()
    assert rows[0]["n_empty"] == 7
    assert rows[2]["reason"] == "the error of the entries was not given"
    assert isinstance(found, Result)


@pytest.mark.parametrize(
    ("cells", "settings", "message"),
    [
        ([[np.nan]], {}, "none is left"),
        ([[1.0, 2.0]], {"one_population": True}, r"cells must be \[A, A\]"),
        ([[1.0]], {"error": -1.0}, "error must be finite and at least 0"),
        ([[1.0]], {"alpha": 0.0}, "alpha must be positive"),
        ([[0.5]], {"games": [[1.0]]}, "games can be given with one_population only"),
        (RPS, {"one_population": True, "games": [[1.0]]}, "games must be a symmetric matrix over all runs"),
        (2 * RPS, {"one_population": True, "games": np.ones((3, 3))}, r"cells must lie in \[-1, 1\]"),
    ],
)
def test_meta_game_says_what_does_not_fit(cells, settings, message):
    with pytest.raises(ValueError, match=message):
        meta_game(cells, **settings)
