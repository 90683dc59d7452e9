"""Runs that an instrument cannot measure: why, as rows of their own, and in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from nashlens.reports.measure_rows import Row, row
from nashlens.reports.quantities import Quantity
from nashlens.reports.words import counted, listed

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """The reasons for which an instrument leaves runs out.

    Attributes
    ----------
    prefix : begins the name of the metric of each reason.
    what : is not done for such a run, such as ``its replay is not weighed``.
    reasons : by key, each the end of a sentence that begins with because.
    """

    prefix: str
    what: str
    reasons: Mapping[str, str]

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """One metric a reason."""
        return tuple(
            Quantity(
                name=f"{self.prefix}{reason}",
                title=f"Left out, {reason.replace('_', ' ')}",
                value_unit="run",
                definition=f"1 for a run of which {self.what}, because {why}.",
                least=0.0,
            )
            for reason, why in self.reasons.items()
        )

    def rows(self, run: TrainingRun, reason: str) -> Iterator[Row]:
        """Yield the row that says why a run was left out."""
        yield row(f"{self.prefix}{reason}", 1.0, step=run.snapshot_steps[-1], bound="exact", unit="run", n=1)

    def is_in(self, frame: pd.DataFrame) -> pd.Series:
        """Say of each row of a tidy frame whether it is of a run that was left out."""
        return frame["metric"].str.startswith(self.prefix)

    def words(self, frame: pd.DataFrame) -> str:
        """Name and count the runs that were left out of a tidy frame, with the reasons; empty if there are none."""
        said = []
        for metric, rows in frame[self.is_in(frame)].groupby("metric", sort=False):
            runs = rows.groupby(["game", "algorithm"], sort=False)["run_id"].nunique()
            counts = runs.reset_index().to_dict("records")
            named = [
                f"{counted(int(each['run_id']), 'run')} of {each['algorithm']} in {each['game']}" for each in counts
            ]
            said.append(f"{listed(named)} ({self.reasons[str(metric).removeprefix(self.prefix)]})")
        return f"Left out: {'; '.join(said)}." if said else ""
