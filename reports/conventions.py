"""Conventions: what a reader must know to compare numbers with another source, read off the games and the settings."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from nashlens.games import Game, NormalFormGame, make
from nashlens.games.core import Box
from nashlens.reports.atomic import canonical_json
from nashlens.reports.run_spec import EVERY_SIDE
from nashlens.reports.suite import Cell, Suite
from nashlens.reports.tables import Table
from nashlens.reports.words import listed


@dataclass(frozen=True, slots=True, kw_only=True)
class GameFacts:
    """What a report must know of a game.

    Attributes
    ----------
    label : the suite's name for it.
    matrix : whether it is a game in normal form.
    constant_sum : whether it is one whose payoffs add to a constant.
    span : highest less lowest payoff of any agent of a matrix game; 0 elsewhere.
    agents : names of the agents.
    """

    label: str
    matrix: bool
    constant_sum: bool
    span: float
    agents: tuple[str, ...]


def game_facts(suite: Suite) -> dict[str, GameFacts]:
    """Return the facts of every game of a suite by its label."""
    facts = {}
    for cell in suite.cells:
        if cell.game not in facts:
            game = make(cell.runs[0].game, **cell.runs[0].parameters)
            matrix = isinstance(game, NormalFormGame)
            facts[cell.game] = GameFacts(
                label=cell.game,
                matrix=matrix,
                constant_sum=isinstance(game, NormalFormGame) and game.is_constant_sum(),
                span=float(game.spans.max()) if isinstance(game, NormalFormGame) else 0.0,
                agents=game.spec.agents,
            )
    return facts


def conventions_table(suite: Suite) -> Table:
    """Return one row a game: agents, reward, episode, actions, arguments, evaluation."""
    first: dict[str, Cell] = {}
    for cell in suite.cells:
        first.setdefault(cell.game, cell)
    rows = tuple(_game_row(suite, cell) for cell in first.values())
    header = ("game", "agents", "return", "episode", "actions", "arguments", "evaluation")
    return Table(
        name="conventions",
        title="Conventions",
        caption="What numbers from elsewhere must share before they are set beside these. Returns are undiscounted, "
        "per agent, and never summed over agents.",
        header=header,
        rows=rows,
        data=pd.DataFrame(rows, columns=list(header)),
    )


def algorithms_table(suite: Suite) -> Table:
    """Return one row a cell and side: the kind of learner, and what differs from that kind's defaults."""
    rows = []
    for cell in suite.cells:
        run = cell.runs[0]
        for side, settings in run.algorithm.items():
            where = "every side" if side == EVERY_SIDE else side
            changed = ", ".join(departures(settings)) or "all defaults"
            rows.append((cell.game, cell.algorithm, where, str(settings["kind"]), changed, f"{run.steps:,}"))
    header = ("game", "algorithm", "side", "kind", "settings that differ from the kind's defaults", "steps")
    return Table(
        name="algorithms",
        title="Learners",
        caption="Settings of each learner; whatever is not named has its default, which is the MADDPG paper's or its "
        "released code's.",
        header=header,
        rows=tuple(rows),
        numeric=frozenset({5}),
        data=pd.DataFrame(rows, columns=list(header)),
    )


def departures(settings: Mapping[str, Any]) -> list[str]:
    """Return which settings differ from the defaults of their kind, as ``name = value``."""
    from nashlens.agents import config

    default = config.parse({"kind": settings["kind"]}).model_dump(mode="json")
    return list(_departures(settings, default, ""))


def _departures(given: Mapping[str, Any], default: Mapping[str, Any], prefix: str) -> Iterable[str]:
    for key, value in given.items():
        usual = default.get(key)
        if isinstance(value, Mapping) and isinstance(usual, Mapping):
            yield from _departures(value, usual, f"{prefix}{key}.")
        elif canonical_json(value) != canonical_json(usual):
            yield f"{prefix}{key} = {_plain(value)}"


def _game_row(suite: Suite, cell: Cell) -> tuple[str, ...]:
    run = cell.runs[0]
    game = make(run.game, **run.parameters)
    shared = "all agents receive the same reward" if game.spec.common_reward else "each agent its own reward"
    how = "actions sampled" if run.explore else "without exploration noise"
    tested = f"{run.evaluation_episodes} episodes at each snapshot, {how}" if run.evaluation_episodes else "none"
    sides = sorted(set(game.spec.sides), key=game.spec.sides.index)
    members = [f"{side}: {listed([game.spec.agents[i] for i in game.spec.members(side)])}" for side in sides]
    given = ", ".join(f"{key} = {_plain(value)}" for key, value in run.parameters.items() if value is not None)
    name = cell.game if cell.game == run.game else f"{cell.game} ({run.game})"
    return (name, "; ".join(members), shared, _episode(game), _actions(game), given or "none", tested)


def _episode(game: Game) -> str:
    if isinstance(game, NormalFormGame):
        return "one joint action, then the game is over"
    return f"at most {game.spec.horizon} steps; learners look past a time limit and not past an end"


def _actions(game: Game) -> str:
    forms = []
    for agent, space in zip(game.spec.agents, game.spec.action_spaces, strict=True):
        if isinstance(space, Box):
            forms.append(f"{agent}: {space.width} real numbers")
        else:
            forms.append(f"{agent}: {' × '.join(str(n) for n in space.factors)} alternatives")
    soft = "; soft (any point of the simplex is played)" if game.spec.soft_actions else ""
    return "; ".join(forms) + soft


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else canonical_json(value)
