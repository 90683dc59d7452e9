"""What the commands do, once their arguments are read."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console

from nashlens.reports.mistakes import Mistake, checking
from nashlens.reports.suite_files import named_suite

if TYPE_CHECKING:
    from nashlens.reports.cli import Solve, Train
    from nashlens.reports.suite import Suite


def demo(out: Path, *, workers: int | None, command: Sequence[str]) -> int:
    """Run the demo suite and write its report."""
    return _run_and_report(named_suite("demo"), out, workers=workers, command=command)


def train(asked: Train, settings: Mapping[str, Sequence[tuple[str, str]]], *, command: Sequence[str]) -> int:
    """Train one game and write a report."""
    from nashlens.reports.suite import resolve
    from nashlens.reports.suite_config import SuiteConfig

    _check_game(asked.game)
    if any(name == "kind" for name, _ in settings["algorithm"]):
        raise Mistake("--algorithm.kind is said by --algorithm; give that one alone")
    with checking():
        config = {
            "name": asked.game,
            "question": f"What does {asked.algorithm} learn in {asked.game}?",
            "seeds": asked.seeds,
            "steps": asked.steps,
            **({} if asked.snapshots is None else {"snapshots": asked.snapshots}),
            "evaluation_episodes": asked.evaluation_episodes,
            "explore": asked.explore,
            "games": {asked.game: {"parameters": _nested(settings["game"])}},
            "algorithms": {asked.algorithm: {"kind": asked.algorithm, **_nested(settings["algorithm"])}},
        }
        suite = resolve(_checked(SuiteConfig, config))
    out = asked.out or Path("runs") / asked.game
    with checking():
        _hide_nothing(suite, out)
    return _run_and_report(suite, out, workers=asked.workers, command=command)


def games(name: str | None, settings: Mapping[str, Sequence[tuple[str, str]]]) -> int:
    """Print the games, or one of them."""
    from nashlens.reports.game_page import game_list, game_page

    if name is None and settings["game"]:
        raise Mistake("--game.NAME VALUE needs the name of a game")
    with checking("game"):
        shown = game_list() if name is None else game_page(name, _nested(settings["game"]))
    Console().print(shown)
    return 0


def solve(asked: Solve, settings: Mapping[str, Sequence[tuple[str, str]]]) -> int:
    """Print what exact analysis says of one game."""
    from nashlens.reports.given_game import given_game
    from nashlens.reports.solution import solve as solved
    from nashlens.reports.solution import to_plain
    from nashlens.reports.solution_page import solution_page

    with checking("game"):
        profile = None if asked.profile is None else _profile(asked.profile)
        sections = solved(given_game(asked.game, _nested(settings["game"])), seconds=asked.seconds, profile=profile)
    if asked.json:
        sys.stdout.write(json.dumps(to_plain(sections), indent=2, allow_nan=False) + "\n")
    else:
        Console().print(solution_page(sections))
    return 0


def _check_game(name: str) -> None:
    """Refuse a word that names no game to train, such as a file or a text that describes one.

    Raises
    ------
    Mistake : it is such a word.
    """
    from nashlens.games import registry

    if name.endswith(".nfg") or "(" in name:
        raise Mistake(
            f"game is {name!r}: train takes a name that `nashlens games` lists, and arguments as --game.NAME VALUE; "
            "files and OpenSpiel strings are for games and solve"
        )
    with checking():
        registry.entry(name)


def _hide_nothing(suite: Suite, out: Path) -> None:
    """Refuse a suite that would take the name of another whose stored runs it does not ask for.

    Raises
    ------
    Mistake : it would.
    """
    from nashlens.reports.store import MARK, Store
    from nashlens.reports.words import counted

    if not (out / MARK).is_file():
        return
    store = Store.existing(out)
    if suite.name not in store.suite_names():
        return
    wanted = {run.run_id for run in suite.runs}
    for cell in store.suite(suite.name).cells:
        hidden = [run for run in cell.runs if run.run_id not in wanted and store.status(run.run_id).state != "planned"]
        if hidden:
            raise Mistake(
                f"out: {out} holds {counted(len(hidden), 'run')} of {cell.algorithm} in {cell.game} over "
                f"{hidden[0].steps:,} steps that this command does not ask for and whose report it would replace; "
                f"name another folder, such as --out {out}-2"
            )


def _run_and_report(suite: Suite, out: Path, *, workers: int | None, command: Sequence[str]) -> int:
    from nashlens.reports.report_commands import write_report
    from nashlens.reports.suite_commands import run

    store, done = run(suite, out, workers=workers, command=command)
    code = write_report(store, suite)
    return 1 if done.failed else code


def _checked(model: Any, config: Mapping[str, Any]) -> Any:
    from pydantic import ValidationError

    from nashlens.reports.refusals import complaint, known_keys

    try:
        return model.model_validate(config)
    except ValidationError as error:
        raise Mistake(complaint(error, known=lambda where: known_keys(model, where))[1]) from error


def _profile(text: str) -> list[Any]:
    try:
        strategies = json.loads(text)
    except json.JSONDecodeError as error:
        raise Mistake(f"profile is {text!r}: it must be a list of strategies such as [[0.5,0.5],[1,0]]") from error
    if not isinstance(strategies, list):
        raise Mistake(f"profile is {text!r}: it must be a list of strategies such as [[0.5,0.5],[1,0]]")
    return strategies


def _nested(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """Return dotted names as nested tables; values are read as TOML, and as text where they are none.

    Raises
    ------
    Mistake : a name is given a value, and is the first part of another.
    """
    tables: dict[str, Any] = {}
    for name, text in pairs:
        *above, last = name.replace("-", "_").split(".")
        here = tables
        for part in above:
            here = here.setdefault(part, {})
            if not isinstance(here, dict):
                raise Mistake(f"{part} is given as {here!r} and by {name}: give one of them")
        if isinstance(here.get(last), dict):
            raise Mistake(f"{last} is given as {text!r} and by {name}.{next(iter(here[last]))}: give one of them")
        try:
            here[last] = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            here[last] = text
    return tables
