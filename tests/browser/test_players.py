from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nashlens.reports.report import Report

pytestmark = pytest.mark.browser
Visits = Callable[..., Any]


def drawn(page: Any, where: str) -> str:
    """Return a digest of what a canvas shows."""
    data: str = page.evaluate("where => document.querySelector(where).toDataURL()", f"{where} canvas.stage")
    return hashlib.sha256(data.encode()).hexdigest()


def step_of(box: Any) -> int:
    return int(box.get_attribute("data-step"))


def until(page: Any, is_so: Callable[[], bool]) -> None:
    """Wait up to thirty seconds; the page forbids the functions that a browser would wait with."""
    for _ in range(600):
        if is_so():
            return
        page.wait_for_timeout(50)
    raise AssertionError("it did not come to be so within thirty seconds")


def test_replay_steps_forward_and_back(visit: Visits, shown_page: Path) -> None:
    page = visit(shown_page).page
    box = page.locator("#replays .player")
    assert box.locator(".moment").inner_text() == "step 0 of 25"
    first = drawn(page, "#replays")
    box.locator(".on").click()
    assert box.locator(".moment").inner_text() == "step 1 of 25"
    assert drawn(page, "#replays") != first
    box.locator(".back").click()
    box.locator(".back").click()
    assert box.locator(".moment").inner_text() == "step 0 of 25"
    assert drawn(page, "#replays") == first


def test_replay_plays_pauses_and_ends(visit: Visits, shown_page: Path) -> None:
    page = visit(shown_page).page
    box = page.locator("#replays .player")
    speed = box.locator("label", has_text="speed").locator("select")
    speed.select_option("0.25")  # slow enough not to end before it is stopped, on a busy machine too
    play = box.locator(".play")
    play.click()
    assert play.inner_text() == "Pause"
    until(page, lambda: step_of(box) >= 2)
    play.click()
    assert play.inner_text() == "Play"
    held = step_of(box)
    page.wait_for_timeout(300)
    assert step_of(box) == held
    speed.select_option("4")
    play.click()
    until(page, lambda: box.locator(".moment").inner_text() == "step 25 of 25")
    assert play.inner_text() == "Play"
    speed.select_option("0.25")
    play.click()
    until(page, lambda: step_of(box) < 20)


def test_replay_ends_with_the_returns_of_the_data(visit: Visits, shown_page: Path, shown_report: Report) -> None:
    page = visit(shown_page).page
    box = page.locator("#replays .player")
    box.locator("input[type=range]").fill("25")
    data = next(figure.data for figure in shown_report.figures if figure.name == "replays")
    for place in ("best", "middle", "worst"):
        label = next(
            text
            for text in box.locator("label", has_text="seed").locator("option").all_inner_texts()
            if text.startswith(place)
        )
        box.locator("label", has_text="seed").locator("select").select_option(label=label)
        box.locator("input[type=range]").fill("25")
        own = data[(data["algorithm"] == "maddpg") & (data["place"] == place) & (data["body"] == "agent_0")]
        shown = float(box.locator("tbody tr").first.locator("td").nth(2).inner_text().replace("−", "-"))
        assert shown == pytest.approx(own["reward"].sum(), abs=0.03)  # 25 rewards, each rounded to a thousandth


def test_replay_of_another_learner_is_another_one(visit: Visits, shown_page: Path) -> None:
    page = visit(shown_page).page
    box = page.locator("#replays .player")
    box.locator("input[type=range]").fill("25")
    one = drawn(page, "#replays")
    box.locator("label", has_text="learner").locator("select").select_option("ddpg")
    box.locator("input[type=range]").fill("25")
    assert drawn(page, "#replays") != one
    visible = (
        box.locator("label", has_text="seed")
        .locator("option")
        .evaluate_all("options => options.filter(option => !option.hidden).length")
    )
    assert visible == 3


def test_strategies_move_with_the_slider(visit: Visits, shown_page: Path, shown_report: Report) -> None:
    page = visit(shown_page).page
    square = page.locator("#phase .player").first
    assert square.locator(".moment").inner_text() == "snapshot 1 of 4, after 0 steps"
    before = drawn(page, "#phase .player")
    square.locator("input[type=range]").fill("3")
    assert "snapshot 4 of 4, after 400 steps" in square.locator(".moment").inner_text()
    assert drawn(page, "#phase .player") != before
    data = next(figure.data for figure in shown_report.figures if figure.name == "phase")
    own = data[(data["game"] == "matching_pennies") & (data["what"] == "path") & (data["seed"] == 0)]
    x = own[own["algorithm"] == "maddpg"].sort_values("step")["x"].iloc[-1]
    assert f"agent_0: P(heads) = {x:.2f}" in square.locator(".readout").inner_text()


def test_simplex_says_strategies_that_add_up(visit: Visits, shown_page: Path) -> None:
    page = visit(shown_page).page
    simplex = page.locator("#phase .player").nth(1)
    simplex.locator("input[type=range]").fill("3")
    words = simplex.locator(".readout p").first.inner_text().partition(": ")[2].split(", ")
    assert sum(float(word.rsplit(" ", 1)[1]) for word in words) == pytest.approx(1.0, abs=0.02)


def test_canvas_has_words_for_those_who_do_not_see_it(visit: Visits, shown_page: Path) -> None:
    page = visit(shown_page).page
    label = page.locator("#replays canvas.stage").get_attribute("aria-label")
    assert label.startswith("simple_reference: maddpg, best (seed ")
    assert label.endswith("step 0 of 25")
