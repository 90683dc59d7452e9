"""What can be asked of reports and replays on the command line."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Union

import tyro

Where = Annotated[Path, tyro.conf.Positional]
Folders = Annotated[tuple[Path, ...], tyro.conf.Positional]
Which = Annotated[str, tyro.conf.Positional]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportBuild:
    """Write the report of the runs in a folder."""

    folder: Where
    """Folder of the runs."""
    suite: str | None = None
    """Name of the suite, where the folder holds several."""
    compare: Path | None = None
    """CSV file of published numbers to stand beside the measured ones: game, algorithm, metric, value, source, and if
    wanted agent, low, high."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportCheck:
    """Measure every stored run again and say what differs from the report."""

    folder: Where
    """Folder of the runs."""
    suite: str | None = None
    """Name of the suite, where the folder holds several."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportIndex:
    """Write a start page over the reports of several folders."""

    folders: Folders
    """Folders of runs."""
    out: Path = Path("index.html")
    """The page."""


REPORT_COMMANDS = {"build": ReportBuild, "check": ReportCheck, "index": ReportIndex}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reports:
    """Reports of runs: build, check, index."""

    do: Annotated[
        Union[  # noqa: UP007
            Annotated[ReportBuild, tyro.conf.subcommand("build", prefix_name=False)],
            Annotated[ReportCheck, tyro.conf.subcommand("check", prefix_name=False)],
            Annotated[ReportIndex, tyro.conf.subcommand("index", prefix_name=False)],
        ],
        tyro.conf.arg(name=""),
    ] = field()


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """Play what a stored run learned, step by step, in a page of its own; particle worlds also as an animated GIF."""

    run: Which
    """A run: its path DIR/runs/ID, or the first digits of its id."""
    store: Path | None = None
    """Folder of the runs, where the run is given by digits; this folder if left out."""
    seed_of_episode: int = 0
    """Which episode; those of one number begin alike in every run of a game."""
    out: Path | None = None
    """The page; in the folder replays of the store if left out."""
    gif: Path | None = None
    """An animated GIF to write beside the page."""
