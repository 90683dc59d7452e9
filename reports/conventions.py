"""Conventions: what a reader must know to compare numbers with another source, read off the games and the settings."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from nashlens.games import Game, NormalFormGame, SequentialGame, make
from nashlens.games.core import Box
from nashlens.reports.atomic import canonical_json
from nashlens.reports.exact_settings import EXACT_KINDS, parse_settings
from nashlens.reports.feasibility import n_updates
from nashlens.reports.run_spec import EVERY_SIDE, RunSpec
from nashlens.reports.suite import Cell, Suite
from nashlens.reports.tables import Table
from nashlens.reports.words import listed

LARGE = 1e15


@dataclass(frozen=True, slots=True, kw_only=True)
class GameFacts:
    """What a report must know of a game.

    Attributes
    ----------
    label : the suite's name for it.
    matrix : whether it is a game in normal form.
    constant_sum : whether it is one whose payoffs add to a constant.
    span : highest less lowest payoff of any agent of a matrix game or a game tree; 0 elsewhere.
    returns : by side, the lowest and the highest mean return of its agents in a matrix game or a game tree; empty
        elsewhere.
    agents : names of the agents.
    sides : the side of each agent.
    sequential : whether it is a game tree.
    name, parameters : as the registry knows it.
    horizon : the most steps that an episode can take.
    kind_of : by algorithm, the kind of its learners, such as ``maddpg``; empty where its sides differ.
    kind_of_side : by algorithm, the kind of each side's learners.
    infers : whether one of them keeps models of the others.
    """

    label: str
    matrix: bool
    constant_sum: bool
    span: float
    agents: tuple[str, ...]
    returns: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    sides: tuple[str, ...] = ()
    sequential: bool = False
    name: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    horizon: int = 1
    kind_of: Mapping[str, str] = field(default_factory=dict)
    kind_of_side: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    infers: bool = False

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of all learners that play it."""
        return frozenset(self.kind_of.values())

    @property
    def knows_payoffs(self) -> bool:
        """Whether one of its learners knows the payoffs, as fictitious play does."""
        return not self.kinds.isdisjoint(EXACT_KINDS)

    @property
    def side_of(self) -> dict[str, str]:
        """The side of each agent by its name."""
        return dict(zip(self.agents, self.sides, strict=True))

    @property
    def exact(self) -> bool:
        """Whether NashConv is computed exactly."""
        return self.matrix or self.sequential

    def return_range(self, side: str) -> tuple[float, float]:
        """Return the least and the most that a side's agents can get on average; infinite where that is not known.

        Parameters
        ----------
        side : one of `sides`; in a game of one side whatever who plays in it is called, such as a stranger.
        """
        only = next(iter(self.returns)) if len(self.returns) == 1 else side
        return self.returns.get(only, (-math.inf, math.inf))


def game_facts(suite: Suite) -> dict[str, GameFacts]:
    """Return the facts of every game of a suite by its label."""
    facts = {}
    for label in dict.fromkeys(cell.game for cell in suite.cells):
        cells = [cell for cell in suite.cells if cell.game == label]
        run = cells[0].runs[0]
        game = make(run.game, **run.parameters)
        learners = [settings for cell in cells for settings in cell.runs[0].algorithm.values()]
        exact = isinstance(game, NormalFormGame | SequentialGame)
        facts[label] = GameFacts(
            label=label,
            matrix=isinstance(game, NormalFormGame),
            sequential=isinstance(game, SequentialGame),
            constant_sum=isinstance(game, NormalFormGame | SequentialGame) and game.is_constant_sum(),
            span=_span(game) if exact else 0.0,
            returns=_returns(game) if exact else {},
            agents=game.spec.agents,
            sides=game.spec.sides,
            name=run.game,
            parameters=run.parameters,
            horizon=game.spec.horizon,
            kind_of={cell.algorithm: _kind(cell) for cell in cells},
            kind_of_side={cell.algorithm: _kinds_by_side(cell, game.spec.sides) for cell in cells},
            infers=any(settings.get("inference") is not None for settings in learners),
        )
    return facts


def _kinds_by_side(cell: Cell, sides: Iterable[str]) -> dict[str, str]:
    settings = cell.runs[0].algorithm
    return {side: str(settings.get(side, settings.get(EVERY_SIDE, {}))["kind"]) for side in sides}


