from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from nashlens.agents.records import TrainingRun
from nashlens.reports import load
from nashlens.reports.cli import main
from nashlens.reports.export import export, tidy_frame
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
    pd.testing.assert_frame_equal(load(store.root), tidy_frame(store, suite))


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
