"""A solution in the terminal: one table a section."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from nashlens.reports.solution import Section


def solution_page(sections: Sequence[Section]) -> RenderableType:
    """Return sections as tables, each under its title and above its note."""
    parts: list[RenderableType] = []
    for section in sections:
        parts.append(Text(("\n" if parts else "") + section.title, style="bold"))
        if section.rows:
            table = Table(box=None, pad_edge=False)
            for word in section.header:
                table.add_column(Text(word))
            for row in section.rows:
                table.add_row(*(Text(word) for word in row))
            parts.append(table)
        if section.note:
            parts.append(Text(section.note, style="dim"))
    return Group(*parts)
