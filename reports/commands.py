"""What the commands do, once their arguments are read."""

from __future__ import annotations

import json
import sys
import tomllib
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.table import Table

from nashlens.reports.mistakes import Mistake, checking

if TYPE_CHECKING:
    from nashlens.reports.cli import Solve, Train
    from nashlens.reports.execution import Execution
    from nashlens.reports.store import Store
    from nashlens.reports.suite import Suite

SUITES = "nashlens.reports.suites"
UNCUT = 100_000  # columns of a table that goes into a file or another program


def demo(out: Path, *, workers: int | None, command: Sequence[str]) -> int:
    """Run the demo suite and write its report."""
    return _run_and_report(named_suite("demo"), out, workers=workers, command=command)


def train(asked: Train, settings: Mapping[str, Sequence[tuple[str, str]]], *, command: Sequence[str]) -> int:
    """Train one game and write a report."""
    from nashlens.reports.suite import SuiteConfig, resolve

    with checking():
        config = {
            "name": asked.game,
            "question": f"What does {asked.algorithm} learn in {asked.game}?",
            "seeds": asked.seeds,
            "steps": asked.steps,
            "snapshots": asked.snapshots,
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


def suite_list() -> int:
    """Print the suites that come with the package."""
    table = Table("suite", "cells", "runs", "question", box=None, pad_edge=False)
    for name in suite_names():
        suite = named_suite(name)
        table.add_row(name, str(len(suite.cells)), str(len(suite.runs)), suite.config.question)
    _console().print(table)
    return 0


def suite_show(name: str) -> int:
    """Print the cells of a suite."""
    from nashlens.reports.conventions import departures

    suite = find_suite(name)
    console = _console()
    console.print(f"[bold]{suite.name}[/bold]  {suite.config.question}", highlight=False)
    table = Table("game", "algorithm", "seeds", "steps", "snapshots", "settings", "cell", box=None, pad_edge=False)
    for cell in suite.cells:
        run = cell.runs[0]
        changed = "; ".join(
            f"{side}: {', '.join(departures(each)) or 'all defaults'}" for side, each in run.algorithm.items()
        )
        seeds = [str(each.seed) for each in cell.runs]
        shown = ", ".join(seeds) if len(seeds) <= 6 else f"{seeds[0]} … {seeds[-1]} ({len(seeds)})"
        table.add_row(
            cell.game, cell.algorithm, shown, f"{run.steps:,}", str(run.snapshots), changed, cell.cell_id[:10]
        )
    console.print(table)
    console.print(f"{len(suite.cells)} cells, {len(suite.runs)} runs", highlight=False)
    return 0


def suite_run(name: str, out: Path | None, *, workers: int | None, command: Sequence[str]) -> int:
    """Run what a suite still lacks."""
    suite = find_suite(name)
    store, done = _run(suite, out or Path("runs") / suite.name, workers=workers, command=command)
    Console().print(f"report: nashlens report build {store.root}", highlight=False, soft_wrap=True)
    return 1 if done.failed else 0


def suite_status(out: Path, *, suite: str | None) -> int:
    """Print what is done, failed and not run."""
    from nashlens.reports.frames import inventory
    from nashlens.reports.store import Store
    from nashlens.reports.tables import failures_table, runs_table

    with checking():
        store = Store.existing(out)
        runs = inventory(store, store.suite(suite))
    for table in (runs_table(runs), failures_table(runs)):
        if table is not None:
            shown = Table(*table.header, box=None, pad_edge=False)
            for row in table.rows:
                shown.add_row(*row)
            _console().print(shown)
    return 0


def report_build(out: Path, *, suite: str | None) -> int:
    """Write the report of stored runs."""
    from nashlens.reports.store import Store

    with checking():
        store = Store.existing(out)
        found = store.suite(suite)
    return _report(store, found)


def report_check(out: Path, *, suite: str | None) -> int:
    """Measure stored runs again and print what differs from the report; 1 if anything does."""
    from nashlens.reports.recheck import differences
    from nashlens.reports.store import Store

    console = Console()
    with checking():
        store = Store.existing(out)
        found = store.suite(suite)
        different = differences(store, found)
    for line in different:
        console.print(line, highlight=False, soft_wrap=True, markup=False)
    if not different:
        console.print("every number of the report follows from the stored runs", highlight=False)
    return 1 if different else 0


def games(name: str | None, settings: Mapping[str, Sequence[tuple[str, str]]]) -> int:
    """Print the games, or one of them."""
    from nashlens.reports.game_page import game_list, game_page

    if name is None and settings["game"]:
        raise Mistake("--game.NAME VALUE needs the name of a game")
    with checking():
        shown = game_list() if name is None else game_page(name, _nested(settings["game"]))
    Console().print(shown)
    return 0


def solve(asked: Solve, settings: Mapping[str, Sequence[tuple[str, str]]]) -> int:
    """Print what exact analysis says of one game."""
    from nashlens.reports.given_game import given_game
    from nashlens.reports.solution import solve as solved
    from nashlens.reports.solution import to_plain
    from nashlens.reports.solution_page import solution_page

    with checking():
        profile = None if asked.profile is None else _profile(asked.profile)
        sections = solved(given_game(asked.game, _nested(settings["game"])), seconds=asked.seconds, profile=profile)
    if asked.json:
        sys.stdout.write(json.dumps(to_plain(sections), indent=2, allow_nan=False) + "\n")
    else:
        Console().print(solution_page(sections))
    return 0


def _console() -> Console:
    """Return a console that cuts and folds nothing where no terminal sets a width."""
    console = Console()
    return console if console.is_terminal else Console(width=UNCUT)


def suite_names() -> list[str]:
    """Return the names of the suites that come with the package."""
    return sorted(entry.name.removesuffix(".toml") for entry in files(SUITES).iterdir() if entry.name.endswith(".toml"))


def named_suite(name: str) -> Suite:
    """Return a suite that comes with the package.

    Raises
    ------
    Mistake : there is none of that name.
    """
    from nashlens.reports.refusals import suggestion
    from nashlens.reports.suite import parse_suite

    known = suite_names()
    if name not in known:
        raise Mistake(f"suite: there is no suite and no file {name!r}{suggestion(name, known)}")
    with checking():
        return parse_suite(files(SUITES).joinpath(f"{name}.toml").read_text(encoding="utf-8"), source=f"{name}.toml")


def find_suite(name: str) -> Suite:
    """Return the suite in a file, or the one of that name that comes with the package.

    Raises
    ------
    Mistake : there is neither, or the file is refused.
    """
    from nashlens.reports.suite import parse_suite

    path = Path(name)
    if not path.is_file():
        return named_suite(name)
    with checking():
        return parse_suite(path.read_text(encoding="utf-8"), source=str(path))


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
    store, done = _run(suite, out, workers=workers, command=command)
    code = _report(store, suite)
    return 1 if done.failed else code


def _run(suite: Suite, out: Path, *, workers: int | None, command: Sequence[str]) -> tuple[Store, Execution]:
    from nashlens.reports.execution import run_suite
    from nashlens.reports.progress_display import shown
    from nashlens.reports.store import Store

    if workers is not None and workers < 1:
        raise Mistake(f"workers must be at least 1, not {workers}")
    with checking():
        store = Store.create(out)
    console = Console()
    console.print(f"{suite.name}: {len(suite.runs)} runs in {len(suite.cells)} cells, in {out}", highlight=False)
    with shown(console) as watch:
        done = run_suite(suite, store, workers=workers, command=command, watch=watch)
    console.print(
        f"{done.n_done} of {done.n_planned} runs done ({done.n_stored} were there before), {len(done.failed)} failed, "
        f"{done.seconds:.1f} s",
        highlight=False,
    )
    for reason in dict.fromkeys(done.failed.values()):
        console.print(f"failed: {reason}", highlight=False, soft_wrap=True, markup=False)
    return store, done


def _report(store: Store, suite: Suite) -> int:
    from nashlens.reports.document import write
    from nashlens.reports.report import assemble

    with checking():
        report = assemble(store, suite)
        page = write(report, store.folder("report", suite.name))
    console = Console()
    for line in report.headlines:
        console.print(line, highlight=False, markup=False)
    console.print(f"report: {page}", highlight=False, soft_wrap=True, style="bold")
    return 0


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
    """Return dotted names as nested tables; values are read as TOML, and as text where they are none."""
    tables: dict[str, Any] = {}
    for name, text in pairs:
        *above, last = name.replace("-", "_").split(".")
        here = tables
        for part in above:
            here = here.setdefault(part, {})
        try:
            here[last] = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            here[last] = text
    return tables