def _kind(cell: Cell) -> str:
    kinds = {str(settings["kind"]) for settings in cell.runs[0].algorithm.values()}
    return kinds.pop() if len(kinds) == 1 else ""


def _span(game: Game) -> float:
    """Return the highest less the lowest payoff of any agent of a game that is known as a whole."""
    if isinstance(game, SequentialGame):
        return float(np.ptp(game.tree.returns, axis=0).max())
    assert isinstance(game, NormalFormGame)
    return float(game.spans.max())


def _returns(game: Game) -> dict[str, tuple[float, float]]:
    """Return by side the lowest and the highest mean return of its agents in a game that is known as a whole."""
    assert isinstance(game, NormalFormGame | SequentialGame)
    ends = np.moveaxis(game.payoffs, 0, -1) if isinstance(game, NormalFormGame) else game.tree.returns
    ranges = {}
    for side in dict.fromkeys(game.spec.sides):
        own = ends[..., list(game.spec.members(side))].mean(axis=-1)
        ranges[side] = (float(own.min()), float(own.max()))
    return ranges


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
        updates = _updates(run)
        for side, settings in run.algorithm.items():
            where = "every side" if side == EVERY_SIDE else side
            changed = ", ".join(departures(settings)) or "all defaults"
            rows.append((cell.game, cell.algorithm, where, str(settings["kind"]), changed, f"{run.steps:,}", updates))
    header = ("game", "algorithm", "side", "kind", "settings that differ from the kind's defaults", "steps", "updates")
    return Table(
        name="algorithms",
        title="Learners",
        caption="Settings of each learner; whatever is not named has its default. For MADDPG and DDPG that is the "
        "paper's or its released code's, except n_envs, the environments in parallel, which is ours: the paper has "
        "one. Steps are environment steps of one seed, and updates are what it makes in them; of learners that know "
        "the payoffs one step is one round of all agents, after which each has learned.",
        header=header,
        rows=tuple(rows),
        numeric=frozenset({5, 6}),
        data=pd.DataFrame(rows, columns=list(header)),
    )


def _updates(run: RunSpec) -> str:
    try:
        return f"{n_updates(make(run.game, **run.parameters).spec, run):,}"
    except ValueError:
        return "not known: settings of another version"  # a stored suite outlives the settings that it was made with


def departures(settings: Mapping[str, Any]) -> list[str]:
    """Return which settings differ from the defaults of their kind, as ``name = value``."""
    default = parse_settings({"kind": settings["kind"]}).model_dump(mode="json")
    return list(_departures(settings, default, ""))


def _departures(given: Mapping[str, Any], default: Mapping[str, Any], prefix: str) -> Iterable[str]:
    from nashlens.agents import config

    for key, value in given.items():
        usual = default.get(key)
        if key == "inference" and isinstance(value, Mapping) and usual is None:
            yield f"{prefix}inference = on"
            usual = config.Inference().model_dump(mode="json")
        if isinstance(value, Mapping) and isinstance(usual, Mapping):
            yield from _departures(value, usual, f"{prefix}{key}.")
        elif canonical_json(value) != canonical_json(usual):
            yield f"{prefix}{key} = {_plain(value)}"


def _game_row(suite: Suite, cell: Cell) -> tuple[str, ...]:
    run = cell.runs[0]
    game = make(run.game, **run.parameters)
    shared = "all agents receive the same reward" if game.spec.common_reward else "each agent its own reward"
    how = "actions sampled" if run.explore else "without exploration noise"
    tested = f"{run.evaluation_episodes} episodes at each snapshot" if run.evaluation_episodes else "none in training"
    if isinstance(game, NormalFormGame | SequentialGame):
        tested += f", {how}" if run.evaluation_episodes else ""
        tested += "; final policies measured exactly, as the strategies that they are"
    else:
        tested += f"; those and the final episodes {how}" if run.evaluation_episodes else f"; final episodes {how}"
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
    """Return a value of a setting as a reader would write it; huge numbers with an exponent."""
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= LARGE:
        return f"{value:.15g}".replace("e+", "e")
    return value if isinstance(value, str) else canonical_json(value)
