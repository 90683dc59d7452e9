"""What the commands `nashlens report …` do, once their arguments are read."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from nashlens.reports.mistakes import Stopped, checking

if TYPE_CHECKING:
    from nashlens.reports.reference_numbers import ReferenceNumber
    from nashlens.reports.store import Store
    from nashlens.reports.suite import Suite


def report_build(out: Path, *, suite: str | None, compare: Path | None = None) -> int:
    """Write the report of stored runs, with numbers from elsewhere beside the measured ones if a file is given."""
    from nashlens.reports.reference_numbers import read_reference
    from nashlens.reports.store import Store

    with checking("compare"):
        numbers = () if compare is None else read_reference(compare)
    with checking():
        store = Store.existing(out)
        found = store.suite(suite)
    return write_report(store, found, compare=numbers, source=str(compare))


def report_index(folders: Sequence[Path], *, out: Path) -> int:
    """Write a start page over the reports of several folders of runs; 1 if one of them could not be read in full.

    Raises
    ------
    Stopped : none of them can be read; the page is as it was.
    """
    from nashlens.reports import atomic
    from nashlens.reports.index_page import Unread, entries, to_html

    unread: list[Unread] = []
    with checking():
        found = entries(folders, beside=out, unread=unread)
    for left_out in unread:
        sys.stderr.write(f"error: could not read {left_out.what}: {left_out.reason}\n")
    if not found:
        raise Stopped(f"there is no suite to show, so that {out} was not written")
    with checking("out"):
        atomic.write_text(out, to_html(found, unread=unread))
    console = Console()
    for entry in found:
        if not entry.page:
            console.print(f"{entry.name}: no report in {entry.folder} yet", highlight=False, soft_wrap=True)
    console.print(f"start page: {out}", highlight=False, soft_wrap=True, style="bold")
    return 1 if unread else 0


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
        console.print("every file of the report follows from the stored runs", highlight=False)
    return 1 if different else 0


def write_report(
    store: Store, suite: Suite, *, compare: Sequence[ReferenceNumber] = (), source: str = "reference"
) -> int:
    """Write the report of a suite, and print its headlines and where it is.

    Parameters
    ----------
    store, suite : whose report.
    compare : numbers from elsewhere to stand beside the measured ones.
    source : where these come from, for an error.
    """
    from nashlens.reports.document import write
    from nashlens.reports.reference_table import beside
    from nashlens.reports.report import assemble
    from nashlens.reports.suite_commands import say_unmeasured

    with checking():
        say_unmeasured(store, suite)
        report = beside(assemble(store, suite), compare, source=source)
        page = write(report, store.folder("report", suite.name))
    console = Console()
    for line in report.headlines:
        console.print(line, highlight=False, markup=False)
    console.print(f"report: {page}", highlight=False, soft_wrap=True, style="bold")
    return 0
