"""Partial observability: order, limits, empty places."""

from __future__ import annotations

import numpy as np

from nashlens.games.particle.neighbours import nearest

# One environment per column: things at distances (3, 1, 2) and (1, 2, 3) along x.
RELATIVE = np.array([[[3.0, 1.0], [0, 0]], [[-1.0, 2.0], [0, 0]], [[2.0, -3.0], [0, 0]]])
NAMES = np.array([[[10.0, 10.0]], [[11.0, 11.0]], [[12.0, 12.0]]])


def test_no_limit_returns_everything_as_it_is() -> None:
    relative, names = nearest(RELATIVE, None, attached=(NAMES,))
    assert relative is RELATIVE
    assert names is NAMES


def test_nearest_come_first_with_what_belongs_to_them() -> None:
    relative, names = nearest(RELATIVE, 2, attached=(NAMES,))
    np.testing.assert_array_equal(relative[:, 0], [[-1, 1], [2, 2]])
    np.testing.assert_array_equal(names[:, 0], [[11, 10], [12, 11]])


def test_places_without_neighbour_hold_zeros() -> None:
    relative, names = nearest(RELATIVE, 5, attached=(NAMES,))
    assert relative.shape == (5, 2, 2)
    np.testing.assert_array_equal(relative[3:], 0)
    np.testing.assert_array_equal(names[3:], 0)
    np.testing.assert_array_equal(relative[:3, 0, 0], [-1, 2, 3])


def test_nobody_to_see_leaves_only_empty_places() -> None:
    (relative,) = nearest(np.empty((0, 2, 3)), 2)
    np.testing.assert_array_equal(relative, np.zeros((2, 2, 3)))
