"""Parameters of OpenSpiel's games: what is refused beforehand, in silence, and what is let through."""

from __future__ import annotations

import pyspiel
import pytest

from nashlens.games.open_spiel import from_open_spiel
from nashlens.games.open_spiel_parameters import LARGEST, check_parameters

KINDS = {kind.short_name: kind for kind in pyspiel.registered_games()}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kuhn_poker(players=3", "a bracket is missing"),
        ("kuhn_poker(playrs=3)", "kuhn_poker has no parameter 'playrs'; did you mean players"),
        ("kuhn_poker(players=x)", "players must be a whole number such as 2, not 'x'"),
        ("kuhn_poker(players=2.0)", "players must be a whole number such as 2, not 2.0"),
        ("goofspiel(imp_info=1)", "imp_info must be True or False such as False, not 1"),
        ("goofspiel(points_order=3)", "points_order must be text such as 'random', not 3"),
        ("sheriff(item_value=2)", "item_value must be a number with a decimal point such as 1.0, not 2"),
        ("kuhn_poker(players=1)", "the players of kuhn_poker must be from 2 to 10, not 1"),
        ("kuhn_poker(players=11)", "the players of kuhn_poker must be from 2 to 10, not 11"),
        ("liars_dice(players=3)", "the players of liars_dice must be 2, not 3"),
        ("liars_dice(numdice=1000000000)", "numdice of liars_dice must be at most 1000 in size, not 1000000000"),
        ("liars_dice(numdice=-1001)", "numdice of liars_dice must be at most 1000 in size, not -1001"),
    ],
)
def test_what_cannot_be_is_refused_and_openspiel_prints_nothing(
    text: str, message: str, capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(ValueError, match=message):
        from_open_spiel(text)
    printed = capfd.readouterr()
    assert (printed.out, printed.err) == ("", "")


@pytest.mark.parametrize(
    "text",
    [
        "kuhn_poker",
        "kuhn_poker()",
        "goofspiel(num_cards=3,imp_info=True,points_order=descending)",
        "restricted_nash_response(game=kuhn_poker(players=2))",
        "pig(horizon=10000)",  # ten times its default
        "deep_sea(seed=123456789)",
        f"liars_dice(numdice={LARGEST})",
    ],
)
def test_what_can_be_is_let_through(text: str) -> None:
    check_parameters(text, KINDS[text.partition("(")[0]])


def test_defaults_of_every_game_are_let_through() -> None:
    for name, kind in KINDS.items():
        given = ",".join(f"{k}={v}" for k, v in kind.parameter_specification.items() if isinstance(v, int))
        check_parameters(f"{name}({given})" if given else name, kind)
