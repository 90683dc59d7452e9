"""From where an agent wants to go to the action that takes it there, for agents that a rule of thumb steers.

A wanted force ``[B, 2]`` is measured in full actions: 1 along an axis is the whole thrust. It may ask for more than
there is; `move` cuts it to what the action space offers.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

from nashlens.games.core import Array, BoolArray
from nashlens.games.particle.controls import MOVES, Mode
from nashlens.games.particle.physics import DAMPING, TIME_STEP, Body

# Steps in which an agent wants to cover what is left of its way.
ARRIVAL_STEPS = 3.0
# Full actions for each unit of distance, for an agent that does not see its velocity: more would overshoot.
APPROACH_GAIN = 2.0
WALL, WALL_GAIN = 0.6, 5.0
NEAR = 1e-9


class Intent(NamedTuple):
    """What a rule of thumb wants: a force ``[B, 2]`` if the agent moves, a message ``[B, C]`` if it speaks."""

    force: Array | None = None
    said: Array | None = None


Rule = Callable[[Array], Intent]


def points(observations: Array, start: int, count: int) -> Array:
    """Return the `count` points ``[B, count, 2]`` that stand in the observations ``[B, O_i]`` from `start` on."""
    return observations[:, start : start + 2 * count].reshape(len(observations), count, 2)


def arrive(offsets: Array, velocities: Array, *, body: Body) -> Array:
    """Return the wanted force ``[B, 2]`` that takes `body` to a place and lets it rest there.

    The wanted velocity covers the offset in `ARRIVAL_STEPS`; the force makes up for what damping leaves of the present
    one.

    Parameters
    ----------
    offsets : ``[B, 2]``; the place, relative to the agent.
    velocities : ``[B, 2]``; the agent's own.
    body : its thrust and mass.
    """
    change = offsets / (ARRIVAL_STEPS * TIME_STEP) - (1 - DAMPING) * velocities
    wanted: Array = change * (body.mass / (body.thrust * TIME_STEP))
    return wanted


def approach(offsets: Array) -> Array:
    """Return the wanted force ``[B, 2]`` towards a place for an agent that does not see its own velocity."""
    return APPROACH_GAIN * offsets


def flee(threats: Array, visible: BoolArray, *, positions: Array) -> Array:
    """Return the wanted force ``[B, 2]`` away from threats, the near ones above all, and away from the edge.

    Each threat at distance d repels by ``1/d²``; the strongest component of the sum is scaled to 1. Beyond `WALL` from
    the middle, a coordinate is pushed back in proportion to what it is beyond.

    Parameters
    ----------
    threats : ``[B, n, 2]``, relative to the agent.
    visible : ``[B, n]``; which of them count.
    positions : ``[B, 2]``; the agent's own.
    """
    squared = np.maximum((threats**2).sum(axis=2, keepdims=True), NEAR)
    away = -np.where(visible[:, :, None], threats / squared**1.5, 0.0).sum(axis=1)
    strength = np.abs(away).max(axis=1, keepdims=True)
    beyond = np.sign(positions) * np.maximum(np.abs(positions) - WALL, 0.0)
    wanted: Array = away / np.where(strength > 0, strength, 1.0) - WALL_GAIN * beyond
    return wanted


def nearest_point(places: Array, visible: BoolArray | None = None) -> tuple[Array, BoolArray]:
    """Return the point ``[B, 2]`` of ``[B, n, 2]`` nearest to the agent, and whether there is one ``[B]``.

    Only points marked in `visible` ``[B, n]`` count; where there is none the point is (0, 0).
    """
    seen = np.ones(places.shape[:2], dtype=np.bool_) if visible is None else visible
    if not places.shape[1]:
        return np.zeros((len(places), 2)), np.zeros(len(places), dtype=np.bool_)
    distances = np.where(seen, (places**2).sum(axis=2), np.inf)
    chosen = np.take_along_axis(places, distances.argmin(axis=1)[:, None, None], axis=1)[:, 0]
    exists: BoolArray = np.any(seen, axis=1)
    return np.where(exists[:, None], chosen, 0.0), exists


def move(wanted: Array, mode: Mode) -> Array:
    """Return action vectors ``[B, 5]`` over `controls.MOVES` that come nearest to the wanted force.

    ``one_hot`` moves along the axis that asks for more, or stays if that is less than half an action; ``soft`` scales
    the force into what a point of the simplex can give, ``|x| + |y| ≤ 1``; ``continuous`` cuts each axis at 1.
    """
    if mode == "one_hot":
        rows, axis = np.arange(len(wanted)), np.abs(wanted).argmax(axis=1)
        largest = wanted[rows, axis]
        force = np.zeros_like(wanted)
        force[rows, axis] = np.where(np.abs(largest) > 0.5, np.sign(largest), 0.0)
    elif mode == "soft":
        force = wanted / np.maximum(np.abs(wanted).sum(axis=1, keepdims=True), 1.0)
    else:
        force = wanted.clip(-1.0, 1.0)
    vectors = np.zeros((len(wanted), len(MOVES)))
    vectors[:, 1::2], vectors[:, 2::2] = np.maximum(-force, 0.0), np.maximum(force, 0.0)
    if mode != "continuous":
        vectors[:, 0] = np.maximum(1.0 - np.abs(force).sum(axis=1), 0.0)
    return vectors
