"""Whatever a file or an error says, a report shows it as text: its structure is that of a report of plain words."""

from __future__ import annotations

import io
import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.reports.document import standalone, to_html, to_markdown
from nashlens.reports.escapes import REPLACEMENT, markdown, printable, to_csv
from nashlens.reports.figures import Figure, Panel
from nashlens.reports.players import Player
from nashlens.reports.report import Report
from nashlens.reports.tables import Table

NASTY = (
    "</script><script>alert(1)</script>",
    "<!-- <img src=x onerror=alert(1)>",
    "]]> &amp; &lt; &#60;",
    "\"'`' onload=\"x",
    "{{ 7 * 7 }} {% raw %}",
    "\\input{x} 50% of $x_1 & #2 ^ ~",
    "| a | b |\n|---|---|\n# title",
    "- item\n1. item\n> quote",
    "[x](javascript:alert(1)) ![y](z) ***",
    "=1+1",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "-2+3",
    "http://x.y https://x.y www.x.y ftp://x mailto:a@x.y",
    "a\r\nb\rc\x00d\x1be\u2028f",
    "\ufffe\uffff",
)
TEXTS = (
    st.text(max_size=40)
    | st.sampled_from(NASTY)
    | st.builds("{} {}".format, st.sampled_from(NASTY), st.text(max_size=5))
)
SVG = '<svg class="plot" xmlns="http://www.w3.org/2000/svg"><g/></svg>'


def report_of(text: str) -> Report:
    """Return a report that says one text wherever a report says anything that it was told."""
    words = pd.DataFrame({"word": [text, "x"]})
    table = Table(name="t", title=text, caption=text, header=(text, "n"), rows=((text, "1"), ("x", text)), data=words)
    figure = Figure(
        name="f",
        title=text,
        caption=text,
        paragraphs=(f"game. {text}",),
        panels=(Panel(name="p", title=text, svg=SVG, alternative=text),),
        data=words,
        players=(Player(name="data-p", title=text, data={"kind": "paths", "title": text}),),
    )
    return Report(
        name=text,
        question=f"{text}?",
        headlines=(text,),
        figures=(figure,),
        tables=(table,),
        provenance=(("command", text),),
        frame=words,
        references=(text,),
    )


class Outline(HTMLParser):
    """Tags with the names of their attributes, in order; and all text outside scripts and styles."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, ...]] = []
        self.text: list[str] = []
        self.scripts: list[str] = []
        self._inside = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, *(name for name, _ in attrs)))
        self._inside = tag

    def handle_endtag(self, tag: str) -> None:
        self.tags.append((f"/{tag}",))
        self._inside = ""

    def handle_data(self, data: str) -> None:
        (self.scripts if self._inside == "script" else self.text).append(data)


@given(TEXTS)
@settings(deadline=None, max_examples=40)
def test_a_page_has_the_structure_of_a_page_of_plain_words(text: str) -> None:
    page, plain = Outline(to_html(report_of(text))), Outline(to_html(report_of("x")))
    assert page.tags == plain.tags
    assert page.scripts[1:] == plain.scripts[1:]  # the first block is the player's data
    assert json.loads(page.scripts[0])["title"] == text
    if re.fullmatch(r"[\x20-\x7e\xa1-\uffef\n]*", text):
        assert any(text.strip() in said for said in page.text) or not text.strip()


@given(TEXTS)
@settings(deadline=None)
def test_a_drawing_is_xml_with_its_title_and_its_alternative(text: str) -> None:
    root = ET.fromstring(standalone(Panel(name="p", title=text, svg=SVG, alternative=text)).encode())
    title = root.find("{http://www.w3.org/2000/svg}title")
    assert title is not None
    # XML reads every kind of line break as a line feed, in an attribute as a blank.
    assert (title.text or "") == re.sub("\r\n?", "\n", printable(text))
    assert re.sub(r"\s", " ", root.attrib["aria-label"]) == re.sub(r"\r\n|\s", " ", printable(text))


@given(TEXTS)
@settings(deadline=None, max_examples=40)
def test_markdown_has_the_lines_and_cells_of_a_report_of_plain_words(text: str) -> None:
    page, plain = (to_markdown(report_of(each)).split("\n") for each in (text, "x"))
    if text.split():
        assert len(page) == len(plain)
    for line, other in zip(page, plain, strict=False):
        assert len(re.findall(r"(?<!\\)(?:\\\\)*\|", line)) == len(re.findall(r"\|", other))
        assert not re.search(r"(?<!\\)(?:\\\\)*<", line)


@given(TEXTS)
def test_markdown_hides_every_sign_that_would_mean_something(text: str) -> None:
    shown = markdown(text)
    assert "\n" not in shown
    bare = re.sub(r"\\[!-/:-@\[-`{-~]", "", shown)
    assert not re.search(r"://|\bwww\.|\bmailto:", bare, re.IGNORECASE)
    assert not set("`*_{}[]<>|#&~!\\") & set(bare)
    assert not re.match(r"[-+=]|\d+[.)]", shown)


@given(st.lists(TEXTS, min_size=1, max_size=4))
def test_to_csv_reads_back_as_it_was_save_what_would_be_a_formula(texts: list[str]) -> None:
    frame = pd.DataFrame({'word, "a"': texts, "number": [0.1 + k for k in range(len(texts))]})
    back = pd.read_csv(io.StringIO(to_csv(frame)), keep_default_na=False, dtype={'word, "a"': str})
    assert list(back.columns) == list(frame.columns)
    assert back["number"].tolist() == frame["number"].tolist()
    expected = [printable(re.sub("\r\n?", "\n", text)) for text in texts]
    for read, text in zip(back.iloc[:, 0], expected, strict=True):
        assert read == text or (read == f"'{text}" and text[0] in "=+-@\t\n")
        assert not re.match(r"[=@]|[-+]\D*\(", read)


@pytest.mark.parametrize("text", ["=1+1", "+1+1", "-1+1", "@A1", "-", "\t=1", "\r=1", "-inf+1", "=cmd|' /C calc'!A0"])
def test_to_csv_leaves_no_cell_and_no_name_of_a_column_a_formula(text: str) -> None:
    shown = re.sub("\r", "\n", text)
    header, cell = next(iter(pd.read_csv(io.StringIO(to_csv(pd.DataFrame({text: [text]})))).items()))
    assert (header, cell.iloc[0]) == (f"'{shown}", f"'{shown}")


@pytest.mark.parametrize("text", ["-1.5", "-1.5 2.0 -3e-7", "+4", "-inf", "a=b", "−1", "", "x @ y"])
def test_to_csv_leaves_numbers_and_plain_words_as_they_are(text: str) -> None:
    assert to_csv(pd.DataFrame({"a": ["x", text]})) in (f"a\nx\n{text}\n", f'a\nx\n"{text}"\n')


@given(st.text())
def test_printable_changes_only_what_xml_forbids(text: str) -> None:
    shown = printable(text)
    assert len(shown) == len(text)
    ET.fromstring(f"<a>{shown.replace('&', '').replace('<', '').replace(']]>', '')}</a>".encode())
    assert all(new in (old, REPLACEMENT) for old, new in zip(text, shown, strict=True))
