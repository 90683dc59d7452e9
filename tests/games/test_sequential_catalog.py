"""Named sequential games: every limit is tight on the side of OpenSpiel, and every refusal is quick and quiet."""

from __future__ import annotations

from typing import Any

import pytest

from nashlens import games
from nashlens.games.sequential_catalog import CHOICES, GAMES, LIMITS, LISTS

NUMBERS = [
    (game, name)
    for game, (_, defaults) in GAMES.items()
    for name, value in defaults.items()
    if isinstance(value, int) and not isinstance(value, bool)
]


def limits(game: str, name: str) -> tuple[int, int]:
    low, high = LIMITS.get(f"{game}.{name}", LIMITS.get(name, (0, None)))
    assert high is not None, f"{name} of {game} has no upper limit"
    return low, high


def test_every_parameter_is_checked() -> None:
    for _, defaults in GAMES.values():
        assert all(name in CHOICES or name in LISTS for name, value in defaults.items() if isinstance(value, str))


@pytest.mark.parametrize(("game", "name"), NUMBERS)
def test_numbers_beyond_their_limits_are_refused_without_a_word_of_openspiel(
    game: str, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    low, high = limits(game, name)
    for value in (low - 1, high + 1, 10**9):
        with pytest.raises(ValueError, match=f"{name} must be a whole number from {low} to {high}, not {value}"):
            games.make(game, **{name: value})
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(("game", "name"), NUMBERS)
def test_openspiel_takes_numbers_at_their_limits(game: str, name: str, capfd: pytest.CaptureFixture[str]) -> None:
    # Such a game is made, or is too large to list; OpenSpiel itself has nothing against it.
    for value in limits(game, name):
        more = {"coins": 50} if name == "min_bid" else {}
        try:
            games.make(game, **{name: value}, **more, max_histories=2000)
        except ValueError as error:
            assert str(error).startswith("max_histories: ")  # noqa: PT017
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("game", "arguments", "message"),
    [
        ("goofspiel", {"points_order": "descend"}, "points_order must be one of random, descending, ascending"),
        ("goofspiel", {"returns_type": 1}, "returns_type must be one of win_loss, point_difference, total_points"),
        ("nim", {"pile_sizes": "x"}, "pile_sizes must be text such as '1;2;3', not 'x'"),
        ("nim", {"pile_sizes": "1;2;"}, "pile_sizes must be text such as"),
        ("nim", {"pile_sizes": "1000"}, "pile_sizes must be text such as"),
        ("nim", {"pile_sizes": (1, 2)}, "pile_sizes must be text such as"),
        ("battleship", {"ship_sizes": "1"}, r"ship_sizes must be text such as '\[1\]', not '1'"),
        ("battleship", {"ship_values": "[a]"}, r"ship_values must be text such as '\[1\]', not '\[a\]'"),
        ("oshi_zumo", {"min_bid": 4}, "min_bid must be at most coins, which is 3, not 4"),
        ("kuhn_poker", {"max_histories": 1}, "max_histories must be a whole number of at least 2, not 1"),
        ("kuhn_poker", {"perfect_recall": 1}, "perfect_recall must be True or False, not 1"),
    ],
)
def test_what_does_not_fit_is_refused_without_a_word_of_openspiel(
    game: str, arguments: dict[str, Any], message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ValueError, match=message):
        games.make(game, **arguments)
    assert capfd.readouterr().err == ""
