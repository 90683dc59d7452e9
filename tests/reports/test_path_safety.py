"""A folder of runs that someone else made cannot make nashlens read or write anywhere else."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from nashlens.agents.records import TrainingRun
from nashlens.reports.cli import main
from nashlens.reports.provenance import Provenance
from nashlens.reports.store import Store, StoreError
from nashlens.reports.suite import Suite, parse_suite

MIXED = [[0.5, 0.5], [0.9, 0.1]]


@pytest.fixture
def suite(suite_text: str) -> Suite:
    return parse_suite(suite_text)


@pytest.fixture
def store(tmp_path: Path, suite: Suite, make_run: Callable[..., TrainingRun], provenance: Provenance) -> Store:
    store = Store.create(tmp_path / "out")
    store.add_suite(suite)
    for spec in suite.runs:
        store.write_done(spec, make_run([MIXED, MIXED], seed=spec.seed), provenance=provenance, seconds=1.0)
    return store


def everything(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> str:
    assert main(words) == 2
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
    said["checksums"] = {"../../../secret": "0" * 64}
    path.write_text(json.dumps(said))
    with pytest.raises(StoreError, match="secret is missing"):
        store.verify(suite.runs[0].run_id)
