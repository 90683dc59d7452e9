"""What the commands `nashlens report …` do, once their arguments are read."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from nashlens.reports.mistakes import checking

if TYPE_CHECKING:
    from nashlens.reports.store import Store
    from nashlens.reports.suite import Suite


def report_build(out: Path, *, suite: str | None) -> int:
    """Write the report of stored runs."""
    from nashlens.reports.store import Store

    with checking():
        store = Store.existing(out)
        found = store.suite(suite)
    return write_report(store, found)


def report_check(out: Path, *, suite: str | None) -> int:
    """Measure stored runs again and print what differs from the report; 1 if anything does."""
    from nashlens.reports.recheck import differences
    from nashlens.reports.store import Store

    console = Console()
    with checking():
        store = Store.existing(out)
        found = store.suite(suite)
        different = differences(store, found)
    for line in different:
        console.print(line, highlight=False, soft_wrap=True, markup=False)
    if not different:
        console.print("every number of the report follows from the stored runs", highlight=False)
    return 1 if different else 0


def write_report(store: Store, suite: Suite) -> int:
    """Write the report of a suite, and print its headlines and where it is."""
    from nashlens.reports.document import write
    from nashlens.reports.report import assemble

    with checking():
        report = assemble(store, suite)
        page = write(report, store.folder("report", suite.name))
    console = Console()
    for line in report.headlines:
        console.print(line, highlight=False, markup=False)
    console.print(f"report: {page}", highlight=False, soft_wrap=True, style="bold")
    return 0
