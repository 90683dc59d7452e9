"""The settings of a suite's algorithms, every default written out, sides apart where they differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from nashlens.reports.refusals import SuiteError, complaint
from nashlens.reports.run_spec import EVERY_SIDE
from nashlens.reports.suite_config import SuiteConfig, holds, laid_over


def settings_of(config: SuiteConfig, label: str, chosen: str, sides: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """Return the settings of one algorithm in one game by side, `EVERY_SIDE` where all sides share them.

    Parameters
    ----------
    config : the suite.
    label : the game's.
    chosen : the algorithm's.
    sides : of the game.

    Raises
    ------
    SuiteError : a key is unknown, a value does not fit, or the sides are not the game's.
    """
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
    rollouts = [each["rollout"] for each in read.values() if "rollout" in each]
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
    from nashlens.reports.exact_settings import parse_settings
    from nashlens.reports.refusals import algorithm_keys

    if not isinstance(given, dict):
        raise SuiteError(f"an algorithm must be a table with kind, not {given!r}", path)
    try:
        return parse_settings(laid_over(given, over)).model_dump(mode="json")
    except ValidationError as error:
        kind = laid_over(given, over).get("kind")
        where, message = complaint(
            error, known=lambda place: algorithm_keys(str(kind), place), drop=str(kind), subject="algorithm"
        )
        inside = over_path if holds(over, where) else path
        raise SuiteError(message, (*inside, *where)) from error
