"""Reference: two agents that each know the other's goal, and speak and move at once.

`SimpleReference` is the page of this world.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from nashlens.games.arguments import one_of, real_number, truth_value
from nashlens.games.core import Array, BoolArray
from nashlens.games.particle.controls import Mode
from nashlens.games.particle.geometry import length, picked, rows
from nashlens.games.particle.physics import Body, Order
from nashlens.games.particle.settings import MAX_CYCLES, settings
from nashlens.games.particle.world import Member, Outcome, ParticleWorld, State
from nashlens.games.randomness import Streams

COLORS = np.array([[0.75, 0.25, 0.25], [0.25, 0.75, 0.25], [0.25, 0.25, 0.75]])
N_SIGNALS = 10

TeamReward = Literal["mixed", "own", "sum"]
TEAM_REWARDS: tuple[TeamReward, ...] = ("mixed", "own", "sum")


class SimpleReference(ParticleWorld):
    """Two agents each know which of three landmarks the other should go to, and tell each other while moving.

    Side ``team``: ``agent_0``, ``agent_1``. Each sees its velocity (2), the landmarks relative to its position (6), the
    colour of the landmark that the other should go to (3) and what the other said (10). Each moves and sends one of ten
    signals: ``Choice((5, 10))``, which mpe2 numbers ``move + 5 · signal``. Nothing collides. Starts are uniform in the
    square from −1 to 1; the goals are drawn independently.

    With d_i the distance of agent i from where it should go, the own reward of an agent is minus the *other's*
    distance, and the reward is ``−(1 − local_ratio) (d_0 + d_1) / 2 − local_ratio d_other``.

    Measures: ``distance [E, 2]``, d_i; ``target_reach [E, 2]``, 1 if d_i is below `reach_radius`. State: ``goal [E,
    2]``; entry i is the landmark that agent i knows and the other should go to.

    Parameters
    ----------
    local_ratio : weight of an agent's own reward against the team's average, from 0 to 1.
    max_cycles, continuous_actions, actions, dynamic_rescaling, physics : as in every world, see `settings.settings`.
    team_reward : ``mixed``, as above; ``own``, an agent's own reward alone; ``sum``, both get the sum of both.
    squared_distance : True to reward with squared distances.
    reach_radius : what counts as reached; a measure only, it changes no reward.

    Raises
    ------
    ValueError : a value does not fit.

    Notes
    -----
    Source: mpe2 1.1.1, ``simple_reference_v3``. Not in Lowe et al. (2017); the environments of 2017 are
    ``physics="lowe2017", team_reward="sum", squared_distance=True, actions="soft"``.
    """

    def __init__(
        self,
        *,
        local_ratio: float = 0.5,
        max_cycles: int = MAX_CYCLES,
        continuous_actions: bool | None = None,
        actions: Mode | None = None,
        dynamic_rescaling: bool = True,
        team_reward: TeamReward = "mixed",
        squared_distance: bool = False,
        reach_radius: float = 0.1,
        physics: Order = "mpe2",
    ) -> None:
        self._local_ratio = real_number(local_ratio, "local_ratio", low=0.0, high=1.0)
        self._team_reward = one_of(team_reward, "team_reward", choices=TEAM_REWARDS)
        self._squared = truth_value(squared_distance, "squared_distance")
        self._reach_radius = real_number(reach_radius, "reach_radius", low=0.0)
        alike = self._team_reward == "mixed" and self._local_ratio == 0
        self.fact_limits = {"goal": (0, len(COLORS) - 1)}
        super().__init__(
            "simple_reference",
            members=[Member(name=f"agent_{i}", side="team", body=Body(collides=False), speaks=True) for i in range(2)],
            landmarks=[Body(collides=False, movable=False)] * len(COLORS),
            n_signals=N_SIGNALS,
            settings=settings(
                max_cycles,
                actions=actions,
                continuous_actions=continuous_actions,
                physics=physics,
                dynamic_rescaling=dynamic_rescaling,
            ),
            parameters={
                "local_ratio": self._local_ratio,
                "team_reward": self._team_reward,
                "squared_distance": self._squared,
                "reach_radius": self._reach_radius,
            },
            common_reward=alike or self._team_reward == "sum",
        )

    def draw(self, streams: Streams, where: BoolArray | None = None) -> dict[str, npt.NDArray[Any]]:
        """Draw the goals, then the positions."""
        goal = streams.integers(len(COLORS), (2,), where)
        return {"goal": goal, **super().draw(streams, where)}

    def observe(self, state: State) -> list[Array]:
        """Return velocity, landmarks, the colour of the other's goal and what the other said."""
        return [
            np.concatenate(
                [
                    state.velocities[i],
                    rows(state.landmarks - state.agents[i]),
                    COLORS.T[:, state.facts["goal"][i]],
                    state.messages[1 - i],
                ]
            )
            for i in range(2)
        ]

    def outcome(self, state: State) -> Outcome:
        """Reward an agent for the closeness of the other to where it should be."""
        goals = np.stack([picked(state.landmarks, state.facts["goal"][1 - i]) for i in range(2)])
        distance = length(state.agents - goals)
        own = -(distance * distance if self._squared else distance)[::-1]
        return Outcome(
            rewards=self._shared(own),
            measures={"distance": distance, "target_reach": distance < self._reach_radius},
        )

    def _shared(self, own: Array) -> Array:
        if self._team_reward == "own":
            return own
        total = own[0] + own[1]
        if self._team_reward == "sum":
            return np.stack([total, total])
        mixed: Array = total / 2 * (1 - self._local_ratio) + own * self._local_ratio
        return mixed
