from __future__ import annotations

import gc
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from nashlens.agents.records import TrainingRun
from nashlens.reports.document import data_of, to_html, to_markdown, write
from nashlens.reports.figures import Panel, curve_panel
from nashlens.reports.provenance import Provenance, gather
from nashlens.reports.recheck import compare, differences
from nashlens.reports.report import Report, assemble
from nashlens.reports.store import Store, StoreError
from nashlens.reports.suite import Suite, parse_suite
from nashlens.reports.tables import Table, failures_table, runs_table

NASTY = "<script>alert(1)</script> | & `x`"


@pytest.fixture
def suite(suite_text: str) -> Suite:
    return parse_suite(suite_text.replace("seeds = 2", "seeds = 6").replace("Which one?", f"Is {NASTY} safe?"))


@pytest.fixture
def store(tmp_path: Path, suite: Suite, make_run: Callable[..., TrainingRun], provenance: Provenance) -> Store:
    """Six seeds of maddpg are done; of ddpg five are, and one failed with a nasty reason."""
    store = Store.create(tmp_path / "out")
    store.add_suite(suite)
    for k, spec in enumerate(suite.runs[:-1]):
        end = 0.55 + 0.01 * k
        run = make_run(
            [[[0.5, 0.5], [0.9, 0.1], [end, 1 - end]], [[0.5, 0.5], [0.4, 0.6], [0.5, 0.5]]],
            seed=spec.seed,
            episode_steps=[50, 150],
            episode_returns=[[1, -1], [0, 0]],
        )
        store.write_done(spec, run, provenance=provenance, seconds=1.0)
    store.write_failed(suite.runs[-1], NASTY, provenance=provenance, seconds=1.0)
    return store


@pytest.fixture
def report(store: Store, suite: Suite) -> Report:
    return assemble(store, suite)


def test_the_page_says_what_was_measured(report: Report) -> None:
    page = to_html(report)
    # maddpg: ends .55 … .60 against (½, ½), so NashConv is 2 × (.05, .06, …, .10): mean .15
    # s is .0374, and 2.571 s over √6 is .0393
    assert "maddpg 0.150 [0.111, 0.189]" in page
    assert [figure.name for figure in report.figures] == ["learning", "equilibrium", "drift", "phase"]
    assert "11 of 12 runs done, 1 failed, 0 not run." in page


def test_everything_from_a_file_is_escaped(report: Report) -> None:
    page = to_html(report)
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert page.count("&lt;script&gt;") >= 2  # the question and the reason
    markdown = to_markdown(report)
    assert "<script" not in markdown.replace("\\<script", "")
    assert "\\| \\& \\`x\\`" in markdown


def test_the_page_asks_the_network_for_nothing(report: Report) -> None:
    page = to_html(report)
    without_names = re.sub(r'xmlns(:xlink)?="[^"]*"', "", page)
    assert not re.search(r"https?://|//[a-z]|@import|url\((?!#)|<link|<img|<iframe|\bsrc=", without_names)
    assert "default-src 'none'" in page


def test_ids_of_the_page_are_unique_and_links_lead_somewhere(report: Report) -> None:
    page = to_html(report)
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)


def test_every_drawing_has_a_name_and_a_text_alternative(report: Report) -> None:
    for figure in report.figures:
        for panel in figure.panels:
            assert panel.alternative.endswith(".")
            assert ("begins at" in panel.alternative) == (figure.name != "phase")
    assert to_html(report).count("aria-label=") >= 3


def test_rendering_twice_gives_the_same_bytes(store: Store, suite: Suite) -> None:
    first, second = (assemble(store, suite) for _ in range(2))
    for one, other in zip(first.figures, second.figures, strict=True):
        assert [p.svg for p in one.panels] == [p.svg for p in other.panels]
    strip = re.compile(r"<dt>report made</dt><dd>[^<]*</dd>")
    assert strip.sub("", to_html(first)) == strip.sub("", to_html(second))


