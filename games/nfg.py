"""Gambit's ``.nfg`` text: `parse` reads its payoff and its outcome version, `format` writes both.

A text has the header ``NFG 1 R "title"``, the agents' names, the numbers or the names of their actions, perhaps a
comment, and then either the payoffs of every joint action, or a list of named outcomes and the number of the outcome
of every joint action, where 0 stands for payoffs of 0. Joint actions are counted with the first agent's action running
fastest. Files are opened elsewhere.
"""

from __future__ import annotations

import re
from fractions import Fraction
from math import prod
from typing import Literal, NoReturn

import numpy as np

from nashlens.games.arguments import one_of
from nashlens.games.core import Array
from nashlens.games.normal_form import NormalFormGame

TOKEN = re.compile(r'\s*(?:"(?P<text>(?:[^"\\]|\\.)*)"|(?P<brace>[{}])|(?P<word>[^\s{}",]+)|(?P<comma>,))', re.DOTALL)
NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
RATIO = re.compile(r"[-+]?\d+/\d+")


def parse(text: str) -> NormalFormGame:
    """Read a game from ``.nfg`` text.

    Parameters
    ----------
    text : payoff or outcome version; numbers are whole, decimal or ratios such as ``1/3``.

    Returns
    -------
    NormalFormGame named after the title. Names of agents that are empty or double, and empty names of actions, are
    replaced by numbers.

    Raises
    ------
    ValueError : the text breaks the format; the message says in which line, what stands there and what should.

    References
    ----------
    Gambit, "Game representation formats", section on the strategic game file format.

    Examples
    --------
    >>> parse('NFG 1 R "pennies" { "A" "B" } { 2 2 }  1 -1  -1 1  -1 1  1 -1').payoffs[0].tolist()
    [[1.0, -1.0], [-1.0, 1.0]]
    """
    reader = _Reader(text)
    for expected in (("NFG",), ("1",), ("R", "D")):
        reader.word(*expected)
    title = reader.text("the title")
    agents = reader.texts("the names of the agents")
    if not agents:
        reader.fail("one or more agents before it")
    n_actions, action_names = _strategies(reader, len(agents))
    if reader.at_text():
        reader.text("a comment")
    n_joint = prod(n_actions)
    if reader.at("{"):
        outcomes = _outcomes(reader, len(agents))
        rows = outcomes[[reader.whole("the number of an outcome", high=len(outcomes) - 1) for _ in range(n_joint)]]
    else:
        rows = np.array([[reader.number("a payoff") for _ in agents] for _ in range(n_joint)])
    reader.end(f"the end, after {n_joint} joint actions of {len(agents)} agents")
    payoffs = [column.reshape(n_actions, order="F") for column in rows.T]
    usable = all(agents) and len(set(agents)) == len(agents)
    return NormalFormGame(
        payoffs, name=title or "normal_form", agents=agents if usable else None, action_names=action_names
    )


def format(game: NormalFormGame, *, version: Literal["payoff", "outcome"] = "payoff", labels: bool = True) -> str:
    """Write a game as ``.nfg`` text.

    Parameters
    ----------
    game : its name becomes the title.
    version : ``payoff`` writes the payoffs of every joint action, ``outcome`` numbered outcomes without repeats.
    labels : False to write only the numbers of actions, which some readers of the payoff version need.

    Returns
    -------
    str, which `parse` reads as a game with exactly these payoffs.

    Raises
    ------
    ValueError : `version` is neither.
    """
    one_of(version, "version", choices=("payoff", "outcome"))
    counts = " ".join(str(n) for n in game.n_actions)
    names = "\n".join(f"{{ {' '.join(map(_quoted, each))} }}" for each in game.action_names)
    head = [
        f"NFG 1 R {_quoted(game.spec.name)}",
        f"{{ {' '.join(map(_quoted, game.spec.agents))} }}",
        f"{{ {names} }}" if labels else f"{{ {counts} }}",
        "",
    ]
    rows = np.stack([table.reshape(-1, order="F") for table in game.payoffs], axis=1)
    if version == "payoff":
        return "\n".join([*head, *(" ".join(map(_number, row)) for row in rows), ""])
    outcomes, numbers = np.unique(rows, axis=0, return_inverse=True)
    listed = [f'{{ "" {", ".join(map(_number, row))} }}' for row in outcomes]
    return "\n".join([*head, "{", *listed, "}", " ".join(str(k + 1) for k in numbers.reshape(-1)), ""])


