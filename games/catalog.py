"""The catalogue of matrix games: OpenSpiel's, the textbooks' and the papers', each with what is known of it.

`known` gives the facts about a game; the games themselves are made by name through the registry, or here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from importlib import import_module
from typing import Any

from nashlens.games.coordination_games import (
    all_equal,
    all_ones,
    coverage,
    even_split,
    role_assignment,
    volunteers_dilemma,
)
from nashlens.games.known import Known
from nashlens.games.matrix_games import (
    anti_coordination,
    battle_of_the_sexes,
    chicken,
    climbing,
    matching_pennies,
    penalty,
    prisoners_dilemma,
    rock_paper_scissors,
    shapley,
    stag_hunt,
)
from nashlens.games.normal_form import NormalFormGame
from nashlens.games.one_shot import blotto, load, long_name, one_shot_names
from nashlens.games.one_shot_facts import ONE_SHOT_FACTS
from nashlens.games.registry import Entry, entry, make

__all__ = [
    "Known",
    "all_equal",
    "all_ones",
    "anti_coordination",
    "battle_of_the_sexes",
    "blotto",
    "chicken",
    "climbing",
    "coverage",
    "entries",
    "even_split",
    "known",
    "matching_pennies",
    "penalty",
    "prisoners_dilemma",
    "rock_paper_scissors",
    "role_assignment",
    "shapley",
    "stag_hunt",
    "volunteers_dilemma",
]

SUMMARIES: Mapping[Callable[..., NormalFormGame], str] = {
    prisoners_dilemma: "to defect is dominant, to cooperate is better for both",
    stag_hunt: "a better and a safer equilibrium",
    chicken: "correlation beats every Nash equilibrium",
    battle_of_the_sexes: "coordination with opposed tastes",
    climbing: "team game, the best joint action stands beside penalties",
    penalty: "team game, two best joint actions and a penalty for missing",
    anti_coordination: "team game of two who must differ",
    matching_pennies: "zero-sum, two actions",
    rock_paper_scissors: "zero-sum, three actions in a cycle",
    shapley: "general-sum, three actions in a cycle",
    volunteers_dilemma: "one of N has to pay for all",
    role_assignment: "team game, N agents take N different roles",
    coverage: "team game, share of N places that N agents cover",
    all_ones: "team game of Proposition 1, rewarded where all play 1",
    all_equal: "team game of Proposition 1 as printed, rewarded where all play the same",
    even_split: "team game, one half plays 0 and the other 1",
}


def _open_spiel_entry(name: str) -> Entry:
    def factory() -> NormalFormGame:
        return load(name)

    return Entry(name=name, family="matrix", summary=f"{long_name(name)}, from OpenSpiel", factory=factory)


def entries() -> tuple[Entry, ...]:
    """Return the registry's entries of all matrix games."""
    named = [Entry(name=f.__name__, family="matrix", summary=line, factory=f) for f, line in SUMMARIES.items()]
    spread = Entry(name="blotto", family="matrix", summary="Colonel Blotto, from OpenSpiel", factory=blotto)
    return (*named, spread, *(_open_spiel_entry(name) for name in one_shot_names() if name != "blotto"))


@cache
def _facts() -> Mapping[str, Callable[..., Known]]:
    found: dict[str, Callable[..., Known]] = dict(ONE_SHOT_FACTS)
    for factory in SUMMARIES:
        found[factory.__name__] = getattr(import_module(factory.__module__), f"{factory.__name__}_facts")
    return found


def known(name: str, **parameters: Any) -> Known | None:
    """Return what is known of a game, or None if nothing is.

    Parameters
    ----------
    name : the registry's name of the game, of any family.
    parameters : the game's own arguments.

    Raises
    ------
    ValueError : there is no such game, or an argument does not fit it.

    Examples
    --------
    >>> known("volunteers_dilemma", n_agents=3, cost=0.25).welfare
    2.75
    >>> known("blotto") is None
    True
    """
    if entry(name).family != "matrix":
        return None
    facts = _facts().get(name)
    game = make(name, **parameters)
    return None if facts is None else facts(**game.spec.parameters)
