"""A report as files: one self-contained page, Markdown, tables as LaTeX, and the numbers behind all of it as CSV.

Nothing is computed here. Everything that comes from a suite file or an error is escaped, and the page's own policy
forbids it to load anything.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from nashlens.reports import atomic
from nashlens.reports.escapes import markdown, printable, to_csv
from nashlens.reports.figures import Panel
from nashlens.reports.index_page import ANSWERS
from nashlens.reports.latex import document as latex_document
from nashlens.reports.latex import file_name, to_latex
from nashlens.reports.page_scripts import TEMPLATES, data_block, page_script, security_policy
from nashlens.reports.report import Report
from nashlens.reports.tables import Table

WORDY = 26  # letters from which on a cell of numbers is set in several lines
LONG = 24  # letters of a word from which on it may be broken anywhere, so that its column leaves room for others
PARTS = {"data": ("figure-*.csv", "table-*.csv"), "figures": ("*.svg",), "tables": ("*.tex",)}


def write(report: Report, folder: Path) -> Path:
    """Write a report into a folder and return the path of its page.

    Parameters
    ----------
    report : what to write.
    folder : where; made if it is not there.

    Raises
    ------
    OSError : the folder cannot be written to, or a part of it is a link to another.
    """
    for part in PARTS:
        (folder / part).mkdir(parents=True, exist_ok=True)
    outside = [part for part in PARTS if (folder / part).is_symlink()]
    if outside:
        raise OSError(f"{folder / outside[0]} is a link to another folder; a report writes nothing outside its own")
    contents = contents_of(report)
    for name in others(folder, contents):
        (folder / name).unlink()
    for name, content in contents.items():
        atomic.write_text(folder / name, content)
    return folder / "index.html"


def contents_of(report: Report) -> dict[str, str]:
    """Return all files of a report by their path in its folder."""
    answers = json.dumps(list(report.headlines), indent=2, ensure_ascii=False) + "\n"
    pages = {"report.md": to_markdown(report), "index.html": to_html(report), ANSWERS: answers}
    return {**parts_of(report), **pages}


def parts_of(report: Report) -> dict[str, str]:
    """Return the files beside a page by their path in its folder: numbers, drawings, tables as LaTeX."""
    parts = {f"data/{name}.csv": to_csv(frame) for name, frame in data_of(report).items()}
    parts |= {f"figures/{panel.name}.svg": standalone(panel) for figure in report.figures for panel in figure.panels}
    parts |= {f"tables/{file_name(table.name)}.tex": to_latex(table) for table in report.tables}
    return parts | {"tables/tables.tex": latex_document(report.name, [table.name for table in report.tables])}


def others(folder: Path, contents: Collection[str]) -> list[str]:
    """Return the files of a report's folder that are of its kinds and not among its contents, by their path in it."""
    found = [
        f"{part}/{path.name}" for part, kinds in PARTS.items() for kind in kinds for path in (folder / part).glob(kind)
    ]
    return sorted(name for name in found if name not in contents)


def data_of(report: Report) -> dict[str, Any]:
    """Return the frame behind every figure and table, by the name of its CSV; the tidy frame as ``measures``."""
    frames = {f"figure-{figure.name}": figure.data for figure in report.figures}
    frames |= {f"table-{table.name}": table.data for table in report.tables}
    return frames | {"measures": report.frame}


def to_html(report: Report) -> str:
    """Return the page."""
    environment = jinja2.Environment(
        autoescape=True, undefined=jinja2.StrictUndefined, trim_blocks=True, keep_trailing_newline=True
    )
    template = environment.from_string(_resource("report.html"))
    script = page_script(players=any(figure.players for figure in report.figures))
    return template.render(
        report=report,
        style=_resource("style.css"),
        script=script,
        policy=security_policy(script),
        svg=_inline,
        emphasise=_emphasise,
        data_block=data_block,
        kinds=_kinds,
    )


def to_markdown(report: Report) -> str:
    """Return the report as Markdown; figures are linked as files."""
    parts = [
        f"# {markdown(report.name)}",
        markdown(report.question),
        "\n".join(f"- {markdown(h)}" for h in report.headlines),
    ]
    for figure in report.figures:
        parts.append(f"## {markdown(figure.title)}")
        parts += [f"![{markdown(panel.alternative)}](figures/{panel.name}.svg)" for panel in figure.panels]
        parts += [f"*{markdown(figure.caption)}*", *(markdown(paragraph) for paragraph in figure.paragraphs)]
    parts += [_markdown_table(table) for table in report.tables]
    if report.references:
        parts += ["## References", "\n".join(f"- {markdown(source)}" for source in report.references)]
    provenance = "\n".join(f"- {markdown(label)}: {markdown(value)}" for label, value in report.provenance)
    return "\n\n".join(part for part in [*parts, "## Provenance", provenance] if part) + "\n"


def standalone(panel: Panel) -> str:
    """Return a panel as a file of its own, drawn in black where no page gives it a colour."""
    return f'<?xml version="1.0" encoding="utf-8"?>\n{_with_title(panel)}'


def _inline(panel: Panel) -> Markup:
    return Markup(_with_title(panel))


def _with_title(panel: Panel) -> str:
    """Return the drawing with its text alternative as its accessible name."""
    label = escape(printable(panel.alternative))
    return re.sub(
        r"(<svg\b[^>]*>)",
        lambda match: f'{match[1][:-1]} aria-label="{label}">\n <title>{escape(printable(panel.title))}</title>',
        panel.svg,
        count=1,
    )


def _emphasise(paragraph: str) -> Markup:
    """Return a paragraph with its first words, the game's name, set apart."""
    game, stop, rest = paragraph.partition(". ")
    return Markup("<strong>{}</strong>{}{}").format(game, stop, rest)


def _kinds(word: str, numeric: bool) -> str:
    """Return the classes that say how a cell is set; none where it is set as most are."""
    kinds = ["number"] * numeric + ["wordy"] * (numeric and len(word) > WORDY)
    return " ".join(kinds + ["long"] * any(len(part) > LONG for part in word.split()))


def _markdown_table(table: Table) -> str:
    lines = [
        _markdown_row(table.header),
        _markdown_row(tuple("--:" if k in table.numeric else "---" for k in range(len(table.header)))),
        *(_markdown_row(row) for row in table.rows),
    ]
    return f"## {markdown(table.title)}\n\n{markdown(table.caption)}\n\n" + "\n".join(lines)


def _markdown_row(words: tuple[str, ...]) -> str:
    return f"| {' | '.join(word if set(word) <= set('-:') and word else markdown(word) for word in words)} |"


def _resource(name: str) -> str:
    return files(TEMPLATES).joinpath(name).read_text(encoding="utf-8")
