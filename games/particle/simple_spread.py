"""Spread (cooperative navigation): N agents cover N landmarks and keep out of each other's way.

`SimpleSpread` is the page of this world.
"""

from __future__ import annotations

from typing import Literal

import numpy as np

from nashlens.games.arguments import one_of, real_number, truth_value, whole_number
from nashlens.games.core import Array
from nashlens.games.particle.controls import Mode
from nashlens.games.particle.geometry import between, ordered_sum, others, rows
from nashlens.games.particle.neighbours import nearest
from nashlens.games.particle.physics import Body, Order
from nashlens.games.particle.settings import MAX_CYCLES, neighbours, number_of_agents, settings
from nashlens.games.particle.world import Member, Outcome, ParticleWorld, State

CAPTURE_RADIUS = 0.1
SIZE = 0.15
STAGES = 2

TeamReward = Literal["mixed", "own", "sum"]
TEAM_REWARDS: tuple[TeamReward, ...] = ("mixed", "own", "sum")


class SimpleSpread(ParticleWorld):
    """N agents cover N landmarks; called cooperative navigation in the paper.

    Side ``team``: ``agent_0`` … Each sees its velocity (2), its position (2), the landmarks' and the other agents'
    positions relative to its own (2 each) and the others' messages, which are always zero (2 each): 18 numbers for N=3.
    Agents collide with each other, not with landmarks. Starts are uniform in the square from −1 to 1.

    With ``D = Σ_l min_i |x_i − y_l|`` over landmarks l and ``c_i`` the number of agents that overlap agent i, the
    reward of agent i is ``−(1 − local_ratio) D − local_ratio c_i``.

    Measures: ``distance [E]``, D; ``collisions [E, N]``, c_i (half their sum is the number of pairs that overlap);
    ``occupied_landmarks [E]``, landmarks with an agent within 0.1; ``covered [E]``, 1 if that is all of them.

    Parameters
    ----------
    n_agents, N : two names of the number of agents and of landmarks, ours and mpe2's; 3 if neither is given.
    local_ratio : weight of an agent's own collisions against the distance term, from 0 to 1.
    max_cycles, continuous_actions, actions, dynamic_rescaling, physics : as in every world, see `settings.settings`.
    curriculum : True to play `curriculum_stage`; False plays the last stage.
    curriculum_stage : 0 without, 1 with the collision penalty.
    terminate_on_success : True to end an episode as soon as every landmark is occupied.
    num_agent_neighbors, num_landmark_neighbors : how many of the nearest are seen; None for all.
    team_reward : ``mixed``, as above; ``own``, ``−D − c_i``; ``sum``, every agent gets the sum of all agents' own.
    self_collision : True to count every agent as colliding with itself, one more in each ``c_i`` of the reward.

    Raises
    ------
    ValueError : a value does not fit.

    Notes
    -----
    Source: mpe2 1.1.1, ``simple_spread_v3``, where the stage is set by a method that has no effect: it stays 0. The
    environments of 2017 are ``physics="lowe2017", team_reward="sum", self_collision=True, actions="soft"``; the paper's
    tables have N=3 and N=6.

    References
    ----------
    Lowe et al. (2017), arXiv:1706.02275: the paper.

    Examples
    --------
    >>> SimpleSpread(n_agents=6).spec.observation_sizes[0]
    36
    """

    def __init__(
        self,
        *,
        n_agents: int | None = None,
        N: int | None = None,
        local_ratio: float = 0.5,
        max_cycles: int = MAX_CYCLES,
        continuous_actions: bool | None = None,
        actions: Mode | None = None,
        dynamic_rescaling: bool = True,
        curriculum: bool = False,
        curriculum_stage: int = 0,
        terminate_on_success: bool = False,
        num_agent_neighbors: int | None = None,
        num_landmark_neighbors: int | None = None,
        team_reward: TeamReward = "mixed",
        self_collision: bool = False,
        physics: Order = "mpe2",
    ) -> None:
        n = number_of_agents(n_agents, N, default=3)
        self._local_ratio = real_number(local_ratio, "local_ratio", low=0.0, high=1.0)
        self._stage = whole_number(curriculum_stage, "curriculum_stage", low=0, high=STAGES - 1)
        self._penalised = not truth_value(curriculum, "curriculum") or self._stage > 0
        self._ends = truth_value(terminate_on_success, "terminate_on_success")
        self._agent_limit = neighbours(num_agent_neighbors, "num_agent_neighbors")
        self._landmark_limit = neighbours(num_landmark_neighbors, "num_landmark_neighbors")
        self._team_reward = one_of(team_reward, "team_reward", choices=TEAM_REWARDS)
        self._self_collision = truth_value(self_collision, "self_collision")
        alike = n == 1 or not self._penalised or (self._team_reward == "mixed" and self._local_ratio == 0)
        super().__init__(
            "simple_spread",
            members=[Member(name=f"agent_{i}", side="team", body=Body(size=SIZE)) for i in range(n)],
            landmarks=[Body(collides=False, movable=False)] * n,
            n_signals=2,
            settings=settings(
                max_cycles,
                actions=actions,
                continuous_actions=continuous_actions,
                physics=physics,
                dynamic_rescaling=dynamic_rescaling,
            ),
            parameters={
                "n_agents": n,
                "local_ratio": self._local_ratio,
                "curriculum": curriculum,
                "curriculum_stage": self._stage,
                "terminate_on_success": self._ends,
                "num_agent_neighbors": self._agent_limit,
                "num_landmark_neighbors": self._landmark_limit,
                "team_reward": self._team_reward,
                "self_collision": self._self_collision,
            },
            common_reward=alike or self._team_reward == "sum",
        )

    def observe(self, state: State) -> list[Array]:
        """Return velocity, position, landmarks, other agents and their messages."""
        seen = []
        for i, (velocity, position) in enumerate(zip(state.velocities, state.agents, strict=True)):
            relative = state.positions - position
            (landmarks,) = nearest(relative[self.n_agents :], self._landmark_limit)
            agents, messages = nearest(
                others(relative[: self.n_agents], i), self._agent_limit, attached=(others(state.messages, i),)
            )
            seen.append(np.concatenate([velocity, position, rows(landmarks), rows(agents), rows(messages)]))
        return seen

    def outcome(self, state: State) -> Outcome:
        """Reward short distances to the landmarks and penalise overlapping agents."""
        closest = between(state.agents, state.landmarks).min(axis=0)
        distance = ordered_sum(closest)
        touching = between(state.agents, state.agents) < 2 * SIZE
        collisions = touching.sum(axis=0, dtype=np.float64) - 1
        occupied = (closest < CAPTURE_RADIUS).sum(axis=0)
        covered = occupied == self.n_landmarks
        penalties = (collisions + self._self_collision) * self._penalised
        return Outcome(
            rewards=self._shared(-distance, -penalties),
            measures={
                "distance": distance,
                "collisions": collisions,
                "occupied_landmarks": occupied,
                "covered": covered,
            },
            over=covered if self._ends else None,
        )

    def _shared(self, common: Array, own: Array) -> Array:
        if self._team_reward == "mixed":
            return common * (1 - self._local_ratio) + own * self._local_ratio
        if self._team_reward == "own":
            return common + own
        total = ordered_sum(common + own)
        return np.repeat(total[None], self.n_agents, axis=0)
