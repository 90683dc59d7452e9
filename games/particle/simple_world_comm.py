"""World with communication: predators led by one that speaks, prey that eats, forests that hide.

`SimpleWorldComm` is the page of this world.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from nashlens.games.arguments import whole_number
from nashlens.games.core import Array, BoolArray
from nashlens.games.particle.boundary import boundary_penalty
from nashlens.games.particle.controls import Mode
from nashlens.games.particle.geometry import between, others, rows
from nashlens.games.particle.physics import Body, Order
from nashlens.games.particle.settings import MAX_CYCLES, settings
from nashlens.games.particle.world import Member, Outcome, ParticleWorld, State
from nashlens.games.randomness import Streams

LEADER = 0
PREDATOR = Body(size=0.075, thrust=3.0, max_speed=1.0)
PREY = Body(size=0.045, thrust=4.0, max_speed=1.3)
OBSTACLE = Body(size=0.2, movable=False)
FOOD = Body(size=0.03, collides=False, movable=False)
FOREST = Body(size=0.3, collides=False, movable=False)
N_SIGNALS = 4


class SimpleWorldComm(ParticleWorld):
    """Predator-prey with a leader that sees and tells, food for the prey, and forests that hide who is inside.

    Side ``predators``: ``leadadversary_0``, which moves and sends one of four signals (``Choice((5, 4))``, which mpe2
    numbers ``move + 5 · signal``), and ``adversary_0`` … Side ``prey``: ``agent_0`` … A predator sees its velocity (2),
    its position (2), obstacles, food and forests (2 each) and all others (2 each) relative to its position, the
    velocities of the other prey (2 each), whether it is in each forest (1 each, 1 or −1) and what the leader said (4);
    a prey sees the same with the forests before the velocities, and does not hear the leader: 34 and 28 numbers by
    default. Two agents see each other if they share a forest or if neither is in one; else place and velocity of the
    other read 0. The leader sees everyone. Agents and obstacles collide. Agents start uniformly in the square from −1
    to 1, the rest stands uniformly in that from −0.9 to 0.9.

    A predator gets 5 for each overlap of any predator with any prey, less 0.1 times its distance from the nearest prey.
    A prey gets −5 for each predator that overlaps it and 2 for each food that it overlaps, less 0.05 times its distance
    from the nearest food and twice `boundary.boundary_penalty`.

    Measures: ``collisions [E, N]``, ``touches [E]`` and ``caught [E]`` as in tag; ``food [E]``, overlaps of prey with
    food; ``in_forest [E, N]``, 1 for an agent in any forest.

    Parameters
    ----------
    num_good, num_adversaries : numbers of prey and of predators, the leader included.
    num_obstacles, num_food, num_forests : numbers of each; at least one food.
    max_cycles, continuous_actions, actions, dynamic_rescaling, physics : as in every world, see `settings.settings`.

    Raises
    ------
    ValueError : a value does not fit.

    Notes
    -----
    Source: mpe2 1.1.1, ``simple_world_comm_v3``. Not in Lowe et al. (2017).
    """

    def __init__(
        self,
        *,
        num_good: int = 2,
        num_adversaries: int = 4,
        num_obstacles: int = 1,
        num_food: int = 2,
        max_cycles: int = MAX_CYCLES,
        num_forests: int = 2,
        continuous_actions: bool | None = None,
        actions: Mode | None = None,
        dynamic_rescaling: bool = True,
        physics: Order = "mpe2",
    ) -> None:
        n_prey = whole_number(num_good, "num_good", low=1)
        self._n_predators = whole_number(num_adversaries, "num_adversaries", low=1)
        n_obstacles = whole_number(num_obstacles, "num_obstacles", low=0)
        n_food = whole_number(num_food, "num_food", low=1)
        n_forests = whole_number(num_forests, "num_forests", low=0)
        self._food = slice(n_obstacles, n_obstacles + n_food)
        self._forests = slice(n_obstacles + n_food, None)
        sizes = [PREDATOR.size] * self._n_predators + [PREY.size] * n_prey
        self._forest_reach = np.array(sizes)[:, None, None] + FOREST.size
        super().__init__(
            "simple_world_comm",
            members=[
                Member(name="leadadversary_0", side="predators", body=PREDATOR, speaks=True),
                *(Member(name=f"adversary_{i}", side="predators", body=PREDATOR) for i in range(self._n_predators - 1)),
                *(Member(name=f"agent_{i}", side="prey", body=PREY) for i in range(n_prey)),
            ],
            landmarks=[OBSTACLE] * n_obstacles + [FOOD] * n_food + [FOREST] * n_forests,
            n_signals=N_SIGNALS,
            settings=settings(
                max_cycles,
                actions=actions,
                continuous_actions=continuous_actions,
                physics=physics,
                dynamic_rescaling=dynamic_rescaling,
            ),
            parameters={
                "num_good": n_prey,
                "num_adversaries": self._n_predators,
                "num_obstacles": n_obstacles,
                "num_food": n_food,
                "num_forests": n_forests,
            },
            common_reward=False,
        )

    def draw(self, streams: Streams, where: BoolArray | None = None) -> dict[str, npt.NDArray[Any]]:
        """Draw the agents' positions and those of all that stands."""
        agents = streams.uniform(-1.0, 1.0, (self.n_agents, 2), where)
        standing = streams.uniform(-0.9, 0.9, (self.n_landmarks, 2), where)
        return {"positions": np.concatenate([agents, standing], axis=1)}

    def observe(self, state: State) -> list[Array]:
        """Return what each agent sees, and nothing of those that a forest hides from it."""
        inside = self._in_forests(state)
        anywhere: BoolArray = np.any(inside, axis=1)
        first_prey = self._n_predators
        seen = []
        for i, (velocity, position) in enumerate(zip(state.velocities, state.agents, strict=True)):
            together: BoolArray = np.any(inside & inside[i], axis=1)
            visible = together | ~(anywhere | anywhere[i]) | (i == LEADER)
            relative = state.positions - position
            agents = others(np.where(visible[:, None], relative[: self.n_agents], 0.0), i)
            prey = np.where(visible[first_prey:, None], state.velocities[first_prey:], 0.0)
            velocities = rows(prey if i < first_prey else others(prey, i - first_prey))
            forests = np.where(inside[i], 1.0, -1.0)
            told = [velocities, forests, state.messages[LEADER]] if i < first_prey else [forests, velocities]
            seen.append(np.concatenate([velocity, position, rows(relative[self.n_agents :]), rows(agents), *told]))
        return seen

    def outcome(self, state: State) -> Outcome:
        """Reward predators for touching prey, prey for food, both for closeness to what they want."""
        predators, prey = state.agents[: self._n_predators], state.agents[self._n_predators :]
        apart = between(predators, prey)
        touching = apart < PREDATOR.size + PREY.size
        touches = touching.sum(axis=(0, 1))
        to_food = between(prey, state.landmarks[self._food])
        eating = to_food < PREY.size + FOOD.size
        collisions = np.zeros((self.n_agents, len(touches)))
        collisions[: self._n_predators] = touching.sum(axis=1)
        rewards = np.empty_like(collisions)
        rewards[: self._n_predators] = 5.0 * touches - 0.1 * apart.min(axis=1)
        rewards[self._n_predators :] = (
            2.0 * eating.sum(axis=1)
            - 5.0 * touching.sum(axis=0)
            - 2.0 * boundary_penalty(prey)
            - 0.05 * to_food.min(axis=1)
        )
        return Outcome(
            rewards=rewards,
            measures={
                "collisions": collisions,
                "touches": touches,
                "caught": np.all(np.any(touching, axis=0), axis=0),
                "food": eating.sum(axis=(0, 1)),
                "in_forest": np.any(self._in_forests(state), axis=1),
            },
        )

    def _in_forests(self, state: State) -> BoolArray:
        """Return ``[N, n_forests, E]``, who overlaps which forest."""
        inside: BoolArray = between(state.agents, state.landmarks[self._forests]) < self._forest_reach
        return inside
