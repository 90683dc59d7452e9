"""OpenSpiel's one-shot games as normal-form games: every payoff is read from OpenSpiel, none is written down here.

A game is one-shot when all agents move once, at the same time, without chance.
"""

from __future__ import annotations

from functools import cache
from itertools import product
from math import comb, prod
from typing import Any

import numpy as np
import pyspiel

from nashlens.games.arguments import one_of, whole_number
from nashlens.games.normal_form import NormalFormGame

MAX_ENTRIES = 2_000_000


@cache
def one_shot_names() -> tuple[str, ...]:
    """Return OpenSpiel's names of the one-shot games that load without a file or another game."""
    kind = pyspiel.GameType
    return tuple(
        sorted(
            game.short_name
            for game in pyspiel.registered_games()
            if game.dynamics == kind.Dynamics.SIMULTANEOUS
            and game.information == kind.Information.ONE_SHOT
            and game.chance_mode == kind.ChanceMode.DETERMINISTIC
            and game.default_loadable
        )
    )


def from_one_shot(
    game: Any, *, name: str | None = None, parameters: dict[str, Any] | None = None, max_entries: int = MAX_ENTRIES
) -> NormalFormGame:
    """Return a one-shot OpenSpiel game in normal form.

    Parameters
    ----------
    game : a loaded OpenSpiel game, such as ``pyspiel.load_game("matrix_rps")`` or ``pyspiel.load_nfg_game(text)``.
    name, parameters : for the specification; OpenSpiel's text for the game and none if left out.
    max_entries : the most payoffs to read.

    Raises
    ------
    ValueError : the game is not one-shot and without chance, or has more than `max_entries` payoffs.

    Notes
    -----
    Cost: one OpenSpiel state for each joint action.

    References
    ----------
    Lanctot et al. (2019), arXiv:1908.09453.

    Examples
    --------
    >>> from_one_shot(pyspiel.load_game("matrix_mp")).payoffs[0].tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    kind = game.get_type()
    label = name or str(game).removesuffix("()")
    state = game.new_initial_state()
    if not state.is_simultaneous_node() or kind.information != pyspiel.GameType.Information.ONE_SHOT:
        raise ValueError(f"game must be one-shot, with all agents moving at once; {label} is not")
    legal = [state.legal_actions(agent) for agent in range(game.num_players())]
    size = prod(len(actions) for actions in legal) * len(legal)
    if size > max_entries:
        raise ValueError(f"game must have at most {max_entries} payoffs (max_entries); {label} has {size}")
    payoffs = np.empty((len(legal), size // len(legal)))
    for column, joint_action in enumerate(product(*legal)):
        end = state.clone()
        end.apply_actions(list(joint_action))
        if not end.is_terminal():
            raise ValueError(f"game must end after one joint action; {label} goes on")
        payoffs[:, column] = end.returns()
    tensor = payoffs.reshape(len(legal), *(len(actions) for actions in legal))
    names = [[state.action_to_string(agent, a) for a in actions] for agent, actions in enumerate(legal)]
    return NormalFormGame(tensor, name=label, parameters=parameters, action_names=names)


def load(name: str) -> NormalFormGame:
    """Return one of `one_shot_names` with OpenSpiel's own parameters, in normal form.

    Raises
    ------
    ValueError : OpenSpiel has no such one-shot game.
    """
    return from_one_shot(pyspiel.load_game(one_of(name, "name", choices=one_shot_names())))


def long_name(name: str) -> str:
    """Return OpenSpiel's title of one of `one_shot_names`."""
    title: str = pyspiel.load_game(name).get_type().long_name
    return title


def blotto(n_agents: int = 2, coins: int = 10, fields: int = 3) -> NormalFormGame:
    """Colonel Blotto, from OpenSpiel: agents spread coins over fields; the one who wins more fields wins 1.

    Raises
    ------
    ValueError : an argument is no whole number or out of range, or the game has more payoffs than `MAX_ENTRIES`.
    """
    values = {
        "n_agents": whole_number(n_agents, "n_agents", low=2, high=10),
        "coins": whole_number(coins, "coins", low=1, high=100),
        "fields": whole_number(fields, "fields", low=2, high=100),
    }
    n_actions = comb(values["coins"] + values["fields"] - 1, values["fields"] - 1)
    if values["n_agents"] * n_actions ** values["n_agents"] > MAX_ENTRIES:
        raise ValueError(
            f"n_agents, coins and fields must give at most {MAX_ENTRIES} payoffs, not {values['n_agents']} agents "
            f"with {n_actions} actions each"
        )
    game = pyspiel.load_game("blotto", {"players": values["n_agents"], "coins": coins, "fields": fields})
    return from_one_shot(game, name="blotto", parameters=values)
