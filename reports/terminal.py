"""The terminal that commands print to."""

from __future__ import annotations

from rich.console import Console

UNCUT = 100_000  # columns of a table that goes into a file or another program


def uncut_console() -> Console:
    """Return a console that cuts and folds nothing where no terminal sets a width."""
    console = Console()
    return console if console.is_terminal else Console(width=UNCUT)
