"""The physics of every particle world: soft contacts, damping, two orders of integration.

Bodies are discs on a plane. A body that is pushed by ``F`` for one step of ``dt`` changes its velocity by
``v ← (1 − damping) v + F dt / m``, at most to its speed limit. Two bodies that collide push each other apart with the
force ``c k log(1 + exp(−(d − r) / k))`` along the line between them, where ``d`` is their distance and ``r`` the sum of
their radii: nearly nothing outside, nearly linear in the overlap inside.

The last axis of every array is the environment, and no sum runs over an axis whose memory order could change with the
number of environments: one environment moves bit for bit as it would among others.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from nashlens.games.core import Array

TIME_STEP = 0.1
DAMPING = 0.25
CONTACT_FORCE = 100.0
CONTACT_MARGIN = 1e-3
SMALLEST = np.finfo(np.float64).tiny

Order = Literal["mpe2", "lowe2017"]
ORDERS: tuple[Order, ...] = ("mpe2", "lowe2017")


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """What physics knows of one disc.

    Attributes
    ----------
    size : its radius.
    collides : True if it pushes, and is pushed by, others that collide.
    movable : True if forces move it.
    thrust : the force of a full action in one direction.
    max_speed : its speed limit.
    mass : what its force is divided by.
    """

    size: float = 0.05
    collides: bool = True
    movable: bool = True
    thrust: float = 5.0
    max_speed: float = np.inf
    mass: float = 1.0


class Physics:
    """The movement of N agents among landmarks.

    Parameters
    ----------
    agents : N bodies; those that can move stand side by side.
    landmarks : bodies that never move.
    order : ``mpe2`` moves a position by the old velocity, then changes the velocity; ``lowe2017``, as the environments
        of 2017 did, changes the velocity first and moves by the new one.

    Attributes
    ----------
    movers : the agents that can move, M of them.
    sizes : radii of agents, then landmarks.
    """

    def __init__(self, agents: Sequence[Body], landmarks: Sequence[Body], *, order: Order) -> None:
        moving = [i for i, body in enumerate(agents) if body.movable]
        self.movers = slice(moving[0], moving[-1] + 1) if moving else slice(0, 0)
        assert len(moving) == self.movers.stop - self.movers.start, "agents that move must stand side by side"
        self.sizes = np.array([body.size for body in (*agents, *landmarks)])
        self.thrusts = np.array([body.thrust for body in agents[self.movers]])[:, None, None]
        self._masses = np.array([body.mass for body in agents[self.movers]])[:, None, None]
        self._max_speeds = np.array([body.max_speed for body in agents[self.movers]])[:, None]
        self._limited = bool(np.isfinite(self._max_speeds).any())
        self._velocity_first = order == "lowe2017"
        bodies = (*agents, *landmarks)
        self._pairs = [
            (a, b)
            for a in range(len(agents))
            for b in range(a + 1, len(bodies))
            if bodies[a].collides and bodies[b].collides and (bodies[a].movable or b in moving)
        ]
        self._first = np.array([a for a, _ in self._pairs], dtype=np.int64)
        self._second = np.array([b for _, b in self._pairs], dtype=np.int64)
        self._reach = (self.sizes[self._first] + self.sizes[self._second])[:, None]

    def advance(self, positions: Array, velocities: Array, forces: Array) -> None:
        """Move everything by one step, in place.

        Parameters
        ----------
        positions : ``[n, 2, E]``; agents, then landmarks.
        velocities : ``[N, 2, E]``.
        forces : ``[M, 2, E]``; what the agents that can move do themselves. Contact forces are added to it.
        """
        if not len(forces):
            return
        if self._pairs:
            self._add_contacts(positions, forces)
        moved, speeds = positions[self.movers], velocities[self.movers]
        if not self._velocity_first:
            moved += speeds * TIME_STEP
        speeds *= 1 - DAMPING
        speeds += forces / self._masses * TIME_STEP
        if self._limited:
            self._limit(speeds)
        if self._velocity_first:
            moved += speeds * TIME_STEP

    def _add_contacts(self, positions: Array, forces: Array) -> None:
        apart = positions[self._first] - positions[self._second]
        distances = np.sqrt(apart[:, 0] * apart[:, 0] + apart[:, 1] * apart[:, 1])
        overlaps = np.logaddexp(0, -(distances - self._reach) / CONTACT_MARGIN) * CONTACT_MARGIN
        # Bodies at the very same point have no line between them: they do not push each other.
        apart *= CONTACT_FORCE
        apart /= np.maximum(distances, SMALLEST)[:, None]
        apart *= overlaps[:, None]
        start, stop = self.movers.start, self.movers.stop
        for push, (a, b) in zip(apart, self._pairs, strict=True):
            if start <= a < stop:
                forces[a - start] += push
            if start <= b < stop:
                forces[b - start] -= push

    def _limit(self, velocities: Array) -> None:
        speeds = np.sqrt(velocities[:, 0] * velocities[:, 0] + velocities[:, 1] * velocities[:, 1])
        fast = speeds > self._max_speeds
        if fast.any():
            np.divide(velocities, speeds[:, None], out=velocities, where=fast[:, None])
            np.multiply(velocities, self._max_speeds[:, None], out=velocities, where=fast[:, None])
