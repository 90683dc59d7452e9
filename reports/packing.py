"""How many packs the missing seeds of each cell are trained in.

Seeds of one cell in lock-step share what an update costs beside its arithmetic: calls, small tensors, the games'
steps. On two cores at 2.6 GHz an update of S seeds took ``c · (S + r)`` seconds with r about 5 in matching pennies
(MADDPG, minibatches of 64), 2 in simple_spread with minibatches of 256, and 0.6 with 1024: a pack is never slower than
its seeds one after the other, and in small games it is several times as fast. So the seeds of a cell stay together
unless workers would stand idle, and where they would, the longest jobs are split while that brings the end nearer.

That is so where nothing better is known. Of long cells the cost alone and together is measured before they are packed
(`pack_costs`), and seeds that gain nothing from each other are trained one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from heapq import heapify, heapreplace

SHARED_SEEDS = 2.0
"""What the seeds of a pack share, in seeds; measured as 0.6 to 5, see above."""
SPLITS_PER_WORKER = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class CellCost:
    """How long seeds of one cell take, trained together: ``alone + more · (S - 1)`` seconds for S of them.

    Attributes
    ----------
    alone : seconds of one seed.
    more : seconds that every further seed adds.
    """

    alone: float
    more: float

    def seconds(self, n_seeds: int) -> float:
        """Return how long so many seeds take together."""
        return self.alone + self.more * (n_seeds - 1)

    def times(self, factor: float) -> CellCost:
        """Return the cost of so many times the steps."""
        return CellCost(alone=factor * self.alone, more=factor * self.more)


def assumed_cost(steps: int) -> CellCost:
    """Return what a cell costs of which nothing was measured, in environment steps of one seed instead of seconds."""
    return CellCost(alone=steps * (1 + SHARED_SEEDS), more=float(steps))


def pack_counts(cells: Sequence[tuple[int, CellCost]], *, workers: int) -> list[int]:
    """Return in how many packs each cell is best trained on so many workers.

    Parameters
    ----------
    cells : missing seeds of each cell, and what they cost.
    workers : processes to keep busy.

    Raises
    ------
    ValueError : `workers` is below 1.

    Notes
    -----
    The packs that end first, where jobs are taken up longest first, of two kinds: every seed by itself, and those that
    splitting the longest job again and again comes by, beginning with whole cells (or single seeds, where together
    they take as long); of several, the one with the fewest packs. So no choice ends later than one seed a job. Not
    always the best there is: that is a hard problem.

    Examples
    --------
    On two workers one cell is split; of two equal cells each worker gets one; of three, one is split.

    >>> cell = (6, CellCost(alone=3.0, more=1.0))
    >>> [pack_counts([cell] * n_cells, workers=2) for n_cells in (1, 2, 3)]
    [[2], [1, 1], [2, 1, 1]]
    """
    if workers < 1:
        raise ValueError(f"workers must be at least 1, not {workers}")
    counts = [n_seeds if cost.more >= cost.alone else 1 for n_seeds, cost in cells]
    best, best_end = list(counts), _end(cells, counts, workers)
    for _ in range(SPLITS_PER_WORKER * workers if workers > 1 else 0):
        divisible = [k for k, (n_seeds, _) in enumerate(cells) if counts[k] < n_seeds]
        if not divisible:
            break
        longest = max(divisible, key=lambda k: cells[k][1].seconds(_largest(cells[k][0], counts[k])))
        counts[longest] += 1
        end = _end(cells, counts, workers)
        if end < best_end:
            best, best_end = list(counts), end
    singly = [n_seeds for n_seeds, _ in cells]
    return singly if _end(cells, singly, workers) < best_end else best


def _largest(n_seeds: int, count: int) -> int:
    return -(-n_seeds // count)


def _end(cells: Sequence[tuple[int, CellCost]], counts: Sequence[int], workers: int) -> float:
    costs = []
    for (n_seeds, cost), count in zip(cells, counts, strict=True):
        size = _largest(n_seeds, count)
        full, rest = divmod(n_seeds, size)
        costs += [cost.seconds(size)] * full + ([cost.seconds(rest)] if rest else [])
    return end_of(costs, workers=workers)


def end_of(costs: Sequence[float], *, workers: int) -> float:
    """Return when the last of some workers ends that take the longest job left whenever they are free."""
    ends = [0.0] * workers
    heapify(ends)
    for cost in sorted(costs, reverse=True):
        heapreplace(ends, ends[0] + cost)
    return max(ends)
