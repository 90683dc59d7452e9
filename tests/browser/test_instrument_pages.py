"""Every instrument's chapter as a reader meets it: wide and narrow, light and dark, on paper, by ear."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from tests.browser.test_players import until
from tests.shrunk_suites import SHRUNK, Reported

pytestmark = pytest.mark.browser
Visits = Callable[..., Any]
Suites = Callable[[str], Reported]
A4 = (680, 1009)  # in CSS pixels, within margins of 15 mm
# Elements that reach over the right edge; what scrolls in a box of its own does not.
OVER_THE_EDGE = """width => [...document.querySelectorAll('body *')].filter(each =>
    !each.closest('.scroll table, svg, .skip, thead') && each.getBoundingClientRect().right > width + 0.5
).map(each => `${each.tagName} ${each.textContent.slice(0, 60)}`)"""
# Words of a drawing that are cut off at its edge, and pairs of them that lie on each other.
BADLY_SET_WORDS = """drawings => drawings.flatMap(svg => {
    const edge = svg.getBoundingClientRect();
    const words = [...svg.querySelectorAll('text')].map(
        text => [text.textContent.trim(), text.getBoundingClientRect()]);
    const cut = words.filter(([, box]) => box.left < edge.left - 1 || box.right > edge.right + 1
        || box.top < edge.top - 1 || box.bottom > edge.bottom + 1).map(([word]) => `${word} is cut`);
    const wide = (a, b) => Math.min(a.right, b.right) - Math.max(a.left, b.left);
    const high = (a, b) => Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
    const flat = box => box.width > box.height;
    const on = words.flatMap(([one, a], k) => words.slice(k + 1).filter(([, b]) =>
        wide(a, b) > (flat(a) && flat(b) ? -2 : 1) && high(a, b) > 0.35 * Math.min(a.height, b.height)
    ).map(([other]) => `${one} lies on ${other}`));
    return [...cut, ...on].map(word => `${svg.getAttribute('aria-label').slice(0, 50)}: ${word}`);
})"""
# Drawings in which nothing is drawn: no line of two points, no mark, no band.
EMPTY = """drawings => drawings.filter(
    svg => !svg.querySelector('use[clip-path], [clip-path] use, path[clip-path]:not([d=""])')
).map(svg => svg.getAttribute('aria-label'))"""
COLUMN = "(table, column) => [...table.tBodies[0].rows].map(row => row.cells[column].textContent.trim())"
SORTED_BY = """(table, column) => {
    table.tHead.rows[0].cells[column].querySelector('button').click();
    return [...table.tBodies[0].rows].map(row => row.cells[column].textContent.trim());
}"""


class Outline(HTMLParser):
    """The ids of a page's sections in their order."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "section":
            self.ids += [value or "" for name, value in attrs if name == "id"]


def number_in(word: str) -> float | None:
    found = re.match(r"-?(\d+\.?\d*|\.\d+)(e-?\d+)?", word.replace(",", "").replace("−", "-"))
    return None if found is None else float(found[0])


def check_order(words: list[str], before: list[str]) -> None:
    """Check rising order: numbers first, then words with equal ones together, then empty cells."""
    assert sorted(words) == sorted(before)
    numbers = [number for word in words if (number := number_in(word)) is not None]
    assert numbers == sorted(numbers)
    kinds = [0 if number_in(word) is not None else 1 if word else 2 for word in words]
    assert kinds == sorted(kinds)
    texts = [word for word in words if word and number_in(word) is None]
    assert 1 + sum(one != other for one, other in pairwise(texts)) == len(set(texts)) or not texts


def check_tables(page: Any) -> int:
    """Sort every table by every column and filter every one that has a filter; return how many tables there were."""
    tables = page.query_selector_all("table.data")
    for table in tables:
        rows = table.query_selector_all("tbody tr")
        if len(rows) < 2:
            continue
        for k in range(len(table.query_selector_all("thead th"))):
            before = table.evaluate(
                f"table => [...table.tBodies[0].rows].map(row => row.cells[{k}].textContent.trim())"
            )
            check_order(table.evaluate(SORTED_BY, k), before)
    for section in page.query_selector_all("section:has(.tools input[type=search])"):
        texts = [each.lower() for each in section.eval_on_selector_all("tbody tr", "r => r.map(e => e.textContent)")]
        word = texts[0][:12].split()[0]
        section.query_selector("input[type=search]").fill(word)
        shown = section.eval_on_selector_all("tbody tr", "rows => rows.filter(row => row.offsetParent).length")
        assert shown == sum(word in text for text in texts) > 0
    return len(tables)


