from __future__ import annotations

from pathlib import Path

import pytest

from nashlens.reports.cli import main
from nashlens.reports.mistakes import Mistake, Stopped, checking
from nashlens.reports.safe_files import DamageError, StoreError
from nashlens.reports.store import Store
from nashlens.reports.suite import Suite


@pytest.mark.parametrize(
    ("error", "kind", "says"),
    [
        (ValueError("steps is 0:\n it must be more"), Mistake, "steps is 0: it must be more"),
        (StoreError("x is no folder of nashlens runs"), Mistake, "x is no folder of nashlens runs"),
        (DamageError("x is damaged"), Stopped, "x is damaged"),
        (FileNotFoundError(2, "No such file", "a.nfg"), Mistake, "a.nfg: no such file"),
        (OSError(28, "No space left on device", "a.csv"), Stopped, "a.csv: no space left on device"),
        (OSError(122, "Disk quota exceeded"), Stopped, "disk quota exceeded"),
    ],
)
def test_checking_tells_what_was_asked_wrongly_from_what_could_not_be_done(
    error: Exception, kind: type[Mistake], says: str
) -> None:
    with pytest.raises(Mistake) as found, checking():
        raise error
    assert type(found.value) is kind
    assert str(found.value) == says


def test_checking_names_the_argument_whose_file_it_is() -> None:
    with pytest.raises(Mistake, match=r"^out: a\.csv: is a directory$"), checking("out"):
        raise IsADirectoryError(21, "Is a directory", "a.csv")


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["replay", "{run}", "--out", "{tmp}"], "out: {tmp}: is a directory"),
        (["report", "build", "{store}", "--compare", "{tmp}"], "compare: {tmp}: is a directory"),
        (["report", "build", "{store}", "--compare", "{tmp}/none"], "compare: {tmp}/none: no such file or directory"),
        (["report", "index", "{store}", "--out", "{tmp}"], "out: {tmp}: is a directory"),
        (["replay", "{run}", "--store", "{tmp}"], "run is '{run}' and store is '{tmp}': give the path, or digits"),
    ],
)
def test_a_file_that_cannot_be_used_is_named_with_its_argument(
    store: Store, suite: Suite, words: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    names = {"store": store.root, "tmp": store.root.parent, "run": store.root / "runs" / suite.runs[0].run_id}
    assert main([word.format(**names) for word in words]) == 2
    assert capsys.readouterr().err.startswith(f"error: {says.format(**names)}")


def test_replay_takes_a_path_beside_the_store_that_it_is_in(store: Store, suite: Suite, tmp_path: Path) -> None:
    run = store.root / "runs" / suite.runs[0].run_id
    assert main(["replay", str(run), "--store", str(store.root), "--out", str(tmp_path / "a.html")]) == 0


def test_checking_lets_other_errors_pass() -> None:
    with pytest.raises(ZeroDivisionError), checking():
        raise ZeroDivisionError


COMMANDS = [
    ["report", "build", "{store}"],
    ["report", "check", "{store}"],
    ["suite", "status", "{store}"],
    ["suite", "export", "{store}", "--out", "{store}/../a.csv"],
]


@pytest.mark.parametrize("words", COMMANDS, ids=lambda words: " ".join(words[:2]))
@pytest.mark.parametrize("name", ["nashlens.json", "suites/small.json"])
def test_a_command_on_a_damaged_store_ends_with_1_and_one_line(
    store: Store, words: list[str], name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (store.root / name).write_text("junk")
    assert main([word.format(store=store.root) for word in words]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"error: {store.root / name} is damaged")
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize("name", ["arrays.safetensors", "spec.json", "status.json", "provenance.json"])
def test_replay_of_a_damaged_run_ends_with_1_and_one_line(
    store: Store, suite: Suite, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = store.root / "runs" / suite.runs[0].run_id
    (folder / name).write_text("junk")
    assert main(["replay", str(folder)]) == 1
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith(f"error: {folder / name} is ")
    assert captured.err.count("\n") == 1


def test_replay_in_a_folder_whose_mark_is_damaged_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "nashlens.json").write_text("junk")
    monkeypatch.chdir(tmp_path)
    assert main(["replay", "0123abcd"]) == 1
    assert capsys.readouterr().err.startswith("error: nashlens.json is damaged")


def test_export_of_a_damaged_run_warns_in_one_line_and_goes_on(
    store: Store, suite: Suite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (store.root / "runs" / suite.runs[0].run_id / "arrays.safetensors").write_bytes(b"")
    assert main(["suite", "export", str(store.root), "--out", str(tmp_path / "a.csv")]) == 0
    captured = capsys.readouterr()
    assert captured.err == ""
    warned = (
        "warning: measures could not be taken of seed 0 of maddpg in matching_pennies: arrays.safetensors is damaged"
    )
    assert warned in captured.out
