"""Push (keep-away): an agent wants to a landmark, an adversary wants to keep it off.

`SimplePush` is the page of this world.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from nashlens.games.arguments import real_number
from nashlens.games.core import Array, BoolArray
from nashlens.games.particle.controls import Mode
from nashlens.games.particle.geometry import length, picked, rows
from nashlens.games.particle.physics import Body, Order
from nashlens.games.particle.settings import MAX_CYCLES, settings
from nashlens.games.particle.world import Member, Outcome, ParticleWorld, State
from nashlens.games.randomness import Streams

ADVERSARY, AGENT = 0, 1
SIZE = 0.05
LANDMARK_COLORS = np.array([[0.1, 0.9, 0.1], [0.1, 0.1, 0.9]])
AGENT_COLORS = np.array([[0.25, 0.75, 0.25], [0.25, 0.25, 0.75]])


class SimplePush(ParticleWorld):
    """An agent wants to its landmark, an adversary pushes it off; called keep-away in the paper, with N=M=1.

    Side ``adversary``: ``adversary_0``, which sees its velocity (2), two landmarks (4) and the agent (2) relative to
    its position. Side ``agents``: ``agent_0``, which sees its velocity (2), the target (2), its own colour, which is
    the target's (3), the landmarks (4), their colours (6) and the adversary (2). The two collide with each other, not
    with landmarks. Starts are uniform in the square from −1 to 1; the target is one of two, with equal probability.

    With d the distance to the target, the agent gets ``−d_agent``, the adversary ``d_agent − d_adversary``.

    Measures: ``distance [E, 2]``, of the adversary and of the agent; ``adversary_on_goal [E]`` and ``agent_on_goal
    [E]``, 1 if that distance is below `reach_radius`; ``touches [E]``, 1 if the two overlap. State: ``goal [E]``.

    Parameters
    ----------
    max_cycles, continuous_actions, actions, dynamic_rescaling, physics : as in every world, see `settings.settings`.
    reach_radius : what counts as on the target; a measure only, it changes no reward. By default the two discs overlap.

    Raises
    ------
    ValueError : a value does not fit.

    Notes
    -----
    Source: mpe2 1.1.1, ``simple_push_v3``; its page speaks of one landmark, but there are two. The environments of 2017
    are ``physics="lowe2017", actions="soft"``. The average of ``adversary_on_goal`` over an episode times its length is
    the number of frames that the paper's table of ensembles counts.

    References
    ----------
    Lowe et al. (2017), arXiv:1706.02275: the paper.
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
        self.fact_limits = {"goal": (0, len(LANDMARK_COLORS) - 1)}
        super().__init__(
            "simple_push",
            members=[
                Member(name="adversary_0", side="adversary", body=Body(size=SIZE)),
                Member(name="agent_0", side="agents", body=Body(size=SIZE)),
            ],
            landmarks=[Body(collides=False, movable=False)] * len(LANDMARK_COLORS),
            n_signals=2,
            settings=settings(
                max_cycles,
                actions=actions,
                continuous_actions=continuous_actions,
                physics=physics,
                dynamic_rescaling=dynamic_rescaling,
            ),
            parameters={"reach_radius": self._reach_radius},
            common_reward=False,
        )

    def draw(self, streams: Streams, where: BoolArray | None = None) -> dict[str, npt.NDArray[Any]]:
        """Draw the target, then the positions."""
        goal = streams.integers(len(LANDMARK_COLORS), where=where)
        return {"goal": goal, **super().draw(streams, where)}

    def observe(self, state: State) -> list[Array]:
        """Return what the adversary and what the agent sees."""
        goal = state.facts["goal"]
        from_adversary = state.positions - state.agents[ADVERSARY]
        from_agent = state.positions - state.agents[AGENT]
        landmarks = from_agent[self.n_agents :]
        colors = np.broadcast_to(LANDMARK_COLORS.reshape(-1, 1), (LANDMARK_COLORS.size, len(goal)))
        return [
            np.concatenate([state.velocities[ADVERSARY], rows(from_adversary[self.n_agents :]), from_adversary[AGENT]]),
            np.concatenate(
                [
                    state.velocities[AGENT],
                    picked(landmarks, goal),
                    AGENT_COLORS.T[:, goal],
                    rows(landmarks),
                    colors,
                    from_agent[ADVERSARY],
                ]
            ),
        ]

    def outcome(self, state: State) -> Outcome:
        """Reward the agent for closeness, the adversary for being the closer of the two."""
        distance = length(state.agents - picked(state.landmarks, state.facts["goal"]))
        apart = length(state.agents[AGENT] - state.agents[ADVERSARY])
        on_goal = distance < self._reach_radius
        return Outcome(
            rewards=np.stack([distance[AGENT] - distance[ADVERSARY], -distance[AGENT]]),
            measures={
                "distance": distance,
                "adversary_on_goal": on_goal[ADVERSARY],
                "agent_on_goal": on_goal[AGENT],
                "touches": apart < 2 * SIZE,
            },
        )
