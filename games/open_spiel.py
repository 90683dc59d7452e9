"""OpenSpiel's sequential games, compiled whole into a `SequentialGame`.

Every state is visited once, a depth at a time. Games of simultaneous moves go through OpenSpiel's own conversion to
turns, in which the agents of a round move one after the other without seeing each other's choice; so all games share
one representation, and OpenSpiel's values, policies and best responses apply to it as they are.

An information set is OpenSpiel's information-state string of the agent that moves. Games without such strings get
them here: all that the agent observed and did since the start, which is perfect recall by construction.

OpenSpiel itself is imported when a game is first compiled.
"""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from nashlens.games.arguments import truth_value, whole_number
from nashlens.games.open_spiel_parameters import check_parameters
from nashlens.games.open_spiel_walk import Walk
from nashlens.games.sequential import SequentialGame

MAX_HISTORIES = 500_000


def from_open_spiel(
    game: Any,
    *,
    max_histories: int = MAX_HISTORIES,
    perfect_recall: bool = False,
    name: str = "open_spiel",
    parameters: Mapping[str, Any] | None = None,
) -> SequentialGame:
    """Compile an OpenSpiel game.

    Parameters
    ----------
    game : OpenSpiel's name of a game, with its parameters if any, such as ``"leduc_poker"`` or
        ``"goofspiel(num_cards=3)"``; or a ``pyspiel.Game``.
    max_histories : the most histories (chance and terminal ones included) that the tree may have.
    perfect_recall : True to tell information sets apart by the agent's own past as well. Some of OpenSpiel's strings
        leave it out (goofspiel with four cards forgets in which order the agent bid); best responses need it.
    name, parameters : what the specification says; if left out, what makes the game again through the registry.

    Returns
    -------
    SequentialGame whose actions are OpenSpiel's, by number, with waiting added as the last.

    Raises
    ------
    ValueError : the name or a parameter is unknown, or a value cannot be (see `open_spiel_parameters`); the game is too
        large (the message says how far it was measured); or its tree cannot be listed: sampled chance, mean-field
        dynamics, or nothing that says what an agent observes.

    Notes
    -----
    About 10 to 20 µs for each history. Observations are OpenSpiel's information-state tensors, of waiting agents
    too, where they tell all information sets apart; else one-hot vectors (see `tree_observations`).

    Examples
    --------
    >>> from_open_spiel("kuhn_poker").tree.n_histories
    58
    """
    whole_number(max_histories, "max_histories", low=2)
    truth_value(perfect_recall, "perfect_recall")
    loaded = load_open_spiel(game) if isinstance(game, str) else game
    walk = _walked(turn_based(loaded), max_histories=max_histories, perfect_recall=perfect_recall)
    tree = walk.tree()
    default = {
        "game": game if isinstance(game, str) else str(game),
        "max_histories": max_histories,
        "perfect_recall": perfect_recall,
    }
    return SequentialGame(
        tree,
        name=name,
        parameters=default if parameters is None else parameters,
        observations=walk.observations(tree),
    )


def open_spiel_names() -> frozenset[str]:
    """Return OpenSpiel's name of every game that it has."""
    import pyspiel

    return frozenset(kind.short_name for kind in pyspiel.registered_games())


def load_open_spiel(text: str) -> Any:
    """Return the game that an OpenSpiel string names, as OpenSpiel makes it.

    Raises
    ------
    ValueError : there is no such game, or a parameter is unknown or does not fit.
    """
    import pyspiel

    short = text.partition("(")[0].strip()
    known = {kind.short_name: kind for kind in pyspiel.registered_games()}
    if short not in known:
        near = get_close_matches(short, known, n=3, cutoff=0.5)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise ValueError(f"game: OpenSpiel has no game {short!r}{hint}")
    try:
        check_parameters(text, known[short])
        return pyspiel.load_game(text)
    except (pyspiel.SpielError, IndexError) as error:
        raise ValueError(f"game: OpenSpiel cannot make {text!r}: {str(error).strip()}") from error


def _walked(game: Any, *, max_histories: int, perfect_recall: bool) -> Walk:
    import pyspiel

    try:
        return Walk(game, max_histories=max_histories, perfect_recall=perfect_recall)
    except pyspiel.SpielError as error:
        name = game.get_type().short_name
        raise ValueError(f"game: OpenSpiel cannot list the states of {name}: {str(error).strip()}") from error


def turn_based(game: Any) -> Any:
    """Return an OpenSpiel game in which one agent moves at a time, from a game or its string.

    Raises
    ------
    ValueError : there is no such game, or it has no listed tree of N agents.
    """
    import pyspiel

    game = load_open_spiel(game) if isinstance(game, str) else game
    if not isinstance(game, pyspiel.Game):
        raise ValueError(f"game must be a name or a pyspiel.Game, not {type(game).__name__}")
    kind = game.get_type()
    if kind.dynamics == pyspiel.GameType.Dynamics.MEAN_FIELD:
        raise ValueError(f"game: {kind.short_name} is a mean-field game, which has no tree of N agents")
    if kind.chance_mode == pyspiel.GameType.ChanceMode.SAMPLED_STOCHASTIC:
        raise ValueError(f"game: {kind.short_name} only samples its chance moves, so that its tree cannot be listed")
    if kind.dynamics == pyspiel.GameType.Dynamics.SIMULTANEOUS:
        return pyspiel.convert_to_turn_based(game)
    return game
