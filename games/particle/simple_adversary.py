"""Adversary (physical deception): agents know the target and must not give it away.

`SimpleAdversary` is the page of this world.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from nashlens.games.arguments import real_number, truth_value, whole_number
from nashlens.games.core import Array, BoolArray
from nashlens.games.particle.controls import Mode
from nashlens.games.particle.geometry import between, length, others, picked, rows
from nashlens.games.particle.neighbours import nearest
from nashlens.games.particle.physics import Body, Order
from nashlens.games.particle.settings import MAX_CYCLES, neighbours, settings
from nashlens.games.particle.world import Member, Outcome, ParticleWorld, State
from nashlens.games.randomness import Streams

ADVERSARY = 0


class SimpleAdversary(ParticleWorld):
    """N agents cover a target among N landmarks and mislead one adversary; called physical deception in the paper.

    Side ``adversary``: ``adversary_0``, which does not know the target. Side ``agents``: ``agent_0`` … An agent sees
    the target (2), the landmarks (2 each) and all others (2 each) relative to its position; the adversary sees the same
    without the target: 10 and 8 numbers for N=2. Nothing collides. Starts are uniform in the square from −1 to 1, the
    target is one of the landmarks with equal probability.

    With d_i the distance to the target, every agent gets ``d_adversary − min over agents of d_i``, the adversary
    ``−d_adversary``.

    Measures: ``distance [E, N+1]``, d_i, the adversary first; ``agents_success [E]`` and ``adversary_success [E]``, 1
    if the closest agent, or the adversary, is within `reach_radius` of the target; ``covered_landmarks [E]``, landmarks
    with an agent within that radius; ``distance_to_landmark_0 [E, N+1]`` and so on. State: ``goal [E]``.

    Parameters
    ----------
    N : number of agents beside the adversary, and of landmarks. (Not of all agents: so there is no ``n_agents``.)
    max_cycles, continuous_actions, actions, dynamic_rescaling, physics : as in every world, see `settings.settings`.
    num_agent_neighbors, num_landmark_neighbors : how many of the nearest are seen; None for all. Agents see the target
        in any case.
    squared_adversary_reward : True to give the adversary ``−d²`` in place of ``−d``.
    reach_radius : what counts as at the target; a measure only, it changes no reward. The default is twice the radius
        of a landmark. The paper does not say which radius it used.

    Raises
    ------
    ValueError : a value does not fit.

    Notes
    -----
    Source: mpe2 1.1.1, ``simple_adversary_v3``. The environments of 2017 are ``physics="lowe2017",
    squared_adversary_reward=True, actions="soft"``; the paper's table has N=2 and N=4. The average of
    ``adversary_success`` over an episode times its length is the number of frames the adversary spends at the target.

    References
    ----------
    Lowe et al. (2017), arXiv:1706.02275: the paper.
    """

    def __init__(
        self,
        *,
        N: int = 2,
        max_cycles: int = MAX_CYCLES,
        continuous_actions: bool | None = None,
        actions: Mode | None = None,
        dynamic_rescaling: bool = True,
        num_agent_neighbors: int | None = None,
        num_landmark_neighbors: int | None = None,
        squared_adversary_reward: bool = False,
        reach_radius: float = 0.16,
        physics: Order = "mpe2",
    ) -> None:
        n = whole_number(N, "N", low=1)
        self._agent_limit = neighbours(num_agent_neighbors, "num_agent_neighbors")
        self._landmark_limit = neighbours(num_landmark_neighbors, "num_landmark_neighbors")
        self._squared = truth_value(squared_adversary_reward, "squared_adversary_reward")
        self._reach_radius = real_number(reach_radius, "reach_radius", low=0.0)
        self.fact_limits = {"goal": (0, n - 1)}
        body = Body(size=0.15, collides=False)
        super().__init__(
            "simple_adversary",
            members=[
                Member(name="adversary_0", side="adversary", body=body),
                *(Member(name=f"agent_{i}", side="agents", body=body) for i in range(n)),
            ],
            landmarks=[Body(size=0.08, collides=False, movable=False)] * n,
            n_signals=2,
            settings=settings(
                max_cycles,
                actions=actions,
                continuous_actions=continuous_actions,
                physics=physics,
                dynamic_rescaling=dynamic_rescaling,
            ),
            parameters={
                "N": n,
                "num_agent_neighbors": self._agent_limit,
                "num_landmark_neighbors": self._landmark_limit,
                "squared_adversary_reward": self._squared,
                "reach_radius": self._reach_radius,
            },
            common_reward=False,
        )

    def draw(self, streams: Streams, where: BoolArray | None = None) -> dict[str, npt.NDArray[Any]]:
        """Draw the target, then the positions."""
        goal = streams.integers(self.n_landmarks, where=where)
        return {"goal": goal, **super().draw(streams, where)}

    def observe(self, state: State) -> list[Array]:
        """Return, to all but the adversary, the target; then landmarks and others."""
        seen = []
        for i, position in enumerate(state.agents):
            relative = state.positions - position
            landmarks = relative[self.n_agents :]
            goal = [] if i == ADVERSARY else [picked(landmarks, state.facts["goal"])]
            (near_landmarks,) = nearest(landmarks, self._landmark_limit)
            (near_others,) = nearest(others(relative[: self.n_agents], i), self._agent_limit)
            seen.append(np.concatenate([*goal, rows(near_landmarks), rows(near_others)]))
        return seen

    def outcome(self, state: State) -> Outcome:
        """Reward agents for being nearer to the target than the adversary."""
        to_landmarks = between(state.landmarks, state.agents)
        distance = length(state.agents - picked(state.landmarks, state.facts["goal"]))
        theirs, closest = distance[ADVERSARY], distance[1:].min(axis=0)
        rewards = np.empty_like(distance)
        rewards[ADVERSARY] = -theirs * theirs if self._squared else -theirs
        rewards[1:] = theirs - closest
        near = to_landmarks[:, 1:].min(axis=1) < self._reach_radius
        return Outcome(
            rewards=rewards,
            measures={
                "distance": distance,
                "agents_success": closest < self._reach_radius,
                "adversary_success": theirs < self._reach_radius,
                "covered_landmarks": near.sum(axis=0),
                **{f"distance_to_landmark_{k}": distances for k, distances in enumerate(to_landmarks)},
            },
        )
