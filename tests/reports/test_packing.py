from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.reports.packing import SHARED_SEEDS, CellCost, assumed_cost, pack_counts

Cells = list[tuple[int, CellCost]]


def unknown(*cells: tuple[int, int]) -> Cells:
    """Return cells of so many seeds and steps of which nothing was measured."""
    return [(n_seeds, assumed_cost(steps)) for n_seeds, steps in cells]


def end_of(cells: Cells, counts: list[int], workers: int) -> float:
    """When all jobs are over, by simulating workers that take the longest job left."""
    jobs = []
    for (n_seeds, cost), count in zip(cells, counts, strict=True):
        size = -(-n_seeds // count)
        seeds = list(range(n_seeds))
        jobs += [cost.seconds(len(seeds[k : k + size])) for k in range(0, n_seeds, size)]
    busy = [0.0] * workers
    for job in sorted(jobs, reverse=True):
        busy[busy.index(min(busy))] += job
    return max(busy)


def test_assumed_cost_counts_what_seeds_share_once() -> None:
    # two packs of three share their overhead twice: 2 (3 + 2) against 6 + 2
    assert 2 * assumed_cost(10).seconds(3) - assumed_cost(10).seconds(6) == 10 * SHARED_SEEDS


def test_times_scales_both_parts() -> None:
    assert CellCost(alone=2.0, more=1.0).times(3.0) == CellCost(alone=6.0, more=3.0)


def test_seeds_that_gain_nothing_from_each_other_are_trained_one_by_one() -> None:
    together, slower = CellCost(alone=2.0, more=2.0), CellCost(alone=2.0, more=3.0)
    assert [pack_counts([(4, cost)], workers=1) for cost in (together, slower)] == [[4], [4]]
    assert pack_counts([(4, slower), (4, CellCost(alone=2.0, more=0.1))], workers=1) == [4, 1]


def test_one_worker_trains_every_cell_in_one_pack() -> None:
    assert pack_counts(unknown((10, 100), (3, 5)), workers=1) == [1, 1]


def test_one_cell_is_split_over_all_workers() -> None:
    assert pack_counts(unknown((10, 100)), workers=2) == [2]
    assert pack_counts(unknown((3, 100)), workers=8) == [3]


def test_cells_that_share_out_evenly_are_not_split() -> None:
    assert pack_counts(unknown((5, 100)) * 6, workers=2) == [1] * 6


def test_the_cell_that_would_end_last_is_split() -> None:
    # one cell of 1000 steps against a short one: its halves end at 7000 instead of 12000
    assert pack_counts(unknown((10, 1000), (1, 10)), workers=2) == [2, 1]


def test_nothing_to_do_has_no_packs() -> None:
    assert pack_counts([], workers=2) == []


def test_pack_counts_without_a_worker_raises() -> None:
    with pytest.raises(ValueError, match="workers must be at least 1, not 0"):
        pack_counts(unknown((1, 1)), workers=0)


COSTS = st.builds(CellCost, alone=st.floats(0.1, 100), more=st.floats(0, 150))
CELLS = st.lists(st.tuples(st.integers(1, 12), COSTS), min_size=1, max_size=5)


@given(CELLS, st.integers(1, 6))
def test_pack_counts_end_no_later_than_one_seed_a_job(cells: Cells, workers: int) -> None:
    counts = pack_counts(cells, workers=workers)
    assert all(1 <= count <= n_seeds for count, (n_seeds, _) in zip(counts, cells, strict=True))
    singly = end_of(cells, [n_seeds for n_seeds, _ in cells], workers)
    assert end_of(cells, counts, workers) <= singly * (1 + 1e-9)


@given(CELLS, st.integers(1, 6))
def test_pack_counts_end_no_later_than_whole_cells_where_seeds_gain_from_each_other(cells: Cells, workers: int) -> None:
    gaining = [(n_seeds, CellCost(alone=cost.alone, more=min(cost.more, 0.9 * cost.alone))) for n_seeds, cost in cells]
    counts = pack_counts(gaining, workers=workers)
    assert end_of(gaining, counts, workers) <= end_of(gaining, [1] * len(cells), workers) * (1 + 1e-9)


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 50)), min_size=1, max_size=3))
def test_pack_counts_of_two_workers_are_within_a_third_of_the_best_there_is(sizes: list[tuple[int, int]]) -> None:
    # Longest first ends within 4/3 of the best for given jobs (Graham's bound 4/3 - 1/(3·2) = 7/6); the choice of packs
    # is compared with every choice there is.
    cells = unknown(*sizes)
    every = itertools.product(*[range(1, n_seeds + 1) for n_seeds, _ in cells])
    best = min(end_of(cells, list(counts), 2) for counts in every)
    assert end_of(cells, pack_counts(cells, workers=2), 2) <= 4 / 3 * best + 1e-9
