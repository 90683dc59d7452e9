"""Speaker and listener (cooperative communication): one knows the goal and speaks, the other hears and goes there.

`SimpleSpeakerListener` is the page of this world.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from nashlens.games.arguments import one_of, real_number
from nashlens.games.core import Array, BoolArray
from nashlens.games.particle.controls import Mode
from nashlens.games.particle.geometry import rows
from nashlens.games.particle.physics import Body, Order
from nashlens.games.particle.settings import MAX_CYCLES, settings
from nashlens.games.particle.world import Member, Outcome, ParticleWorld, State
from nashlens.games.randomness import Streams

COLORS = np.array([[0.65, 0.15, 0.15], [0.15, 0.65, 0.15], [0.15, 0.15, 0.65]])
SPEAKER, LISTENER = 0, 1

TeamReward = Literal["own", "sum"]
TEAM_REWARDS: tuple[TeamReward, ...] = ("own", "sum")


class SimpleSpeakerListener(ParticleWorld):
    """A speaker that cannot move tells a listener which of three landmarks to go to; called cooperative communication.

    Side ``team``: ``speaker_0`` sees the colour of the goal (3) and sends one of three signals; ``listener_0`` sees its
    velocity (2), the landmarks relative to its position (6) and the signal (3), and moves. Nothing collides. Starts are
    uniform in the square from −1 to 1, the goal is one of the three with equal probability.

    Both get ``−d²``, where ``d`` is the distance of the listener from the goal.

    Measures: ``distance [E]``, d; ``target_reach [E]``, 1 if d is below `reach_radius`. State: ``goal [E]``.

    Parameters
    ----------
    max_cycles, continuous_actions, actions, dynamic_rescaling, physics : as in every world, see `settings.settings`.
    team_reward : ``own``, as above; ``sum``, both get the sum of both, ``−2 d²``.
    reach_radius : what counts as reached; a measure only, it changes no reward.

    Raises
    ------
    ValueError : a value does not fit.

    Notes
    -----
    Source: mpe2 1.1.1, ``simple_speaker_listener_v4``. The environments of 2017 are ``physics="lowe2017",
    team_reward="sum", actions="soft"``, and the sum is also the scale of the paper's figures. The paper's text lets the
    listener see the landmarks' colours; neither implementation does. The paper does not say which radius counts as
    reached.

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
        team_reward: TeamReward = "own",
        reach_radius: float = 0.1,
        physics: Order = "mpe2",
    ) -> None:
        self._share = 2.0 if one_of(team_reward, "team_reward", choices=TEAM_REWARDS) == "sum" else 1.0
        self._reach_radius = real_number(reach_radius, "reach_radius", low=0.0)
        self.fact_limits = {"goal": (0, len(COLORS) - 1)}
        speaker = Body(size=0.075, collides=False, movable=False)
        listener = Body(size=0.075, collides=False)
        super().__init__(
            "simple_speaker_listener",
            members=[
                Member(name="speaker_0", side="team", body=speaker, speaks=True),
                Member(name="listener_0", side="team", body=listener),
            ],
            landmarks=[Body(size=0.04, collides=False, movable=False)] * len(COLORS),
            n_signals=3,
            settings=settings(
                max_cycles,
                actions=actions,
                continuous_actions=continuous_actions,
                physics=physics,
                dynamic_rescaling=dynamic_rescaling,
            ),
            parameters={"team_reward": team_reward, "reach_radius": self._reach_radius},
            common_reward=True,
        )

    def draw(self, streams: Streams, where: BoolArray | None = None) -> dict[str, npt.NDArray[Any]]:
        """Draw the goal, then the positions."""
        goal = streams.integers(len(COLORS), where=where)
        return {"goal": goal, **super().draw(streams, where)}

    def observe(self, state: State) -> list[Array]:
        """Return the goal's colour to the speaker; velocity, landmarks and signal to the listener."""
        landmarks = state.landmarks - state.agents[LISTENER]
        heard = state.messages[SPEAKER]
        return [COLORS.T[:, state.facts["goal"]], np.concatenate([state.velocities[LISTENER], rows(landmarks), heard])]

    def outcome(self, state: State) -> Outcome:
        """Reward the listener's closeness to the goal."""
        goal = np.take_along_axis(state.landmarks, state.facts["goal"][None, None], axis=0)[0]
        away = state.agents[LISTENER] - goal
        squared = away[0] * away[0] + away[1] * away[1]
        distance = np.sqrt(squared)
        reward = -squared * self._share
        return Outcome(
            rewards=np.stack([reward, reward]),
            measures={"distance": distance, "target_reach": distance < self._reach_radius},
        )
