"""The physics against hand-worked steps, conservation laws and its own promise of independence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.games.particle.physics import Body, Physics

FREE = Body(collides=False)


def one_body(order: str, body: Body = FREE) -> Physics:
    return Physics([body], [], order=order)


def advanced(physics: Physics, positions: object, velocities: object, forces: object) -> tuple[np.ndarray, np.ndarray]:
    at, speed, force = (np.array(a, dtype=np.float64)[..., None] for a in (positions, velocities, forces))
    physics.advance(at, speed, force)
    return at[..., 0], speed[..., 0]


# By hand, dt = 0.1, damping 0.25, mass 1, from rest at 0 under the force (5, 0): the velocity becomes 0.5 in either
# order; mpe2 moves by the old velocity, 0, the environments of 2017 by the new one, 0.5 · 0.1.
@pytest.mark.parametrize(("order", "moved"), [("mpe2", 0.0), ("lowe2017", 0.05)])
def test_first_step_from_rest_moves_by_the_velocity_of_its_order(order: str, moved: float) -> None:
    at, speed = advanced(one_body(order), [[0, 0]], [[0, 0]], [[5, 0]])
    np.testing.assert_allclose(at, [[moved, 0]])
    np.testing.assert_allclose(speed, [[0.5, 0]])


# By hand: v = (0.8, -0.4) damped to (0.6, -0.3), plus F dt / m = (1, 2) · 0.1 / 2 = (0.05, 0.1).
@pytest.mark.parametrize(("order", "moved"), [("mpe2", (0.08, -0.04)), ("lowe2017", (0.065, -0.02))])
def test_damping_and_mass_enter_as_written(order: str, moved: tuple[float, float]) -> None:
    at, speed = advanced(one_body(order, Body(collides=False, mass=2.0)), [[0, 0]], [[0.8, -0.4]], [[1, 2]])
    np.testing.assert_allclose(speed, [[0.65, -0.2]])
    np.testing.assert_allclose(at, [moved])


def test_speed_limit_keeps_direction_and_length() -> None:
    # v becomes 0.75 · (4, 3) = (3, 2.25), of length 3.75, and is cut to length 1: (0.8, 0.6).
    _, speed = advanced(one_body("mpe2", Body(collides=False, max_speed=1.0)), [[0, 0]], [[4, 3]], [[0, 0]])
    np.testing.assert_allclose(speed, [[0.8, 0.6]])


def test_speed_limit_leaves_slow_and_still_bodies_alone() -> None:
    physics = Physics([Body(collides=False, max_speed=1.0)] * 3, [], order="mpe2")
    _, speed = advanced(physics, np.zeros((3, 2)), [[8, 0], [0.4, 0], [0, 0]], np.zeros((3, 2)))
    np.testing.assert_allclose(speed, [[1, 0], [0.3, 0], [0, 0]])


def test_contact_force_at_the_sum_of_radii_is_the_soft_margin() -> None:
    # d = r: penetration k log 2 = 0.001 · 0.6931…, force 100 times that, here along x; Δv = F dt.
    physics = Physics([Body(size=0.1), Body(size=0.2)], [], order="mpe2")
    _, speed = advanced(physics, [[0, 0], [0.3, 0]], np.zeros((2, 2)), np.zeros((2, 2)))
    np.testing.assert_allclose(speed, np.array([[-1, 0], [1, 0]]) * 100 * 0.001 * np.log(2) * 0.1)


def test_deep_overlap_pushes_in_proportion_to_its_depth() -> None:
    # d = 0.1, r = 0.3: k log(1 + exp(0.2 / k)) = 0.2 up to exp(-200).
    physics = Physics([Body(size=0.15), Body(size=0.15)], [], order="mpe2")
    _, speed = advanced(physics, [[0, 0], [0, 0.1]], np.zeros((2, 2)), np.zeros((2, 2)))
    np.testing.assert_allclose(speed, [[0, -2.0], [0, 2.0]])


def test_bodies_at_one_point_do_not_push_and_give_no_nan() -> None:
    physics = Physics([Body(), Body()], [], order="mpe2")
    at, speed = advanced(physics, np.ones((2, 2)), np.zeros((2, 2)), np.zeros((2, 2)))
    np.testing.assert_array_equal(speed, 0)
    np.testing.assert_array_equal(at, 1)


def test_landmark_pushes_an_agent_and_stays() -> None:
    physics = Physics([Body(size=0.1)], [Body(size=0.2, movable=False)], order="mpe2")
    at, speed = advanced(physics, [[0.25, 0], [0, 0]], [[0, 0]], [[0, 0]])
    np.testing.assert_allclose(speed, [[100 * 0.05 * 0.1, 0]], rtol=1e-9)
    np.testing.assert_array_equal(at[1], 0)


@pytest.mark.parametrize("ghost", [Body(collides=False), Body(collides=False, movable=False)])
def test_bodies_that_do_not_collide_are_passed_through(ghost: Body) -> None:
    physics = Physics([Body()], [ghost], order="mpe2")
    _, speed = advanced(physics, [[0, 0], [0.01, 0]], [[0, 0]], [[0, 0]])
    np.testing.assert_array_equal(speed, 0)


def test_agent_that_cannot_move_stays_and_only_movers_take_forces() -> None:
    physics = Physics([Body(movable=False, collides=False), FREE], [], order="lowe2017")
    assert physics.movers == slice(1, 2)
    at, speed = advanced(physics, [[1, 1], [0, 0]], np.zeros((2, 2)), [[5, 0]])
    np.testing.assert_allclose(at, [[1, 1], [0.05, 0]])
    np.testing.assert_allclose(speed, [[0, 0], [0.5, 0]])


def test_world_in_which_nobody_moves_stays_as_it_is() -> None:
    physics = Physics([Body(movable=False)], [Body(movable=False)], order="mpe2")
    at = np.ones((2, 2, 3))
    physics.advance(at, np.zeros((1, 2, 3)), np.empty((0, 2, 3)))
    np.testing.assert_array_equal(at, 1)


@given(st.integers(0, 2**32 - 1), st.integers(2, 6))
def test_contacts_among_movers_conserve_momentum(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    masses = rng.uniform(0.5, 3.0, n)
    physics = Physics([Body(size=0.2, mass=m) for m in masses], [], order="mpe2")
    at, speed = rng.uniform(-0.4, 0.4, (n, 2, 5)), np.zeros((n, 2, 5))
    physics.advance(at, speed, np.zeros((n, 2, 5)))
    np.testing.assert_allclose((masses[:, None, None] * speed).sum(axis=0), 0, atol=1e-12)
    assert np.abs(speed).max() > 0


@given(st.integers(0, 2**32 - 1))
def test_physics_is_equivariant_under_quarter_turns(seed: int) -> None:
    rng = np.random.default_rng(seed)
    physics = Physics([Body(size=0.2, max_speed=1.0)] * 3, [Body(size=0.3, movable=False)], order="lowe2017")
    at, speed, force = rng.uniform(-0.5, 0.5, (4, 2, 6)), rng.normal(size=(3, 2, 6)), rng.normal(size=(3, 2, 6))

    def turned(a: np.ndarray) -> np.ndarray:
        return np.stack([-a[:, 1], a[:, 0]], axis=1)

    there = tuple(turned(a) for a in (at, speed, force))
    physics.advance(*there)
    physics.advance(at, speed, force)
    np.testing.assert_allclose(there[0], turned(at), atol=1e-12)
    np.testing.assert_allclose(there[1], turned(speed), atol=1e-12)


@pytest.mark.parametrize("order", ["mpe2", "lowe2017"])
def test_one_environment_moves_bit_for_bit_as_among_others(order: str) -> None:
    rng = np.random.default_rng(3)
    n, n_envs = 12, 256
    physics = Physics([Body(size=0.15, max_speed=1.0)] * n, [Body(size=0.2, movable=False)] * 2, order=order)
    at, speed = rng.uniform(-1, 1, (n + 2, 2, n_envs)), rng.normal(size=(n, 2, n_envs))
    forces = rng.normal(size=(20, n, 2, n_envs))
    alone = [(at[..., [e]].copy(), speed[..., [e]].copy()) for e in (0, 100, 255)]
    for force in forces:
        for e, (own_at, own_speed) in zip((0, 100, 255), alone, strict=True):
            physics.advance(own_at, own_speed, force[..., [e]].copy())
        physics.advance(at, speed, force.copy())
    for e, (own_at, own_speed) in zip((0, 100, 255), alone, strict=True):
        np.testing.assert_array_equal(own_at[..., 0], at[..., e])
        np.testing.assert_array_equal(own_speed[..., 0], speed[..., e])
