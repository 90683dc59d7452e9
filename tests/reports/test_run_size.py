from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from nashlens.agents import records
from nashlens.reports.run_size import (
    SMALL_FILES_BYTES,
    WORKER_BYTES,
    RunSize,
    free_disk,
    free_memory,
    in_words,
    refusals,
    run_size,
    warnings,
    worker_bytes,
)
from nashlens.reports.suite import Suite, parse_suite
from nashlens.reports.training_call import train_seeds

GB = 10**9


@pytest.mark.parametrize("kind", ["maddpg", "reinforce", "fictitious_play"])
def test_run_size_on_disk_is_that_of_the_record_where_episodes_last_as_long_as_they_can(
    suite_text: str, kind: str
) -> None:
    text = suite_text.partition("[algorithms.ddpg]")[0].replace('kind = "maddpg"', f'kind = "{kind}"')
    if kind != "maddpg":
        settings = "settings = { rollout = { n_envs = 2 } }" if kind == "reinforce" else ""
        text = "\n".join(settings if line.startswith("settings") else line for line in text.splitlines())
        text = text.replace("hidden = [8]", "" if kind == "fictitious_play" else "hidden = [8]")
    run = parse_suite(text).runs[0]
    arrays, _ = records.pack(train_seeds(run, [0])[0])
    assert run_size(run).disk_bytes == SMALL_FILES_BYTES + sum(array.nbytes for array in arrays.values())


def test_run_size_grows_with_steps_and_snapshots(suite: Suite) -> None:
    run = suite.runs[0]
    size = run_size(run)
    longer, finer = run_size(replace(run, steps=2 * run.steps)), run_size(replace(run, snapshots=2 * run.snapshots))
    assert longer.memory_bytes > size.memory_bytes
    assert longer.disk_bytes > size.disk_bytes
    assert finer.disk_bytes > size.disk_bytes


def test_a_cell_that_cannot_fit_is_refused_with_what_would_help(suite: Suite) -> None:
    cells = [
        (suite.cells[0], RunSize(memory_bytes=GB, disk_bytes=1)),
        (suite.cells[1], RunSize(memory_bytes=9, disk_bytes=1)),
    ]
    (line,) = refusals(cells, memory=GB)
    assert line.startswith("maddpg in matching_pennies: one seed needs about 1.4 GB of memory, of which 1 GB are free")
    assert "replay_capacity" in line
    assert refusals(cells, memory=2 * GB) == []


def test_warnings_name_memory_of_all_workers_and_disk_of_all_runs(tmp_path: Path) -> None:
    size = RunSize(memory_bytes=GB, disk_bytes=GB)
    jobs = [(2, size), (1, size), (1, size)]
    # the two largest jobs: 2 + 1 seeds of 1 GB, and two workers of WORKER_BYTES; four runs of 1 GB on disk
    enough = 3 * GB + 2 * WORKER_BYTES
    assert warnings(jobs, workers=2, out=tmp_path, memory=enough, disk=4 * GB) == []
    memory, disk = warnings(jobs, workers=2, out=tmp_path, memory=enough - 1, disk=4 * GB - 1)
    assert memory.startswith("the largest jobs of 2 workers need about 3.9 GB of memory")
    assert disk == "the runs need about 4 GB of disk, of which 4 GB are free"


def test_warnings_of_nothing_are_none(tmp_path: Path) -> None:
    assert warnings([], workers=2, out=tmp_path) == []


def test_worker_bytes_adds_seeds_to_the_process() -> None:
    assert worker_bytes(RunSize(memory_bytes=7, disk_bytes=1), n_seeds=3) == WORKER_BYTES + 21


def test_free_memory_and_disk_are_some(tmp_path: Path) -> None:
    assert free_memory() > 0
    assert free_disk(tmp_path / "not" / "there" / "yet") == pytest.approx(free_disk(tmp_path), rel=0.1)


@pytest.mark.parametrize(
    ("n_bytes", "words"),
    [
        (0, "1 kB"),
        (49_999, "50 kB"),
        (1_234_567, "1.2 MB"),
        (99_400_000, "99 MB"),
        (123_000_000, "123 MB"),
        (2e12, "2 TB"),
    ],
)
def test_in_words_has_two_digits_and_a_unit(n_bytes: float, words: str) -> None:
    assert in_words(n_bytes) == words
