"""What every instrument does: measure a run, compare the runs of a game, and write a chapter about both.

Measuring is done once a run and kept beside it; comparing is done once for each set of runs and kept in the store.
Writing the chapter computes no more than means and intervals over seeds. So a report is built from what is stored, and
`report check` does all three again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol, overload

import pandas as pd

from nashlens.games import Game
from nashlens.reports.conventions import GameFacts
from nashlens.reports.figures import Figure
from nashlens.reports.measure_rows import Row
from nashlens.reports.quantities import Quantity
from nashlens.reports.tables import Table

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

Comparisons = Mapping[str, pd.DataFrame]


class StoredRuns(Sequence["TrainingRun"]):
    """The finished runs of one cell, each read when it is asked for and not kept.

    Parameters
    ----------
    readers : one a run, in the order of the seeds.
    processor_seconds : what each run's training took of a processor; 0 where that was not measured.

    Attributes
    ----------
    processor_seconds : as given; empty if left out.
    """

    def __init__(
        self, readers: Sequence[Callable[[], TrainingRun]], *, processor_seconds: Sequence[float] = ()
    ) -> None:
        self._readers = tuple(readers)
        self.processor_seconds = tuple(processor_seconds)

    def __len__(self) -> int:
        return len(self._readers)

    @overload
    def __getitem__(self, index: int) -> TrainingRun: ...
    @overload
    def __getitem__(self, index: slice) -> StoredRuns: ...
    def __getitem__(self, index: int | slice) -> TrainingRun | StoredRuns:
        if isinstance(index, slice):
            return StoredRuns(self._readers[index], processor_seconds=self.processor_seconds[index])
        return self._readers[index]()

    def __iter__(self) -> Iterator[TrainingRun]:
        for read in self._readers:
            yield read()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Chapter:
    """What an instrument adds to a report.

    Attributes
    ----------
    answers : sentences that answer the suite's question with numbers; they open the report.
    figures, tables : in their order; names must not recur in a report.
    """

    answers: tuple[str, ...] = ()
    figures: tuple[Figure, ...] = field(default=())
    tables: tuple[Table, ...] = field(default=())


class Instrument(Protocol):
    """One instrument.

    Attributes
    ----------
    name : as a suite asks for it.
    version : raised whenever `measure` or `compare` give other numbers than before. What another version measured is
        measured again, unless an attribute ``reads`` of the instrument, a tuple of versions, names it: one that lacks
        rows, has the same numbers otherwise, and costs too much to measure again.
    quantities : every metric that `measure` gives.
    """

    @property
    def name(self) -> str:
        """Say how a suite asks for it."""
        ...

    @property
    def version(self) -> int:
        """Say which version of its numbers it gives."""
        ...

    @property
    def quantities(self) -> tuple[Quantity, ...]:
        """Name every metric that `measure` gives."""
        ...

    def measure(self, run: TrainingRun, game: Game) -> Iterable[Row]:
        """Return the numbers of one finished run, without its seed; none where the instrument does not apply.

        Parameters
        ----------
        run : as stored.
        game : the game of the run, made again.

        Raises
        ------
        ValueError : the run lacks what the instrument needs.
        """
        ...

    def compare(self, runs: Mapping[str, Sequence[TrainingRun]], game: Game, *, label: str) -> Comparisons:
        """Return the numbers that need several runs of one game, as frames by name.

        Parameters
        ----------
        runs : finished runs of each algorithm by its label, in the order of their seeds; algorithms without a finished
            run are left out.
        game : the game that they play.
        label : what the suite calls the game.

        Returns
        -------
        Frames that carry their own intervals: `estimate_rows.ESTIMATE_COLUMNS`, and what tells their rows
        apart. Same columns for every game.
        """
        ...

    def chapter(
        self, frame: pd.DataFrame, comparisons: Mapping[str, Comparisons], facts: Mapping[str, GameFacts]
    ) -> Chapter:
        """Return the chapter.

        Parameters
        ----------
        frame : the tidy frame of what `measure` gave, with ``game`` and ``algorithm`` as the suite calls them. Agents
            that always agree are written once, unless the instrument has an attribute ``keeps_agents`` that is True.
        comparisons : what `compare` gave, by game.
        facts : of every game by label.
        """
        ...
