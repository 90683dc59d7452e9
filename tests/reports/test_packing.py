from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.reports.packing import SHARED_SEEDS, job_cost, pack_counts


def end_of(cells: list[tuple[int, int]], counts: list[int], workers: int) -> float:
    """When all jobs are over, by simulating workers that take the longest job left."""
    jobs = []
    for (n_seeds, steps), count in zip(cells, counts, strict=True):
        size = -(-n_seeds // count)
        seeds = list(range(n_seeds))
        jobs += [job_cost(len(seeds[k : k + size]), steps) for k in range(0, n_seeds, size)]
    busy = [0.0] * workers
    for job in sorted(jobs, reverse=True):
        busy[busy.index(min(busy))] += job
    return max(busy)


def test_job_cost_counts_what_seeds_share_once() -> None:
    # two packs of three share their overhead twice: 2 (3 + 2) against 6 + 2
    assert 2 * job_cost(3, 10) - job_cost(6, 10) == 10 * SHARED_SEEDS


def test_one_worker_trains_every_cell_in_one_pack() -> None:
    assert pack_counts([(10, 100), (3, 5)], workers=1) == [1, 1]


def test_one_cell_is_split_over_all_workers() -> None:
    assert pack_counts([(10, 100)], workers=2) == [2]
    assert pack_counts([(3, 100)], workers=8) == [3]


def test_cells_that_share_out_evenly_are_not_split() -> None:
    assert pack_counts([(5, 100)] * 6, workers=2) == [1] * 6


def test_the_cell_that_would_end_last_is_split() -> None:
    # one cell of 1000 steps against a short one: its halves end at 7000 instead of 12000
    assert pack_counts([(10, 1000), (1, 10)], workers=2) == [2, 1]


def test_nothing_to_do_has_no_packs() -> None:
    assert pack_counts([], workers=2) == []


def test_pack_counts_without_a_worker_raises() -> None:
    with pytest.raises(ValueError, match="workers must be at least 1, not 0"):
        pack_counts([(1, 1)], workers=0)


CELLS = st.lists(st.tuples(st.integers(1, 12), st.integers(1, 1000)), min_size=1, max_size=5)


@given(CELLS, st.integers(1, 6))
def test_pack_counts_end_no_later_than_whole_cells(cells: list[tuple[int, int]], workers: int) -> None:
    counts = pack_counts(cells, workers=workers)
    assert all(1 <= count <= n_seeds for count, (n_seeds, _) in zip(counts, cells, strict=True))
    assert end_of(cells, counts, workers) <= end_of(cells, [1] * len(cells), workers) + 1e-9


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 50)), min_size=1, max_size=3))
def test_pack_counts_of_two_workers_are_within_a_third_of_the_best_there_is(cells: list[tuple[int, int]]) -> None:
    # Longest first ends within 4/3 of the best for given jobs (Graham's bound 4/3 - 1/(3·2) = 7/6); the choice of packs
    # is compared with every choice there is.
    every = itertools.product(*[range(1, n_seeds + 1) for n_seeds, _ in cells])
    best = min(end_of(cells, list(counts), 2) for counts in every)
    assert end_of(cells, pack_counts(cells, workers=2), 2) <= 4 / 3 * best + 1e-9
