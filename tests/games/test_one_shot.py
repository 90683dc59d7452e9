"""OpenSpiel's one-shot games: the payoffs are OpenSpiel's own, and what is not one-shot is refused."""

from __future__ import annotations

import numpy as np
import pyspiel
import pytest

from nashlens import games
from nashlens.games import one_shot
from nashlens.games.normal_form import NormalFormGame


@pytest.mark.parametrize("name", [name for name in one_shot.one_shot_names() if name.startswith("matrix_")])
def test_load_equals_open_spiels_utility_tables(name: str) -> None:
    # the tables that OpenSpiel keeps, not the returns of its states that the package reads
    tables = pyspiel.load_matrix_game(name)
    game = one_shot.load(name)
    np.testing.assert_array_equal(game.payoffs[0], tables.row_utilities())
    np.testing.assert_array_equal(game.payoffs[1], tables.col_utilities())
    assert [list(names) for names in game.action_names] == [
        [tables.row_action_name(k) for k in range(tables.num_rows())],
        [tables.col_action_name(k) for k in range(tables.num_cols())],
    ]


def test_load_reads_titles_and_numbers_of_agents() -> None:
    assert one_shot.load("matching_pennies_3p").n_agents == 3
    assert one_shot.long_name("matrix_pd") == "Prisoner's Dilemma"


def test_from_one_shot_reads_any_tensor_game() -> None:
    payoffs = np.random.default_rng(0).standard_normal((3, 2, 3, 4))
    actions = [[f"{i}{k}" for k in range(n)] for i, n in enumerate(payoffs.shape[1:])]
    made = pyspiel.create_tensor_game("mine", "Mine", actions, [list(table.ravel()) for table in payoffs])
    game = one_shot.from_one_shot(made, name="mine", parameters={"x": 1})
    np.testing.assert_array_equal(game.payoffs, payoffs)
    assert game.action_names == tuple(map(tuple, actions))
    assert (game.spec.name, game.spec.parameters) == ("mine", {"x": 1})


def test_from_one_shot_is_named_so_that_its_name_does_not_promise_another_game() -> None:
    assert one_shot.from_one_shot(pyspiel.load_game("blotto(coins=3)")).spec.name == "blotto(coins=3)"
    assert one_shot.from_one_shot(pyspiel.load_game("matrix_rps")).spec.name == "matrix_rps"


@pytest.mark.parametrize("name", ["kuhn_poker", "tic_tac_toe", "goofspiel(num_cards=3)", "oshi_zumo"])
def test_from_one_shot_refuses_games_that_go_on(name: str) -> None:
    with pytest.raises(ValueError, match=r"game must be one-shot, with all agents moving at once; .* is not"):
        one_shot.from_one_shot(pyspiel.load_game(name))


def test_from_one_shot_refuses_a_game_that_is_too_large_and_says_how_large() -> None:
    with pytest.raises(ValueError, match=r"at most 100 payoffs \(max_entries\); blotto has 8712"):  # 2 · 66 · 66
        one_shot.from_one_shot(pyspiel.load_game("blotto"), max_entries=100)


def test_load_refuses_other_names() -> None:
    with pytest.raises(ValueError, match=r"name must be one of .*did you mean matrix_rps"):
        one_shot.load("matrix_rp")


@pytest.mark.parametrize(("n_agents", "coins", "fields"), [(2, 3, 2), (2, 4, 3), (3, 3, 2)])
def test_blotto_pays_the_one_who_wins_more_fields(n_agents: int, coins: int, fields: int) -> None:
    game = games.make("blotto", n_agents=n_agents, coins=coins, fields=fields)
    assert isinstance(game, NormalFormGame)
    np.testing.assert_allclose(game.payoffs.sum(axis=0), 0, atol=1e-12)
    bids = [[int(c) for c in name.strip("[]").split(",")] for name in game.action_names[0]]
    assert all(sum(bid) == coins and len(bid) == fields for bid in bids)
    if n_agents == 2:
        for i, mine in enumerate(bids):
            for j, theirs in enumerate(bids):
                won = sum(np.sign(a - b) for a, b in zip(mine, theirs, strict=True))
                assert game.payoffs[0, i, j] == np.sign(won)
