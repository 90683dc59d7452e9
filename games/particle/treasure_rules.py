"""Rules of thumb for the world of treasures: fetch the nearest, bring it to its deposit, and meet each other.

With K kinds, an agent's observation shows each of the others, nearest first, by place, velocity, the kind it is the
deposit of (K) and the kind it holds (K), and each treasure, nearest first, by place and kind (K).
"""

from __future__ import annotations

from typing import cast

import numpy as np

from nashlens.games.core import Array, BoolArray
from nashlens.games.particle.collect_treasure import COLLECTOR, DEPOSIT
from nashlens.games.particle.coverage_rules import matched_place
from nashlens.games.particle.steering import Intent, Rule, arrive, nearest_point
from nashlens.games.particle.world import ParticleWorld

# Collectors that overlap pay for it: they begin to make room for each other at this distance.
ROOM = 0.25
ROOM_GAIN = 8.0


def collect_treasure(world: ParticleWorld, agent: int) -> Rule:
    """Collectors share the treasures by greedy matching and deliver what they hold; deposits come to meet them."""
    n_collectors = cast("int", world.spec.parameters["num_collectors"])
    return _collector(world) if agent < n_collectors else _deposit(world, agent - n_collectors)


def _others(world: ParticleWorld, seen: Array, start: int) -> tuple[Array, Array, Array]:
    """Return of the others the places ``[B, n, 2]``, the kinds of deposits and the kinds held, ``[B, n, K]``."""
    n_kinds = cast("int", world.spec.parameters["num_deposits"])
    size = 4 + 2 * n_kinds
    n = world.n_agents - 1
    table = seen[:, start : start + n * size].reshape(len(seen), n, size)
    return table[:, :, :2], table[:, :, 4 : 4 + n_kinds], table[:, :, 4 + n_kinds :]


def _collector(world: ParticleWorld) -> Rule:
    n_kinds, n_treasures = cast("int", world.spec.parameters["num_deposits"]), world.n_landmarks

    def rule(seen: Array) -> Intent:
        velocity, hands = seen[:, 2:4], seen[:, 4 : 4 + n_kinds]
        others, deposits, held = _others(world, seen, 4 + n_kinds)
        treasures = seen[:, -n_treasures * (2 + n_kinds) :].reshape(len(seen), n_treasures, 2 + n_kinds)
        lies: BoolArray = np.any(treasures[:, :, 2:] != 0, axis=2)
        collects: BoolArray = np.all(deposits == 0, axis=2)
        empty: BoolArray = np.all(held == 0, axis=2)
        matching: BoolArray = np.any(deposits * hands[:, None] > 0, axis=2)
        home, _ = nearest_point(others, matching)
        treasure = _shared_treasure(treasures[:, :, :2], lies, others=others, rivals=collects & empty)
        goal = np.where((hands > 0).any(axis=1, keepdims=True), home, treasure)
        return Intent(force=arrive(goal, velocity, body=COLLECTOR) + _room(others, collects))

    return rule


def _shared_treasure(places: Array, lies: BoolArray, *, others: Array, rivals: BoolArray) -> Array:
    """Return the treasure ``[B, 2]`` that is the agent's when all with empty hands share them; (0, 0) if none lies."""
    agents = np.concatenate([np.zeros((len(places), 1, 2)), others], axis=1)
    free = np.concatenate([np.ones((len(places), 1), dtype=np.bool_), rivals], axis=1)
    apart = np.linalg.norm(agents[:, :, None] - places[:, None], axis=3)
    open_ = free[:, :, None] & lies[:, None]
    mine = matched_place(np.where(open_, apart, np.inf))
    own = np.take_along_axis(places, np.maximum(mine, 0)[:, None, None], axis=1)[:, 0]
    has = (mine >= 0) & lies[np.arange(len(mine)), np.maximum(mine, 0)]
    return np.where(has[:, None], own, nearest_point(places, lies)[0])


def _room(others: Array, collects: BoolArray) -> Array:
    """Return the wanted force ``[B, 2]`` away from collectors nearer than `ROOM`."""
    distance = np.linalg.norm(others, axis=2, keepdims=True)
    push = np.where(collects[:, :, None], np.maximum(ROOM - distance, 0.0), 0.0)
    away: Array = -ROOM_GAIN * (others / np.maximum(distance, 1e-9) * push).sum(axis=1)
    return away


def _deposit(world: ParticleWorld, kind: int) -> Rule:
    def rule(seen: Array) -> Intent:
        others, deposits, held = _others(world, seen, 4)
        bringing, exists = nearest_point(others, held[:, :, kind] > 0)
        collects = (deposits == 0).all(axis=2, keepdims=True)
        centre = (others * collects).sum(axis=1) / collects.sum(axis=1)
        return Intent(force=arrive(np.where(exists[:, None], bringing, centre), seen[:, 2:4], body=DEPOSIT))

    return rule
