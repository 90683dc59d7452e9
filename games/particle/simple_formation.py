"""Formation: N agents stand evenly on a circle around a landmark.

`SimpleFormation` is the page of this world.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from nashlens.games.arguments import truth_value
from nashlens.games.core import Array, BoolArray
from nashlens.games.particle.assignment import assigned_costs
from nashlens.games.particle.controls import Mode
from nashlens.games.particle.geometry import between, ordered_sum
from nashlens.games.particle.physics import Body, Order
from nashlens.games.particle.settings import MAX_CYCLES, number_of_agents, settings
from nashlens.games.particle.world import Member, Outcome, ParticleWorld, State
from nashlens.games.randomness import Streams

RADIUS = 0.5
CLOSE = 0.05
FARTHEST = 2.0


class SimpleFormation(ParticleWorld):
    """N agents stand evenly on a circle of radius 0.5 around a landmark.

    Side ``team``: ``agent_0`` … Each sees its velocity (2), its position (2) and the landmark relative to it (2).
    Agents collide with each other. Agents start uniformly in the square from −1 to 1, the landmark stands uniformly in
    that from −0.5 to 0.5.

    The N places begin at the least angle, from 0 to 2π, at which an agent stands as seen from the landmark. Agents are
    assigned to places so that the sum of their distances is least. Every agent gets minus the average of these
    distances, each counted as at most 2.

    Measures: ``distance [E]``, that average; ``solved [E]``, 1 if every agent is within 0.05 of its place.

    Parameters
    ----------
    n_agents, N : two names of the number of agents, ours and mpe2's; 4 if neither is given.
    max_cycles, continuous_actions, actions, dynamic_rescaling, physics : as in every world, see `settings.settings`.
    terminate_on_success : True to end an episode as soon as every agent is within 0.05 of its place.

    Raises
    ------
    ValueError : a value does not fit.

    Notes
    -----
    Source: mpe2 1.1.1, ``simple_formation_v1``. Not in Lowe et al. (2017).
    """

    def __init__(
        self,
        *,
        n_agents: int | None = None,
        N: int | None = None,
        max_cycles: int = MAX_CYCLES,
        continuous_actions: bool | None = None,
        actions: Mode | None = None,
        dynamic_rescaling: bool = True,
        terminate_on_success: bool = False,
        physics: Order = "mpe2",
    ) -> None:
        n = number_of_agents(n_agents, N, default=4)
        self._ends = truth_value(terminate_on_success, "terminate_on_success")
        super().__init__(
            "simple_formation",
            members=[Member(name=f"agent_{i}", side="team", body=Body(size=0.05)) for i in range(n)],
            landmarks=[Body(size=0.03, collides=False, movable=False)],
            n_signals=0,
            settings=settings(
                max_cycles,
                actions=actions,
                continuous_actions=continuous_actions,
                physics=physics,
                dynamic_rescaling=dynamic_rescaling,
            ),
            parameters={"n_agents": n, "terminate_on_success": self._ends},
            common_reward=True,
        )

    def draw(self, streams: Streams, where: BoolArray | None = None) -> dict[str, npt.NDArray[Any]]:
        """Draw the agents' positions, then the landmark's."""
        agents = streams.uniform(-1.0, 1.0, (self.n_agents, 2), where)
        landmark = streams.uniform(-0.5, 0.5, (1, 2), where)
        return {"positions": np.concatenate([agents, landmark], axis=1)}

    def observe(self, state: State) -> list[Array]:
        """Return velocity, position and landmark."""
        return [
            np.concatenate([velocity, position, state.landmarks[0] - position])
            for velocity, position in zip(state.velocities, state.agents, strict=True)
        ]

    def outcome(self, state: State) -> Outcome:
        """Reward all for standing close to their places."""
        apart = assigned_costs(between(state.agents, self._places(state)))
        distance = ordered_sum(np.minimum(apart, FARTHEST)) / self.n_agents
        solved: BoolArray = np.all(apart < CLOSE, axis=0)
        return Outcome(
            rewards=np.repeat(-distance[None], self.n_agents, axis=0),
            measures={"distance": distance, "solved": solved},
            over=solved if self._ends else None,
        )

    def _places(self, state: State) -> Array:
        """Return ``[N, 2, E]``, where agents should stand."""
        centre = state.landmarks[0]
        relative = state.agents - centre
        angles = np.arctan2(relative[:, 1], relative[:, 0])
        first = np.where(angles < 0, angles + 2 * np.pi, angles).min(axis=0)
        turned = first + np.arange(self.n_agents)[:, None] * (2 * np.pi / self.n_agents)
        places: Array = centre + RADIUS * np.stack([np.cos(turned), np.sin(turned)], axis=1)
        return places
