"""What can be asked of suites on the command line."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Literal, Union

import tyro

Where = Annotated[Path, tyro.conf.Positional]
Which = Annotated[str, tyro.conf.Positional]


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteList:
    """List the suites that come with the package."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteShow:
    """Show the cells of a suite, and the time, memory and disk that they will take."""

    suite: Which
    """Name of a suite, or a TOML file."""
    size: str | None = None
    """Which of the suite's sizes; the full one if left out."""
    workers: int | None = None
    """Worker processes to estimate for; as many as there are processors if left out."""
    time: bool = True
    """Train each cell for a moment to estimate the time; about a second a cell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteRun:
    """Run what is missing or failed of a suite."""

    suite: Which
    """Name of a suite, or a TOML file."""
    size: str | None = None
    """Which of the suite's sizes; the full one if left out."""
    out: Path | None = None
    """Folder of the runs; runs/NAME if left out."""
    workers: int | None = None
    """Worker processes; as many as there are processors if left out."""
    scheduler: str | None = None
    """Address of a Dask scheduler, such as tcp://10.0.0.5:8786: run on its workers instead; see docs/clusters.md."""
    tensorboard: Path | None = None
    """Folder to write what is measured into as scalars for TensorBoard, once the runs are done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteStatus:
    """Say what is planned, done and failed in a folder of runs."""

    folder: Where
    """Folder of the runs."""
    suite: str | None = None
    """Name of the suite, where the folder holds several."""
    watch: bool = False
    """Look again and again until nothing is running there any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SuiteExport:
    """Write every number of a suite's finished runs into one file, a row a number."""

    folder: Where
    """Folder of the runs."""
    out: Path
    """The file."""
    format: Literal["parquet", "csv"] | None = None
    """What kind of file; what the end of its name says if left out."""
    suite: str | None = None
    """Name of the suite, where the folder holds several."""


SUITE_COMMANDS = {
    "list": SuiteList,
    "show": SuiteShow,
    "run": SuiteRun,
    "status": SuiteStatus,
    "export": SuiteExport,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Suites:
    """Suites of runs: list, show, run, status, export."""

    do: Annotated[
        Union[  # noqa: UP007
            Annotated[SuiteList, tyro.conf.subcommand("list", prefix_name=False)],
            Annotated[SuiteShow, tyro.conf.subcommand("show", prefix_name=False)],
            Annotated[SuiteRun, tyro.conf.subcommand("run", prefix_name=False)],
            Annotated[SuiteStatus, tyro.conf.subcommand("status", prefix_name=False)],
            Annotated[SuiteExport, tyro.conf.subcommand("export", prefix_name=False)],
        ],
        tyro.conf.arg(name=""),
    ] = field()
