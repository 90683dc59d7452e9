"""What `nashlens suite show` prints: the cells of a suite, and the time, memory and disk that they will take."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from textwrap import wrap

from rich.console import Console, JustifyMethod
from rich.table import Table

from nashlens.reports.calibration import WORKER_START_SECONDS, calibrate
from nashlens.reports.conventions import departures
from nashlens.reports.execution import default_workers
from nashlens.reports.mistakes import Mistake
from nashlens.reports.packing import CellCost, assumed_cost, end_of, pack_counts
from nashlens.reports.run_size import RunSize, free_disk, free_memory, in_words, run_size, worker_bytes
from nashlens.reports.suite import Cell, Suite
from nashlens.reports.suite_arguments import SuiteShow
from nashlens.reports.suite_config import FULL
from nashlens.reports.suite_files import find_suite
from nashlens.reports.terminal import uncut_console
from nashlens.reports.words import counted

HEADER = ("game", "algorithm", "seeds", "steps", "set-up", "cell")
FOLDED = ("game", "algorithm")  # where the terminal is too narrow for a row
WIDTH = 100
HARD = "\N{NO-BREAK SPACE}"  # where a line may not be broken


def suite_show(asked: SuiteShow) -> int:
    """Print the cells of a suite and what they will take."""
    if asked.workers is not None and asked.workers < 1:
        raise Mistake(f"workers must be at least 1, not {asked.workers}")
    suite = find_suite(asked.suite, size=asked.size or FULL)
    workers = asked.workers or default_workers()
    sizes = {cell.cell_id: run_size(cell.runs[0]) for cell in suite.cells}
    costs = _costs(suite) if asked.time else None
    console = uncut_console()
    console.print(suite.name, style="bold", highlight=False)
    for part in wrap(suite.config.question, WIDTH):
        console.print(part, highlight=False, markup=False)
    set_ups = _set_ups(suite)
    console.print(_cells_table(suite, sizes, costs, set_ups))
    size = f"{counted(len(suite.cells), 'cell')}, {counted(len(suite.runs), 'run')}"
    console.print(f"{size}; set-ups, with the settings that are no defaults:")
    lines = [f"{number:>2}  {words}" for words, number in set_ups.items()]
    lines += [*_time_lines(suite, costs, workers=workers), *_size_lines(suite, sizes, costs, workers=workers)]
    for line in lines:
        for part in wrap(line.replace(" = ", f"{HARD}={HARD}"), WIDTH, subsequent_indent="    "):
            console.print(part.replace(HARD, " "), highlight=False, markup=False, soft_wrap=True)
    return 0


def expected_seconds(cells: Sequence[tuple[Cell, CellCost]], *, workers: int) -> float:
    """Return how long a suite takes of which nothing is done yet, its cells packed as `suite run` packs them.

    Parameters
    ----------
    cells : with what each costs.
    workers : worker processes, each as fast as this one.
    """
    counts = pack_counts([(len(cell.runs), cost) for cell, cost in cells], workers=workers)
    jobs = []
    for (cell, cost), count in zip(cells, counts, strict=True):
        jobs += [cost.seconds(n_seeds) for n_seeds in packed(len(cell.runs), count)]
    return WORKER_START_SECONDS + end_of(jobs, workers=workers)


def packed(n_seeds: int, count: int) -> list[int]:
    """Return the sizes of so many packs of seeds.

    >>> packed(5, 2)
    [3, 2]
    """
    size = -(-n_seeds // count)
    return [min(size, n_seeds - k) for k in range(0, n_seeds, size)]


def _costs(suite: Suite) -> dict[str, CellCost]:
    with Console(stderr=True).status("training each cell for a moment, to estimate the time"):
        return {cell.cell_id: calibrate(cell.runs[0], n_seeds=len(cell.runs)) for cell in suite.cells}


def _cells_table(
    suite: Suite, sizes: Mapping[str, RunSize], costs: Mapping[str, CellCost] | None, set_ups: Mapping[str, int]
) -> Table:
    table = Table(box=None, pad_edge=False)
    for name in (*HEADER, "memory", "disk", *(() if costs is None else ("time",))):
        justify: JustifyMethod = "left" if name in {*FOLDED, "seeds", "cell"} else "right"
        table.add_column(name, justify=justify, overflow="fold", no_wrap=name not in FOLDED)
    for cell in suite.cells:
        run, size, n_seeds = cell.runs[0], sizes[cell.cell_id], len(cell.runs)
        row = [cell.game, cell.algorithm, seeds_in_words([each.seed for each in cell.runs]), f"{run.steps:,}"]
        row += [str(set_ups[_set_up(cell)]), cell.cell_id[:8]]
        row += [in_words(n_seeds * size.memory_bytes), in_words(n_seeds * size.disk_bytes)]
        table.add_row(*row, *([] if costs is None else [_clock(costs[cell.cell_id].seconds(n_seeds))]))
    return table


def seeds_in_words(seeds: Sequence[int]) -> str:
    """Return seeds in little room.

    >>> seeds_in_words([0, 1, 2]), seeds_in_words([3, 5]), seeds_in_words([*range(9), 20])
    ('0 … 2', '3, 5', '0 … 20 (10)')
    """
    if len(seeds) > 2 and list(seeds) == list(range(seeds[0], seeds[0] + len(seeds))):
        return f"{seeds[0]} … {seeds[-1]}"
    return ", ".join(map(str, seeds)) if len(seeds) <= 4 else f"{seeds[0]} … {seeds[-1]} ({len(seeds)})"


def _set_ups(suite: Suite) -> dict[str, int]:
    """Return how the cells of a suite are trained and measured, each different way once, with its number."""
    return {words: k for k, words in enumerate(dict.fromkeys(_set_up(cell) for cell in suite.cells), start=1)}


def _set_up(cell: Cell) -> str:
    run = cell.runs[0]
    several = len(run.algorithm) > 1
    changed = "; ".join(
        f"{f'{side}: ' if several else ''}{', '.join(departures(each)) or 'all defaults'}"
        for side, each in run.algorithm.items()
    )
    measured = f"; measured by {', '.join(cell.metrics)}" if cell.metrics else ""
    return f"{run.snapshots} snapshots{measured}; {changed}"


def _time_lines(suite: Suite, costs: Mapping[str, CellCost] | None, *, workers: int) -> list[str]:
    if costs is None:
        return []
    seconds = expected_seconds([(cell, costs[cell.cell_id]) for cell in suite.cells], workers=workers)
    return [
        f"expected time: about {_clock(seconds)} with {workers} workers (an estimate, from the processor time of "
        "training each cell here for a moment; measuring is not counted, and a busy machine takes longer)"
    ]


def _size_lines(
    suite: Suite, sizes: Mapping[str, RunSize], costs: Mapping[str, CellCost] | None, *, workers: int
) -> list[str]:
    known = {cell.cell_id: assumed_cost(cell.runs[0].steps) for cell in suite.cells} if costs is None else costs
    counts = pack_counts([(len(cell.runs), known[cell.cell_id]) for cell in suite.cells], workers=workers)
    needs = [
        worker_bytes(sizes[cell.cell_id], n_seeds=n_seeds)
        for cell, count in zip(suite.cells, counts, strict=True)
        for n_seeds in packed(len(cell.runs), count)
    ]
    at_once = sum(sorted(needs, reverse=True)[:workers])
    stored = sum(len(cell.runs) * sizes[cell.cell_id].disk_bytes for cell in suite.cells)
    return [
        f"expected memory: up to {in_words(max(needs))} a worker, {in_words(at_once)} for {workers} workers "
        f"({in_words(free_memory())} are free here)",
        f"expected disk: about {in_words(stored)} ({in_words(free_disk(Path()))} are free here)",
    ]


def _clock(seconds: float) -> str:
    """Return a time as a reader would write it: seconds only where they matter."""
    if seconds >= 5400:
        return f"{seconds / 3600:.1f} h"
    if seconds >= 100:
        return f"{seconds / 60:.0f} min"
    return f"{seconds:.0f} s" if seconds >= 10 else f"{seconds:.2g} s"
