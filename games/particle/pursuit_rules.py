"""Rules of thumb for worlds of predators and prey: tag, and the world with communication.

The convention of the leader in the world with communication: signal ``2 [x > 0] + [y > 0]`` names the quadrant in which
the prey nearest to it stands. A predator that sees no prey goes to the middle of the quadrant it was told.
"""

from __future__ import annotations

from typing import cast

import numpy as np

from nashlens.games.core import Array, BoolArray, one_hot
from nashlens.games.particle.coverage_rules import seen_places
from nashlens.games.particle.simple_world_comm import LEADER, N_SIGNALS, PREDATOR, PREY
from nashlens.games.particle.steering import Intent, Rule, arrive, flee, nearest_point, points
from nashlens.games.particle.world import ParticleWorld

DANGER = 0.6
QUADRANTS = np.array([[-0.5, -0.5], [-0.5, 0.5], [0.5, -0.5], [0.5, 0.5]])


def simple_tag(world: ParticleWorld, agent: int) -> Rule:
    """Predators chase the nearest prey, prey flee from the predators they see, and all keep off the edge.

    With a limit on neighbours an observation does not say who is who: only prey show a velocity, so that whoever shows
    none is taken for a predator. A predator that sees no prey goes to the middle.
    """
    width, _ = seen_places(world, "num_landmark_neighbors", world.n_landmarks)
    limited = world.spec.parameters["num_agent_neighbors"] is not None
    slots, n_others = seen_places(world, "num_agent_neighbors", world.n_agents - 1)
    n_predators = cast("int", world.spec.parameters["num_adversaries"])
    hunts = agent < n_predators
    start = 4 + 2 * width
    listed_prey = np.arange(n_others) >= n_predators - hunts

    def rule(seen: Array) -> Intent:
        velocity, position, others = seen[:, :2], seen[:, 2:4], points(seen, start, n_others)
        shown = points(seen, start + 2 * slots, n_others) if limited else None
        is_prey: BoolArray = np.broadcast_to(listed_prey, others.shape[:2])
        if shown is not None:
            is_prey = np.any(shown != 0, axis=2)
        if not hunts:
            return Intent(force=flee(others, ~is_prey, positions=position))
        prey, exists = nearest_point(others, is_prey)
        return Intent(force=arrive(np.where(exists[:, None], prey, -position), velocity, body=PREDATOR))

    return rule


def simple_world_comm(world: ParticleWorld, agent: int) -> Rule:
    """Predators chase the nearest prey in sight, else go where the leader says; prey eat unless a predator is near."""
    n_predators = cast("int", world.spec.parameters["num_adversaries"])
    return _predator(world, agent, n_predators) if agent < n_predators else _prey(world, n_predators)


def _in_sight(others: Array) -> BoolArray:
    """Return ``[B, n]``: who is hidden reads exactly (0, 0)."""
    visible: BoolArray = np.any(others != 0, axis=2)
    return visible


def _predator(world: ParticleWorld, agent: int, n_predators: int) -> Rule:
    start = 4 + 2 * world.n_landmarks + 2 * (n_predators - 1)
    n_prey = world.n_agents - n_predators

    def rule(seen: Array) -> Intent:
        velocity, position, heard = seen[:, :2], seen[:, 2:4], seen[:, -N_SIGNALS:]
        all_prey = points(seen, start, n_prey)
        prey, exists = nearest_point(all_prey, _in_sight(all_prey))
        told = QUADRANTS[heard.argmax(axis=1)] * (heard > 0).any(axis=1, keepdims=True)
        force = arrive(np.where(exists[:, None], prey, told - position), velocity, body=PREDATOR)
        if agent != LEADER:
            return Intent(force=force)
        right, above = (position + prey > 0).T
        return Intent(force=force, said=one_hot(2 * right + above, N_SIGNALS))

    return rule


def _prey(world: ParticleWorld, n_predators: int) -> Rule:
    n_obstacles, n_food = (cast("int", world.spec.parameters[k]) for k in ("num_obstacles", "num_food"))
    start = 4 + 2 * world.n_landmarks

    def rule(seen: Array) -> Intent:
        velocity, position = seen[:, :2], seen[:, 2:4]
        food, _ = nearest_point(points(seen, 4 + 2 * n_obstacles, n_food))
        predators = points(seen, start, n_predators)
        visible = _in_sight(predators)
        near = visible & (np.linalg.norm(predators, axis=2) < DANGER)
        eats = arrive(food, velocity, body=PREY)
        return Intent(force=np.where(near.any(axis=1)[:, None], flee(predators, near, positions=position), eats))

    return rule
