"""Behavioural profiles to and from OpenSpiel's tabular policies."""

from __future__ import annotations

from typing import Any

import numpy as np

from nashlens.games.behaviour import BehaviouralProfile
from nashlens.games.open_spiel import turn_based
from nashlens.games.sequential import SequentialGame


def to_open_spiel(game: SequentialGame, profile: BehaviouralProfile, *, source: Any) -> Any:
    """Return a profile as OpenSpiel's ``TabularPolicy``.

    Parameters
    ----------
    game : the compiled game.
    profile : one behavioural profile of it.
    source : the OpenSpiel game that was compiled, as in `from_open_spiel`; simultaneous moves are taken in turns.

    Returns
    -------
    ``open_spiel.python.policy.TabularPolicy`` over the turn-based game.

    Raises
    ------
    ValueError : the profile is a batch or does not fit, or the game's information sets are not OpenSpiel's own.
    """
    from open_spiel.python import policy

    if game.check_profile(profile).batch_shape:
        raise ValueError(f"profile must be one profile, not a batch of shape {profile.batch_shape}")
    table = policy.TabularPolicy(turn_based(source))
    _check_labels(game, table)
    for sets, strategy in zip(game.tree.agents, profile, strict=True):
        rows = [table.state_lookup[label] for label in sets.labels]
        table.action_probability_array[rows] = strategy
    return table


def from_tabular(game: SequentialGame, table: Any) -> BehaviouralProfile:
    """Return what an OpenSpiel policy plays, as a behavioural profile.

    Parameters
    ----------
    game : the compiled game.
    table : an ``open_spiel.python.policy.TabularPolicy`` over the game's turn-based form.

    Raises
    ------
    ValueError : the policy's information sets are not the game's, or it plays an illegal action.
    """
    _check_labels(game, table)
    return game.check_profile(
        BehaviouralProfile(
            [
                table.action_probability_array[[table.state_lookup[label] for label in sets.labels]].reshape(
                    len(sets), sets.n_actions
                )
                for sets in game.tree.agents
            ]
        )
    )


def _check_labels(game: SequentialGame, table: Any) -> None:
    labels = [label for sets in game.tree.agents for label in sets.labels]
    if len(set(labels)) != len(labels):
        raise ValueError(
            f"game: agents of {game.spec.name} share information-state strings; one table cannot hold both"
        )
    if set(labels) != set(table.state_lookup):
        missing = sorted(set(labels) ^ set(table.state_lookup))[0]
        raise ValueError(
            f"source must have the {len(labels)} information sets of {game.spec.name}; it has "
            f"{len(table.state_lookup)}, and {missing!r} is not in both"
        )
    assert np.asarray(table.action_probability_array).ndim == 2
