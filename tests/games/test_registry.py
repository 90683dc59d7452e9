"""The registry: names, suggestions, unknown parameters, and values that do not fit."""

from __future__ import annotations

import inspect
from typing import Any

import pytest

from nashlens import games
from nashlens.games import catalog, random_games, registry, repeated

OURS = (*catalog.entries(), *random_games.entries(), *repeated.entries())


def test_names_are_unique_and_every_family_is_there() -> None:
    assert len(set(games.names())) == len(games.names())
    assert {e.family for e in registry.entries().values()} >= {"matrix", "random", "repeated", "particle"}
    assert {e.name for e in OURS} <= set(games.names())


@pytest.mark.parametrize("name", games.names())
def test_entry_says_what_a_list_needs(name: str) -> None:
    entry = registry.entry(name)
    assert entry.name == name
    assert entry.summary
    assert "\n" not in entry.summary
    assert entry.family


def test_entry_parameters_are_those_of_the_factory() -> None:
    assert dict(registry.entry("volunteers_dilemma").parameters) == {"n_agents": 3, "cost": 0.25}
    assert dict(registry.entry("matching_pennies").parameters) == {}


def test_entry_without_default_is_marked_and_make_asks_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def needs(size: int) -> games.Game:
        return catalog.stag_hunt()

    entry = registry.Entry(name="needs", family="matrix", summary="x", factory=needs)
    assert entry.parameters["size"] is inspect.Parameter.empty
    monkeypatch.setattr(registry, "entry", lambda _: entry)
    with pytest.raises(ValueError, match="needs needs the parameter 'size'"):
        registry.make("needs")
    assert registry.make("needs", size=1).spec.name == "stag_hunt"


def test_entries_refuse_one_name_in_two_families(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "FAMILIES", ("catalog", "catalog"))
    registry.entries.cache_clear()
    try:
        with pytest.raises(ValueError, match="the game 'prisoners_dilemma' stands in two families"):
            registry.entries()
    finally:
        registry.entries.cache_clear()


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("prisoner_dilemma", "game: there is no game 'prisoner_dilemma'; did you mean prisoners_dilemma"),
        ("simple_sprad", "game: there is no game 'simple_sprad'; did you mean simple_spread"),
        ("xyzzy", "game: there is no game 'xyzzy'; `nashlens games` lists them all"),
        (3, "game: there is no game 3; `nashlens games` lists them all"),
        (["a"], "game: there is no game"),
    ],
)
def test_make_suggests_near_names(name: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        games.make(name)


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("coverage", {"n_agent": 3}, "coverage has no parameter 'n_agent'; did you mean n_agents?"),
        ("matching_pennies", {"k": 3}, "matching_pennies has no parameter 'k'; it takes none"),
        ("penalty", {"zzz": 3}, "penalty has no parameter 'zzz'; it takes k"),
    ],
)
def test_make_refuses_unknown_parameters(name: str, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        games.make(name, **parameters)


WRONG = ["a", None, float("nan"), float("inf"), -1, 1.5, True, [], {}, 10**9]


def game_or_message(name: str, parameters: dict[str, Any]) -> games.Game | str:
    try:
        return games.make(name, **parameters)
    except ValueError as error:
        return str(error)


@pytest.mark.parametrize(("name", "parameter"), [(e.name, p) for e in OURS for p in e.parameters])
@pytest.mark.parametrize("value", WRONG, ids=str)
def test_make_takes_a_value_or_names_the_parameter(name: str, parameter: str, value: Any) -> None:
    """A value either makes a game that says so in its specification, or is refused by name in one line."""
    made = game_or_message(name, {parameter: value})
    if isinstance(made, str):
        assert parameter in made
        assert "\n" not in made
    else:
        kept = made.spec.parameters[parameter]
        assert kept == value or (parameter == "stage_parameters" and kept == {})
