"""The start page over several folders of runs: what can be read is shown, what cannot is named."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from nashlens.reports import report_commands
from nashlens.reports.cli import main
from nashlens.reports.index_page import ANSWERS, Unread, entries, to_html
from nashlens.reports.mistakes import Stopped
from nashlens.reports.store import Store
from nashlens.reports.suite import Suite, parse_suite

NASTY = '</script><b> & "it\'s" {{ 7 * 7 }}'
SHOWN = "&lt;/script&gt;&lt;b&gt; &amp; &#34;it&#39;s&#34; {{ 7 * 7 }}"


@pytest.fixture
def suite(suite_text: str) -> Suite:
    return parse_suite(suite_text.replace('"Which one?"', json.dumps(NASTY)))


@pytest.fixture
def page(tmp_path: Path) -> Path:
    return tmp_path / "start page.html"


def said_of(html: str) -> list[str]:
    """Return what a page says could not be read."""
    section = re.search(r'<section id="unread">(.*?)</section>', html, flags=re.DOTALL)
    return [] if section is None else re.findall(r"<li>(.*?)</li>", section[1])


def copied(store: Store, name: str) -> Path:
    """Return another folder beside a store that holds the same."""
    return Path(shutil.copytree(store.root, store.root.parent / name))


def test_entries_link_reports_and_count_runs(
    store: Store, suite: Suite, page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.rmtree(store.root / "runs" / suite.runs[3].run_id)
    assert main(["report", "index", str(store.root), "--out", str(page)]) == 0
    assert "small: no report in" in capsys.readouterr().out
    unread: list[Unread] = []
    (entry,) = entries([store.root], beside=page, unread=unread)
    assert (entry.asked_for, entry.done, entry.failed, entry.page) == (4, 3, 0, "")
    assert main(["report", "build", str(store.root)]) == 0
    (entry,) = entries([store.root], beside=page, unread=unread)
    assert unread == []
    assert (page.parent / entry.page).is_file()
    assert entry.answers[-1] == "3 of 4 runs done, 0 failed, 1 not run."
    html = to_html([entry])
    assert NASTY not in html
    assert SHOWN in html
    assert f'<a href="{entry.page}">small</a>' in html
    assert 'id="unread"' not in html


def test_entries_of_damaged_answers_have_none(store: Store, page: Path) -> None:
    folder = store.folder("report", "small")
    (folder / "index.html").write_text("x")
    (folder / ANSWERS).write_text("{")
    (entry,) = entries([store.root], beside=page, unread=[])
    assert entry.answers == ()


def test_entries_of_no_folder_are_refused(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ValueError, match="folders must be one or more folders of runs; there is none"):
        entries([], beside=page, unread=[])
    assert main(["report", "index", "--out", str(page)]) == 2
    assert not page.exists()


def no_store(folder: Path) -> str:
    shutil.rmtree(folder)
    folder.mkdir()
    return f"{folder}: {folder} is no folder of nashlens runs: it has no nashlens.json"


def not_there(folder: Path) -> str:
    shutil.rmtree(folder)
    return f"{folder}: {folder} is no folder of nashlens runs: it has no nashlens.json"


def no_suite(folder: Path) -> str:
    (folder / "suites" / "small.json").unlink()
    return f"{folder}: {folder} holds no suite"


def truncated_suite(folder: Path) -> str:
    path = folder / "suites" / "small.json"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    return f"{folder}, suite small: {path} is damaged, or of another version: {path} is damaged: no JSON ("


def foreign_number(folder: Path) -> str:
    path = folder / "suites" / "small.json"
    said = json.loads(path.read_text())
    said["cells"][0]["run"]["algorithm"]["*"]["learning_rate"] = float("nan")
    path.write_text(json.dumps(said))
    return f"{folder}, suite small: Out of range float values are not JSON compliant"


def linked_runs(folder: Path) -> str:
    shutil.move(folder / "runs", folder.parent / "elsewhere")
    (folder / "runs").symlink_to(folder.parent / "elsewhere")
    return f"{folder}, suite small: {folder / 'runs'} is a link; what belongs to a store must stand in it"


def another_schema(folder: Path) -> str:
    (folder / "nashlens.json").write_text('{"schema": 99}')
    return f"{folder}: {folder / 'nashlens.json'} has schema 99; this version reads 1"


@pytest.mark.parametrize(
    "damage", [no_store, not_there, no_suite, truncated_suite, foreign_number, linked_runs, another_schema]
)
@pytest.mark.parametrize("first", [True, False])
def test_report_index_shows_what_can_be_read_and_names_what_cannot(
    store: Store, page: Path, damage: Callable[[Path], str], first: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = copied(store, "broken")
    reason = damage(broken)
    folders = [str(broken), str(store.root)] if first else [str(store.root), str(broken)]
    assert main(["report", "index", *folders, "--out", str(page)]) == 1
    captured = capsys.readouterr()
    assert captured.err.startswith(f"error: could not read {reason}")
    assert captured.err.count("\n") == 1
    assert f"start page: {page}" in captured.out
    html = page.read_text(encoding="utf-8")
    (said,) = said_of(html)
    assert said.startswith(reason)
    assert html.count('<td data-label="suite">small') == 1
    assert f'<td data-label="folder">{store.root}</td>' in html


def test_report_index_shows_the_other_suites_of_a_folder_with_a_damaged_one(
    store: Store, suite_text: str, page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.add_suite(parse_suite(suite_text.replace('"small"', '"other"')))
    truncated_suite(store.root)
    assert main(["report", "index", str(store.root), "--out", str(page)]) == 1
    assert f"error: could not read {store.root}, suite small: " in capsys.readouterr().err
    html = page.read_text(encoding="utf-8")
    assert '<td data-label="suite">other (no report yet)</td>' in html
    assert len(said_of(html)) == 1


def test_report_index_needs_no_measures_and_reads_over_corrupt_ones(
    store: Store, suite: Suite, page: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.measures_path(suite.runs[0].run_id).write_bytes(b"PAR1 and no more")
    assert main(["report", "index", str(store.root), "--out", str(page)]) == 0
    assert capsys.readouterr().err == ""
    (entry,) = entries([store.root], beside=page, unread=[])
    assert entry.done == 4


@pytest.mark.parametrize("old", [None, "mine"])
def test_report_index_of_nothing_readable_leaves_the_page_as_it_was(
    store: Store, page: Path, old: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if old is not None:
        page.write_text(old)
    truncated_suite(store.root)
    missing = page.parent / "missing"
    assert main(["report", "index", str(store.root), str(missing), "--out", str(page)]) == 1
    captured = capsys.readouterr()
    first, second, last = captured.err.splitlines()
    assert first.startswith(f"error: could not read {store.root}, suite small: ")
    assert second.startswith(f"error: could not read {missing}: ")
    assert last == f"error: there is no suite to show, so that {page} was not written"
    assert captured.out == ""
    assert (page.read_text() if page.exists() else None) == old
    with pytest.raises(Stopped, match="there is no suite to show"):
        report_commands.report_index([missing], out=page)


def test_report_index_that_cannot_be_written_is_refused(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", "index", str(store.root), "--out", str(tmp_path / "none" / "index.html")]) == 2
    assert "none/index.html: no such file or directory" in capsys.readouterr().err


def test_what_could_not_be_read_stands_on_the_page_as_text() -> None:
    html = to_html([], unread=[Unread(what=NASTY, reason=f"\x1b{NASTY}")])
    assert said_of(html) == [f"{SHOWN}: \ufffd{SHOWN}"]
