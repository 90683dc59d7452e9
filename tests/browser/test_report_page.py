from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from nashlens.reports.index_page import entries, to_html
from nashlens.reports.store import Store

pytestmark = pytest.mark.browser
Visits = Callable[..., Any]
ROWS = "rows => rows.map(row => row.cells[{column}].textContent)"


def column(page: Any, table: str, k: int) -> list[str]:
    words: list[str] = page.eval_on_selector_all(f"#{table} tbody tr", ROWS.format(column=k))
    return words


def numbers_of(words: list[str]) -> list[float]:
    """Return the first number of each word; every word has one."""
    found = [re.match(r"-?[\d.]+", word.replace("−", "-").replace(",", "")) for word in words]
    return [float(match[0]) for match in found if match is not None]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_page_is_silent_asks_for_nothing_and_fits(visit: Visits, shown_page: Path, width: int, scheme: str) -> None:
    seen = visit(shown_page, width=width, scheme=scheme)
    page = seen.page
    page.wait_for_selector(".player canvas")
    for button in page.query_selector_all(".player .on"):
        button.click()
    assert seen.complaints == []
    assert seen.requests == [shown_page.as_uri()]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert dark == (scheme == "dark")


def test_page_runs_no_script_but_its_own(visit: Visits, shown_page: Path, tmp_path: Path) -> None:
    foreign = tmp_path / "foreign.html"
    page_text = shown_page.read_text(encoding="utf-8")
    foreign.write_text(page_text.replace("</body>", "<script>document.title='taken'</script></body>"), encoding="utf-8")
    seen = visit(foreign)
    assert seen.page.title() == "shown · nashlens"
    assert any("Content Security Policy" in complaint for complaint in seen.complaints)


def test_question_from_the_suite_file_is_text(visit: Visits, shown_page: Path) -> None:
    page = visit(shown_page).page
    assert page.inner_text(".question") == "Is </script><b>this</b> shown as it is written, & safely?"


def test_table_sorts_by_a_click_and_by_the_keyboard(visit: Visits, shown_page: Path) -> None:
    page = visit(shown_page).page
    written = column(page, "estimates", 4)
    head = page.locator("#estimates thead th").nth(4)
    head.locator("button").click()
    assert head.get_attribute("aria-sort") == "ascending"
    numbers = numbers_of(column(page, "estimates", 4))
    assert numbers == sorted(numbers)
    assert len(set(numbers)) > 3
    head.locator("button").focus()
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "descending"
    again = numbers_of(column(page, "estimates", 4))
    assert again == sorted(numbers, reverse=True)
    page.keyboard.press("Enter")
    assert head.get_attribute("aria-sort") == "none"
    assert column(page, "estimates", 4) == written


def test_words_sort_as_words_and_other_columns_lose_their_mark(visit: Visits, shown_page: Path) -> None:
    page = visit(shown_page).page
    heads = page.locator("#estimates thead th")
    heads.nth(4).locator("button").click()
    heads.nth(0).locator("button").click()
    assert heads.nth(4).get_attribute("aria-sort") == "none"
    games = column(page, "estimates", 0)
    assert games == sorted(games)


def test_filter_keeps_rows_with_every_word_and_counts_them(visit: Visits, shown_page: Path) -> None:
    page = visit(shown_page).page
    n_rows = len(column(page, "estimates", 0))
    page.fill("#estimates input[type=search]", "SHAPLEY ddpg")
    shown = page.eval_on_selector_all(
        "#estimates tbody tr", "rows => rows.filter(row => row.offsetParent).map(row => row.textContent)"
    )
    assert 0 < len(shown) < n_rows
    assert all("shapley" in text and "ddpg" in text for text in shown)
    assert page.inner_text("#estimates output") == f"{len(shown)} of {n_rows} rows"
    page.fill("#estimates input[type=search]", "")
    assert page.locator("#estimates tbody tr:visible").count() == n_rows


def test_a_phone_sorts_by_a_list_of_columns(visit: Visits, shown_page: Path) -> None:
    page = visit(shown_page, width=390).page
    assert not page.locator("#estimates thead").is_visible()
    page.select_option("#estimates .sorting select", label="algorithm, falling")
    words = column(page, "estimates", 3)
    assert words == sorted(words, reverse=True)
    page.select_option("#estimates .sorting select", label="as written")
    assert column(page, "estimates", 3) != words


def test_small_tables_have_no_filter(visit: Visits, shown_page: Path) -> None:
    page = visit(shown_page).page
    assert len(column(page, "conventions", 0)) == 3
    assert page.locator("#conventions input").count() == 0
    assert page.locator("#conventions thead button").count() > 0


def test_page_without_scripts_shows_every_number_and_drawing(visit: Visits, shown_page: Path) -> None:
    seen = visit(shown_page, scripts=False)
    assert seen.page.locator("#estimates tbody tr").count() > 8
    assert seen.page.locator("#replays svg").count() == 2
    assert seen.page.locator("thead button").count() == 0
    assert "needs the script" in seen.page.inner_text("#replays .player")


def test_paper_shows_the_rows_that_a_filter_hides(visit: Visits, shown_page: Path) -> None:
    page = visit(shown_page).page
    n_rows = len(column(page, "estimates", 0))
    page.fill("#estimates input[type=search]", "shapley")
    page.emulate_media(media="print")
    assert page.locator("#estimates tbody tr:visible").count() == n_rows
    assert page.locator("input:visible, button.play:visible, canvas:visible").count() == 0
    assert page.locator("#replays svg:visible").count() == 2


def test_start_page_fits_and_leads_to_the_reports(
    visit: Visits, shown_store: Store, shown_page: Path, tmp_path: Path
) -> None:
    start = tmp_path / "index.html"
    start.write_text(to_html(entries([shown_store.root], beside=start, unread=[])), encoding="utf-8")
    seen = visit(start, width=390)
    assert seen.complaints == []
    assert seen.page.evaluate("document.documentElement.scrollWidth") <= 390
    seen.page.locator("td a").click()
    assert seen.page.title() == "shown · nashlens"
    assert seen.page.url == shown_page.as_uri()
