"""Treasure: collectors pick treasures up and bring each to the deposit of its kind, which moves as well.

`CollectTreasure` is the page of this world.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from nashlens.games.arguments import whole_number
from nashlens.games.core import Array, BoolArray
from nashlens.games.particle.controls import Mode
from nashlens.games.particle.geometry import between, length, ordered_sum, others, rows
from nashlens.games.particle.physics import Body, Order
from nashlens.games.particle.settings import MAX_CYCLES, settings
from nashlens.games.particle.world import Member, Outcome, ParticleWorld, State
from nashlens.games.randomness import Streams

COLLECTOR = Body(size=0.05, collides=False, thrust=1.5, max_speed=1.0)
DEPOSIT = Body(size=0.075, collides=False, thrust=1.5, max_speed=1.0, mass=2.25)
TREASURE = Body(size=0.025, collides=False, movable=False)
EDGE = 0.95
NOTHING = -1
NOWHERE = -999.0
LAST = 1e6


class CollectTreasure(ParticleWorld):
    """Collectors pick treasures up and bring each to the deposit of its kind, which moves as well.

    Side ``team``: ``collector_0`` … and ``deposit_0`` …, one deposit for each kind of treasure. Each sees its position
    (2) and velocity (2); a collector also which kind it holds (one a kind); then all others, nearest first, each as
    relative position, velocity, kind of deposit and kind held (one a kind each); then all treasures, nearest first,
    each as relative position and kind, zeros for one that is gone: 86 and 84 numbers by default. No body pushes
    another. Agents start uniformly in the square from −1 to 1, treasures in that from −0.95 to 0.95, of any kind.

    After every movement a treasure that a collector with empty hands overlaps is picked up (the first such collector
    in order gets it) and is gone; one that was gone already lies at a new place; a collector that holds a treasure and
    overlaps the deposit of its kind delivers it. Every agent gets 5 for each treasure picked up and for each delivered.
    A collector gets −5 for each other collector that it overlaps, and −0.1 times its distance from the nearest
    treasure, or from its deposit if it holds one. A deposit gets −0.1 times its distance from the nearest collector
    that brings it something, or from the centroid of the collectors if none does.

    Measures: ``pickups [E]``, ``deliveries [E]``; ``alive_treasures [E]``, how many lie about; ``carrying [E, N]``, 1
    for a collector that holds one, for a deposit the number on the way to it; ``collisions [E, N]``, overlaps with
    other collectors, 0 for deposits. State: ``holding [E, n_collectors]``, the kind or −1; ``kind [E, n_treasures]``;
    ``alive [E, n_treasures]``; ``picked_up [E]`` and ``delivered [E]``, in the last step.

    Parameters
    ----------
    num_collectors, num_deposits, num_treasures : numbers of each, at least one.
    max_cycles, continuous_actions, actions, dynamic_rescaling, physics : as in every world, see `settings.settings`.

    Raises
    ------
    ValueError : a value does not fit.

    Notes
    -----
    Source: mpe2 1.1.1, ``collect_treasure_v1``, which has colours for up to six kinds; here there is no such limit. Not
    in Lowe et al. (2017). New places come from the batch's own streams: this world alone draws during an episode.
    """

    def __init__(
        self,
        *,
        num_collectors: int = 6,
        num_deposits: int = 2,
        num_treasures: int = 6,
        max_cycles: int = MAX_CYCLES,
        continuous_actions: bool | None = None,
        actions: Mode | None = None,
        dynamic_rescaling: bool = True,
        physics: Order = "mpe2",
    ) -> None:
        self._n_collectors = whole_number(num_collectors, "num_collectors", low=1)
        self._n_kinds = whole_number(num_deposits, "num_deposits", low=1)
        n_treasures = whole_number(num_treasures, "num_treasures", low=1)
        self._one_hot = np.vstack([np.eye(self._n_kinds), np.zeros(self._n_kinds)]).T
        self.fact_limits = {"holding": (NOTHING, self._n_kinds - 1), "kind": (0, self._n_kinds - 1)}
        super().__init__(
            "collect_treasure",
            members=[
                *(Member(name=f"collector_{i}", side="team", body=COLLECTOR) for i in range(self._n_collectors)),
                *(Member(name=f"deposit_{i}", side="team", body=DEPOSIT) for i in range(self._n_kinds)),
            ],
            landmarks=[TREASURE] * n_treasures,
            n_signals=2,
            settings=settings(
                max_cycles,
                actions=actions,
                continuous_actions=continuous_actions,
                physics=physics,
                dynamic_rescaling=dynamic_rescaling,
            ),
            parameters={
                "num_collectors": self._n_collectors,
                "num_deposits": self._n_kinds,
                "num_treasures": n_treasures,
            },
            common_reward=False,
        )

    def draw(self, streams: Streams, where: BoolArray | None = None) -> dict[str, npt.NDArray[Any]]:
        """Draw the agents' positions, the treasures' and their kinds; all hands are empty."""
        agents = streams.uniform(-1.0, 1.0, (self.n_agents, 2), where)
        treasures, kinds = self._new_treasures(streams, where)
        n = len(agents)
        return {
            "positions": np.concatenate([agents, treasures], axis=1),
            "holding": np.full((n, self._n_collectors), NOTHING, dtype=np.int64),
            "kind": kinds,
            "alive": np.ones((n, self.n_landmarks), dtype=np.bool_),
            "picked_up": np.zeros(n, dtype=np.int64),
            "delivered": np.zeros(n, dtype=np.int64),
        }

    def after_physics(self, state: State, streams: Streams) -> None:
        """Pick treasures up, put new ones where old ones are gone, deliver."""
        gone = ~state.facts["alive"]
        self._pick_up(state)
        self._respawn(state, gone, streams=streams)
        self._deliver(state)

    def observe(self, state: State) -> list[Array]:
        """Return position, velocity, hands, others and treasures, each sorted by distance."""
        holding, alive = state.facts["holding"], state.facts["alive"]
        hands = self._one_hot[:, holding].swapaxes(0, 1)
        kinds = self._one_hot[:, np.where(alive, state.facts["kind"], NOTHING)].swapaxes(0, 1)
        badges = np.zeros((self.n_agents, 2 * self._n_kinds, holding.shape[-1]))
        badges[: self._n_collectors, self._n_kinds :] = hands
        badges[self._n_collectors :, : self._n_kinds] = np.eye(self._n_kinds)[..., None]
        seen = []
        for i, (velocity, position) in enumerate(zip(state.velocities, state.agents, strict=True)):
            relative = state.positions - position
            about = np.concatenate([relative[: self.n_agents], state.velocities, badges], axis=1)
            agents = _sorted(others(about, i), length(others(relative[: self.n_agents], i)))
            places = np.where(alive[:, None], relative[self.n_agents :], 0.0)
            keys = np.where(alive, length(relative[self.n_agents :]), LAST)
            treasures = _sorted(np.concatenate([places, kinds], axis=1), keys)
            own = [hands[i]] if i < self._n_collectors else []
            seen.append(np.concatenate([position, velocity, *own, rows(agents), rows(treasures)]))
        return seen

    def standing(self, state: State) -> BoolArray:
        """Return which treasures are there to be picked up."""
        alive: BoolArray = state.facts["alive"]
        return alive

    def outcome(self, state: State) -> Outcome:
        """Reward all for treasures picked up and delivered, each for being on the way."""
        facts, n = state.facts, self._n_collectors
        collectors, deposits = state.agents[:n], state.agents[n:]
        bringing = facts["holding"][:, None] == np.arange(self._n_kinds)[:, None]
        overlaps = (between(collectors, collectors) < 2 * COLLECTOR.size).sum(axis=1) - 1
        event = 5.0 * (facts["picked_up"] + facts["delivered"])
        rewards = np.empty((self.n_agents, len(event)))
        rewards[:n] = -5.0 * overlaps - 0.1 * self._way_of_collectors(state, bringing) + event
        centre = ordered_sum(collectors) / n
        to_collectors = np.where(bringing, between(collectors, deposits), np.inf).min(axis=0)
        way = np.where(np.isinf(to_collectors), length(centre - deposits), to_collectors)
        rewards[n:] = -0.1 * way + event
        return Outcome(
            rewards=rewards,
            measures={
                "pickups": facts["picked_up"],
                "deliveries": facts["delivered"],
                "alive_treasures": facts["alive"].sum(axis=0),
                "carrying": np.concatenate([facts["holding"] != NOTHING, bringing.sum(axis=0)]),
                "collisions": np.concatenate([overlaps, np.zeros((self._n_kinds, len(event)))]),
            },
        )

    def _new_treasures(self, streams: Streams, where: BoolArray | None) -> tuple[Array, npt.NDArray[np.int64]]:
        """Draw places ``[n, n_treasures, 2]`` and kinds ``[n, n_treasures]``."""
        places = streams.uniform(-EDGE, EDGE, (self.n_landmarks, 2), where)
        return places, streams.integers(self._n_kinds, (self.n_landmarks,), where)

    def _pick_up(self, state: State) -> None:
        facts = state.facts
        holding, alive, kind = facts["holding"], facts["alive"], facts["kind"]
        reach = TREASURE.size + COLLECTOR.size
        touching = alive[:, None] & (between(state.landmarks, state.agents[: self._n_collectors]) < reach)
        facts["picked_up"][:] = 0
        # Treasure by treasure, since a collector that has one in its hands takes no second.
        for k in np.flatnonzero(touching.any(axis=(1, 2))):
            able = touching[k] & (holding == NOTHING)
            first = able & (np.cumsum(able, axis=0) == 1)
            taken = first.any(axis=0)
            holding[:] = np.where(first, kind[k], holding)
            alive[k, taken] = False
            state.landmarks[k][:, taken] = NOWHERE
            facts["picked_up"] += taken

    def _respawn(self, state: State, gone: BoolArray, *, streams: Streams) -> None:
        where: BoolArray = np.any(gone, axis=0)
        if not where.any():
            return
        places, kinds = self._new_treasures(streams, where)
        again = gone[:, where]
        landmarks = state.landmarks
        landmarks[..., where] = np.where(again[:, None], np.moveaxis(places, 0, -1), landmarks[..., where])
        state.facts["kind"][:, where] = np.where(again, kinds.T, state.facts["kind"][:, where])
        state.facts["alive"] |= gone

    def _deliver(self, state: State) -> None:
        holding = state.facts["holding"]
        n, kinds = self._n_collectors, np.arange(self._n_kinds)[:, None]
        touching = between(state.agents[:n], state.agents[n:]) < COLLECTOR.size + DEPOSIT.size
        delivered = (touching & (holding[:, None] == kinds)).any(axis=1)
        holding[delivered] = NOTHING
        state.facts["delivered"][:] = delivered.sum(axis=0)

    def _way_of_collectors(self, state: State, bringing: BoolArray) -> Array:
        """Return ``[n_collectors, E]``, how far it is to the nearest treasure, or to the deposit of what is held."""
        n = self._n_collectors
        collectors = state.agents[:n]
        to_treasure = np.where(state.facts["alive"], between(collectors, state.landmarks), np.inf).min(axis=1)
        to_deposit = np.where(bringing, between(collectors, state.agents[n:]), np.inf).min(axis=1)
        way = np.where(bringing.any(axis=1), to_deposit, to_treasure)
        reachable: Array = np.where(np.isinf(way), 0.0, way)
        return reachable


def _sorted(values: Array, keys: Array) -> Array:
    """Return ``values [n, k, E]`` in the order of ``keys [n, E]``, equal keys in the order they come."""
    order = np.argsort(keys, axis=0, kind="stable")[:, None]
    return np.take_along_axis(values, order, axis=0)
