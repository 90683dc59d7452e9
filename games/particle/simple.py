"""Simple: one agent walks to one landmark.

`Simple` is the page of this world.
"""

from __future__ import annotations

import numpy as np

from nashlens.games.arguments import real_number
from nashlens.games.core import Array
from nashlens.games.particle.controls import Mode
from nashlens.games.particle.geometry import rows
from nashlens.games.particle.physics import Body, Order
from nashlens.games.particle.settings import MAX_CYCLES, settings
from nashlens.games.particle.world import Member, Outcome, ParticleWorld, State


class Simple(ParticleWorld):
    """One agent walks to one landmark: no game, but the smallest world in which learning can be seen to work.

    Side ``team``: ``agent_0`` sees its velocity (2) and the landmark relative to its position (2). Nothing collides.
    Starts are uniform in the square from −1 to 1. The reward is ``−d²``, d being the distance to the landmark.

    Measures: ``distance [E]``, d; ``target_reach [E]``, 1 if d is below `reach_radius`.

    Parameters
    ----------
    max_cycles, continuous_actions, actions, dynamic_rescaling, physics : as in every world, see `settings.settings`.
    reach_radius : what counts as reached; a measure only, it changes no reward.

    Raises
    ------
    ValueError : a value does not fit.

    Notes
    -----
    Source: mpe2 1.1.1, ``simple_v3``. Not in Lowe et al. (2017).
    """

    def __init__(
        self,
        *,
        max_cycles: int = MAX_CYCLES,
        continuous_actions: bool | None = None,
        actions: Mode | None = None,
        dynamic_rescaling: bool = True,
        reach_radius: float = 0.1,
        physics: Order = "mpe2",
    ) -> None:
        self._reach_radius = real_number(reach_radius, "reach_radius", low=0.0)
        super().__init__(
            "simple",
            members=[Member(name="agent_0", side="team", body=Body(collides=False))],
            landmarks=[Body(collides=False, movable=False)],
            n_signals=0,
            settings=settings(
                max_cycles,
                actions=actions,
                continuous_actions=continuous_actions,
                physics=physics,
                dynamic_rescaling=dynamic_rescaling,
            ),
            parameters={"reach_radius": self._reach_radius},
            common_reward=True,
        )

    def observe(self, state: State) -> list[Array]:
        """Return velocity and landmark."""
        return [np.concatenate([state.velocities[0], rows(state.landmarks - state.agents[0])])]

    def outcome(self, state: State) -> Outcome:
        """Reward closeness to the landmark."""
        x, y = state.agents[0] - state.landmarks[0]
        squared = x * x + y * y
        distance = np.sqrt(squared)
        return Outcome(
            rewards=-squared[None],
            measures={"distance": distance, "target_reach": distance < self._reach_radius},
        )
