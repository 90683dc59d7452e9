"""Games in the terminal: the list of all, and what there is to know of one."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from nashlens.games import Game, NormalFormGame, Profile, catalog, make, registry
from nashlens.games.core import ActionSpace, Box, GameSpec
from nashlens.games.known import Known
from nashlens.games.sequential import SequentialGame
from nashlens.reports.given_game import given_game, is_registered
from nashlens.reports.solution import solve
from nashlens.reports.solution_page import solution_page
from nashlens.reports.words import counted

SECONDS = 10.0  # for each section of a page


def game_list() -> Table:
    """Return all games with family and summary."""
    table = Table("game", "family", "what it is", "arguments", box=None, pad_edge=False)
    for entry in registry.entries().values():
        table.add_row(entry.name, entry.family, entry.summary, ", ".join(entry.parameters))
    return table


def game_page(name: str, parameters: Mapping[str, Any] | None = None) -> RenderableType:
    """Return what there is to know of one game: spaces, arguments, sources, and what exact analysis says of it.

    Parameters
    ----------
    name : as in `given_game.given_game`.
    parameters : arguments of a registered game.

    Raises
    ------
    OSError : a file cannot be read.
    ValueError : there is no such game, or it cannot be made.
    """
    given = dict(parameters or {})
    if is_registered(name) and not Path(name).is_file():
        return _registered_page(name, given)
    game = given_game(name, given)
    return Group(_agents(game.spec), *_tables(game))


def _registered_page(name: str, parameters: Mapping[str, Any]) -> RenderableType:
    entry = registry.entry(name)
    doc = _doc(entry.factory)
    parts: list[RenderableType] = [
        Text.assemble((entry.name, "bold"), f"  {entry.summary} ({entry.family})"),
        Text(f"\n{doc}\n" if doc else ""),
    ]
    if entry.parameters:
        parts.append(Text(f"arguments: {', '.join(_argument(*each) for each in entry.parameters.items())}\n"))
    missing = [key for key, value in entry.parameters.items() if value is inspect.Parameter.empty]
    if missing and missing[0] not in parameters:
        return Group(*parts, Text(f"needs the argument {missing[0]} before it can be made"))
    game = make(name, **parameters)
    if f"`{type(game).__name__}`" in doc:  # which leaves the rest to the class
        parts.append(Text(f"{inspect.getdoc(type(game))}\n"))
    parts += [_agents(game.spec), *_tables(game)]
    known = catalog.known(name, **parameters) if isinstance(game, NormalFormGame) else None
    if known is not None:
        parts += [Text("\nFrom the catalogue", style="bold"), _known(known)]
    return Group(*parts)


def _doc(factory: object) -> str:
    """Return what a class or a function says of itself; an object that makes games says nothing of any one game."""
    return inspect.getdoc(factory) or "" if inspect.isclass(factory) or inspect.isfunction(factory) else ""


def _argument(name: str, default: object) -> str:
    return name if default is inspect.Parameter.empty else f"{name} = {default}"


def _tables(game: Game) -> list[RenderableType]:
    """Return the payoffs where they fit, and the sections of a game that exact analysis can read."""
    if not isinstance(game, NormalFormGame | SequentialGame):
        return []
    parts: list[RenderableType] = [Text()]
    if isinstance(game, NormalFormGame) and game.n_agents == 2 and max(game.n_actions) <= 12:
        parts += [_payoffs(game), Text()]
    return [*parts, solution_page(solve(game, seconds=SECONDS))]


def _agents(spec: GameSpec) -> Table:
    table = Table("agent", "side", "observation", "actions", box=None, pad_edge=False, title_justify="left")
    for agent, side, size, space in zip(
        spec.agents, spec.sides, spec.observation_sizes, spec.action_spaces, strict=True
    ):
        table.add_row(agent, side, counted(size, "number"), _space(space))
    return table


def _space(space: ActionSpace) -> str:
    if isinstance(space, Box):
        return counted(space.width, "real number")
    return f"{' × '.join(str(n) for n in space.factors)} alternatives"


def _payoffs(game: NormalFormGame) -> Table:
    rows, columns = game.action_names
    table = Table(f"{game.spec.agents[0]} \\ {game.spec.agents[1]}", *columns, pad_edge=False)
    for a, word in enumerate(rows):
        table.add_row(word, *(f"{game.payoffs[0, a, b]:g}, {game.payoffs[1, a, b]:g}" for b in range(len(columns))))
    return table


def _known(known: Known) -> Group:
    lines = [Text(f"equilibria ({known.which}{'; all there are' if known.complete else ''}):")]
    lines += [Text(f"  {_profile(profile)}") for profile in known.equilibria]
    lines.append(Text(f"best sum of payoffs: {known.welfare:g}"))
    if known.potentialness is not None:
        lines.append(Text(f"potentialness: {known.potentialness:g}"))
    lines.append(Text(f"source: {known.source}"))
    return Group(*lines, Text(known.notes))


def _profile(profile: Profile) -> str:
    return "  ".join(f"({', '.join(f'{p:g}' for p in np.round(strategy, 6))})" for strategy in profile)
