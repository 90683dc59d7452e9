"""A folder of runs that someone else made cannot make nashlens read or write anywhere else."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from nashlens.agents.records import TrainingRun
from nashlens.reports import anchors
from nashlens.reports.cli import main
from nashlens.reports.conventions import GameFacts, game_facts
from nashlens.reports.execution import run_suite
from nashlens.reports.index_page import entries
from nashlens.reports.instruments.measuring import comparisons_by
from nashlens.reports.provenance import Provenance
from nashlens.reports.run_lock import is_held
from nashlens.reports.safe_files import inside, read_file
from nashlens.reports.store import Store, StoreError
from nashlens.reports.suite import Suite, parse_suite

MIXED = [[0.5, 0.5], [0.9, 0.1]]


def everything(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(words) == 1
    return capsys.readouterr().err


def test_a_run_that_is_a_link_is_refused(
    store: Store, suite: Suite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder, elsewhere = store.root / "runs" / suite.runs[0].run_id, tmp_path / "elsewhere"
    shutil.move(folder, elsewhere)
    folder.symlink_to(elsewhere)
    before = everything(elsewhere)
    for words in (["report", "build"], ["suite", "status"]):
        assert f"{folder} is a link" in refused([*words, str(store.root)], capsys)
    assert everything(elsewhere) == before


@pytest.mark.parametrize("name", ["arrays.safetensors", "settings.json", "spec.json", "provenance.json"])
def test_a_file_of_a_run_that_is_a_link_is_not_followed(store: Store, suite: Suite, tmp_path: Path, name: str) -> None:
    path = store.root / "runs" / suite.runs[0].run_id / name
    shutil.move(path, tmp_path / name)
    path.symlink_to(tmp_path / name)
    with pytest.raises(StoreError, match=f"{name} is a link"):
        store.read(suite.runs[0].run_id)
    with pytest.raises(StoreError, match="is a link"):
        store.provenance(suite.runs[0].run_id) if name == "provenance.json" else store.verify(suite.runs[0].run_id)


def test_a_status_that_is_a_link_counts_as_damaged_and_is_replaced_not_followed(
    store: Store, suite: Suite, tmp_path: Path, make_run: Callable[..., TrainingRun], provenance: Provenance
) -> None:
    spec = suite.runs[0]
    path = store.root / "runs" / spec.run_id / "status.json"
    shutil.move(path, tmp_path / "status.json")
    path.symlink_to(tmp_path / "status.json")
    before = (tmp_path / "status.json").read_bytes()
    assert store.status(spec.run_id).state == "planned"
    store.write_done(spec, make_run([MIXED, MIXED]), provenance=provenance, seconds=2.0)
    assert not path.is_symlink()
    assert (tmp_path / "status.json").read_bytes() == before


def test_measures_that_are_a_link_are_not_read(store: Store, suite: Suite, tmp_path: Path) -> None:
    path = store.measures_path(suite.runs[0].run_id)
    path.symlink_to(tmp_path / "theirs.parquet")
    with pytest.raises(StoreError, match=r"measures\.parquet is a link"):
        store.measures_path(suite.runs[0].run_id)


def test_a_report_that_is_a_link_is_not_written_through(
    store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "elsewhere").mkdir()
    store.folder("report")
    (store.root / "report" / "small").symlink_to(tmp_path / "elsewhere")
    assert "is a link" in refused(["report", "build", str(store.root)], capsys)
    assert list((tmp_path / "elsewhere").iterdir()) == []


@pytest.mark.parametrize("run_id", ["../../etc", "a" * 63 + "/", "A" * 64, "", "." * 64])
def test_a_run_id_that_is_no_hash_names_no_path(store: Store, run_id: str) -> None:
    for ask in (store.status, store.read, store.verify, store.provenance, store.measures_path, store.lock_path):
        with pytest.raises(StoreError, match="run_id must be 64 hexadecimal digits"):
            ask(run_id)


@pytest.mark.parametrize("name", ["../up", "a/b", "", "a.b"])
def test_an_instrument_that_is_no_name_names_no_path(store: Store, suite: Suite, name: str) -> None:
    with pytest.raises(StoreError, match="instrument must be a plain name"):
        store.measures_path(suite.runs[0].run_id, name)


@pytest.mark.parametrize(
    "edit",
    [
        lambda said: said["config"].update(name="../../up"),
        lambda said: said["cells"][0].update(game="../../up"),
        lambda said: said["cells"][0].update(algorithm="../../up"),
        lambda said: said["cells"][0].update(metrics=["../../up"]),
        lambda said: said["config"]["games"].update({"../../up": said["config"]["games"]["matching_pennies"]}),
    ],
)
def test_a_suite_edited_to_lead_outside_is_refused_and_named(
    store: Store, edit: Callable[[dict[str, object]], None], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = store.root / "suites" / "small.json"
    said = json.loads(path.read_text())
    edit(said)
    path.write_text(json.dumps(said))
    before = sorted(each.name for each in tmp_path.iterdir())
    for words in (["report", "build"], ["report", "check"], ["suite", "status"]):
        assert f"{path} is damaged, or of another version" in refused([*words, str(store.root)], capsys)
    assert sorted(each.name for each in tmp_path.iterdir()) == before


def test_checksums_that_name_other_files_are_refused(store: Store, suite: Suite, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("mine")
    path = store.root / "runs" / suite.runs[0].run_id / "status.json"
    said = json.loads(path.read_text())
    said["checksums"]["../../../secret"] = "0" * 64
    path.write_text(json.dumps(said))
    with pytest.raises(StoreError, match="secret' is no file of a run"):
        store.verify(suite.runs[0].run_id)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    return folder


def missing_one(store: Store, suite: Suite) -> str:
    """Remove a run, so that there is something to train; return its id."""
    run_id = suite.runs[0].run_id
    shutil.rmtree(store.root / "runs" / run_id)
    return run_id


def test_checkpoints_of_a_cell_that_are_a_link_are_refused_before_anything_runs(
    store: Store, suite: Suite, elsewhere: Path
) -> None:
    missing_one(store, suite)
    (store.folder("checkpoints") / suite.cells[0].cell_id).symlink_to(elsewhere)
    with pytest.raises(StoreError, match=f"{suite.cells[0].cell_id} is a link"):
        run_suite(suite, store, workers=1, pool=lambda _: ThreadPoolExecutor(1))
    assert list(elsewhere.iterdir()) == []


def test_a_lock_that_is_a_link_to_nothing_makes_no_file_there(store: Store, suite: Suite, elsewhere: Path) -> None:
    run_id = missing_one(store, suite)
    (store.folder("locks") / run_id).symlink_to(elsewhere / "made")
    done = run_suite(suite, store, workers=1, pool=lambda _: ThreadPoolExecutor(1))
    assert list(done.failed) == [run_id]
    assert "is a link" in done.failed[run_id]
    assert list(elsewhere.iterdir()) == []


@pytest.mark.parametrize("name", ["checkpoints", "locks", "progress", "runs", "suites", "report"])
def test_a_folder_of_the_store_that_is_a_link_is_refused(
    store: Store, suite: Suite, elsewhere: Path, name: str
) -> None:
    shutil.rmtree(store.root / name, ignore_errors=True)
    (store.root / name).symlink_to(elsewhere)
    with pytest.raises(StoreError, match=f"{name} is a link"):
        store.folder(name)
    assert not is_held(elsewhere / "made")


def test_anchors_that_are_a_link_are_neither_read_nor_written_through(
    store: Store, suite: Suite, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facts: dict[str, GameFacts] = dict(game_facts(suite))
    right = anchors.anchors_of(store, facts)
    (kept,) = (store.root / anchors.FOLDER).iterdir()
    content = kept.read_text()
    shutil.move(kept, elsewhere / "theirs.json")
    (elsewhere / "theirs.json").write_text(content.replace("0.0", "7.0"))
    before = everything(elsewhere)
    kept.symlink_to(elsewhere / "theirs.json")
    assert anchors.anchors_of(store, facts) == right
    assert everything(elsewhere) == before
    assert not kept.is_symlink()


def test_comparisons_that_are_a_link_are_refused(store: Store, suite_text: str, elsewhere: Path) -> None:
    suite = parse_suite('metrics = ["cross_play"]\n' + suite_text)
    comparisons_by("cross_play", store, suite)
    (kept,) = (store.root / "comparisons").iterdir()
    shutil.rmtree(kept)
    kept.symlink_to(elsewhere)
    with pytest.raises(StoreError, match=f"{kept.name} is a link"):
        comparisons_by("cross_play", store, suite)
    assert list(elsewhere.iterdir()) == []


def test_a_start_page_reads_no_answers_through_a_link(store: Store, elsewhere: Path) -> None:
    (elsewhere / "secret.json").write_text('["mine"]')
    report = store.folder("report", "small")
    (report / "headlines.json").symlink_to(elsewhere / "secret.json")
    (report / "index.html").write_text("")
    (entry,) = entries([store.root], beside=elsewhere / "index.html", unread=[])
    assert (entry.page, entry.answers) == ("../out/report/small/index.html", ())


def test_read_file_waits_for_no_pipe_and_opens_no_folder(elsewhere: Path) -> None:
    os.mkfifo(elsewhere / "pipe")
    for name in ("pipe", "."):
        with pytest.raises(StoreError, match="is no file"):
            read_file(elsewhere / name)
    with pytest.raises(FileNotFoundError):
        read_file(elsewhere / "pipe" / "below")


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "a\0b"])
def test_inside_takes_plain_names_only(elsewhere: Path, name: str) -> None:
    with pytest.raises(StoreError, match="is no name of a file in"):
        inside(elsewhere, "a", name)
