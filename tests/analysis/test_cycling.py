"""Measures of cycling on paths whose measures are known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.analysis.cycling import cycling, recurrence, tortuosity, winding_number
from nashlens.analysis.dynamics import trajectory
from nashlens.analysis.exploitability import nash_conv
from nashlens.games.normal_form import NormalFormGame, Profile

PENNIES = NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
DILEMMA = NormalFormGame([[[3, 0], [5, 1]], [[3, 5], [0, 1]]])


def circle(turns: float, n_steps: int = 400, radius: float = 0.3) -> Profile:
    """Profiles of matching pennies on a circle around the equilibrium."""
    angle = 2 * np.pi * turns * np.linspace(0, 1, n_steps + 1)
    x, y = 0.5 + radius * np.cos(angle), 0.5 + radius * np.sin(angle)
    return Profile([np.stack([x, 1 - x], axis=1), np.stack([y, 1 - y], axis=1)])


def test_winding_number_square_once_around_either_way() -> None:
    square = [[1, 0], [0, 1], [-1, 0], [0, -1], [1, 0]]
    assert winding_number(square, [0, 0]) == pytest.approx(1.0)
    assert winding_number(square[::-1], [0, 0]) == pytest.approx(-1.0)
    assert winding_number(square, [5, 5]) == pytest.approx(0.0, abs=1e-12)


def test_winding_number_through_the_centre_is_nan() -> None:
    assert np.isnan(winding_number([[1, 0], [0, 0], [0, 1]], [0, 0]))


@given(st.floats(0.1, 5.0))
def test_winding_number_part_of_a_circle_is_its_angle(turns: float) -> None:
    angle = 2 * np.pi * turns * np.linspace(0, 1, 200)
    assert winding_number(np.stack([np.cos(angle), np.sin(angle)], axis=1), [0, 0]) == pytest.approx(turns, abs=1e-9)


def test_recurrence_of_a_circle_is_zero_after_a_turn() -> None:
    angle = np.linspace(0, 4 * np.pi, 401)
    points = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    assert recurrence(points, delay=100) == pytest.approx(0.0, abs=1e-12)
    assert recurrence(points[:101], delay=100) == pytest.approx(2.0)  # half a turn away: from 1 to −1


def test_tortuosity_known_paths() -> None:
    assert tortuosity([[0, 0], [1, 1], [2, 2]]) == 1.0
    assert tortuosity([[0.0], [3.0], [1.0]]) == 5.0  # 3 there, 2 back, 1 in all
    assert tortuosity([[0, 0], [1, 0], [0, 0]]) == np.inf
    assert np.isnan(tortuosity([[0.5, 0.5]] * 3))


def test_cycling_two_turns_around_the_equilibrium() -> None:
    # NashConv of matching pennies is |2p − 1| + |2q − 1|: .6 at the end of the path, (.8, .5).
    found = cycling(PENNIES, circle(2.0), centre=Profile.uniform(2, 2))
    assert found.winding == pytest.approx(2.0, abs=1e-9)
    assert found.recurrence == pytest.approx(0.0, abs=1e-9)
    assert found.tortuosity == np.inf
    assert found.gap_last == pytest.approx(0.6, abs=1e-9)
    assert found.gap_average < 0.01
    assert found.cycle_index == pytest.approx(found.gap_last - found.gap_average)


def test_cycling_convergent_path_has_no_cycle() -> None:
    path = trajectory(DILEMMA, Profile([[0.9, 0.1], [0.6, 0.4]]), step=0.05, n_steps=500).profile
    found = cycling(DILEMMA, path)
    assert found.tortuosity == pytest.approx(1.0, abs=1e-9)  # both defect more and more
    assert found.gap_last < 1e-6
    assert found.cycle_index < 0  # the average is worse than the last
    assert found.winding < 0.6


def test_cycling_replicator_in_pennies_circles_and_its_average_is_better() -> None:
    path = trajectory(PENNIES, Profile([[0.7, 0.3], [0.5, 0.5]]), step=0.02, n_steps=2_000).profile
    found = cycling(PENNIES, path, centre=Profile.uniform(2, 2))
    assert found.winding > 2
    assert found.recurrence < 0.01
    assert found.cycle_index > 0.2
    assert found.gap_last == pytest.approx(float(nash_conv(PENNIES, Profile([s[-1] for s in path])).nash_conv))


def test_cycling_path_that_never_moves_says_so() -> None:
    still = Profile([np.full((5, 2), 0.5)] * 2)
    found = cycling(PENNIES, still)
    assert np.isnan(found.tortuosity)
    assert np.isnan(found.winding)
    assert found.cycle_index == 0.0
    assert len(found.to_records()) == 6


def test_cycling_straight_path_spans_no_plane() -> None:
    share = np.linspace(0, 1, 5)[:, None]
    line = Profile([share * [1.0, 0.0] + (1 - share) * [0.0, 1.0]] * 2)
    assert np.isnan(cycling(PENNIES, line).winding)


@pytest.mark.parametrize("shape", [(), (1,), (2, 2)])
def test_cycling_without_a_path_raises(shape: tuple[int, ...]) -> None:
    strategy = np.full((*shape, 2), 0.5)
    with pytest.raises(ValueError, match="leading axis"):
        cycling(PENNIES, Profile([strategy, strategy]))


def test_cycling_bad_centre_or_delay_raises() -> None:
    with pytest.raises(ValueError, match="centre"):
        cycling(PENNIES, circle(1.0), centre=circle(1.0))
    with pytest.raises(ValueError, match="profile"):
        cycling(PENNIES, circle(1.0), centre=Profile.uniform(3, 3))
    for delay in (0, 401):
        with pytest.raises(ValueError, match="delay"):
            cycling(PENNIES, circle(1.0), delay=delay)


def test_path_measures_bad_shape_raises() -> None:
    with pytest.raises(ValueError, match="points"):
        winding_number(np.zeros((3, 3)), [0, 0])
    with pytest.raises(ValueError, match="points"):
        recurrence(np.zeros(3), delay=1)
    with pytest.raises(ValueError, match="points"):
        tortuosity(np.zeros(3))
