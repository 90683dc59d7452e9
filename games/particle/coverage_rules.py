"""Rules of thumb for worlds in which agents go to places: simple, spread, line, formation, adversary, push.

Each function returns the rule of one agent, which reads the observation that the world's page describes.
"""

from __future__ import annotations

from typing import cast

import numpy as np

from nashlens.games.core import Array, IntArray
from nashlens.games.particle.physics import Body
from nashlens.games.particle.simple_formation import RADIUS
from nashlens.games.particle.steering import Intent, Rule, approach, arrive, nearest_point, points
from nashlens.games.particle.world import ParticleWorld

BODY = Body()


def matched_place(distances: Array) -> IntArray:
    """Return the place ``[B]`` of the first agent under greedy matching, −1 where it is left without one.

    The nearest pair of an agent and a place is matched first, then the nearest of what is left, and so on: all who see
    the same find the same matching.

    Parameters
    ----------
    distances : ``[B, n_agents, n_places]``; infinite for pairs that cannot be.
    """
    left = distances.copy()
    rows = np.arange(len(left))
    mine = np.full(len(left), -1, dtype=np.int64)
    for _ in range(min(left.shape[1:])):
        agent, place = np.divmod(left.reshape(len(left), -1).argmin(axis=1), left.shape[2])
        found = (agent == 0) & np.isfinite(left[rows, agent, place])
        mine = np.where(found, place, mine)
        left[rows, agent], left[rows, :, place] = np.inf, np.inf
    return mine


def covered_place(places: Array, others: Array) -> Array:
    """Return the place ``[B, 2]`` that is the agent's among ``[B, P, 2]``, with ``[B, K, 2]`` others; all relative."""
    agents = np.concatenate([np.zeros((len(places), 1, 2)), others], axis=1)
    mine = matched_place(np.linalg.norm(agents[:, :, None] - places[:, None], axis=3))
    own = np.take_along_axis(places, np.maximum(mine, 0)[:, None, None], axis=1)[:, 0]
    return np.where((mine >= 0)[:, None], own, nearest_point(places)[0])


def seen_places(world: ParticleWorld, argument: str, total: int) -> tuple[int, int]:
    """Return how many places an observation has for `total` things under a limit on neighbours, and how many it fills.

    Parameters
    ----------
    argument : the world's argument that says the limit.
    """
    limit = cast("int | None", world.spec.parameters[argument])
    return (total, total) if limit is None else (limit, min(limit, total))


def simple(world: ParticleWorld, agent: int) -> Rule:
    """Go to the landmark."""
    return lambda seen: Intent(force=arrive(seen[:, 2:4], seen[:, :2], body=BODY))


def simple_spread(world: ParticleWorld, agent: int) -> Rule:
    """Go to the landmark that greedy matching of all agents in sight leaves to this one."""
    width, n_places = seen_places(world, "num_landmark_neighbors", world.n_landmarks)
    _, n_others = seen_places(world, "num_agent_neighbors", world.n_agents - 1)

    def rule(seen: Array) -> Intent:
        place = covered_place(points(seen, 4, n_places), points(seen, 4 + 2 * width, n_others))
        return Intent(force=arrive(place, seen[:, :2], body=BODY))

    return rule


def simple_line(world: ParticleWorld, agent: int) -> Rule:
    """Go to the place of one's own number: agents do not see each other, so that they agree beforehand."""
    share = agent / max(world.n_agents - 1, 1)

    def rule(seen: Array) -> Intent:
        first, second = seen[:, 4:6], seen[:, 6:8]
        return Intent(force=arrive(first + share * (second - first), seen[:, :2], body=BODY))

    return rule


def simple_formation(world: ParticleWorld, agent: int) -> Rule:
    """Go to the angle of one's own number on the circle, agent 0 to the east: again an agreement beforehand."""
    angle = 2 * np.pi * agent / world.n_agents
    place = RADIUS * np.array([np.cos(angle), np.sin(angle)])
    return lambda seen: Intent(force=arrive(seen[:, 4:6] + place, seen[:, :2], body=BODY))


def simple_adversary(world: ParticleWorld, agent: int) -> Rule:
    """Go, as the adversary, to the centroid of the landmarks in sight; cover all landmarks as an agent.

    Covering all landmarks by greedy matching tells the adversary nothing. With a limit on neighbours, agents cannot
    tell friend from adversary, and go straight to the target.
    """
    width, n_places = seen_places(world, "num_landmark_neighbors", world.n_landmarks)
    if agent == 0:
        return lambda seen: Intent(force=approach(points(seen, 0, n_places).mean(axis=1)))
    limits = (world.spec.parameters["num_landmark_neighbors"], world.spec.parameters["num_agent_neighbors"])
    if limits != (None, None):
        return lambda seen: Intent(force=approach(seen[:, :2]))

    def rule(seen: Array) -> Intent:
        # The adversary is the first of the others, and is left out of the matching.
        others = points(seen, 2 + 2 * width + 2, world.n_agents - 2)
        return Intent(force=approach(covered_place(points(seen, 2, n_places), others)))

    return rule


def simple_push(world: ParticleWorld, agent: int) -> Rule:
    """Go to the target as the agent, to the landmark that the agent is nearest to as the adversary."""
    if agent == 1:
        return lambda seen: Intent(force=arrive(seen[:, 2:4], seen[:, :2], body=BODY))

    def rule(seen: Array) -> Intent:
        rival = seen[:, None, 6:8]
        wanted = nearest_point(points(seen, 2, 2) - rival)[0] + rival[:, 0]
        return Intent(force=arrive(wanted, seen[:, :2], body=BODY))

    return rule
