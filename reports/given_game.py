"""The game that a word of the command line means: a file, a registered name, or OpenSpiel's own string."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nashlens.games import Game, make, nfg, registry
from nashlens.games.one_shot import from_one_shot
from nashlens.games.open_spiel import from_open_spiel, load_open_spiel, open_spiel_names

NFG = ".nfg"


def given_game(word: str, parameters: Mapping[str, Any]) -> Game:
    """Return the game.

    Parameters
    ----------
    word : a file in Gambit's ``.nfg`` format; the name of a registered game; or OpenSpiel's string for a game, such
        as ``goofspiel(num_cards=3)``. A file comes first, then a registered name.
    parameters : arguments of a registered game.

    Returns
    -------
    Game; OpenSpiel's one-shot games in normal form, its others as game trees.

    Raises
    ------
    OSError : the file cannot be read.
    ValueError : there is no such game, or it cannot be made; parameters are given for a game that takes none.
    """
    if Path(word).is_file() or word.endswith(NFG):
        _without_parameters(parameters, word)
        return from_file(Path(word))
    if is_registered(word) or word.partition("(")[0] not in open_spiel_names():
        return make(word, **parameters)
    _without_parameters(parameters, word)
    return from_string(word)


def from_file(path: Path) -> Game:
    """Return the game in a ``.nfg`` file.

    Raises
    ------
    OSError : the file cannot be read.
    ValueError : it is no text, or breaks the format.
    """
    try:
        return nfg.parse(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise ValueError(f"{path}: {error}") from error


def from_string(text: str) -> Game:
    """Return the game of an OpenSpiel string: in normal form if it is one-shot, else as a tree.

    Raises
    ------
    ValueError : there is no such game, or it is too large.
    """
    loaded = load_open_spiel(text)
    kind = loaded.get_type()
    if kind.information == kind.Information.ONE_SHOT and kind.chance_mode == kind.ChanceMode.DETERMINISTIC:
        return from_one_shot(loaded)
    return from_open_spiel(text)


def is_registered(name: str) -> bool:
    """Say whether `make` knows a name."""
    try:
        registry.entry(name)
    except ValueError:
        return False
    return True


def _without_parameters(parameters: Mapping[str, Any], word: str) -> None:
    if parameters:
        raise ValueError(
            f"--game.{next(iter(parameters))} is for registered games; {word} says all about its game by itself"
        )
