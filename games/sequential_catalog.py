"""The sequential games that have a name here: OpenSpiel's, at sizes whose tree compiles within seconds.

Names and parameters are OpenSpiel's own, and so are the defaults, except where the tree of OpenSpiel's default would
be out of reach (goofspiel, oshi_zumo, nim, pig, dark_hex, trade_comm, first_sealed_auction, sheriff, battleship,
cliff_walking, catch). Any other game goes by ``open_spiel`` and its string.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from re import fullmatch
from typing import Any

from nashlens.games.arguments import one_of, truth_value, whole_number
from nashlens.games.open_spiel import MAX_HISTORIES, from_open_spiel
from nashlens.games.registry import Entry
from nashlens.games.sequential import SequentialGame

Parameters = dict[str, int | bool | str]

GAMES: dict[str, tuple[str, Parameters]] = {
    "kuhn_poker": ("one card each from a deck of N + 1, one bet", {"players": 2}),
    "leduc_poker": ("six cards, two rounds of betting, one public card", {"players": 2}),
    "liars_dice": ("bids on hidden dice, until one is called a lie", {"players": 2, "numdice": 1, "dice_sides": 6}),
    "goofspiel": (
        "simultaneous bids of hand cards for point cards",
        {"players": 2, "num_cards": 3, "points_order": "random", "imp_info": False, "returns_type": "win_loss"},
    ),
    "tiny_bridge_2p": ("cooperative bidding with eight cards, two partners", {"abstracted": False}),
    "tiny_hanabi": ("two partners signal one hidden card by their actions", {}),
    "coop_to_1p": ("tiny_hanabi as the plan of one coordinator", {}),
    "oshi_zumo": (
        "simultaneous bids of coins to push a wrestler off",
        {"coins": 3, "size": 1, "horizon": 4, "min_bid": 0, "alesia": False},
    ),
    "first_sealed_auction": ("first-price auction with private values", {"players": 2, "max_value": 3}),
    "trade_comm": ("two agents tell each other what they hold, then trade", {"num_items": 2}),
    "lewis_signaling": ("a sender names a state, a receiver acts on it", {"num_states": 3, "num_messages": 3}),
    "sheriff": (
        "a smuggler bribes an inspector over several rounds",
        {"max_items": 3, "max_bribe": 3, "num_rounds": 1},
    ),
    "battleship": (
        "two fleets in hiding",
        {"board_width": 2, "board_height": 2, "ship_sizes": "[1]", "ship_values": "[1]", "num_shots": 2},
    ),
    "dark_hex": ("hex without seeing the other's stones", {"board_size": 2}),
    "coordinated_mp": ("matching pennies; chance shows the second agent a signal that says nothing", {}),
    "nim": ("matches taken from piles; perfect information", {"pile_sizes": "1;2;3", "is_misere": True}),
    "pig": ("roll again or hold, up to a score", {"players": 2, "winscore": 4, "horizon": 5, "diceoutcomes": 3}),
    "catch": ("one agent moves a paddle under a falling ball", {"rows": 4, "columns": 3}),
    "cliff_walking": ("one agent walks along a cliff; pays at every step", {"height": 3, "width": 4, "horizon": 6}),
}

# The least and the largest value of each whole number, of one game where the name says so. Beyond, OpenSpiel refuses
# the game, or it cannot be small enough whatever its other parameters are. (Lewis signalling with other numbers of
# states needs its payoffs written out: it goes by ``open_spiel``.)
LIMITS: dict[str, tuple[int, int | None]] = {
    "players": (2, 10),
    "liars_dice.players": (2, 2),
    "numdice": (1, 10),
    "dice_sides": (1, 20),
    "num_cards": (1, 20),
    "coins": (1, 50),
    "size": (1, 20),
    "horizon": (1, 1000),
    "cliff_walking.horizon": (1, 100),
    "min_bid": (0, 50),
    "max_value": (1, 100),
    "num_items": (1, 20),
    "num_states": (3, 3),
    "num_messages": (1, 3),
    "max_items": (1, 100),
    "max_bribe": (0, 100),
    "num_rounds": (1, 20),
    "board_width": (1, 10),
    "board_height": (1, 10),
    "num_shots": (1, 100),
    "board_size": (2, 10),
    "winscore": (1, 1000),
    "diceoutcomes": (1, 100),
    "rows": (2, 50),
    "columns": (1, 50),
    "height": (2, 50),
    "width": (3, 50),
    "max_histories": (2, None),
}
AT_MOST = {"min_bid": "coins"}
CHOICES = {
    "points_order": ("random", "descending", "ascending"),
    "returns_type": ("win_loss", "point_difference", "total_points"),
}
LISTS = {
    "pile_sizes": r"[0-9]{1,3}(;[0-9]{1,3})*",
    "ship_sizes": r"\[[0-9]{1,2}(;[0-9]{1,2})*\]",
    "ship_values": r"\[[0-9]+(\.[0-9]+)?(;[0-9]+(\.[0-9]+)?)*\]",
}


def entries() -> tuple[Entry, ...]:
    """Return the family's entries."""
    named = (
        Entry(name=name, family="sequential", summary=summary, factory=_Factory(name, defaults))
        for name, (summary, defaults) in GAMES.items()
    )
    general = Entry(
        name="open_spiel",
        family="sequential",
        summary="any OpenSpiel game small enough, by OpenSpiel's own string",
        factory=_any_game,
    )
    return (*named, general)


def _any_game(
    *, game: str = "kuhn_poker", max_histories: int = MAX_HISTORIES, perfect_recall: bool = False
) -> SequentialGame:
    return from_open_spiel(game, max_histories=max_histories, perfect_recall=perfect_recall)


class _Factory:
    """Makes one named game; its signature lists the game's parameters and the limits of compilation."""

    def __init__(self, name: str, defaults: Parameters) -> None:
        self._name = name
        self._defaults = defaults | {"max_histories": MAX_HISTORIES, "perfect_recall": False}
        self.__signature__ = inspect.Signature(
            [inspect.Parameter(k, inspect.Parameter.KEYWORD_ONLY, default=v) for k, v in self._defaults.items()]
        )

    def __call__(self, **given: Any) -> SequentialGame:
        for key, value in given.items():
            _check(key, value, game=self._name, default=self._defaults[key])
        full = self._defaults | given
        _check_together(full)
        own = {key: value for key, value in full.items() if key not in ("max_histories", "perfect_recall")}
        text = ",".join(f"{key}={value}" for key, value in own.items())
        return from_open_spiel(
            f"{self._name}({text})" if text else self._name,
            max_histories=full["max_histories"],
            perfect_recall=full["perfect_recall"],
            name=self._name,
            parameters=full,
        )


def _check(name: str, value: Any, *, game: str, default: int | bool | str) -> None:
    """Check one of a game's own parameters, or one of the two that all games share."""
    if isinstance(default, bool):
        truth_value(value, name)
    elif isinstance(default, int):
        low, high = LIMITS.get(f"{game}.{name}", LIMITS.get(name, (0, None)))
        whole_number(value, name, low=low, high=high)
    elif name in CHOICES:
        one_of(value, name, choices=CHOICES[name])
    elif not isinstance(value, str) or not fullmatch(LISTS[name], value):
        raise ValueError(f"{name} must be text such as {default!r}, not {value!r}")


def _check_together(full: Mapping[str, Any]) -> None:
    for smaller, larger in AT_MOST.items():
        if smaller in full and full[smaller] > full[larger]:
            raise ValueError(f"{smaller} must be at most {larger}, which is {full[larger]}, not {full[smaller]}")
