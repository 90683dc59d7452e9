"""The catalogue of matrix games: OpenSpiel's, the textbooks' and the papers', each with what is known of it.

`known` gives the facts about a game; the games themselves are made by name through the registry, or here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from nashlens.games import coordination_games, matrix_games
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


@dataclass(frozen=True, slots=True)
class _Named:
    """One named game: who makes it, what is known of it, and a line for a list."""

    factory: Callable[..., NormalFormGame]
    facts: Callable[..., Known]
    summary: str


NAMED = (
    _Named(
        prisoners_dilemma,
        matrix_games.prisoners_dilemma_facts,
        "to defect is dominant, to cooperate is better for both",
    ),
    _Named(stag_hunt, matrix_games.stag_hunt_facts, "a better and a safer equilibrium"),
    _Named(chicken, matrix_games.chicken_facts, "correlation beats every Nash equilibrium"),
    _Named(battle_of_the_sexes, matrix_games.battle_of_the_sexes_facts, "coordination with opposed tastes"),
    _Named(climbing, matrix_games.climbing_facts, "team game, the best joint action stands beside penalties"),
    _Named(penalty, matrix_games.penalty_facts, "team game, two best joint actions and a penalty for missing"),
    _Named(anti_coordination, matrix_games.anti_coordination_facts, "team game of two who must differ"),
    _Named(matching_pennies, matrix_games.matching_pennies_facts, "zero-sum, two actions"),
    _Named(rock_paper_scissors, matrix_games.rock_paper_scissors_facts, "zero-sum, three actions in a cycle"),
    _Named(shapley, matrix_games.shapley_facts, "general-sum, three actions in a cycle"),
    _Named(volunteers_dilemma, coordination_games.volunteers_dilemma_facts, "one of N has to pay for all"),
    _Named(role_assignment, coordination_games.role_assignment_facts, "team game, N agents take N different roles"),
    _Named(coverage, coordination_games.coverage_facts, "team game, share of N places that N agents cover"),
    _Named(all_ones, coordination_games.all_ones_facts, "team game of Proposition 1, rewarded where all play 1"),
    _Named(
        all_equal,
        coordination_games.all_equal_facts,
        "team game of Proposition 1 as printed, rewarded where all play the same",
    ),
    _Named(even_split, coordination_games.even_split_facts, "team game, one half plays 0 and the other 1"),
)


def _open_spiel_entry(name: str) -> Entry:
    def factory() -> NormalFormGame:
        return load(name)

    return Entry(name=name, family="matrix", summary=f"{long_name(name)}, from OpenSpiel", factory=factory)


def entries() -> tuple[Entry, ...]:
    """Return the registry's entries of all matrix games."""
    named = [Entry(name=g.factory.__name__, family="matrix", summary=g.summary, factory=g.factory) for g in NAMED]
    spread = Entry(name="blotto", family="matrix", summary="Colonel Blotto, from OpenSpiel", factory=blotto)
    return (*named, spread, *(_open_spiel_entry(name) for name in one_shot_names() if name != "blotto"))


FACTS: Mapping[str, Callable[..., Known]] = {
    **{game.factory.__name__: game.facts for game in NAMED},
    **ONE_SHOT_FACTS,
}


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
    facts = FACTS.get(name)
    game = make(name, **parameters)
    return None if facts is None else facts(**game.spec.parameters)
