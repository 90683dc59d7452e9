"""Where a key stands in a TOML text: the line to name when something about it is wrong."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence

Path = tuple[str, ...]
_HEADER = re.compile(r"^\s*\[\[?(?P<key>[^\]]+)\]\]?\s*(#.*)?$")
_ASSIGNMENT = re.compile(r"""^\s*(?P<key>(?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")


def line_of(text: str, path: Sequence[str | int]) -> int | None:
    r"""Return the line, counted from 1, at which the key at `path` is written.

    A key inside an inline table, or one that is not in the text at all, gets the line of the nearest table or key
    that holds it.

    Parameters
    ----------
    text : a TOML text.
    path : the keys from the top down; positions in an array are passed over.

    Returns
    -------
    The line, or None if not even the first key of the path is there.

    Examples
    --------
    >>> line_of("[games.chicken]\nsteps = 10\n", ("games", "chicken", "steps"))
    2
    """
    wanted = tuple(str(part) for part in path if not isinstance(part, int))
    best: tuple[int, int] | None = None
    for number, found in _keys(text):
        shared = _shared(found, wanted)
        complete = shared == len(wanted) or shared == len(found)
        if shared and complete and (best is None or shared > best[0]):
            best = (shared, number)
    return None if best is None else best[1]


def syntax_error(error: tomllib.TOMLDecodeError) -> str:
    """Return what a TOML parser complained about, in one line."""
    return str(error).replace("\n", " ")


def _keys(text: str) -> Iterator[tuple[int, Path]]:
    table: Path = ()
    quote = ""
    for number, line in enumerate(text.splitlines(), start=1):
        if quote:
            quote = "" if line.count(quote) % 2 else quote
            continue
        header, assignment = _HEADER.match(line), _ASSIGNMENT.match(line)
        if header and not assignment:
            table = _parts(header["key"])
            yield number, table
        elif assignment:
            yield number, table + _parts(assignment["key"])
        quote = next((q for q in ('"""', "'''") if line.count(q) % 2), "")


def _parts(key: str) -> Path:
    return tuple(part.strip("\"'") for part in _PART.findall(key))


def _shared(first: Path, second: Path) -> int:
    n = 0
    for one, other in zip(first, second, strict=False):
        if one != other:
            break
        n += 1
    return n
