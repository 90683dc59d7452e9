"""What exact analysis says of one game, as sections of words for a terminal and of plain values for a machine.

Each section is computed on its own, within its own time: what cannot be afforded says so in its place.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from nashlens.games import Game, NormalFormGame
from nashlens.games.core import Array
from nashlens.games.sequential import SequentialGame
from nashlens.reports.time_limit import OutOfTimeError, time_limit

Plain = Any
Row = tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One part of a solution.

    Attributes
    ----------
    name : its key among the plain values.
    title : what stands above it.
    header : one word a column; empty where there is only a note.
    rows : as many words in each.
    note : what else there is to say, such as why numbers are missing.
    data : the same as plain values: numbers, words, lists and tables of them; None for what is not a finite number.
    """

    name: str
    title: str
    header: Row = ()
    rows: tuple[Row, ...] = ()
    note: str = ""
    data: Mapping[str, Plain] = field(default_factory=dict)


def solve(game: Game, *, seconds: float = 30.0, profile: Sequence[Any] | None = None) -> tuple[Section, ...]:
    """Return what exact analysis says of a game.

    Parameters
    ----------
    game : in normal form, or a game tree.
    seconds : for each section, more than 0.
    profile : a strategy ``[A_i]`` an agent, to be measured in a game in normal form.

    Returns
    -------
    One `Section` a subject; the first describes the game.

    Raises
    ------
    ValueError : `game` is neither, `profile` does not fit it, or `seconds` is not positive.
    """
    from nashlens.reports.matrix_solution import matrix_parts
    from nashlens.reports.tree_solution import tree_parts

    if not (math.isfinite(seconds) and seconds > 0):
        raise ValueError(f"seconds must be more than 0, not {seconds}")
    if isinstance(game, NormalFormGame):
        parts = matrix_parts(game, profile=profile)
    elif isinstance(game, SequentialGame):
        if profile is not None:
            raise ValueError(f"profile is for games in normal form, and {game.spec.name} is a game tree")
        parts = tree_parts(game)
    else:
        raise ValueError(
            f"game must be a matrix game or a game tree to be solved, and {game.spec.name} is a "
            f"{type(game).__name__}: train on it, and its report measures what was learned"
        )
    return tuple(_within(part, seconds) for part in parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A section that has still to be computed.

    Attributes
    ----------
    name, title : of the section.
    compute : returns it.
    otherwise : returns what can still be said when the time is over; None if nothing can.
    """

    name: str
    title: str
    compute: Callable[[], Section]
    otherwise: Callable[[str], Section] | None = None


def to_plain(sections: Sequence[Section]) -> dict[str, Plain]:
    """Return sections as plain values by their names; each with its note, if it has one."""
    return {
        section.name: plain({**section.data, **({"note": section.note} if section.note else {})})
        for section in sections
    }


def plain(value: Any) -> Plain:
    """Return a value as JSON knows it: arrays as lists, None for what is not a finite number.

    >>> plain({"a": np.array([1.0, np.nan]), "b": (True, np.int64(2))})
    {'a': [1.0, None], 'b': [True, 2]}
    """
    if isinstance(value, Mapping):
        return {str(key): plain(each) for key, each in value.items()}
    if isinstance(value, np.ndarray):
        return plain(value.tolist())
    if isinstance(value, tuple | list):
        return [plain(each) for each in value]
    if isinstance(value, np.generic):
        return plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return value


def figures(value: float) -> str:
    """Return a number with six significant figures, rounding errors below 1e-12 removed.

    >>> figures(-1e-17), figures(2 / 3), figures(float("nan"))
    ('0', '0.666667', 'not defined')
    """
    if math.isnan(value):
        return "not defined"
    return f"{0.0 if abs(value) < 1e-12 else value:.6g}"


def each(values: Any) -> str:
    """Return several numbers in a row.

    >>> each([1.0, 0.5])
    '1, 0.5'
    """
    return ", ".join(figures(float(value)) for value in values)


def strategy_words(names: Sequence[str], strategy: Array, *, most: int = 4) -> str:
    """Return a mixed strategy in words: the actions that it plays, each with its probability.

    >>> strategy_words(["heads", "tails"], np.array([0.25, 0.75]))
    '0.25 heads + 0.75 tails'
    """
    played = [int(a) for a in np.flatnonzero(strategy > 1e-9)]
    if len(played) == 1:
        return names[played[0]]
    words = [f"{figures(strategy[a])} {names[a]}" for a in played[:most]]
    return " + ".join([*words, f"… ({len(played)} actions)"] if len(played) > most else words)


def _within(part: Part, seconds: float) -> Section:
    try:
        with time_limit(seconds):
            return part.compute()
    except OutOfTimeError as error:
        reason = f"not computed: it {error} (--seconds)"
    except (ArithmeticError, ValueError, RuntimeError) as error:
        reason = f"not computed: {error}"
    if part.otherwise is not None:
        return part.otherwise(reason)
    return Section(name=part.name, title=part.title, note=reason, data={"computed": False})
