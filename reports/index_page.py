"""A start page over the reports of several folders of runs: what each suite asked, what it answers, what is missing."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import jinja2

from nashlens.reports.frames import inventory
from nashlens.reports.page_scripts import TEMPLATES, page_script, security_policy
from nashlens.reports.safe_files import read_file
from nashlens.reports.store import Store

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


def entries(folders: Sequence[Path], *, beside: Path) -> list[Entry]:
    """Return every suite of some folders of runs, in their order.

    Parameters
    ----------
    folders : folders of runs.
    beside : the start page that they are to be reached from.

    Raises
    ------
    StoreError : a folder is no folder of runs, or a suite in it is damaged.
    ValueError : there is no folder.
    """
    if not folders:
        raise ValueError("folders must be one or more folders of runs; there is none")
    return [entry for folder in folders for entry in _of_folder(folder, beside=beside)]


def to_html(found: Sequence[Entry]) -> str:
    """Return the start page.

    Parameters
    ----------
    found : as `entries` returns them.
    """
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )
    template = environment.from_string(_resource("index.html"))
    script = page_script(players=False)
    return template.render(entries=found, style=_resource("style.css"), script=script, policy=security_policy(script))


def _of_folder(folder: Path, *, beside: Path) -> Iterator[Entry]:
    store = Store.existing(folder)
    for name in store.suite_names():
        suite = store.suite(name)
        runs = inventory(store, suite)
        states = runs["state"].value_counts()
        page = store.path("report", name, "index.html")
        yield Entry(
            name=name,
            question=suite.config.question,
            folder=str(folder),
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
