from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from nashlens.agents.records import TrainingRun
from nashlens.reports.provenance import Provenance
from nashlens.reports.run_spec import RunSpec
from nashlens.reports.store import Store, StoreError
from nashlens.reports.suite import parse_suite

SPEC = RunSpec(
    game="matching_pennies",
    parameters={},
    algorithm={"*": {"kind": "maddpg"}},
    seed=0,
    steps=100,
    snapshots=2,
    evaluation_episodes=0,
    explore=False,
)
HALF = [[0.5, 0.5], [0.9, 0.1]]


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "store")


@pytest.fixture
def run(make_run: Callable[..., TrainingRun]) -> TrainingRun:
    return make_run([HALF, HALF], episode_returns=[[1, -1]], episode_steps=[1])


@pytest.fixture
def folder(store: Store, run: TrainingRun, provenance: Provenance) -> Path:
    store.write_done(SPEC, run, provenance=provenance, seconds=1.5)
    return store.root / "runs" / SPEC.run_id


def test_read_gives_back_what_was_written(store: Store, run: TrainingRun, folder: Path) -> None:
    found = store.read(SPEC.run_id)
    assert found.spec == run.spec
    assert (found.seed, found.status, found.algorithm) == (run.seed, run.status, run.algorithm)
    np.testing.assert_array_equal(found.episode_returns, run.episode_returns)
    for ours, theirs in zip(found.actors, run.actors, strict=True):
        np.testing.assert_array_equal(ours.biases[0], theirs.biases[0])
    assert store.status(SPEC.run_id).state == "done"
    assert store.status(SPEC.run_id).seconds == 1.5
    assert store.verify(SPEC.run_id) == SPEC


def test_nothing_in_a_run_folder_is_a_pickle(folder: Path) -> None:
    assert sorted(path.suffix for path in folder.iterdir()) == [".json"] * 4 + [".safetensors"]


def test_status_of_a_run_that_was_never_written_is_planned(store: Store) -> None:
    assert store.status(SPEC.run_id).state == "planned"
    with pytest.raises(StoreError, match=r"status\.json is missing"):
        store.read(SPEC.run_id)


def test_write_failed_keeps_reason_and_details(store: Store, provenance: Provenance) -> None:
    store.write_failed(SPEC, "it broke", provenance=provenance, seconds=0.1, details="line 3")
    assert (store.status(SPEC.run_id).state, store.status(SPEC.run_id).reason) == ("failed", "it broke")
    assert (store.root / "runs" / SPEC.run_id / "error.txt").read_text() == "line 3"
    with pytest.raises(StoreError, match="failed before it had any"):
        store.read(SPEC.run_id)


def test_write_failed_without_a_reason_raises(store: Store, provenance: Provenance) -> None:
    with pytest.raises(ValueError, match="reason must say why"):
        store.write_failed(SPEC, "", provenance=provenance, seconds=0.0)


@pytest.mark.parametrize("name", ["arrays.safetensors", "settings.json", "spec.json", "provenance.json"])
def test_read_names_a_file_that_was_cut_short(store: Store, folder: Path, name: str) -> None:
    content = (folder / name).read_bytes()
    (folder / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(StoreError, match=f"{name} is damaged"):
        store.read(SPEC.run_id)


@pytest.mark.parametrize("name", ["arrays.safetensors", "spec.json"])
def test_read_names_a_file_that_is_gone(store: Store, folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(StoreError, match=f"{name} is missing"):
        store.read(SPEC.run_id)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "{",
        "[]",
        '{"state": "done"}',
        '{"state": "well", "reason": "", "seconds": 1, "checksums": {}}',
        '{"state": "done", "reason": "", "seconds": "x", "checksums": {}}',
        '{"state": "done", "reason": "", "seconds": 1, "checksums": 3}',
        "[" * 100_000,
    ],
)
def test_status_of_a_damaged_status_file_is_planned_again(store: Store, folder: Path, content: str) -> None:
    (folder / "status.json").write_text(content)
    assert store.status(SPEC.run_id).state == "planned"


def test_verify_names_the_folder_of_another_run(store: Store, folder: Path) -> None:
    other = SPEC.with_seed(9)
    folder.rename(folder.parent / other.run_id)
    with pytest.raises(StoreError, match="holds another run"):
        store.verify(other.run_id)


def test_verify_does_not_follow_a_checksum_list_out_of_the_folder(store: Store, folder: Path) -> None:
    status = json.loads((folder / "status.json").read_text())
    status["checksums"]["../../nashlens.json"] = "0"
    (folder / "status.json").write_text(json.dumps(status))
    with pytest.raises(StoreError, match=r"nashlens.json' is no file of a run"):
        store.verify(SPEC.run_id)


@pytest.mark.parametrize("name", ["spec.json", "provenance.json", "settings.json", "arrays.safetensors", None])
def test_verify_accepts_no_record_without_a_checksum_of_each_file(store: Store, folder: Path, name: str | None) -> None:
    status = json.loads((folder / "status.json").read_text())
    status["checksums"] = {key: value for key, value in status["checksums"].items() if name not in {None, key}}
    (folder / "status.json").write_text(json.dumps(status))
    with pytest.raises(StoreError, match=f"it has no checksum of {name or 'spec.json'}"):
        store.verify(SPEC.run_id)
    with pytest.raises(StoreError, match="no checksum of"):
        store.read(SPEC.run_id)


