"""What `nashlens suite run` says before it begins, and that it runs only what is missing."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from nashlens.reports import atomic, run_size, suite_commands
from nashlens.reports.cli import main
from nashlens.reports.provenance import Provenance, gather, other_makers
from nashlens.reports.store import Store

RUN = ["suite", "run"]


@pytest.fixture
def path(tmp_path: Path, suite_text: str) -> Path:
    path = tmp_path / "small.toml"
    path.write_text(suite_text.replace("seeds = 2", "seeds = 1").replace("steps = 300", "steps = 100"))
    return path


def said(capsys: pytest.CaptureFixture[str]) -> str:
    return " ".join(capsys.readouterr().out.split())


@pytest.mark.slow
def test_an_added_algorithm_is_all_that_runs_and_other_versions_are_named(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, both = tmp_path / "out", path.read_text()
    path.write_text(both.partition("[algorithms.ddpg]")[0])
    words = [*RUN, str(path), "--out", str(out), "--workers", "1"]
    assert main(words) == 0
    assert "warning" not in said(capsys)
    store = Store.existing(out)
    (first,) = store.suite().runs
    made = store.root / "runs" / first.run_id
    values = json.loads((made / "provenance.json").read_text())
    stamps = {each.name: each.stat().st_mtime_ns for each in made.iterdir()}
    path.write_text(both)
    assert main([*words, "--tensorboard", str(tmp_path / "logs")]) == 0
    spoken = said(capsys)
    assert "2 of 2 runs done (1 were there before), 0 failed" in spoken
    assert f"scalars of 2 runs in {tmp_path / 'logs'}" in spoken
    assert {each.name: each.stat().st_mtime_ns for each in made.iterdir()} == stamps
    values["versions"]["nashlens"] = "0.0.9"
    (made / "provenance.json").write_text(json.dumps(values))
    lines = suite_commands._looked_ahead(store.suite(), store, workers=1, here=True)
    assert lines[0].startswith("some of the 2 stored runs were made by nashlens 0.0.9")


def test_a_cell_that_fits_into_no_worker_is_refused_before_anything_runs(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run_size, "free_memory", lambda: 10**6)
    assert main([*RUN, str(path), "--out", str(tmp_path / "out"), "--workers", "1"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: maddpg in matching_pennies: one seed needs about 45")
    assert list((tmp_path / "out").glob("runs/*")) == []


def test_a_disk_that_is_nearly_full_is_warned_of(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from nashlens.reports.suite_files import find_suite

    monkeypatch.setattr(run_size, "free_disk", lambda _: 1000)
    store = Store.create(tmp_path / "out")
    (line,) = suite_commands._looked_ahead(find_suite(str(path)), store, workers=1, here=True)
    assert line.startswith("the runs need about 1")
    # a cluster has machines of its own: nothing is said of this one
    assert suite_commands._looked_ahead(find_suite(str(path)), store, workers=1, here=False) == []


@pytest.mark.parametrize("function", ["write_text", "write_bytes"])
def test_a_disk_that_is_full_before_anything_runs_ends_with_one_line_and_1(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    out = tmp_path / "out"
    Store.create(out)

    def full(path: Path, *_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(atomic, function, full)
    assert main([*RUN, str(path), "--out", str(out), "--workers", "1"]) == 1
    spoken = capsys.readouterr()
    assert spoken.err == (
        f"error: out: cannot write to {out / 'suites' / 'small.json'}: no space left on device; what is finished is "
        "kept, and the same command goes on from there\n"
    )


def test_suite_show_says_memory_disk_and_time(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["suite", "show", str(path), "--no-time"]) == 0
    brief = said(capsys)
    assert "expected memory: up to 45" in brief
    assert "expected disk: about 1" in brief
    assert "expected time" not in brief
    assert main(["suite", "show", str(path), "--workers", "2"]) == 0
    assert "with 2 workers (an estimate, from the processor time" in said(capsys)


def test_suite_show_without_a_worker_is_refused(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["suite", "show", str(path), "--workers", "0"]) == 2
    assert "workers must be at least 1, not 0" in capsys.readouterr().err


def test_other_makers_names_each_other_version_and_commit_once(provenance: Provenance) -> None:
    here = gather([])
    own = here.to_json()
    other = {**own, "versions": {**own["versions"], "nashlens": "0.0.1"}, "commit": "4f2a9c1d" * 5 + "+changes"}
    found = other_makers([own, other, other, {"versions": {}}], here)
    assert found == ["nashlens 0.0.1, commit 4f2a9c1 with changes", "nashlens of no known version"]
    assert other_makers([own], here) == []


def test_a_folder_of_scalars_that_cannot_be_made_is_refused_before_anything_runs(
    path: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").write_text("mine")
    logs = tmp_path / "file" / "logs"
    assert main([*RUN, str(path), "--out", str(tmp_path / "out"), "--tensorboard", str(logs)]) == 2
    assert capsys.readouterr().err == f"error: tensorboard: cannot write to {logs}: not a directory\n"
    assert not (tmp_path / "out").exists()
