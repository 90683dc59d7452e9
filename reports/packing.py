"""How many packs the missing seeds of each cell are trained in.

Seeds of one cell in lock-step share what an update costs beside its arithmetic: calls, small tensors, the games'
steps. On two cores at 2.6 GHz an update of S seeds took ``c · (S + r)`` seconds with r about 5 in matching pennies
(MADDPG, minibatches of 64), 2 in simple_spread with minibatches of 256, and 0.6 with 1024: a pack is never slower than
its seeds one after the other, and in small games it is several times as fast. So the seeds of a cell stay together
unless workers would stand idle, and where they would, the longest jobs are split while that brings the end nearer,
each job of S seeds counted as ``steps · (S + SHARED_SEEDS)``.
"""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heapify, heapreplace

SHARED_SEEDS = 2.0
"""What the seeds of a pack share, in seeds; measured as 0.6 to 5, see above."""
SPLITS_PER_WORKER = 4


def job_cost(n_seeds: int, steps: int) -> float:
    """Return what training so many seeds together costs, in environment steps of one seed."""
    return steps * (n_seeds + SHARED_SEEDS)


def pack_counts(cells: Sequence[tuple[int, int]], *, workers: int) -> list[int]:
    """Return in how many packs each cell is best trained on so many workers.

    Parameters
    ----------
    cells : missing seeds and environment steps of each cell.
    workers : processes to keep busy.

    Raises
    ------
    ValueError : `workers` is below 1.

    Notes
    -----
    The packs that end first, where jobs are taken up longest first, of those that splitting the longest job again and
    again comes by; of several, the one with the fewest packs. Not always the best there is: that is a hard problem.

    Examples
    --------
    On two workers one cell is split; of two equal cells each worker gets one; of three, one is split.

    >>> [pack_counts([(6, 100)] * n_cells, workers=2) for n_cells in (1, 2, 3)]
    [[2], [1, 1], [2, 1, 1]]
    """
    if workers < 1:
        raise ValueError(f"workers must be at least 1, not {workers}")
    counts = [1] * len(cells)
    best, best_end = list(counts), _end(cells, counts, workers)
    for _ in range(SPLITS_PER_WORKER * workers if workers > 1 else 0):
        divisible = [k for k, (n_seeds, _) in enumerate(cells) if counts[k] < n_seeds]
        if not divisible:
            break
        longest = max(divisible, key=lambda k: job_cost(_largest(cells[k][0], counts[k]), cells[k][1]))
        counts[longest] += 1
        end = _end(cells, counts, workers)
        if end < best_end:
            best, best_end = list(counts), end
    return best


def _largest(n_seeds: int, count: int) -> int:
    return -(-n_seeds // count)


def _end(cells: Sequence[tuple[int, int]], counts: Sequence[int], workers: int) -> float:
    costs = []
    for (n_seeds, steps), count in zip(cells, counts, strict=True):
        size = _largest(n_seeds, count)
        full, rest = divmod(n_seeds, size)
        costs += [job_cost(size, steps)] * full + ([job_cost(rest, steps)] if rest else [])
    return end_of(costs, workers=workers)


def end_of(costs: Sequence[float], *, workers: int) -> float:
    """Return when the last of some workers ends that take the longest job left whenever they are free."""
    ends = [0.0] * workers
    heapify(ends)
    for cost in sorted(costs, reverse=True):
        heapreplace(ends, ends[0] + cost)
    return max(ends)
