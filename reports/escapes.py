"""Texts from files and errors, made safe for where they are written: XML, Markdown, CSV."""

from __future__ import annotations

import re

import pandas as pd

REPLACEMENT = "\ufffd"
# What XML 1.0 has no room for, escaped or not.
FORBIDDEN = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
SIGNS = re.compile(r"([\\`*_{}\[\]<>|#&~!])")
BEGINNING = re.compile(r"^([-+=]|\d+(?=[.)]))")


def printable(text: str) -> str:
    r"""Return a text in which every character that XML forbids is replaced.

    >>> printable("a\x00b") == "a\ufffdb"
    True
    """
    return FORBIDDEN.sub(REPLACEMENT, text)


def markdown(text: str) -> str:
    r"""Return a text that Markdown shows as it is, on one line.

    >>> markdown("a_b | <i>"), markdown("- x"), markdown("1. x")
    ('a\\_b \\| \\<i\\>', '\\- x', '1\\. x')
    """
    words = SIGNS.sub(r"\\\1", printable(" ".join(text.split())))
    found = BEGINNING.match(words)
    if found is None:
        return words
    first = found[0]
    return f"{first}\\{words[len(first) :]}" if first.isdigit() else f"\\{words}"


def to_csv(frame: pd.DataFrame) -> str:
    """Return a frame as CSV that reads back as it was; carriage returns become line breaks."""
    words = [name for name in frame.columns if frame[name].dtype == object or pd.api.types.is_string_dtype(frame[name])]
    clean = frame.assign(**{str(name): frame[name].map(_one_kind_of_break) for name in words})
    return str(clean.to_csv(index=False, lineterminator="\n"))


def _one_kind_of_break(value: object) -> object:
    if not isinstance(value, str):
        return value
    return printable(value.replace("\r\n", "\n").replace("\r", "\n"))
