"""Checkpoints that cannot be written or read cost time at most, and are told of."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from nashlens.reports import job_checkpoints
from nashlens.reports.execution import Execution, run_suite
from nashlens.reports.store import Store
from nashlens.reports.suite import Suite, parse_suite


def here(workers: int) -> Executor:
    return ThreadPoolExecutor(1)


@pytest.fixture
def suite(suite_text: str) -> Suite:
    text = suite_text.partition("[algorithms.ddpg]")[0]
    return parse_suite(text.replace("steps = 300", "steps = 300\ncheckpoint_every_steps = 200"))


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.create(tmp_path / "out")


@pytest.fixture
def whole(tmp_path: Path, suite: Suite) -> list[str]:
    """Return what the seeds come to where nothing goes wrong."""
    store = Store.create(tmp_path / "whole")
    done = run_suite(suite, store, workers=1, pool=here)
    assert done.warnings == ()
    return hashes(store, suite)


def hashes(store: Store, suite: Suite) -> list[str]:
    return [store.read(run.run_id).parameter_hash for run in suite.runs]


def checkpoints(store: Store) -> list[Path]:
    return sorted(store.root.glob("checkpoints/*/*"))


def broken_off(store: Store, suite: Suite, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Leave the checkpoint of a training that was not stored in the end; return its path."""
    with monkeypatch.context() as changed:
        changed.setattr(Store, "write_done", full)
        assert len(run_suite(suite, store, workers=1, pool=here).failed) == 2
    (path,) = checkpoints(store)
    return path


def full(*_: Any, **__: Any) -> None:
    raise OSError(28, "No space left on device")


def test_a_disk_that_is_full_for_checkpoints_stops_no_training_and_is_told(
    store: Store, suite: Suite, whole: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job_checkpoints, "write_checkpoint", full)
    done = run_suite(suite, store, workers=1, pool=here)
    said = "a checkpoint could not be kept: no space left on device; training went on without it"
    assert (done.n_done, dict(done.failed), done.warnings) == (2, {}, (said,))
    assert hashes(store, suite) == whole


def test_seeds_go_on_from_a_good_checkpoint_to_the_same_bytes(
    store: Store, suite: Suite, whole: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    broken_off(store, suite, monkeypatch)
    began: list[int] = []
    real = job_checkpoints.train_seeds

    def watched(*args: Any, **rest: Any) -> Any:
        assert rest["resume"] is not None
        told = rest["progress"]
        return real(*args, **{**rest, "progress": lambda now: (began.append(now.steps), told(now))})

    monkeypatch.setattr(job_checkpoints, "train_seeds", watched)
    assert run_suite(suite, store, workers=1, pool=here).warnings == ()
    assert min(began) > 200
    assert hashes(store, suite) == whole
    assert checkpoints(store) == []


DAMAGES: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "changed": (lambda content: content[:-1] + bytes([content[-1] ^ 1]), "is damaged: its checksum differs"),
    "cut": (lambda content: content[: len(content) // 2], "is cut short or no checkpoint"),
    "empty": (lambda content: b"", "is cut short or no checkpoint"),
}


@pytest.mark.parametrize("how", DAMAGES)
def test_seeds_of_a_damaged_checkpoint_begin_again_and_it_is_told(
    store: Store, suite: Suite, whole: list[str], monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    damage, says = DAMAGES[how]
    path = broken_off(store, suite, monkeypatch)
    path.write_bytes(damage(path.read_bytes()))
    done = run_suite(suite, store, workers=1, pool=here)
    assert dict(done.failed) == {}
    assert [says in line and "began again from step 0" in line for line in done.warnings] == [True]
    assert done.warnings[0].startswith(f"checkpoints/{suite.cells[0].cell_id}/{path.name} ")
    assert hashes(store, suite) == whole
    assert checkpoints(store) == []


def test_a_whole_checkpoint_that_training_cannot_go_on_from_is_given_up_and_told(
    store: Store, suite: Suite, whole: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = broken_off(store, suite, monkeypatch)
    found = job_checkpoints.read_checkpoint(path)
    assert found is not None
    arrays = dict(found.arrays)
    arrays.pop(sorted(arrays)[0])
    job_checkpoints.write_checkpoint(path, type(found)(arrays=arrays, settings=found.settings), seeds=[0, 1])
    done = run_suite(suite, store, workers=1, pool=here)
    assert (done.n_done, len(done.warnings)) == (2, 1)
    assert "cannot be gone on from (" in done.warnings[0]
    assert hashes(store, suite) == whole


def test_an_error_of_training_itself_is_not_taken_for_one_of_the_checkpoint(
    store: Store, suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken_off(store, suite, monkeypatch)
    real = job_checkpoints.train_seeds

    def failing(*args: Any, **rest: Any) -> Any:
        told = rest["progress"]

        def progress(now: Any) -> None:
            told(now)
            raise MemoryError("out of it")

        return real(*args, **{**rest, "progress": progress})

    monkeypatch.setattr(job_checkpoints, "train_seeds", failing)
    done: Execution = run_suite(suite, store, workers=1, pool=here)
    assert set(done.failed.values()) == {"MemoryError: out of it"}
    assert len(checkpoints(store)) == 1
