"""Suites: which games, learners and seeds to run, read from TOML and refused before anything runs if a word is wrong.

A suite is games × algorithms × seeds. What a suite file says once holds for all games; a game's table may say otherwise
for itself, and its ``settings`` are laid over those of every algorithm::

    name = "example"
    question = "Does a central critic help?"
    seeds = 5
    steps = 10_000

    [games.climbing]
    steps = 2_000
    settings = { batch_size = 64 }

    [algorithms.maddpg]
    kind = "maddpg"

    [algorithms.ddpg]
    kind = "ddpg"

An algorithm whose sides learn differently has a table a side: ``[algorithms.mixed.sides.predators]``.
"""

from __future__ import annotations

import inspect
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from nashlens.reports.feasibility import check_trainable
from nashlens.reports.locations import line_of, syntax_error
from nashlens.reports.refusals import SuiteError, complaint, known_keys
from nashlens.reports.run_spec import EVERY_SIDE, RunSpec, parse_seeds

if TYPE_CHECKING:
    from nashlens.games.core import GameSpec

Name = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Seeds = Annotated[int, Field(ge=1, le=100_000)] | str | list[Annotated[int, Field(ge=0)]]
AtLeastOne = Annotated[int, Field(ge=1)]
AtLeastTwo = Annotated[int, Field(ge=2)]
AtLeastZero = Annotated[int, Field(ge=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


class GameEntry(_Strict):
    """One game of a suite, and where it departs from the rest.

    Attributes
    ----------
    game : the registry's name; the table's own name if left out.
    parameters : the game's arguments.
    settings : laid over the settings of every algorithm, for this game.
    algorithms : labels of the algorithms that play it; all if left out.
    seeds, steps, snapshots, evaluation_episodes : instead of the suite's.
    """

    game: str | None = None
    parameters: dict[str, Any] = Field(default_factory=dict)
    settings: dict[str, Any] = Field(default_factory=dict)
    algorithms: list[str] | None = None
    seeds: Seeds | None = None
    steps: AtLeastOne | None = None
    snapshots: AtLeastTwo | None = None
    evaluation_episodes: AtLeastZero | None = None


class SuiteConfig(_Strict):
    """A suite as its file says it.

    Attributes
    ----------
    name : of the suite; letters, digits, ``_``, ``.`` and ``-``.
    question : what the suite is to answer.
    seeds : a number of seeds, a range ``"0:10"``, or a list.
    steps : environment steps of each run.
    snapshots : snapshots of every policy, the first before any training.
    evaluation_episodes : fresh episodes at each snapshot.
    explore : True to sample actions in evaluation, False to play without exploration noise.
    checkpoint_every_steps : environment steps between checkpoints; none if left out.
    games : games by label.
    algorithms : settings by label: a table with ``kind``, or a table ``sides`` of such tables.
    """

    name: Name
    question: str = ""
    seeds: Seeds = 5
    steps: AtLeastOne
    snapshots: AtLeastTwo = 21
    evaluation_episodes: AtLeastZero = 0
    explore: bool = False
    checkpoint_every_steps: AtLeastOne | None = None
    games: dict[Name, GameEntry] = Field(min_length=1)
    algorithms: dict[Name, dict[str, Any]] = Field(min_length=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One game under one algorithm: runs that differ in their seed only.

    Attributes
    ----------
    game, algorithm : the labels that the suite gives them.
    runs : one a seed.
    """

    game: str
    algorithm: str
    runs: tuple[RunSpec, ...]

    @property
    def cell_id(self) -> str:
        """The id that the runs of the cell share."""
        return self.runs[0].cell_id


@dataclass(frozen=True, slots=True, kw_only=True)
class Suite:
    """A suite whose every cell was found to be possible.

    Attributes
    ----------
    config : what the file says.
    cells : in the order of the file, games first.
    """

    config: SuiteConfig
    cells: tuple[Cell, ...]

    @property
    def name(self) -> str:
        """Name of the suite."""
        return self.config.name

    @property
    def runs(self) -> tuple[RunSpec, ...]:
        """Every run of every cell."""
        return tuple(run for cell in self.cells for run in cell.runs)

    def to_json(self) -> dict[str, Any]:
        """Return plain values: the settings, and every cell with all defaults as they were when it was resolved."""
        cells = [
            {
                "game": cell.game,
                "algorithm": cell.algorithm,
                "run": cell.runs[0].to_json(),
                "seeds": [run.seed for run in cell.runs],
            }
            for cell in self.cells
        ]
        return {"config": self.config.model_dump(mode="json"), "cells": cells}


def suite_from_json(values: Mapping[str, Any]) -> Suite:
    """Return the suite that `Suite.to_json` wrote down; defaults that changed since then do not touch it.

    Raises
    ------
    KeyError, TypeError, ValueError : something is missing or of another kind.
    """
    cells = []
    for cell in values["cells"]:
        first = RunSpec(**cell["run"])
        runs = tuple(first.with_seed(int(seed)) for seed in cell["seeds"])
        cells.append(Cell(game=str(cell["game"]), algorithm=str(cell["algorithm"]), runs=runs))
    return Suite(config=SuiteConfig.model_validate(values["config"]), cells=tuple(cells))


def parse_suite(text: str, *, source: str = "suite") -> Suite:
    """Return the suite that a TOML text describes.

    Parameters
    ----------
    text : the TOML text.
    source : how to call it in an error, such as the name of the file.

    Raises
    ------
    SuiteError : the text is not TOML, a key is unknown or missing, or a value does not fit; it names the line.
    """
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SuiteError(f"{source}: not TOML: {syntax_error(error)}") from error
    try:
        config = SuiteConfig.model_validate(given)
        return resolve(config)
    except ValidationError as error:
        path, message = complaint(error, known=lambda where: known_keys(SuiteConfig, where))
        raise _located(source, text, path, message) from error
    except SuiteError as error:
        raise _located(source, text, error.path, str(error)) from error


def resolve(config: SuiteConfig) -> Suite:
    """Return the suite of checked settings: every game is made and every learner is built once.

    Raises
    ------
    SuiteError : a game, a parameter, a setting, a side or a seed does not fit, or a run could make no update; its
        `path` says where.
    """
    return Suite(config=config, cells=tuple(_cells(config)))


def _cells(config: SuiteConfig) -> Iterator[Cell]:
    for label, entry in config.games.items():
        spec, parameters = _playable(label, entry)
        seeds = _seeds(config, label, entry)
        for chosen in entry.algorithms if entry.algorithms is not None else config.algorithms:
            if chosen not in config.algorithms:
                known = ", ".join(config.algorithms)
                raise SuiteError(
                    f"algorithms: there is no {chosen!r} in this suite; it has {known}", ("games", label, "algorithms")
                )
            first = RunSpec(
                game=entry.game or label,
                parameters=parameters,
                algorithm=_settings(config, label, chosen, spec.sides),
                seed=seeds[0],
                steps=entry.steps or config.steps,
                snapshots=entry.snapshots or config.snapshots,
                evaluation_episodes=_first(entry.evaluation_episodes, config.evaluation_episodes),
                explore=config.explore,
            )
            _check_trainable(spec, first, label=label, chosen=chosen, own_steps=entry.steps is not None)
            yield Cell(game=label, algorithm=chosen, runs=tuple(first.with_seed(seed) for seed in seeds))


def _check_trainable(spec: GameSpec, run: RunSpec, *, label: str, chosen: str, own_steps: bool) -> None:
    try:
        check_trainable(spec, run)
    except ValueError as error:
        steps = ("games", label, "steps") if own_steps else ("steps",)
        path = steps if str(error).startswith("steps") else ("algorithms", chosen)
        raise SuiteError(f"{chosen} in {label}: {error}", path) from error


def _first(own: int | None, general: int) -> int:
    return general if own is None else own


def _seeds(config: SuiteConfig, label: str, entry: GameEntry) -> tuple[int, ...]:
    own = entry.seeds is not None
    try:
        return parse_seeds(entry.seeds if entry.seeds is not None else config.seeds)
    except ValueError as error:
        raise SuiteError(str(error), ("games", label, "seeds") if own else ("seeds",)) from error


def _playable(label: str, entry: GameEntry) -> tuple[GameSpec, dict[str, Any]]:
    """Make the game once; return its specification, and the game's arguments with every default written out."""
    from nashlens.games import registry

    name = entry.game or label
    try:
        known = registry.entry(name).parameters
    except ValueError as error:
        raise SuiteError(str(error), ("games", label) if entry.game is None else ("games", label, "game")) from error
    try:
        spec = registry.make(name, **entry.parameters).spec
    except (TypeError, ValueError) as error:
        wrong = next((key for key in entry.parameters if key in str(error)), None)
        path = ("games", label, "parameters") if wrong is None else ("games", label, "parameters", wrong)
        raise SuiteError(f"{name}: {error}", path) from error
    defaults = {key: value for key, value in known.items() if value is not inspect.Parameter.empty}
    return spec, {**defaults, **entry.parameters}


def _settings(config: SuiteConfig, label: str, chosen: str, sides: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    given, over = config.algorithms[chosen], config.games[label].settings
    here = ("algorithms", chosen)
    if "sides" not in given:
        return {EVERY_SIDE: read_settings(given, over=over, path=here, over_path=("games", label, "settings"))}
    by_side = given["sides"]
    if len(given) > 1 or not isinstance(by_side, dict):
        raise SuiteError("sides must be the only key, a table of one table a side", (*here, "sides"))
    if set(by_side) != set(sides):
        raise SuiteError(f"sides of {label} are {', '.join(sorted(set(sides)))}, not {', '.join(by_side)}", here)
    read = {
        side: read_settings(each, over=over, path=(*here, "sides", side), over_path=("games", label, "settings"))
        for side, each in by_side.items()
    }
    rollouts = [each["rollout"] for each in read.values()]
    if any(rollout != rollouts[0] for rollout in rollouts):
        raise SuiteError("rollout must be the same for every side of an algorithm", (*here, "sides"))
    return read


def read_settings(
    given: Any, *, over: Mapping[str, Any], path: tuple[str, ...] = (), over_path: tuple[str, ...] = ()
) -> dict[str, Any]:
    """Return an algorithm's settings with every default written out.

    Parameters
    ----------
    given : ``kind`` and what differs from its defaults.
    over : laid over `given`, key by key, tables included.
    path, over_path : where the two stand, for an error.

    Raises
    ------
    SuiteError : a key is unknown or a value does not fit.
    """
    from nashlens.agents import config as agents_config
    from nashlens.reports.refusals import algorithm_keys

    if not isinstance(given, dict):
        raise SuiteError(f"an algorithm must be a table with kind, not {given!r}", path)
    try:
        return agents_config.parse(_laid_over(given, over)).model_dump(mode="json")
    except ValidationError as error:
        kind = _laid_over(given, over).get("kind")
        where, message = complaint(
            error, known=lambda place: algorithm_keys(str(kind), place), drop=str(kind), subject="algorithm"
        )
        inside = over_path if _holds(over, where) else path
        raise SuiteError(message, (*inside, *where)) from error


def _laid_over(given: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(given)
    for key, value in over.items():
        below = merged.get(key)
        merged[key] = _laid_over(below, value) if isinstance(below, dict) and isinstance(value, dict) else value
    return merged


def _holds(table: Mapping[str, Any], path: tuple[str, ...]) -> bool:
    value: Any = table
    for part in path:
        if not isinstance(value, dict) or part not in value:
            return False
        value = value[part]
    return bool(path)


def _located(source: str, text: str, path: tuple[str, ...], message: str) -> SuiteError:
    line = line_of(text, path)
    place = source if line is None else f"{source}, line {line}"
    return SuiteError(f"{place}: {message}", path)
