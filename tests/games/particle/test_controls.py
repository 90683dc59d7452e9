"""Actions: directions, soft against one-hot, layouts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.games import Box, Choice
from nashlens.games.core import one_hot
from nashlens.games.particle.controls import MOVES, Controls, Mode

# mpe2's order of moves: nothing, left, right, down, up.
WAYS = {"stay": (0, 0), "left": (-1, 0), "right": (1, 0), "down": (0, -1), "up": (0, 1)}


def mover(mode: Mode) -> Controls:
    return Controls([True], [False], n_signals=0, mode=mode)


def test_spaces_of_movers_speakers_and_both() -> None:
    args = ([True, False, True], [False, True, True])
    assert Controls(*args, n_signals=10, mode="one_hot").spaces == (Choice((5,)), Choice((10,)), Choice((5, 10)))
    assert Controls(*args, n_signals=10, mode="soft").spaces == (Choice((5,)), Choice((10,)), Choice((5, 10)))
    boxes = Controls(*args, n_signals=3, mode="continuous").spaces
    assert boxes == tuple(Box((0.0,) * n, (1.0,) * n) for n in (5, 3, 8))


@pytest.mark.parametrize("mode", ["one_hot", "soft", "continuous"])
def test_each_move_goes_the_way_of_its_name(mode: Mode) -> None:
    forces = mover(mode).forces([np.eye(5)])
    np.testing.assert_array_equal(forces[0].T, [WAYS[name] for name in MOVES])


def test_soft_move_is_the_difference_of_opposite_entries() -> None:
    # By hand: right 0.5 less left 0.2, up 0.1 less down 0.15.
    forces = mover("soft").forces([np.array([[0.05, 0.2, 0.5, 0.15, 0.1]])])
    np.testing.assert_allclose(forces[0, :, 0], [0.3, -0.05])


def test_one_hot_executes_the_largest_entry() -> None:
    forces = mover("one_hot").forces([np.array([[0.05, 0.2, 0.5, 0.15, 0.1]])])
    np.testing.assert_array_equal(forces[0, :, 0], [1, 0])


def test_continuous_actions_are_clipped_to_the_box() -> None:
    controls = Controls([True], [True], n_signals=2, mode="continuous")
    action = [np.array([[0.0, -3.0, 0.5, 0.25, 7.0, 2.0, -1.0]])]
    np.testing.assert_allclose(controls.forces(action)[0, :, 0], [0.5, 0.75])
    messages = np.zeros((1, 2, 1))
    controls.speak(action, messages)
    np.testing.assert_array_equal(messages[0, :, 0], [1, 0])


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2)), min_size=1, max_size=8))
def test_soft_equals_one_hot_exactly_on_one_hot_actions(choices: list[tuple[int, int]]) -> None:
    moves, signals = np.array(choices).T
    both = np.concatenate([one_hot(moves, 5), one_hot(signals, 3)], axis=1)
    actions = [one_hot(signals, 3), both]
    said, forces = [], []
    for mode in ("one_hot", "soft"):
        controls = Controls([False, True], [True, True], n_signals=3, mode=mode)
        messages = np.zeros((2, 3, len(moves)))
        controls.speak(actions, messages)
        said.append(messages)
        forces.append(controls.forces(actions))
    np.testing.assert_array_equal(said[0], said[1])
    np.testing.assert_array_equal(forces[0], forces[1])
    np.testing.assert_array_equal(said[0][1].argmax(axis=0), signals)


def test_messages_of_silent_agents_are_left_alone() -> None:
    controls = Controls([True, False], [False, True], n_signals=2, mode="soft")
    messages = np.zeros((2, 2, 1))
    controls.speak([np.eye(5)[[1]], np.array([[0.25, 0.75]])], messages)
    np.testing.assert_array_equal(messages[..., 0], [[0, 0], [0.25, 0.75]])


def test_world_without_movers_has_no_forces() -> None:
    controls = Controls([False], [True], n_signals=2, mode="one_hot")
    assert controls.forces([np.eye(2)]).shape == (0, 2, 2)
