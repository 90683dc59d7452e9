"""Every game by name: `names` lists them, `make` makes one, and a name that is nearly right gets a suggestion.

Each family of games lists its own entries in a function `entries`; a family is imported when it is first asked for.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import cache
from importlib import import_module
from typing import Any

from nashlens.games.core import Game

FAMILIES = (
    "catalog",
    "random_games",
    "continuous_games",
    "repeated",
    "handover",
    "sequential_catalog",
    "particle.scenarios",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A game that can be made by name.

    Attributes
    ----------
    name : the name, unique over all families.
    family : what kind of game it is, such as ``matrix`` or ``particle``.
    summary : one line for a list.
    factory : makes the game; its keyword arguments are the game's parameters.
    """

    name: str
    family: str
    summary: str
    factory: Callable[..., Game]

    @property
    def parameters(self) -> Mapping[str, Any]:
        """The keyword arguments of the factory with their defaults; `inspect.Parameter.empty` where there is none."""
        return {name: p.default for name, p in inspect.signature(self.factory).parameters.items()}


@cache
def _family(module: str) -> Mapping[str, Entry]:
    """Return the entries of one family by their names."""
    return {entry.name: entry for entry in import_module(f"nashlens.games.{module}").entries()}


@cache
def entries() -> Mapping[str, Entry]:
    """Return every entry by its name, in the order of the families."""
    found: dict[str, Entry] = {}
    for module in FAMILIES:
        for name, entry in _family(module).items():
            if name in found:
                raise ValueError(f"the game {name!r} stands in two families")
            found[name] = entry
    return found


def names() -> tuple[str, ...]:
    """Return the name of every game that `make` knows."""
    return tuple(entries())


def entry(name: str) -> Entry:
    """Return one entry; families are looked through in their order, and those after it are not imported.

    Raises
    ------
    ValueError : there is no game of that name; near names are suggested.
    """
    for module in FAMILIES:
        if isinstance(name, str) and name in _family(module):
            return _family(module)[name]
    near = get_close_matches(str(name), entries(), n=3, cutoff=0.5)
    hint = f"; did you mean {' or '.join(near)}?" if near else "; `nashlens games` lists them all"
    raise ValueError(f"game: there is no game {name!r}{hint}")


def make(name: str, **parameters: Any) -> Game:
    """Make a game by its name.

    Parameters
    ----------
    name : one of `names`.
    parameters : the game's own arguments; `nashlens games NAME` lists them.

    Raises
    ------
    ValueError : the name or a parameter is unknown, or a value does not fit.

    Examples
    --------
    >>> make("matching_pennies").spec.n_agents
    2
    """
    found = entry(name)
    known = found.parameters
    for given in parameters:
        if given not in known:
            near = get_close_matches(given, known, n=1, cutoff=0.5)
            hint = f"; did you mean {near[0]}?" if near else f"; it takes {', '.join(known) or 'none'}"
            raise ValueError(f"{name} has no parameter {given!r}{hint}")
    missing = [p for p, default in known.items() if default is inspect.Parameter.empty and p not in parameters]
    if missing:
        raise ValueError(f"{name} needs the parameter {missing[0]!r}")
    return found.factory(**parameters)
