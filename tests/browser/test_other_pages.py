"""Pages beside those of whole suites: one run alone, numbers from elsewhere, runs that failed."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nashlens.reports.cli import main
from nashlens.reports.provenance import gather
from nashlens.reports.report import Report
from nashlens.reports.store import Store

pytestmark = pytest.mark.browser
Visits = Callable[..., Any]
NASTY = "<b>the</b> gradient was not finite: " + "nan," * 40


def check_fits_and_is_silent(seen: Any, path: Path) -> None:
    page = seen.page
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width in (1280, 390):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert seen.complaints == []
    assert seen.requests == [path.as_uri()]


@pytest.fixture
def own_store(shown_store: Store, tmp_path: Path) -> Store:
    """A copy of the trained suite that a test may change."""
    shutil.copytree(shown_store.root, tmp_path / "out")
    return Store.existing(tmp_path / "out")


@pytest.mark.parametrize(("game", "step"), [("simple_reference", "step 1 of 25"), ("shapley", "snapshot 2 of 4")])
def test_page_of_one_run_plays(visit: Visits, shown_store: Store, tmp_path: Path, game: str, step: str) -> None:
    run = next(run for run in shown_store.suite().runs if run.game == game)
    out = tmp_path / "alone.html"
    assert main(["replay", run.run_id[:16], "--store", str(shown_store.root), "--out", str(out)]) == 0
    seen = visit(out)
    box = seen.page.locator(".player").first
    box.locator(".on").click()
    assert box.locator(".moment").inner_text().startswith(step)
    assert run.run_id in seen.page.inner_text("#provenance")
    check_fits_and_is_silent(seen, out)


def test_numbers_from_elsewhere_stand_beside_ours(
    visit: Visits, own_store: Store, shown_report: Report, tmp_path: Path
) -> None:
    frame = shown_report.frame
    ours = frame[(frame["game"] == "matching_pennies") & (frame["algorithm"] == "ddpg")]
    ours = ours[(ours["metric"] == "nash_conv") & (ours["step"] == ours["step"].max())].groupby("seed")["value"].first()
    given = tmp_path / "them.csv"
    given.write_text(
        "game,algorithm,metric,value,source,agent,low,high\n"
        'matching_pennies,ddpg,nash_conv,0.25,"<i>Them</i> (2001), table 1",,0.125,0.5\n',
        encoding="utf-8",
    )
    assert main(["report", "build", str(own_store.root), "--compare", str(given)]) == 0
    path = own_store.folder("report", "shown") / "index.html"
    seen = visit(path)
    row = seen.page.locator("#reference tbody td").all_inner_texts()
    assert row[:4] == ["matching_pennies", "NashConv", "", "ddpg"] or row[3] == "ddpg"
    assert float(row[4].split()[0]) == pytest.approx(ours.mean(), rel=0.01)
    assert row[6] == "0.25 [0.12, 0.50]"
    assert row[7] == "<i>Them</i> (2001), table 1"
    check_fits_and_is_silent(seen, path)


def test_failed_runs_are_seen_with_their_reason(visit: Visits, own_store: Store) -> None:
    suite = own_store.suite()
    failed = [run for run in suite.runs if run.game == "shapley"]
    for run in failed:
        shutil.rmtree(own_store.root / "runs" / run.run_id)
        own_store.write_failed(run, NASTY, provenance=gather(), seconds=1.0)
    assert main(["report", "build", str(own_store.root)]) == 0
    path = own_store.folder("report", "shown") / "index.html"
    seen = visit(path, width=390)
    page = seen.page
    assert f"{len(failed)} failed" in page.inner_text("#findings")
    reasons = page.locator("#failures td[data-label=reason]").all_inner_texts()
    assert len(reasons) == 2
    assert all(NASTY.strip() in reason for reason in reasons)
    states = [
        row.split("\t")
        for row in page.locator("#runs tbody tr").evaluate_all(
            "rows => rows.map(row => [...row.cells].map(cell => cell.textContent).join('\\t'))"
        )
    ]
    assert {(row[0], row[3], row[4]) for row in states} == {
        ("matching_pennies", "3", "0"),
        ("shapley", "0", "3"),
        ("simple_reference", "3", "0"),
    }
    lost = page.locator("#estimates tbody tr", has_text="shapley").all_inner_texts()
    assert lost
    assert all("no value" in row for row in lost)
    check_fits_and_is_silent(seen, path)
