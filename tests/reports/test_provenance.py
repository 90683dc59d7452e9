from __future__ import annotations

import json
import subprocess
from importlib import metadata
from pathlib import Path

import pytest

from nashlens.reports.provenance import gather, installed_versions, source_commit, without_folders


def git(folder: Path, *words: str) -> str:
    identity = ["-c", "user.name=a", "-c", "user.email=a@b"]
    return subprocess.run(
        ["git", "-C", str(folder), *identity, *words], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_gather_holds_no_path_of_the_machine() -> None:
    words = json.dumps(gather(["/usr/bin/nashlens", "suite", "run", "/srv/x/suite.toml", "--out=/srv/y"]).to_json())
    assert "/" not in words.replace("Linux", "").replace("https://", "")
    assert "nashlens suite run suite.toml --out=y" in words


def test_gather_names_threads_that_were_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    assert gather([]).threads == {"OMP_NUM_THREADS": "1"}


def test_installed_versions_are_those_of_the_packages() -> None:
    assert installed_versions()["numpy"] == metadata.version("numpy")


def test_source_commit_of_a_checkout_is_head_and_says_when_files_differ(tmp_path: Path) -> None:
    room = tmp_path / "room"
    room.mkdir()
    (room / "a.py").write_text("1")
    git(tmp_path, "init", "-q")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-qm", "first")
    head = git(tmp_path, "rev-parse", "HEAD")
    assert source_commit(room) == head
    (room / "a.py").write_text("2")
    assert source_commit(room) == f"{head}+changes"


def test_source_commit_outside_a_checkout_is_empty(tmp_path: Path) -> None:
    assert source_commit(tmp_path / "room") == ""


@pytest.mark.parametrize(
    ("word", "plain"), [("a", "a"), ("/a/b", "b"), ("--out=/a/b", "--out=b"), ("0:5", "0:5"), ("x/y/", "y")]
)
def test_without_folders_keeps_the_last_name(word: str, plain: str) -> None:
    assert without_folders(word) == plain