def test_arrays_that_no_checksum_vouches_for_are_not_read(
    store: Store, run: TrainingRun, provenance: Provenance, folder: Path
) -> None:
    stray = (folder / "arrays.safetensors").read_bytes()
    store.write_failed(SPEC, "it broke", provenance=provenance, seconds=0.1)
    assert sorted(path.name for path in folder.iterdir()) == ["provenance.json", "spec.json", "status.json"]
    (folder / "arrays.safetensors").write_bytes(stray)
    assert store.verify(SPEC.run_id) == SPEC
    with pytest.raises(StoreError, match="failed before it had any"):
        store.read(SPEC.run_id)


def test_a_run_that_succeeds_after_it_failed_keeps_nothing_of_the_failure(
    store: Store, run: TrainingRun, provenance: Provenance
) -> None:
    store.write_failed(SPEC, "it broke", provenance=provenance, seconds=0.1, details="line 3")
    store.write_done(SPEC, run, provenance=provenance, seconds=1.0)
    assert not (store.root / "runs" / SPEC.run_id / "error.txt").exists()
    assert (store.status(SPEC.run_id).state, store.status(SPEC.run_id).reason) == ("done", "")


@pytest.mark.parametrize("run_id", ["..", "a" * 63, "../" + "a" * 61, "A" * 64])
def test_status_of_what_is_no_run_id_raises(store: Store, run_id: str) -> None:
    with pytest.raises(StoreError, match="run_id must be 64 hexadecimal digits"):
        store.status(run_id)


def test_read_of_arrays_that_are_no_run_names_the_folder(store: Store, folder: Path) -> None:
    from nashlens.reports.atomic import digest

    (folder / "settings.json").write_text("{}")
    status = json.loads((folder / "status.json").read_text())
    status["checksums"]["settings.json"] = digest(b"{}")
    (folder / "status.json").write_text(json.dumps(status))
    with pytest.raises(StoreError, match="holds no training run that this version can read"):
        store.read(SPEC.run_id)


def test_create_refuses_a_folder_with_other_files(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("x")
    with pytest.raises(StoreError, match="holds other files"):
        Store.create(tmp_path)
    assert [p.name for p in tmp_path.iterdir()] == ["mine.txt"]


def test_create_below_a_file_says_that_it_cannot_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match=r"out: cannot write to .*file/store: not a directory"):
        Store.create(tmp_path / "file" / "store")


def test_create_twice_is_the_same_store(store: Store, folder: Path) -> None:
    assert Store.create(store.root).status(SPEC.run_id).state == "done"


def test_existing_refuses_what_is_no_store_and_another_schema(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="is no folder of nashlens runs"):
        Store.existing(tmp_path)
    (tmp_path / "nashlens.json").write_text('{"schema": 99}')
    with pytest.raises(StoreError, match="has schema 99; this version reads 1"):
        Store.existing(tmp_path)
    (tmp_path / "nashlens.json").write_text("{")
    with pytest.raises(StoreError, match="is damaged: no JSON"):
        Store.existing(tmp_path)


def test_suite_comes_back_with_its_order_and_its_runs(store: Store, suite_text: str) -> None:
    suite = parse_suite(suite_text)
    store.add_suite(suite)
    again = store.suite()
    assert [cell.algorithm for cell in again.cells] == ["maddpg", "ddpg"]
    assert [run.run_id for run in again.runs] == [run.run_id for run in suite.runs]


def test_suite_keeps_its_runs_when_defaults_change_later(
    store: Store, suite_text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    suite = parse_suite(suite_text)
    store.add_suite(suite)
    monkeypatch.setattr("nashlens.agents.config.parse", None)  # settings are not read again
    assert [run.run_id for run in store.suite().runs] == [run.run_id for run in suite.runs]


def test_suite_that_is_not_there_or_not_said_raises(store: Store, suite_text: str) -> None:
    with pytest.raises(StoreError, match="holds no suite"):
        store.suite()
    store.add_suite(parse_suite(suite_text))
    store.add_suite(parse_suite(suite_text.replace('"small"', '"other"')))
    with pytest.raises(StoreError, match="say which of other, small"):
        store.suite()
    with pytest.raises(StoreError, match="holds no 'third'; it holds other, small"):
        store.suite("third")


def test_suite_of_a_damaged_file_is_named(store: Store, suite_text: str) -> None:
    store.add_suite(parse_suite(suite_text))
    (store.root / "suites" / "small.json").write_text('{"name": "small"}')
    with pytest.raises(StoreError, match=r"small\.json is damaged"):
        store.suite()


def test_provenance_is_what_was_written(store: Store, folder: Path, provenance: Provenance) -> None:
    found: dict[str, Any] = store.provenance(SPEC.run_id)
    assert found == provenance.to_json()


def test_a_store_that_another_process_is_making_is_no_foreign_folder(tmp_path: Path) -> None:
    (tmp_path / ".nashlens.json.x1.part").write_text("{")
    Store.create(tmp_path)
    assert (tmp_path / "nashlens.json").is_file()
