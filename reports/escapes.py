"""Texts from files and errors, made safe for where they are written: XML, Markdown, CSV."""

from __future__ import annotations

import re

import pandas as pd

REPLACEMENT = "\ufffd"
# What XML 1.0 has no room for, escaped or not.
FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
SIGNS = re.compile(r"([\\`*_{}\[\]<>|#&~!])")
BEGINNING = re.compile(r"^([-+=]|\d+(?=[.)]))")
# What GitHub's Markdown makes a link of, brackets or not: it is no such thing with a backslash in it.
LINKS = re.compile(r":(?=//)|(?<=\bmailto):|(?<=\bxmpp):|(?<=\bwww)\.", re.IGNORECASE)
# What a spreadsheet takes for the beginning of a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\n")


def printable(text: str) -> str:
    r"""Return a text in which every character that XML forbids is replaced.

    >>> printable("a\x00b") == "a\ufffdb"
    True
    """
    return FORBIDDEN.sub(REPLACEMENT, text)


def markdown(text: str) -> str:
    r"""Return a text that Markdown shows as it is, on one line; an address in it is no link.

    >>> markdown("a_b | <i>"), markdown("- x"), markdown("1. x"), markdown("http://x.y")
    ('a\\_b \\| \\<i\\>', '\\- x', '1\\. x', 'http\\://x.y')
    """
    words = LINKS.sub(r"\\\g<0>", SIGNS.sub(r"\\\1", printable(" ".join(text.split()))))
    found = BEGINNING.match(words)
    if found is None:
        return words
    first = found[0]
    return f"{first}\\{words[len(first) :]}" if first.isdigit() else f"\\{words}"


def to_csv(frame: pd.DataFrame) -> str:
    """Return a frame as CSV that reads back as it was, save texts that a spreadsheet would take for a formula.

    Those have an apostrophe before them, in columns' names too; numbers, and several numbers in one cell, have none.
    Carriage returns become line breaks.
    """
    words = [name for name in frame.columns if frame[name].dtype == object or pd.api.types.is_string_dtype(frame[name])]
    clean = frame.assign(**{str(name): frame[name].map(_cell) for name in words}).rename(columns=_cell)
    return str(clean.to_csv(index=False, lineterminator="\n"))


def _cell(value: object) -> object:
    """Return a text with one kind of line break, and as one that no spreadsheet reckons; all else as it is."""
    if not isinstance(value, str):
        return value
    text = printable(value.replace("\r\n", "\n").replace("\r", "\n"))
    return f"'{text}" if text.startswith(FORMULA) and not _is_numbers(text) else text


def _is_numbers(text: str) -> bool:
    """Say whether a text is one number or several.

    >>> _is_numbers("-0.5 1e-3"), _is_numbers("-1+1"), _is_numbers("-")
    (True, False, False)
    """
    try:
        return bool([float(word) for word in text.split()])
    except ValueError:
        return False
