"""Checks of an OpenSpiel game's string before OpenSpiel sees it.

OpenSpiel writes every refusal of its own to the error stream before it raises. What can be known beforehand is refused
here, in this project's words; so are sizes that would keep OpenSpiel busy, or out of memory, before its tree could be
found too large.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

KINDS = {bool: "True or False", int: "a whole number", float: "a number with a decimal point", str: "text"}
# Whole numbers beyond this, and beyond ten times the default, are no size of a tree that could be listed.
LARGEST = 1000


def check_parameters(text: str, kind: Any) -> None:
    """Check the parameters that a game's string gives.

    Parameters
    ----------
    text : OpenSpiel's name of a game with its parameters, such as ``"goofspiel(num_cards=3)"``.
    kind : the ``pyspiel.GameType`` of that game.

    Raises
    ------
    ValueError : a bracket is missing, a parameter is unknown or has a value of another type, the number of players is
        not one the game takes, or a whole number is out of all proportion (seeds may be as large as they like).
    """
    import pyspiel

    if text.count("(") != text.count(")"):
        raise ValueError(f"game: OpenSpiel cannot make {text!r}: a bracket is missing")
    known: Mapping[str, Any] = kind.parameter_specification
    for name, value in pyspiel.game_parameters_from_string(text).items():
        if name == "name":
            continue
        if name not in known:
            near = get_close_matches(name, known, n=1, cutoff=0.5)
            hint = f"did you mean {near[0]}?" if near else f"it takes {', '.join(sorted(known)) or 'none'}"
            raise ValueError(f"game: {kind.short_name} has no parameter {name!r}; {hint}")
        default = known[name]
        if type(default) in KINDS and type(value) is not type(default):
            wanted = f"{KINDS[type(default)]} such as {default!r}"
            raise ValueError(f"game: OpenSpiel cannot make {text!r}: {name} must be {wanted}, not {value!r}")
        if name == "players" and value != default:  # some defaults are 0 or -1: not said
            _check_number_of_players(value, kind)
        if type(value) is int and "seed" not in name:
            _check_size(name, value, default=default, game=kind.short_name)


def _check_number_of_players(value: int, kind: Any) -> None:
    low, high = kind.min_num_players, kind.max_num_players
    if not low <= value <= high:
        span = f"{low}" if low == high else f"from {low} to {high}"
        raise ValueError(f"game: the players of {kind.short_name} must be {span}, not {value}")


def _check_size(name: str, value: int, *, default: Any, game: str) -> None:
    largest = max(LARGEST, 10 * abs(default)) if isinstance(default, int) else LARGEST
    if abs(value) > largest:
        raise ValueError(f"game: {name} of {game} must be at most {largest} in size, not {value}")