def _quoted(name: str) -> str:
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _number(value: float) -> str:
    return np.format_float_positional(value, trim="-")


def _strategies(reader: _Reader, n_agents: int) -> tuple[tuple[int, ...], list[list[str]] | None]:
    """Read the actions of all agents, as counts ``{ 2 3 }`` or as names ``{ { "a" "b" } { … } }``."""
    reader.word("{")
    if not reader.at("{"):
        counts = tuple(reader.whole("a number of actions", low=1) for _ in range(n_agents))
        reader.word("}")
        return counts, None
    names = [reader.texts("the names of actions") for _ in range(n_agents)]
    reader.word("}")
    if not all(names):
        reader.fail("at least one action for every agent")
    return tuple(map(len, names)), [[name or str(k) for k, name in enumerate(each)] for each in names]


def _outcomes(reader: _Reader, n_agents: int) -> Array:
    """Read the list of outcomes into ``[1 + n_outcomes, N]``, the first row being the outcome 0 with no payoffs."""
    rows = [[0.0] * n_agents]
    reader.word("{")
    while reader.at("{"):
        reader.word("{")
        reader.text("the name of an outcome")
        rows.append([reader.number("a payoff") for _ in range(n_agents)])
        reader.word("}")
    reader.word("}")
    return np.array(rows)


class _Reader:
    """The tokens of a text, one after the other."""

    def __init__(self, text: str) -> None:
        self._source = text
        self._found: list[re.Match[str]] = []
        self._next = 0
        place, end = 0, len(text.rstrip())
        while place < end:
            token = TOKEN.match(text, place)
            if token is None:
                line = text.count("\n", 0, place) + 1
                raise ValueError(f"text must be .nfg; a quotation mark after line {line} is never closed")
            place = token.end()
            if token.lastgroup != "comma":
                self._found.append(token)

    def fail(self, expected: str) -> NoReturn:
        """Raise the error for the token that stands here."""
        if self._next >= len(self._found):
            raise ValueError(f"text must be .nfg; it ends where there should be {expected}")
        here = self._found[self._next]
        line = self._source.count("\n", 0, here.end()) + 1
        raise ValueError(f"text must be .nfg; line {line} has {here.group().strip()!r} instead of {expected}")

    def _peek(self, kind: str) -> str | None:
        if self._next < len(self._found) and self._found[self._next].lastgroup == kind:
            return self._found[self._next].group(kind)
        return None

    def at(self, brace: str) -> bool:
        """Say whether a brace comes next."""
        return self._peek("brace") == brace

    def at_text(self) -> bool:
        """Say whether a quoted text comes next."""
        return self._peek("text") is not None

    def word(self, *expected: str) -> str:
        """Take one of the expected words or braces."""
        found = self._peek("word") or self._peek("brace")
        if found not in expected:
            self.fail(" or ".join(repr(e) for e in expected))
        self._next += 1
        return str(found)

    def text(self, expected: str) -> str:
        """Take a quoted text."""
        found = self._peek("text")
        if found is None:
            self.fail(f"{expected}, in quotation marks")
        self._next += 1
        return re.sub(r"\\(.)", r"\1", found, flags=re.DOTALL)

    def texts(self, expected: str) -> list[str]:
        """Take quoted texts between braces."""
        self.word("{")
        found = []
        while not self.at("}"):
            found.append(self.text(expected))
        self.word("}")
        return found

    def number(self, expected: str) -> float:
        """Take a number."""
        found = self._peek("word") or ""
        if RATIO.fullmatch(found) and int(found.split("/")[1]) > 0:
            value = float(Fraction(found))
        elif NUMBER.fullmatch(found):
            value = float(found)
        else:
            self.fail(expected)
        self._next += 1
        return value

    def whole(self, expected: str, *, low: int = 0, high: int | None = None) -> int:
        """Take a whole number within a range."""
        found = self._peek("word") or ""
        fits = found.isdecimal() and int(found) >= low and (high is None or int(found) <= high)
        if not fits:
            self.fail(f"{expected}, a whole number {f'of at least {low}' if high is None else f'from {low} to {high}'}")
        self._next += 1
        return int(found)

    def end(self, expected: str) -> None:
        """Check that nothing is left."""
        if self._next < len(self._found):
            self.fail(expected)
