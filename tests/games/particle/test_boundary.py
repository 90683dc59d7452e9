"""The penalty for leaving the middle."""

from __future__ import annotations

import numpy as np
import pytest

from nashlens.games.particle.boundary import boundary_penalty


# By hand from the formula on mpe2's page of tag: 0 below 0.9, 10 (x − 0.9) below 1, min(exp(2x − 2), 10) beyond.
@pytest.mark.parametrize(
    ("x", "expected"),
    [(0.0, 0.0), (0.89, 0.0), (-0.95, 0.5), (1.0, 1.0), (-1.5, np.e), (2.0, np.exp(2.0)), (2.2, 10.0), (1e6, 10.0)],
)
def test_penalty_of_one_coordinate(x: float, expected: float) -> None:
    np.testing.assert_allclose(boundary_penalty(np.array([[[x], [0.3]]])), [[expected]], atol=1e-12)


def test_penalties_of_both_coordinates_add() -> None:
    np.testing.assert_allclose(boundary_penalty(np.array([[[0.95], [-1.0]]])), [[1.5]])
