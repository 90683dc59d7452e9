from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nashlens.agents.records import TrainingRun
from nashlens.reports import load
from nashlens.reports.cli import main
from nashlens.reports.export import export, tidy_frame, unmeasured_runs
from nashlens.reports.provenance import Provenance
from nashlens.reports.store import Store
from nashlens.reports.suite import Suite, parse_suite

MIXED = [[0.5, 0.5], [0.9, 0.1]]


@pytest.fixture
def store(tmp_path: Path, suite: Suite, make_run: Callable[..., TrainingRun], provenance: Provenance) -> Store:
    """Of four runs two are done."""
    store = Store.create(tmp_path / "out")
    store.add_suite(suite)
    for spec in suite.runs[:2]:
        store.write_done(spec, make_run([MIXED, MIXED], seed=spec.seed), provenance=provenance, seconds=1.0)
    return store


@pytest.mark.parametrize("format", ["parquet", "csv"])
def test_export_reads_back_as_the_frame(store: Store, suite: Suite, tmp_path: Path, format: str) -> None:
    path = tmp_path / f"frame.{format}"
    assert main(["suite", "export", str(store.root), "--out", str(path)]) == 0
    read = pd.read_parquet(path) if format == "parquet" else pd.read_csv(path, keep_default_na=False)
    frame = tidy_frame(store, suite)
    assert len(frame) > 10
    assert list(read.columns) == list(frame.columns)
    np.testing.assert_array_equal(read["value"].to_numpy(dtype=float), frame["value"].to_numpy(dtype=float))
    assert read["metric"].tolist() == frame["metric"].tolist()


def test_export_says_its_format_apart_from_the_name(store: Store, suite: Suite, tmp_path: Path) -> None:
    assert export(store, suite, tmp_path / "frame.txt", format="csv") == len(pd.read_csv(tmp_path / "frame.txt"))


def test_load_is_the_frame_that_is_exported(store: Store, suite: Suite) -> None:
    frame = tidy_frame(store, suite)
    pd.testing.assert_frame_equal(load(store.root), frame)


def test_load_warns_before_it_measures_and_not_once_it_has(store: Store, suite: Suite) -> None:
    with pytest.warns(UserWarning, match=r"measuring 2 of 2 finished runs, .* measure=False leaves them out"):
        frame = load(store.root)
    pd.testing.assert_frame_equal(load(store.root), frame)  # a second warning would be an error
    store.measures_path(suite.runs[1].run_id).write_bytes(b"damaged")
    with pytest.warns(UserWarning, match="measuring 1 of 2 finished runs"):
        pd.testing.assert_frame_equal(load(store.root), frame)


def test_load_without_measuring_says_how_many_runs_it_leaves_out(store: Store, suite: Suite) -> None:
    first, second = suite.runs[:2]
    with pytest.warns(UserWarning, match="leaving out 2 of 2 finished runs not measured yet"):
        assert load(store.root, measure=False).empty
    assert not store.measures_path(first.run_id).exists()
    frame = tidy_frame(store, suite)
    store.measures_path(second.run_id).unlink()
    with pytest.warns(UserWarning, match="leaving out 1 of 2 finished runs not measured yet"):
        kept = load(store.root, measure=False)
    pd.testing.assert_frame_equal(kept, frame[frame["run_id"] == first.run_id])


def test_unmeasured_runs_are_those_that_lack_what_their_cell_asks_for(store: Store, suite_text: str) -> None:
    suite = parse_suite(suite_text)
    done = {run.run_id for run in suite.runs[:2]}
    assert unmeasured_runs(store, suite) == (done, 2)
    tidy_frame(store, suite)
    assert unmeasured_runs(store, suite) == (set(), 2)
    asked = parse_suite(suite_text.replace("seeds = 2", 'seeds = 2\nmetrics = ["selection"]'))
    assert unmeasured_runs(store, asked) == (done, 2)
    tidy_frame(store, asked)
    assert unmeasured_runs(store, asked) == (set(), 2)


def test_unmeasured_runs_count_one_whose_measures_are_a_link(store: Store, suite: Suite, tmp_path: Path) -> None:
    tidy_frame(store, suite)
    path = store.measures_path(suite.runs[0].run_id)
    path.rename(tmp_path / "elsewhere")
    path.symlink_to(tmp_path / "elsewhere")
    assert unmeasured_runs(store, suite) == ({suite.runs[0].run_id}, 2)


def test_report_build_says_that_it_measures_first(store: Store, capsys: pytest.CaptureFixture[str]) -> None:
    for says in (True, False):
        assert main(["report", "build", str(store.root)]) == 0
        assert capsys.readouterr().out.startswith("measuring 2 of 2 finished runs\n") is says


def test_export_says_that_it_measures_first(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    words = ["suite", "export", str(store.root), "--out", str(tmp_path / "frame.csv")]
    assert main([*words[:-1], "frame.xlsx"]) == 2
    assert capsys.readouterr().out == ""  # what is refused is not measured first
    assert main(words) == 0
    assert capsys.readouterr().out.startswith("measuring 2 of 2 finished runs\n")
    assert main(words) == 0
    assert "measuring" not in capsys.readouterr().out


def test_tidy_frame_of_a_suite_with_an_instrument_has_its_numbers(store: Store, suite_text: str) -> None:
    wanted = 'seeds = 2\nmetrics = ["selection"]'
    asked = parse_suite(suite_text.replace("seeds = 2", wanted))
    common = set(tidy_frame(store, parse_suite(suite_text))["metric"])
    assert set(tidy_frame(store, asked)["metric"]) > common


def test_export_of_nothing_has_a_header(tmp_path: Path, suite: Suite) -> None:
    assert export(Store.create(tmp_path / "empty"), suite, tmp_path / "a.csv") == 0
    assert (tmp_path / "a.csv").read_text().startswith("suite,game,algorithm,run_id,seed,step,agent,metric,value")


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("frame.xlsx", "format must be parquet or csv, or the name of the file must end so; out is 'frame.xlsx'"),
        ("", "format must be parquet or csv"),
        ("folder.csv", "out must be a file, not the folder"),
        ("none/frame.csv", "out: there is no folder"),
    ],
)
def test_export_refuses_a_file_that_it_cannot_make(
    store: Store, suite: Suite, tmp_path: Path, name: str, says: str
) -> None:
    (tmp_path / "folder.csv").mkdir()
    with pytest.raises(ValueError, match=says):
        export(store, suite, tmp_path / name)


def test_export_of_a_full_disk_leaves_the_earlier_file(
    store: Store, suite: Suite, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "frame.csv"
    path.write_text("earlier")

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(OSError, match="No space left"):
        export(store, suite, path)
    assert path.read_text() == "earlier"
    assert sorted(each.name for each in tmp_path.iterdir()) == ["frame.csv", "out"]
