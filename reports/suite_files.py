"""Where suites come from: those that come with the package, and a user's file."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from nashlens.reports.mistakes import Mistake, checking
from nashlens.reports.suite_config import FULL

if TYPE_CHECKING:
    from nashlens.reports.suite import Suite

SUITES = "nashlens.reports.suites"


def suite_names() -> list[str]:
    """Return the names of the suites that come with the package."""
    return sorted(entry.name.removesuffix(".toml") for entry in files(SUITES).iterdir() if entry.name.endswith(".toml"))


def named_suite(name: str, *, size: str = FULL) -> Suite:
    """Return a suite that comes with the package, in one of its sizes.

    Raises
    ------
    Mistake : there is none of that name, or it has no such size.
    """
    from nashlens.reports.refusals import suggestion
    from nashlens.reports.suite import parse_suite

    known = suite_names()
    if name not in known:
        raise Mistake(f"suite: there is no suite and no file {name!r}{suggestion(name, known)}")
    with checking():
        text = files(SUITES).joinpath(f"{name}.toml").read_text(encoding="utf-8")
        return parse_suite(text, source=f"{name}.toml", size=size)


def find_suite(name: str, *, size: str = FULL) -> Suite:
    """Return the suite in a file, or the one of that name that comes with the package, in one of its sizes.

    Raises
    ------
    Mistake : there is neither, or the file is refused.
    """
    from nashlens.reports.suite import parse_suite

    path = Path(name)
    if not path.is_file():
        return named_suite(name, size=size)
    with checking():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError as error:
            raise Mistake(f"{path} must be UTF-8 text: {error.reason} at byte {error.start}") from error
        return parse_suite(text, source=str(path), size=size)
