"""Distances, sums and picks against plain NumPy on one environment at a time."""

from __future__ import annotations

import numpy as np

from nashlens.games.particle.geometry import between, length, ordered_sum, others, picked, rows


def test_length_and_between_equal_norms() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(3, 2, 4)), rng.normal(size=(2, 2, 4))
    expected = [[[np.linalg.norm(a[i, :, e] - b[j, :, e]) for e in range(4)] for j in range(2)] for i in range(3)]
    np.testing.assert_allclose(between(a, b), expected, rtol=1e-14)
    np.testing.assert_array_equal(length(np.array([[3.0], [4.0]])), [5.0])


def test_ordered_sum_adds_left_to_right_for_every_layout() -> None:
    # 1 + 1e-16 rounds to 1 each time; the small terms first would add up to something.
    terms = np.array([1.0] + [1e-16] * 20)
    assert ordered_sum(terms[:, None])[0] == 1.0
    assert ordered_sum(np.tile(terms[:, None], (1, 7)))[3] == 1.0
    assert ordered_sum([]) == 0.0


def test_others_rows_and_picked() -> None:
    values = np.arange(12.0).reshape(3, 2, 2)
    np.testing.assert_array_equal(others(values, 1), values[[0, 2]])
    np.testing.assert_array_equal(rows(values)[:, 0], [0, 2, 4, 6, 8, 10])
    np.testing.assert_array_equal(picked(values, np.array([2, 0])), [[8, 1], [10, 3]])
