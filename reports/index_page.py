"""A start page over the reports of several folders of runs: what each suite asked, what it answers, what is missing.

A folder or suite that cannot be read is named on it and hides none of the others.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import jinja2

from nashlens.reports.escapes import printable
from nashlens.reports.frames import inventory
from nashlens.reports.page_scripts import TEMPLATES, page_script, security_policy
from nashlens.reports.safe_files import read_file
from nashlens.reports.store import Store, StoreError

ANSWERS = "headlines.json"  # of a report, beside its page


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One suite of a start page.

    Attributes
    ----------
    name, question : of the suite.
    folder : of its runs, as it was given.
    page : the report relative to the start page; empty where none was built.
    answers : the first lines of the report.
    games, algorithms : how many.
    asked_for, done, failed : runs.
    """

    name: str
    question: str
    folder: str
    page: str
    answers: tuple[str, ...]
    games: int
    algorithms: int
    asked_for: int
    done: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Unread:
    """What a start page has to leave out.

    Attributes
    ----------
    what : a folder as it was given, and the suite in it if it is one suite.
    reason : why it cannot be read.
    """

    what: str
    reason: str


def entries(folders: Sequence[Path], *, beside: Path, unread: list[Unread]) -> list[Entry]:
    """Return every suite of some folders of runs that can be read, in their order.

    Parameters
    ----------
    folders : folders of runs.
    beside : the start page that they are to be reached from.
    unread : what cannot be read is added to it: folders that hold no suite, and suites that are damaged.

    Raises
    ------
    ValueError : there is no folder.
    """
    if not folders:
        raise ValueError("folders must be one or more folders of runs; there is none")
    return [entry for folder in folders for entry in _of_folder(folder, beside=beside, unread=unread)]


def to_html(found: Sequence[Entry], *, unread: Sequence[Unread] = ()) -> str:
    """Return the start page.

    Parameters
    ----------
    found : as `entries` returns them.
    unread : what it says could not be read.
    """
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )
    template = environment.from_string(_resource("index.html"))
    script = page_script(players=False)
    return template.render(
        entries=found,
        unread=[Unread(what=printable(each.what), reason=printable(each.reason)) for each in unread],
        style=_resource("style.css"),
        script=script,
        policy=security_policy(script),
    )


def _of_folder(folder: Path, *, beside: Path, unread: list[Unread]) -> Iterator[Entry]:
    """Yield the suites of one folder, and go on after one that cannot be read."""
    try:
        store = Store.existing(folder)
        names = store.suite_names()
        if not names:
            raise StoreError(f"{folder} holds no suite")
    except (OSError, ValueError) as error:
        unread.append(_unread(str(folder), error))
        return
    for name in names:
        try:
            yield _entry(store, name, beside=beside)
        except (OSError, TypeError, ValueError) as error:  # a file that someone edited may hold anything
            unread.append(_unread(f"{folder}, suite {name}", error))


def _unread(what: str, error: Exception) -> Unread:
    return Unread(what=what, reason=" ".join(str(error).split()))


def _entry(store: Store, name: str, *, beside: Path) -> Entry:
    suite = store.suite(name)
    runs = inventory(store, suite)
    states = runs["state"].value_counts()
    page = store.path("report", name, "index.html")
    return Entry(
        name=name,
        question=suite.config.question,
        folder=str(store.root),
        page=_link(page, beside) if page.is_file() else "",
        answers=_answers(store, name),
        games=runs["game"].nunique(),
        algorithms=runs["algorithm"].nunique(),
        asked_for=len(runs),
        done=int(states.get("done", 0)),
        failed=int(states.get("failed", 0)),
    )


def _link(page: Path, beside: Path) -> str:
    """Return a page relative to another, as an address."""
    from urllib.parse import quote

    return quote(Path(os.path.relpath(page.resolve(), beside.resolve().parent)).as_posix())


def _answers(store: Store, name: str) -> tuple[str, ...]:
    """Return the headlines that were written beside a report; none where there are none that can be read."""
    try:
        found = json.loads(read_file(store.path("report", name, ANSWERS)))
    except (OSError, ValueError):
        return ()
    return tuple(str(line) for line in found) if isinstance(found, list) else ()


def _resource(name: str) -> str:
    return files(TEMPLATES).joinpath(name).read_text(encoding="utf-8")