@pytest.mark.parametrize("name", list(SHRUNK))
def test_chapter_is_fit_to_be_shown(visit: Visits, reported_suite: Suites, name: str) -> None:
    path = reported_suite(name).page
    seen = visit(path, width=390)
    page = seen.page
    for width, scheme in ((390, "light"), (390, "dark"), (1280, "dark"), (1280, "light")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.evaluate(OVER_THE_EDGE, width) == []
        assert (page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)") == (
            scheme == "dark"
        )
    assert page.eval_on_selector_all("svg.plot", BADLY_SET_WORDS) == []
    assert page.eval_on_selector_all("figure svg.plot:not(#replays svg)", EMPTY) == []
    names = page.eval_on_selector_all("svg.plot, canvas", "all => all.map(e => [e.role, e.getAttribute('aria-label')])")
    assert len(names) > 2
    assert all(role == "img" and len(label.split()) > 3 for role, label in names)
    assert check_tables(page) > 5
    assert seen.complaints == []
    assert seen.requests == [path.as_uri()]


@pytest.mark.parametrize("name", list(SHRUNK))
def test_chapter_fits_on_paper(visit: Visits, reported_suite: Suites, name: str) -> None:
    page = visit(reported_suite(name).page, width=A4[0], scheme="dark").page
    page.emulate_media(media="print")
    right = "all => Math.max(...all.map(each => each.getBoundingClientRect().right))"
    assert page.eval_on_selector_all("table, figure, p, dl", right) <= A4[0] + 0.5
    heights = page.eval_on_selector_all("figure", "all => all.map(each => each.getBoundingClientRect().height)")
    assert 0 < max(heights) < A4[1]
    style = "all => [...new Set(all.map(each => getComputedStyle(each)['{}']))]"
    assert page.eval_on_selector_all("figure, tr, thead", style.format("breakInside")) == ["avoid"]
    assert page.eval_on_selector_all("h2, h3", style.format("breakAfter")) == ["avoid"]
    assert page.eval_on_selector_all("table.data tbody tr", style.format("display")) == ["table-row"]
    read = "h2, td, p:not(.caption, .kicker, .show p)"
    assert page.eval_on_selector_all(read, style.format("color")) == ["rgb(0, 0, 0)"]
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    # the headers of a table come again on every sheet, which they do not with a box inside
    assert page.eval_on_selector_all("th button", style.format("display")) in (["contents"], [])


@pytest.mark.parametrize("name", list(SHRUNK))
def test_page_answers_first_and_ends_with_what_its_numbers_rest_on(reported_suite: Suites, name: str) -> None:
    text = reported_suite(name).page.read_text(encoding="utf-8")
    ids = Outline(text).ids
    assert ids[0] == "findings"
    assert ids[-7:] == ["runs", "conventions", "algorithms", "definitions", "status", "references", "provenance"]
    assert len(set(ids)) == len(ids)
    assert all(f'href="#{each}"' in text for each in ids)


@pytest.mark.parametrize("name", ["nonstationarity", "ensembles"])
def test_replay_of_a_chapter_plays(visit: Visits, reported_suite: Suites, name: str) -> None:
    seen = visit(reported_suite(name).page, width=390)
    box = seen.page.locator("#replays .player").first
    box.locator(".on").click()
    assert box.get_attribute("data-step") == "1"
    box.locator("label", has_text="speed").locator("select").select_option("4")
    box.locator(".play").click()
    last = int(box.locator("input[type=range]").get_attribute("max"))
    until(seen.page, lambda: box.get_attribute("data-step") == str(last))
    assert seen.complaints == []


def test_paper_has_a_header_on_every_sheet_of_a_table(visit: Visits, reported_suite: Suites) -> None:
    page = visit(reported_suite("gradient-variance").page).page
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")
