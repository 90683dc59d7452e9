"""Gradient play in discrete time against its closed forms on the bilinear game u = xy."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.analysis.cycling import winding_number
from nashlens.analysis.gradient_play import gradient_path, gradient_play
from nashlens.games.normal_form import NormalFormGame, Profile

PENNIES = NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])


def bilinear(point: np.ndarray) -> np.ndarray:
    """The first coordinate wants xy low, the second wants it high."""
    return np.array([-point[1], point[0]])


def test_gradient_path_simultaneous_spirals_outwards() -> None:
    # T15: radius (1 + η²)^{t/2}, t · arctan(η) / 2π turns; η = .1, t = 100: 1.644632 and 1.586276.
    path = gradient_path(bilinear, [1.0, 0.0], step=0.1, n_steps=100)
    assert np.hypot(*path[-1]) == pytest.approx(1.644632, abs=1e-6)
    assert winding_number(path, [0, 0]) == pytest.approx(1.586276, abs=1e-6)


@given(st.floats(0.01, 0.5), st.floats(-3, 3), st.floats(-3, 3))
def test_gradient_path_alternating_keeps_its_ellipse(step: float, x: float, y: float) -> None:
    # T15: x² + y² − η x y is invariant under x ← x − η y, then y ← y + η x.
    path = gradient_path(bilinear, [x, y], step=step, n_steps=200, steps="alternating")
    invariant = path[:, 0] ** 2 + path[:, 1] ** 2 - step * path[:, 0] * path[:, 1]
    assert invariant == pytest.approx(np.full(201, invariant[0]), rel=1e-9, abs=1e-12)


def test_gradient_path_optimistic_converges_at_its_spectral_radius() -> None:
    # T15: radius .994936 at η = .1; norms .6081, .07981, 3.9e−5 after 100, 500, 2000 steps.
    path = gradient_path(bilinear, [1.0, 0.0], step=0.1, n_steps=2_000, steps="optimistic")
    norms = np.hypot(*path.T)
    assert norms[[100, 500]] == pytest.approx([0.6081, 0.07981], rel=1e-4)
    assert norms[2_000] == pytest.approx(3.9e-5, rel=0.02)
    assert (norms[1_500] / norms[500]) ** (1 / 1_000) == pytest.approx(0.994936, abs=1e-6)


def test_gradient_path_blocks_move_one_agent_at_a_time() -> None:
    # The first agent owns two coordinates; the second sees where they went.
    def gradient(z: np.ndarray) -> np.ndarray:
        return np.array([1.0, 1.0, z[0] + z[1]])

    assert gradient_path(gradient, np.zeros(3), step=1.0, n_steps=1, blocks=(2, 1), steps="alternating")[
        1
    ].tolist() == [1, 1, 2]
    assert gradient_path(gradient, np.zeros(3), step=1.0, n_steps=1, blocks=(2, 1))[1].tolist() == [1, 1, 0]


def test_gradient_path_start_is_not_touched_and_path_is_read_only() -> None:
    start = np.array([1.0, 0.0])
    path = gradient_path(bilinear, start, step=0.1, n_steps=3, steps="alternating")
    assert start.tolist() == [1.0, 0.0]
    with pytest.raises(ValueError, match="read-only"):
        path[0, 0] = 2.0


def test_gradient_play_pennies_interior_is_the_bilinear_game() -> None:
    # In x = p − ½, y = q − ½ the tangent gradient of the first is 2 y · (1, −1): x' = 2 y, y' = −2 x.
    path = gradient_play(PENNIES, Profile([[0.55, 0.45], [0.5, 0.5]]), step=0.05, n_steps=20)
    centred = np.stack([s[:, 0] - 0.5 for s in path.profile], axis=1)
    assert np.hypot(*centred[-1]) == pytest.approx(0.05 * (1 + 0.1**2) ** 10, rel=1e-9)


def test_gradient_play_pennies_optimistic_converges_and_simultaneous_does_not() -> None:
    start = Profile([[0.6, 0.4], [0.5, 0.5]])
    optimistic = gradient_play(PENNIES, start, step=0.1, n_steps=2_000, steps="optimistic")
    simultaneous = gradient_play(PENNIES, start, step=0.1, n_steps=2_000)
    assert optimistic.last[0] == pytest.approx([0.5, 0.5], abs=1e-6)
    assert max(abs(float(s[0]) - 0.5) for s in simultaneous.last) > 0.4


@pytest.mark.parametrize(
    ("start", "arguments", "message"),
    [
        ([np.nan, 0.0], {}, "start"),
        ([[1.0, 0.0]], {}, "start"),
        ([], {}, "start"),
        ([1.0, 0.0], {"blocks": (3,)}, "blocks"),
        ([1.0, 0.0], {"blocks": (2, 0)}, "blocks"),
        ([1.0, 0.0], {"steps": "extra"}, "steps"),
        ([1.0, 0.0], {"step": 0.0}, "step"),
        ([1.0, 0.0], {"n_steps": 0}, "n_steps"),
    ],
)
def test_gradient_path_bad_argument_raises(start: list[float], arguments: dict[str, object], message: str) -> None:
    settings: dict[str, object] = {"step": 0.1, "n_steps": 1, **arguments}
    with pytest.raises(ValueError, match=message):
        gradient_path(bilinear, start, **settings)  # type: ignore[arg-type]


def test_gradient_play_batch_raises() -> None:
    with pytest.raises(ValueError, match="batch"):
        gradient_play(PENNIES, Profile([[[0.5, 0.5]], [[0.5, 0.5]]]))
