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

An algorithm whose sides learn differently has a table a side: ``[algorithms.mixed.sides.predators]``. Instruments are
asked for by ``metrics = ["nonstationarity"]``, for all games or in a game's table. A smaller size of the suite is a
table of what it changes, ``[sizes.quick]`` and ``[sizes.quick.games.climbing]``.
"""

from __future__ import annotations

import inspect
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from nashlens.reports.instruments.registry import check_names
from nashlens.reports.locations import line_of, syntax_error
from nashlens.reports.refusals import SuiteError, complaint, known_keys
from nashlens.reports.run_spec import RunSpec, parse_seeds
from nashlens.reports.suite_checks import check_cell, check_different, check_once, checked_metrics, place_of
from nashlens.reports.suite_config import FULL, GameEntry, SuiteConfig, said_at, sized
from nashlens.reports.suite_settings import settings_of

if TYPE_CHECKING:
    from nashlens.games.core import GameSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One game under one algorithm: runs that differ in their seed only.

    Attributes
    ----------
    game, algorithm : the labels that the suite gives them.
    runs : one a seed.
    metrics : the instruments that it is measured by.
    """

    game: str
    algorithm: str
    runs: tuple[RunSpec, ...]
    metrics: tuple[str, ...] = ()

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
                "metrics": list(cell.metrics),
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
    config = SuiteConfig.model_validate(values["config"])
    for cell in values["cells"]:
        if cell["game"] not in config.games or cell["algorithm"] not in config.algorithms:
            raise ValueError(f"there is no {cell['algorithm']!r} in {cell['game']!r} in this suite")
        check_names(cell.get("metrics", ()))
        first = RunSpec(**cell["run"])
        runs = tuple(first.with_seed(int(seed)) for seed in cell["seeds"])
        labels = {"game": str(cell["game"]), "algorithm": str(cell["algorithm"])}
        cells.append(Cell(**labels, runs=runs, metrics=tuple(cell.get("metrics", ()))))
    return Suite(config=config, cells=tuple(cells))


def parse_suite(text: str, *, source: str = "suite", size: str = FULL) -> Suite:
    """Return the suite that a TOML text describes.

    Parameters
    ----------
    text : the TOML text.
    source : how to call it in an error, such as the name of the file.
    size : which of its sizes.

    Raises
    ------
    SuiteError : the text is not TOML, a key is unknown or missing, or a value does not fit, be it in this size or in
        another; it names the line.
    """
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SuiteError(f"{source}: not TOML: {syntax_error(error)}") from error
    try:
        config = SuiteConfig.model_validate(given)
        chosen = _resolved(config, size)
        for other in (FULL, *config.sizes):
            if other != size:
                _resolved(config, other)
        return chosen
    except ValidationError as error:
        path, message = complaint(error, known=lambda where: known_keys(SuiteConfig, where))
        raise _located(source, text, path, message) from error
    except SuiteError as error:
        raise _located(source, text, error.path, str(error)) from error


def _resolved(config: SuiteConfig, size: str) -> Suite:
    """Return the suite of one size; what is wrong with it is said to be of that size, and where it is written."""
    smaller = sized(config, size)
    try:
        return resolve(smaller)
    except SuiteError as error:
        if size == FULL:
            raise
        raise SuiteError(f"size {size}: {error}", said_at(config, size, error.path)) from error


def resolve(config: SuiteConfig) -> Suite:
    """Return the suite of checked settings: every game is made and every learner is built once.

    Raises
    ------
    SuiteError : a game, a parameter, a setting, a side or a seed does not fit, a run could make no update, cannot take
        as many snapshots or keeps nothing that its instruments need, or two cells are the same; its `path` says where.
    """
    cells = tuple(_cells(config))
    check_different(cells)
    return Suite(config=config, cells=cells)


def _cells(config: SuiteConfig) -> Iterator[Cell]:
    for label, entry in config.games.items():
        spec, parameters = _playable(label, entry)
        seeds = _seeds(config, label, entry)
        metrics = checked_metrics(config, label)
        for chosen in _algorithms(config, label, entry):
            if chosen not in config.algorithms:
                known = ", ".join(config.algorithms)
                raise SuiteError(
                    f"algorithms: there is no {chosen!r} in this suite; it has {known}", ("games", label, "algorithms")
                )
            first = RunSpec(
                game=entry.game or label,
                parameters=parameters,
                algorithm=settings_of(config, label, chosen, spec.sides),
                seed=seeds[0],
                steps=entry.steps or config.steps,
                snapshots=entry.snapshots or config.snapshots,
                evaluation_episodes=_first(entry.evaluation_episodes, config.evaluation_episodes),
                explore=config.explore,
                keep_critics=config.keep_critics,
            )
            check_cell(config, spec, first, label=label, chosen=chosen)
            yield Cell(
                game=label, algorithm=chosen, runs=tuple(first.with_seed(seed) for seed in seeds), metrics=metrics
            )


def _algorithms(config: SuiteConfig, label: str, entry: GameEntry) -> list[str]:
    if entry.algorithms is None:
        return list(config.algorithms)
    check_once("algorithms", entry.algorithms, ("games", label, "algorithms"))
    return entry.algorithms


def _first(own: int | None, general: int) -> int:
    return general if own is None else own


def _seeds(config: SuiteConfig, label: str, entry: GameEntry) -> tuple[int, ...]:
    try:
        return parse_seeds(entry.seeds if entry.seeds is not None else config.seeds)
    except ValueError as error:
        raise SuiteError(str(error), place_of(config, label, "seeds")) from error


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


def _located(source: str, text: str, path: tuple[str, ...], message: str) -> SuiteError:
    line = line_of(text, path)
    place = source if line is None else f"{source}, line {line}"
    return SuiteError(f"{place}: {message}", path)
