"""A check names every file of a report that was changed, is gone, or does not belong to it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from nashlens.agents.records import TrainingRun
from nashlens.reports import recheck, report_commands
from nashlens.reports.provenance import Provenance
from nashlens.reports.recheck import differences
from nashlens.reports.report import MADE
from nashlens.reports.store import Store
from nashlens.reports.suite import Suite

REFERENCE = "game,algorithm,metric,value,source\nmatching_pennies,maddpg,nash_conv,0.4,a paper\n"


@pytest.fixture
def store(tmp_path: Path, suite: Suite, make_run: Callable[..., TrainingRun], provenance: Provenance) -> Store:
    """Two runs of each algorithm are done, and their report is built with a number from elsewhere."""
    store = Store.create(tmp_path / "out")
    store.add_suite(suite)
    for spec in suite.runs:
        run = make_run([[[0.5, 0.5], [0.6, 0.4]], [[0.5, 0.5], [0.5, 0.5]]], seed=spec.seed)
        store.write_done(spec, run, provenance=provenance, seconds=1.0)
    (tmp_path / "theirs.csv").write_text(REFERENCE)
    report_commands.report_build(store.root, suite=None, compare=tmp_path / "theirs.csv")
    return store


def changed(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_every_changed_missing_and_foreign_file_is_named_and_no_other(
    store: Store, suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = store.root / "report" / suite.name
    assert differences(store, suite) == []
    changed(folder / "index.html", "4 of 4 runs done", "4 of 5 runs done")
    changed(folder / "report.md", "# small", "# large")
    changed(folder / "headlines.json", "NashConv", "NashCov")
    changed(folder / "tables" / "tables.tex", "document", "dokument")
    # matching pennies against one half: .6 gains .2, so NashConv is .2 in both runs
    changed(folder / "data" / "table-reference.csv", ",0.2", ",0.3")
    changed(folder / "data" / "table-runs.csv", ",2,2,", ",2,1,")
    drawing = sorted((folder / "figures").glob("*.svg"))[0]
    changed(drawing, "<svg", "<!-- mine --><svg")
    (folder / "figures" / "old.svg").write_text("<svg/>")
    (folder / "tables" / "estimates.tex").unlink()
    lines = differences(store, suite)
    assert {line.partition(":")[0] for line in lines} == {
        *("index.html", "report.md", "headlines.json", "tables/tables.tex", "tables/estimates.tex"),
        *("data/table-reference.csv", "data/table-runs.csv", f"figures/{drawing.name}", "figures/old.svg"),
    }
    assert "figures/old.svg: no file of this report" in lines
    assert "tables/estimates.tex: missing from the report" in lines
    assert "report.md: line 1: '# large', should be '# small'" in lines


def test_when_a_report_was_made_may_differ(store: Store, suite: Suite, monkeypatch: pytest.MonkeyPatch) -> None:
    real = recheck.assemble

    def later(*args: object, **rest: object) -> object:
        report = real(*args, **rest)  # type: ignore[arg-type]
        assert report.provenance[-1][0] == MADE
        return replace(report, provenance=(*report.provenance[:-1], (MADE, "in 2126, nashlens 99")))

    monkeypatch.setattr(recheck, "assemble", later)
    assert differences(store, suite) == []


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("game,algorithm\nx,y\n", "column metric is missing"),
        ("", "No columns to parse"),
    ],
)
def test_numbers_from_elsewhere_that_were_damaged_are_named(
    store: Store, suite: Suite, content: str, says: str
) -> None:
    (store.root / "report" / suite.name / "data" / "table-reference.csv").write_text(content)
    lines = differences(store, suite)
    assert lines[0].startswith(f"data/table-reference.csv: {says}")
    assert sum(line.startswith("data/table-reference.csv") for line in lines) == 1


def test_a_run_that_was_damaged_after_the_report_was_built_is_the_one_difference(
    store: Store, suite: Suite, capsys: pytest.CaptureFixture[str]
) -> None:
    arrays = store.root / "runs" / suite.runs[1].run_id / "arrays.safetensors"
    arrays.write_bytes(arrays.read_bytes()[:100])
    capsys.readouterr()
    assert report_commands.report_check(store.root, suite=None) == 1
    assert capsys.readouterr().out == f"{arrays} is damaged: its checksum differs from the one in status.json\n"


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("x = 1.0000000000001 m", "x = 1 m", True),
        ("x = 1.001 m", "x = 1 m", False),
        ("x = 1 m", "x = 1 km", False),
        ("a\nb", "a", False),
        ("a", "a\nb", False),
        (f"- {MADE}: today\n", f"- {MADE}: then\n", True),
        (f"<dt>{MADE}</dt><dd>today</dd><p>1</p>", f"<dt>{MADE}</dt><dd>then</dd><p>2</p>", False),
    ],
)
def test_texts_are_the_same_but_for_numbers_within_the_tolerance(old: str, new: str, same: bool) -> None:
    assert (recheck._compare_text(old, new, tolerance=1e-9) == "") is same
