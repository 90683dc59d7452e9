"""Line: N agents stand in a row between two landmarks.

`SimpleLine` is the page of this world.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from nashlens.games.arguments import truth_value
from nashlens.games.core import Array, BoolArray
from nashlens.games.particle.assignment import assigned_costs
from nashlens.games.particle.controls import Mode
from nashlens.games.particle.geometry import between, ordered_sum, rows
from nashlens.games.particle.physics import Body, Order
from nashlens.games.particle.settings import MAX_CYCLES, number_of_agents, settings
from nashlens.games.particle.world import Member, Outcome, ParticleWorld, State
from nashlens.games.randomness import Streams

SEPARATION = 1.25
TURN = np.radians(5)
CLOSE = 0.05
FARTHEST = 2.0


class SimpleLine(ParticleWorld):
    """N agents stand evenly between two landmarks, the first and the last on them.

    Side ``team``: ``agent_0`` … Each sees its velocity (2), its position (2) and the two landmarks relative to it (4).
    Agents collide with each other, not with landmarks. Agents start uniformly in the square from −1 to 1; the first
    landmark stands uniformly in that from −0.25 to 0.25, the second 1.25 away in a direction drawn uniformly, turned by
    5 degrees until it lies inside the square from −1 to 1.

    The agents are assigned to the N places so that the sum of their distances is least. Every agent gets minus the
    average of these distances, each counted as at most 2.

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
    Source: mpe2 1.1.1, ``simple_line_v1``. Not in Lowe et al. (2017).
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
            "simple_line",
            members=[Member(name=f"agent_{i}", side="team", body=Body(size=0.03)) for i in range(n)],
            landmarks=[Body(size=0.02, collides=False, movable=False)] * 2,
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
        """Draw the agents' positions, the first landmark, and the direction of the second."""
        agents = streams.uniform(-1.0, 1.0, (self.n_agents, 2), where)
        first = streams.uniform(-0.25, 0.25, (2,), where)
        angle = streams.uniform(0.0, 2 * np.pi, (), where)
        second = first + SEPARATION * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        while (outside := (np.abs(second) >= 1.0).any(axis=1)).any():
            angle = np.where(outside, angle + TURN, angle)
            second = first + SEPARATION * np.stack([np.cos(angle), np.sin(angle)], axis=1)
        return {"positions": np.concatenate([agents, first[:, None], second[:, None]], axis=1)}

    def observe(self, state: State) -> list[Array]:
        """Return velocity, position and landmarks."""
        return [
            np.concatenate([velocity, position, rows(state.landmarks - position)])
            for velocity, position in zip(state.velocities, state.agents, strict=True)
        ]

    def outcome(self, state: State) -> Outcome:
        """Reward all for standing close to their places."""
        first, second = state.landmarks
        shares = np.linspace(0.0, 1.0, self.n_agents)[:, None, None]
        apart = assigned_costs(between(state.agents, first + shares * (second - first)))
        distance = ordered_sum(np.minimum(apart, FARTHEST)) / self.n_agents
        solved: BoolArray = np.all(apart < CLOSE, axis=0)
        return Outcome(
            rewards=np.repeat(-distance[None], self.n_agents, axis=0),
            measures={"distance": distance, "solved": solved},
            over=solved if self._ends else None,
        )
