from __future__ import annotations

from pathlib import Path

import pytest

from nashlens.games import NormalFormGame, SequentialGame, nfg
from nashlens.games.catalog import chicken
from nashlens.reports.given_game import given_game


def test_a_file_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "stag_hunt").write_text(nfg.format(chicken()))
    monkeypatch.chdir(tmp_path)
    game = given_game("stag_hunt", {})
    assert isinstance(game, NormalFormGame)
    assert (game.payoffs == chicken().payoffs).all()


def test_a_registered_name_takes_parameters() -> None:
    game = given_game("penalty", {"k": -50})
    assert isinstance(game, NormalFormGame)
    assert game.payoffs.min() == -50.0


def test_an_open_spiel_string_is_a_matrix_where_all_move_once_and_a_tree_elsewhere() -> None:
    matrix, tree = given_game("blotto(coins=3,fields=2)", {}), given_game("kuhn_poker(players=3)", {})
    assert isinstance(matrix, NormalFormGame)
    # three coins on two fields: (0, 3), (1, 2), (2, 1), (3, 0)
    assert matrix.n_actions == (4, 4)
    assert isinstance(tree, SequentialGame)
    assert tree.n_agents == 3


@pytest.mark.parametrize(
    ("word", "parameters", "says"),
    [
        ("chiken", {}, "did you mean chicken"),
        ("chicken", {"k": 1}, "chicken has no parameter 'k'"),
        ("kuhn_poker(playrs=3)", {}, "has no parameter 'playrs'; did you mean players"),
        ("blotto(coins=3)", {"coins": 3}, "--game.coins is for registered games"),
    ],
)
def test_what_is_no_game_raises(word: str, parameters: dict[str, int], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        given_game(word, parameters)


def test_a_file_that_is_not_there_or_breaks_the_format_raises(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        given_game(str(tmp_path / "none.nfg"), {})
    path = tmp_path / "broken.nfg"
    path.write_text('NFG 1 R "x" { "A" "B" } { 2 2 } 1 2 3')
    with pytest.raises(ValueError, match=r"broken\.nfg: text must be \.nfg; it ends where there should be a payoff"):
        given_game(str(path), {})
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ValueError, match="utf-8"):
        given_game(str(path), {})
    with pytest.raises(ValueError, match=r"--game\.k is for registered games"):
        given_game(str(path), {"k": 1})
