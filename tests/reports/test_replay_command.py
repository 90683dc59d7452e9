from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from nashlens.agents.records import TrainingRun
from nashlens.reports.cli import main
from nashlens.reports.mistakes import Mistake
from nashlens.reports.provenance import Provenance
from nashlens.reports.replay_command import find_run
from nashlens.reports.store import Store, StoreError
from nashlens.reports.suite import Suite, parse_suite

NASTY = '</script><b> & "it\'s" {{ 7 * 7 }}'


@pytest.fixture
def suite(suite_text: str) -> Suite:
    toml = json.dumps(NASTY)
    return parse_suite(suite_text.replace('"Which one?"', toml))


@pytest.fixture
def store(tmp_path: Path, suite: Suite, make_run: Callable[..., TrainingRun], provenance: Provenance) -> Store:
    """Both seeds of maddpg are done; the first of ddpg failed, the second was not run."""
    store = Store.create(tmp_path / "out")
    store.add_suite(suite)
    half = [[0.5, 0.5], [0.9, 0.1], [0.2, 0.8]]
    for spec in suite.runs[:2]:
        store.write_done(spec, make_run([half, half], seed=spec.seed), provenance=provenance, seconds=1.0)
    store.write_failed(suite.runs[2], "diverged", provenance=provenance, seconds=1.0)
    return store


def test_replay_of_a_small_matrix_game_is_a_page_with_its_path(
    store: Store, suite: Suite, capsys: pytest.CaptureFixture[str]
) -> None:
    run_id = suite.runs[0].run_id
    assert main(["replay", str(store.root / "runs" / run_id)]) == 0
    said = capsys.readouterr().out
    page = Path(said.removeprefix("replay: ").strip())
    assert page.is_relative_to(store.root / "replays")
    text = page.read_text(encoding="utf-8")
    block = re.search(r'<script type="application/json" id="data-phase-matching_pennies">(.*?)</script>', text)
    assert block is not None
    group = json.loads(block[1])["groups"][0]
    assert group["paths"][0]["points"] == [500, 500, 900, 900, 200, 200]
    assert group["steps"] == [0, 100, 200]


def test_replay_finds_a_run_by_its_first_digits(store: Store, suite: Suite, tmp_path: Path) -> None:
    run_id = suite.runs[1].run_id
    out = tmp_path / "alone.html"
    assert main(["replay", run_id[:16], "--store", str(store.root), "--out", str(out)]) == 0
    assert "seed 1" in out.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["xyz"], "run must be at least four digits of a run's id, or a path DIR/runs/ID, not 'xyz'"),
        (["../../etc/passwd"], "run must be at least four digits"),
        (["0" * 64], "begins with 0000"),
    ],
)
def test_replay_refuses_what_is_no_run(
    store: Store, words: list[str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["replay", *words, "--store", str(store.root)]) == 2
    assert message in capsys.readouterr().err


def test_replay_refuses_failed_runs_negative_episodes_and_animations_of_matrices(
    store: Store, suite: Suite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = ["--store", str(store.root)]
    assert main(["replay", suite.runs[2].run_id, *folder]) == 2
    assert "failed, so that there is nothing to play: diverged" in capsys.readouterr().err
    assert main(["replay", suite.runs[0].run_id, *folder, "--seed-of-episode", "-1"]) == 2
    assert "seed-of-episode must be at least 0, not -1" in capsys.readouterr().err
    assert main(["replay", suite.runs[0].run_id, *folder, "--gif", str(tmp_path / "a.gif")]) == 2
    assert "gif: only particle worlds are animated; matching_pennies is none" in capsys.readouterr().err
    assert not (tmp_path / "a.gif").exists()
    assert main(["replay", suite.runs[0].run_id, *folder, "--gif", str(tmp_path / "a.png")]) == 2
    assert "gif must be a file whose name ends in .gif, not " in capsys.readouterr().err


def test_replay_by_digits_alone_outside_a_folder_of_runs_says_how_to_name_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["replay", "0123abcd"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("error: run is '0123abcd', and . is no folder of nashlens runs")
    assert said.endswith("; give the path DIR/runs/ID, or the folder by --store\n")


def test_find_run_asks_for_more_digits_where_several_begin_alike(store: Store, tmp_path: Path) -> None:
    (store.root / "runs" / ("abcd" + "0" * 60)).mkdir()
    (store.root / "runs" / ("abcd" + "1" * 60)).mkdir()
    with pytest.raises(Mistake, match=r"2 runs in .* begin with abcd: abcd00000000, abcd11111111; give more digits"):
        find_run("abcd", store.root)
    with pytest.raises(StoreError, match=r"has no nashlens\.json"):
        find_run("abcd", tmp_path)


def test_report_build_compares_with_a_file(store: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    them = tmp_path / "them.csv"
    them.write_text("game,algorithm,metric,value,source\nmatching_pennies,maddpg,nash_conv,0.5,A <b> & B\n")
    assert main(["report", "build", str(store.root), "--compare", str(them)]) == 0
    page = (store.root / "report" / "small" / "index.html").read_text(encoding="utf-8")
    assert "A &lt;b&gt; &amp; B" in page
    assert (store.root / "report" / "small" / "data" / "table-reference.csv").is_file()
    assert "textless" in (store.root / "report" / "small" / "tables" / "reference.tex").read_text()
    them.write_text("game,algorithm,metric,value,source\nmatching_pennies,maddpg,nash_con,0.5,A\n")
    assert main(["report", "build", str(store.root), "--compare", str(them)]) == 2
    assert "them.csv, line 2: metric 'nash_con' was not measured" in capsys.readouterr().err
