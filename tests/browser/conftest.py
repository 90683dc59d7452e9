"""A headless browser. Where there is none the tests are skipped and say so, but never in continuous integration."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from nashlens.reports.document import write
from nashlens.reports.report import Report, assemble
from nashlens.reports.store import Store
from nashlens.reports.suite import parse_suite

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"),
    *("--disable-component-update", "--disable-sync"),
)
NAMES = ("chromium", "chromium-browser", "google-chrome")
SUITE = """
name = "shown"
question = "Is </script><b>this</b> shown as it is written, & safely?"
seeds = 3
steps = 400
snapshots = 4

[games.matching_pennies]
[games.shapley]
[games.simple_reference]

[algorithms.maddpg]
kind = "maddpg"
hidden = [8]
batch_size = 16
rollout = { n_envs = 2, warmup_steps = 50, update_every_steps = 50 }

[algorithms.ddpg]
kind = "ddpg"
hidden = [8]
batch_size = 16
rollout = { n_envs = 2, warmup_steps = 50, update_every_steps = 50 }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A page in a browser, with what it said and what it asked for beside itself."""

    page: Any
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)


@pytest.fixture(scope="session")
def shown_store(tmp_path_factory: pytest.TempPathFactory) -> Store:
    """A small suite that was trained here: two small matrix games and a particle world."""
    from nashlens.reports.execution import run_suite

    suite = parse_suite(SUITE)
    store = Store.create(tmp_path_factory.mktemp("browser") / "out")
    store.add_suite(suite)
    assert not run_suite(suite, store, workers=1, command=["tests"]).failed
    return store


@pytest.fixture(scope="session")
def shown_report(shown_store: Store) -> Report:
    return assemble(shown_store, shown_store.suite())


@pytest.fixture(scope="session")
def shown_page(shown_report: Report, shown_store: Store) -> Path:
    return write(shown_report, shown_store.folder("report", shown_report.name))


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        why = f"no headless browser: none of {', '.join(NAMES)} is on this machine"
        if os.environ.get("CI") == "true":
            pytest.fail(why)
        pytest.skip(why)
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture
def visit(browser: Any) -> Iterator[Callable[..., Visit]]:
    """Open a page of a width and a colour scheme, with or without scripts."""
    contexts = []

    def opened(path: Path, *, width: int = 1280, scheme: str = "light", scripts: bool = True) -> Visit:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=scheme, java_script_enabled=scripts
        )
        contexts.append(context)
        found = Visit(page=context.new_page())
        found.page.on("console", lambda message: found.complaints.append(message.text))
        found.page.on("pageerror", lambda error: found.complaints.append(str(error)))
        found.page.on("request", lambda request: found.requests.append(request.url))
        found.page.goto(path.as_uri())
        return found

    yield opened
    for context in contexts:
        context.close()
