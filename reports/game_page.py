"""Games in the terminal: the list of all, and what there is to know of one."""

from __future__ import annotations

import inspect

import numpy as np
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from nashlens.games import NormalFormGame, Profile, catalog, make, registry
from nashlens.games.core import ActionSpace, Box, GameSpec
from nashlens.games.known import Known


def game_list() -> Table:
    """Return all games with family and summary."""
    table = Table("game", "family", "what it is", "arguments", box=None, pad_edge=False)
    for entry in registry.entries().values():
        table.add_row(entry.name, entry.family, entry.summary, ", ".join(entry.parameters))
    return table


def game_page(name: str) -> RenderableType:
    """Return spaces, arguments, equilibria and sources of one game.

    Raises
    ------
    ValueError : there is no game of that name.
    """
    entry = registry.entry(name)
    parts: list[RenderableType] = [
        Text.assemble((entry.name, "bold"), f"  {entry.summary} ({entry.family})"),
        Text(f"\n{inspect.getdoc(entry.factory) or ''}"),
    ]
    missing = [key for key, value in entry.parameters.items() if value is inspect.Parameter.empty]
    if missing:
        return Group(*parts, Text(f"needs the argument {missing[0]} before it can be made"))
    game = make(name)
    parts.append(_agents(game.spec))
    if isinstance(game, NormalFormGame):
        known = catalog.known(name)
        parts.append(Text(f"constant sum: {'yes' if game.is_constant_sum() else 'no'}"))
        if game.n_agents == 2 and max(game.n_actions) <= 12:
            parts.append(_payoffs(game))
        if known is not None:
            parts.append(_known(known))
    return Group(*parts)


def _agents(spec: GameSpec) -> Table:
    table = Table("agent", "side", "observation", "actions", box=None, pad_edge=False, title_justify="left")
    for agent, side, size, space in zip(
        spec.agents, spec.sides, spec.observation_sizes, spec.action_spaces, strict=True
    ):
        table.add_row(agent, side, f"{size} numbers", _space(space))
    return table


def _space(space: ActionSpace) -> str:
    if isinstance(space, Box):
        return f"{space.width} real numbers"
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
