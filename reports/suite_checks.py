"""What a suite is refused for although each of its words is right: cells that cannot be trained or told apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from nashlens.reports.feasibility import check_trainable, most_snapshots
from nashlens.reports.instruments.critic_needs import critic_complaint
from nashlens.reports.instruments.registry import check_names
from nashlens.reports.refusals import SuiteError

if TYPE_CHECKING:
    from nashlens.games.core import GameSpec
    from nashlens.reports.run_spec import RunSpec
    from nashlens.reports.suite import Cell
    from nashlens.reports.suite_config import SuiteConfig

Path = tuple[str, ...]


def place_of(config: SuiteConfig, label: str, key: str) -> Path:
    """Return where a game's value for a key is written: in its own table, or for all games."""
    return (key,) if getattr(config.games[label], key) is None else ("games", label, key)


def check_once(key: str, labels: Sequence[str], path: Path) -> None:
    """Refuse a label that stands twice in a list.

    Raises
    ------
    SuiteError : there is one.
    """
    twice = next((label for k, label in enumerate(labels) if label in labels[:k]), None)
    if twice is not None:
        raise SuiteError(f"{key}: {twice!r} is named twice", path)


def checked_metrics(config: SuiteConfig, label: str) -> tuple[str, ...]:
    """Return the instruments of a game.

    Raises
    ------
    SuiteError : there is no such instrument, or one is named twice.
    """
    own = config.games[label].metrics
    chosen, path = config.metrics if own is None else own, place_of(config, label, "metrics")
    try:
        check_names(chosen)
    except ValueError as error:
        raise SuiteError(str(error), path) from error
    check_once("metrics", chosen, path)
    return tuple(chosen)


def check_cell(config: SuiteConfig, spec: GameSpec, run: RunSpec, *, label: str, chosen: str) -> None:
    """Refuse a cell that could not be trained, take its snapshots, or be measured by the instruments of its game.

    Parameters
    ----------
    config : the suite.
    spec : of the game.
    run : one run of the cell.
    label, chosen : the game's and the algorithm's.

    Raises
    ------
    SuiteError : it could not.
    """
    try:
        check_trainable(spec, run)
    except ValueError as error:
        of_steps = str(error).startswith("steps")
        path = place_of(config, label, "steps") if of_steps else ("algorithms", chosen)
        raise SuiteError(f"{chosen} in {label}: {error}", path) from error
    _check_snapshots(config, run, label=label, chosen=chosen)
    for name in checked_metrics(config, label):
        if complaint := critic_complaint(name, spec, run):
            raise SuiteError(f"metrics: {chosen} in {label}: {complaint}", place_of(config, label, "metrics"))


def check_different(cells: Sequence[Cell]) -> None:
    """Refuse two cells of one content: their runs would be the same, and counted twice.

    Raises
    ------
    SuiteError : there are two.
    """
    seen: dict[str, Cell] = {}
    for cell in cells:
        former = seen.setdefault(cell.cell_id, cell)
        if former is cell:
            continue
        same_game = former.game == cell.game
        raise SuiteError(
            f"{cell.algorithm} in {cell.game} is the same as {former.algorithm} in {former.game}: one run cannot "
            "stand for two; change one or leave it out",
            ("algorithms", cell.algorithm) if same_game else ("games", cell.game),
        )


def _check_snapshots(config: SuiteConfig, run: RunSpec, *, label: str, chosen: str) -> None:
    most = most_snapshots(run)
    own = config.games[label].snapshots is not None
    if run.snapshots > most and (own or "snapshots" in config.model_fields_set):
        raise SuiteError(
            f"snapshots: {run.snapshots} are more than the {most} that {chosen} in {label} has room for in {run.steps} "
            "steps: one before training and one after each round of its environments",
            place_of(config, label, "snapshots"),
        )
