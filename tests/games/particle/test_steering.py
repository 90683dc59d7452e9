"""Steering: forces by hand, what the controls make of the vectors, and agents that arrive and rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nashlens import games
from nashlens.games.particle.controls import MODES, Controls, Mode
from nashlens.games.particle.heuristics import heuristic
from nashlens.games.particle.physics import Body
from nashlens.games.particle.steering import APPROACH_GAIN, approach, arrive, flee, move, nearest_point, points

WANTED = hnp.arrays(np.float64, (6, 2), elements=st.floats(-20, 20))


def executed(vectors: np.ndarray, mode: Mode) -> np.ndarray:
    """Return the force ``[B, 2]`` that the controls of a world make of the vectors."""
    return Controls([True], [False], n_signals=0, mode=mode).forces([vectors])[0].T


@pytest.mark.parametrize(
    ("mode", "wanted", "vector"),
    [
        ("one_hot", [0.4, -0.3], [1, 0, 0, 0, 0]),
        ("one_hot", [0.7, -0.6], [0, 0, 1, 0, 0]),
        ("one_hot", [0.7, -9.0], [0, 0, 0, 1, 0]),
        ("soft", [0.25, -0.5], [0.25, 0, 0.25, 0.5, 0]),
        ("soft", [-3.0, 1.0], [0, 0.75, 0, 0, 0.25]),
        ("continuous", [0.25, -0.5], [0, 0, 0.25, 0.5, 0]),
        ("continuous", [-3.0, 1.0], [0, 1, 0, 0, 1]),
    ],
)
def test_move_by_hand(mode: Mode, wanted: list[float], vector: list[float]) -> None:
    np.testing.assert_allclose(move(np.array([wanted]), mode), [vector], atol=1e-15)


@pytest.mark.parametrize("mode", MODES)
@given(wanted=WANTED)
def test_move_gives_an_action_of_the_space_and_never_pulls_the_wrong_way(mode: Mode, wanted: np.ndarray) -> None:
    vectors = move(wanted, mode)
    assert ((vectors >= 0) & (vectors <= 1)).all()
    if mode != "continuous":
        np.testing.assert_allclose(vectors.sum(axis=1), 1, atol=1e-12)
    force = executed(vectors, mode)
    assert (force * wanted >= 0).all()
    assert (np.abs(force) <= np.maximum(np.abs(wanted) + 0.5 * (mode == "one_hot"), 0) + 1e-12).all()


@given(wanted=hnp.arrays(np.float64, (6, 2), elements=st.floats(-0.5, 0.5)))
def test_move_executes_what_is_within_reach_exactly(wanted: np.ndarray) -> None:
    for mode in ("soft", "continuous"):
        np.testing.assert_allclose(executed(move(wanted, mode), mode), wanted, atol=1e-12)


def test_arrive_by_hand() -> None:
    # Thrust 5: a full action adds 0.5 to the velocity. Wanted velocity 0.3 / 0.3 = 1, of the present 0.8 a step leaves
    # 0.6: 0.4 / 0.5 = 0.8 actions. Twice the mass asks for twice as much.
    offsets, velocities = np.array([[0.3, 0.0]]), np.array([[0.8, 0.0]])
    np.testing.assert_allclose(arrive(offsets, velocities, body=Body()), [[0.8, 0.0]])
    np.testing.assert_allclose(arrive(offsets, velocities, body=Body(mass=2.0)), [[1.6, 0.0]])


def test_approach_is_proportional() -> None:
    assert approach(np.array([[0.1, -0.2]])).tolist() == [[0.1 * APPROACH_GAIN, -0.2 * APPROACH_GAIN]]


@pytest.mark.parametrize("physics", ["mpe2", "lowe2017"])
@pytest.mark.parametrize("mode", ["soft", "continuous"])
def test_agent_arrives_and_rests(mode: Mode, physics: Any) -> None:
    game: Any = games.make("simple", actions=mode, physics=physics, max_cycles=40)
    batch = game.start(50, rng=np.random.default_rng(3))
    policy = heuristic(game, 0)
    for _ in range(39):
        step = batch.step([policy.mode(batch.observations[0])])
    # The greatest way is 2√2; at full thrust the velocity is near 2, so that 39 steps suffice.
    assert step.measures["distance"].max() < 1e-3
    assert np.abs(step.next_observations[0][:, :2]).max() < 1e-2


def test_flee_by_hand() -> None:
    threats = np.array([[[0.5, 0.0], [0.0, 1.0]]])
    middle, edge = np.zeros((1, 2)), np.array([[-0.8, 0.0]])
    both, first = np.array([[True, True]]), np.array([[True, False]])
    # Repulsions 1/0.25 and 1/1: (-4, -1), scaled so that the larger is 1.
    np.testing.assert_allclose(flee(threats, both, positions=middle), [[-1.0, -0.25]])
    np.testing.assert_allclose(flee(threats, first, positions=middle), [[-1.0, 0.0]])
    # 0.2 beyond the wall at 0.6 pushes back with 5 · 0.2 = 1, as strong as the threat.
    np.testing.assert_allclose(flee(threats, first, positions=edge), [[0.0, 0.0]], atol=1e-12)
    np.testing.assert_array_equal(flee(threats, np.zeros((1, 2), dtype=bool), positions=middle), [[0.0, 0.0]])


def test_nearest_point_counts_only_what_is_visible() -> None:
    places = np.array([[[1.0, 0.0], [0.0, 0.5]], [[1.0, 0.0], [0.0, 0.5]], [[1.0, 0.0], [0.0, 0.5]]])
    visible = np.array([[True, True], [True, False], [False, False]])
    point, exists = nearest_point(places, visible)
    assert point.tolist() == [[0.0, 0.5], [1.0, 0.0], [0.0, 0.0]]
    assert exists.tolist() == [True, True, False]
    point, exists = nearest_point(np.zeros((2, 0, 2)))
    assert point.shape == (2, 2)
    assert not exists.any()


def test_points_are_cut_from_the_observation() -> None:
    seen = np.arange(14.0).reshape(2, 7)
    assert points(seen, 1, 2).tolist() == [[[1, 2], [3, 4]], [[8, 9], [10, 11]]]
    assert points(seen, 7, 0).shape == (2, 0, 2)
