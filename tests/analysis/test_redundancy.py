"""Behavioural rank: copies, mixtures, noise, empty cells."""

import numpy as np
import pytest

from nashlens.analysis.redundancy import redundancy
from nashlens.analysis.results import Result

RPS = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])


@pytest.mark.parametrize(
    ("rows", "rank"),
    [
        (np.tile([1.0, 2.0, 3.0], (4, 1)), 0),  # copies
        (RPS, 2),  # three policies that differ in every way: K − 1
        (np.vstack([RPS, RPS[2]]), 2),  # a copy adds nothing
        (np.vstack([RPS, RPS.mean(axis=0)]), 2),  # nor does a mixture
        (RPS[:2], 1),
    ],
)
def test_redundancy_of_known_tables(rows, rank):
    assert redundancy(rows).rank == rank


def test_redundancy_of_noise_alone_is_0_where_noise_is_known():
    # The largest singular value of noise is about σ (√K + √B); centring only lowers it.
    rng = np.random.default_rng(0)
    ranks = [redundancy(rng.normal(scale=0.1, size=(8, 20)), noise=0.1).rank for _ in range(50)]
    assert np.mean(np.array(ranks) == 0) > 0.9
    assert redundancy(rng.normal(scale=0.1, size=(8, 20))).rank == 7
    spread = np.outer(np.repeat([-1.0, 1.0], 4), np.ones(20))
    found = redundancy(spread + rng.normal(scale=0.1, size=(8, 20)), noise=0.1)
    assert (found.rank, found.bound) == (1, "lower")


def test_redundancy_leaves_opponents_with_empty_cells_out():
    holed = RPS.copy()
    holed[0, 0] = np.nan
    found = redundancy(holed)
    assert (found.n_opponents, found.n_left_out, found.rank) == (2, 1, 2)
    assert isinstance(found, Result)
    assert found.to_records()[0]["value"] == 2


@pytest.mark.parametrize(
    ("cells", "settings", "message"),
    [
        ([1.0], {}, r"cells must be \[K, B\]"),
        ([[np.nan, 1.0], [1.0, np.nan]], {}, "cells must have a column without an empty cell"),
        ([[1.0]], {"noise": -1.0}, "noise and tolerance must be finite and at least 0"),
    ],
)
def test_redundancy_says_what_does_not_fit(cells, settings, message):
    with pytest.raises(ValueError, match=message):
        redundancy(cells, **settings)