def test_assembling_leaves_the_garbage_collector_as_it_was_also_where_it_fails(
    store: Store, suite: Suite, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = gc.get_threshold()
    assemble(store, suite)
    assert gc.get_threshold() == before

    def failing(*_: object, **__: object) -> None:
        raise StoreError("gone")

    monkeypatch.setattr("nashlens.reports.report.load_frame", failing)
    with pytest.raises(StoreError, match="gone"):
        assemble(store, suite)
    assert gc.get_threshold() == before


def test_write_puts_page_markdown_drawings_and_numbers_beside_each_other(report: Report, tmp_path: Path) -> None:
    page = write(report, tmp_path / "report")
    assert page.read_text() == to_html(report)
    names = {p.name for p in (tmp_path / "report" / "data").iterdir()}
    assert {"figure-equilibrium.csv", "table-estimates.csv", "measures.csv"} <= names
    written = pd.read_csv(tmp_path / "report" / "data" / "table-estimates.csv")
    row = written[(written["metric"] == "nash_conv") & (written["algorithm"] == "maddpg")].iloc[0]
    assert row["value"] == pytest.approx(0.15, abs=1e-6)
    for drawing in (tmp_path / "report" / "figures").iterdir():
        assert ET.parse(drawing).getroot().tag == "{http://www.w3.org/2000/svg}svg"


def test_write_puts_tables_as_latex_and_answers_beside_the_page(report: Report, tmp_path: Path) -> None:
    folder = write(report, tmp_path / "report").parent
    names = {path.stem for path in (folder / "tables").iterdir()}
    assert names == {*(table.name for table in report.tables), "tables"}
    assert json.loads((folder / "headlines.json").read_text()) == list(report.headlines)


def test_write_removes_what_an_earlier_build_left_and_nothing_else(report: Report, tmp_path: Path) -> None:
    folder = write(report, tmp_path / "report").parent
    stale = [folder / "data" / "table-reference.csv", folder / "figures" / "old.svg", folder / "tables" / "old.tex"]
    foreign = [folder / "data" / "mine.csv", folder / "notes.md"]
    for path in (*stale, *foreign):
        path.write_text("x")
    write(report, folder)
    assert not any(path.exists() for path in stale)
    assert all(path.exists() for path in foreign)


def test_write_follows_no_link_out_of_its_folder(report: Report, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "data").symlink_to(elsewhere)
    with pytest.raises(OSError, match="data is a link to another folder"):
        write(report, tmp_path / "report")
    assert not list(elsewhere.iterdir())


def test_failed_runs_stay_in_the_report(report: Report) -> None:
    tables = {table.name: table for table in report.tables}
    assert tables["runs"].rows == (
        ("matching_pennies", "maddpg", "6", "6", "0", "0", "6.0 s"),
        ("matching_pennies", "ddpg", "6", "5", "1", "0", "6.0 s"),
    )
    assert tables["failures"].rows == (("matching_pennies", "ddpg", "5", NASTY),)


def test_assemble_of_a_suite_of_which_nothing_ran_is_a_report_that_says_so(tmp_path: Path, suite: Suite) -> None:
    report = assemble(Store.create(tmp_path / "empty"), suite)
    assert report.headlines == ("0 of 12 runs done, 0 failed, 12 not run.",)
    assert "nothing: no run is done" in to_html(report)


def test_an_algorithm_whose_runs_all_failed_keeps_its_row(
    tmp_path: Path, suite: Suite, make_run: Callable[..., TrainingRun], provenance: Provenance
) -> None:
    store = Store.create(tmp_path / "lost")
    half = [[0.5, 0.5], [0.9, 0.1]]
    for spec in suite.runs[:6]:
        store.write_done(spec, make_run([half, half], seed=spec.seed), provenance=provenance, seconds=1.0)
    for spec in suite.runs[6:]:
        store.write_failed(spec, "diverged", provenance=provenance, seconds=1.0)
    report = assemble(store, suite)
    assert report.tables[0].rows[-1][:6] == (
        "matching_pennies",
        "every quantity",
        "",
        "ddpg",
        "no value: 6 of 6 runs failed",
        "0 seeds",
    )
    assert report.headlines[0].endswith("(n = 6 seeds; mean and 95% interval). ddpg no value: 6 of 6 runs failed.")
    assert list(report.tables[0].data["reason"])[-1] == "6 of 6 runs failed"
    alone = Store.create(tmp_path / "alone")
    for spec in suite.runs[6:]:
        alone.write_failed(spec, "diverged", provenance=provenance, seconds=1.0)
    report = assemble(alone, suite)
    assert report.headlines[0] == "matching_pennies. ddpg no value: 6 of 6 runs failed."
    assert [row[4] for row in report.tables[0].rows] == ["no value: 6 of 6 runs failed"]


@pytest.mark.parametrize(("n", "says"), [(1, "(n = 1 seed; mean; fewer"), (2, "(n = 2 seeds; mean; fewer")])
def test_headlines_speak_of_intervals_only_where_one_is_printed(
    n: int, says: str, tmp_path: Path, suite_text: str, make_run: Callable[..., TrainingRun]
) -> None:
    suite = parse_suite(suite_text)
    store = Store.create(tmp_path / "few")
    half = [[0.5, 0.5], [0.9, 0.1]]
    for spec in suite.runs[:n]:
        store.write_done(spec, make_run([half, half], seed=spec.seed), provenance=gather(), seconds=1.0)
    line = assemble(store, suite).headlines[0]
    assert says in line
    assert "[" not in line


def test_few_seeds_are_drawn_and_listed_one_by_one(
    tmp_path: Path, suite_text: str, make_run: Callable[..., TrainingRun], provenance: Provenance
) -> None:
    suite = parse_suite(suite_text)
    store = Store.create(tmp_path / "few")
    half = [[0.5, 0.5], [0.9, 0.1]]
    for spec in suite.runs[:2]:
        store.write_done(spec, make_run([half, half], seed=spec.seed), provenance=provenance, seconds=1.0)
    report = assemble(store, suite)
    assert "thin lines are single seeds" in report.figures[0].caption
    estimates = report.tables[0]
    assert "Fewer than 5 seeds" in estimates.caption
    assert any("1.60 (1.60; 1.60)" in word for row in estimates.rows for word in row)


def test_differences_of_a_fresh_report_are_none_and_of_a_changed_one_are_named(
    store: Store, suite: Suite, report: Report
) -> None:
    folder = store.folder("report", suite.name)
    with pytest.raises(StoreError, match="is no report; build it first"):
        differences(store, suite)
    write(report, folder)
    assert differences(store, suite) == []
    path = folder / "data" / "measures.csv"
    lines = path.read_text().splitlines()
    lines[1] = lines[1].replace(",1.0,", ",1.5,")
    path.write_text("\n".join(lines))
    assert differences(store, suite) == ["data/measures.csv: row 1, value: 1.5, should be 1.0"]
    path.unlink()
    assert differences(store, suite) == ["data/measures.csv: missing from the report"]
    path.write_text("")
    assert differences(store, suite) == ["data/measures.csv: damaged: No columns to parse from file"]


def test_compare_names_columns_rows_and_values() -> None:
    frame = pd.DataFrame({"a": ["1.0", "x"]})
    assert compare(frame, frame) == ""
    assert compare(frame, pd.DataFrame({"b": ["1"]})) == "columns are a, should be b"
    assert compare(frame, frame.iloc[:1]) == "2 rows, should be 1"
    assert compare(frame, pd.DataFrame({"a": ["1.0", "y"]})) == "row 2, a: x, should be y"
    assert compare(frame, pd.DataFrame({"a": ["1.0000000000001", "x"]})) == ""
    assert compare(frame, pd.DataFrame({"a": ["1.1", "x"]})) == "row 1, a: 1.0, should be 1.1"


def test_data_of_a_report_has_every_figure_and_table(report: Report) -> None:
    assert set(data_of(report)) == {
        *(f"figure-{figure.name}" for figure in report.figures),
        *(f"table-{table.name}" for table in report.tables),
        "measures",
    }


def test_a_table_with_a_row_too_short_raises() -> None:
    with pytest.raises(ValueError, match="rows of t must have 2 words each"):
        Table(name="t", title="", caption="", header=("a", "b"), rows=(("1",),), data=pd.DataFrame())


def test_failures_table_of_no_failure_is_none() -> None:
    runs = pd.DataFrame(
        [("g", "a", 0, "id", "done", "", 1.0)],
        columns=["game", "algorithm", "seed", "run_id", "state", "reason", "seconds"],
    )
    assert failures_table(runs) is None
    assert runs_table(runs).rows == (("g", "a", "1", "1", "0", "0", "1.0 s"),)


def panel(low: float = 0.5) -> Panel:
    frame = pd.DataFrame({"line": ["a"] * 2 + ["b"] * 2, "step": [0, 1] * 2, "mean": [1.0, 2.0, 2.0, 1.0]})
    frame = frame.assign(low=low, high=2.5)
    seeds = pd.DataFrame({"line": ["a"] * 2, "seed": [0, 0], "step": [0, 1], "value": [1.0, 2.0]})
    words = {"name": "n", "title": "t", "y_label": "y", "alternative": "words."}
    return curve_panel(frame, seeds, lines=["a", "b"], colours={"a": 0, "b": 0}, **words)


def test_curve_panel_names_its_lines_and_takes_the_page_s_colours() -> None:
    svg = panel().svg
    root = ET.fromstring(svg)
    texts = {"".join(node.itertext()) for node in root.iter("{http://www.w3.org/2000/svg}text")}
    assert {"a", "b", "y", "environment steps"} <= texts
    assert "currentColor" in svg
    assert "#010203" not in svg
    assert "stroke-dasharray" in svg  # two lines of one colour differ in their dashes


def test_curve_panel_without_intervals_is_drawn() -> None:
    assert "<svg" in panel(low=float("nan")).svg


def test_infinite_numbers_are_the_same_where_their_signs_are() -> None:
    written = pd.DataFrame({"value": ["inf", "-inf", "nan"]})
    assert compare(written, written) == ""
    turned = pd.DataFrame({"value": ["inf", "inf", "nan"]})
    assert compare(written, turned) == "row 2, value: -inf, should be inf"
