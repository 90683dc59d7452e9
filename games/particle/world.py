"""What all particle worlds share: who takes part, the state, the batch that steps it. A scenario adds what it means.

A scenario says in four methods what its world is: `ParticleWorld.draw` (how an episode begins),
`ParticleWorld.observe`, `ParticleWorld.outcome` (rewards, measures, whether it is over) and, where something happens
between the physics and the rewards, `ParticleWorld.after_physics`. All of them work on E environments at once, the
environment being the last axis.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from nashlens.games.core import Array, BoolArray, Game, GameSpec, IntArray
from nashlens.games.particle.batch import ParticleBatch
from nashlens.games.particle.controls import Controls
from nashlens.games.particle.physics import Body, Physics
from nashlens.games.particle.settings import Settings
from nashlens.games.randomness import Streams

MOST_BODIES = 2_000
"""More agents and landmarks than any use of these worlds has; every pair of them is looked at in every step."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One agent of a world.

    Attributes
    ----------
    name : mpe2's name of the agent.
    side : the side it plays on.
    body : its disc.
    speaks : True if it sends a message at every step.
    """

    name: str
    side: str
    body: Body
    speaks: bool = False


@dataclass(slots=True, kw_only=True)
class State:
    """E environments of a world of N agents and n bodies.

    Attributes
    ----------
    positions : ``[n, 2, E]``; agents, then landmarks.
    velocities : ``[N, 2, E]``.
    messages : ``[N, C, E]``; what each agent said in the last step, zeros from one that cannot or has not yet.
    clock : ``[E]``; steps played in this episode.
    facts : what the scenario itself remembers, such as the goal, each ``[…, E]``.
    """

    positions: Array
    velocities: Array
    messages: Array
    clock: IntArray
    facts: dict[str, npt.NDArray[Any]]

    @property
    def agents(self) -> Array:
        """``[N, 2, E]``; the positions of the agents."""
        return self.positions[: len(self.velocities)]

    @property
    def landmarks(self) -> Array:
        """``[L, 2, E]``; the positions of the landmarks."""
        return self.positions[len(self.velocities) :]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """What a step was worth.

    Attributes
    ----------
    rewards : ``[N, E]``.
    measures : what the world measures beside the reward, each ``[E]`` or ``[N, E]``.
    over : ``[E]``, True where the scenario ends the episode; None if it never does.
    """

    rewards: Array
    measures: Mapping[str, npt.NDArray[Any]] = field(default_factory=dict)
    over: BoolArray | None = None


class ParticleWorld(Game):
    """A particle world; `scenarios` lists them.

    Parameters
    ----------
    name : the registry's name.
    members : N agents.
    landmarks : the bodies that stand still.
    n_signals : C, the length of a message.
    settings : what every world can be told.
    parameters : the scenario's own arguments, as the specification shows them.
    common_reward : True if all agents always receive the same reward.

    Attributes
    ----------
    fact_limits : the least and the largest value of each of the scenario's facts that is a whole number.

    Raises
    ------
    ValueError : there are more agents and landmarks than `MOST_BODIES`.
    """

    fact_limits: Mapping[str, tuple[int, int]] = MappingProxyType({})

    def __init__(
        self,
        name: str,
        *,
        members: Sequence[Member],
        landmarks: Sequence[Body],
        n_signals: int,
        settings: Settings,
        parameters: Mapping[str, Any],
        common_reward: bool,
    ) -> None:
        if len(members) + len(landmarks) > MOST_BODIES:
            raise ValueError(
                f"{name} must have at most {MOST_BODIES:,} agents and landmarks together, not "
                f"{len(members) + len(landmarks):,}"
            )
        bodies = [member.body for member in members]
        self.n_agents = len(members)
        self.n_landmarks = len(landmarks)
        self.n_signals = n_signals
        self.physics = Physics(bodies, landmarks, order=settings.physics)
        self.controls = Controls(
            [body.movable for body in bodies],
            [member.speaks for member in members],
            n_signals=n_signals,
            mode=settings.actions,
        )
        # The throw-away episode only tells how long each agent's observation is.
        sizes = tuple(len(seen) for seen in self.observe(self.fresh(Streams(np.random.default_rng(0), 1))))
        self.spec = GameSpec(
            name=name,
            parameters={
                **parameters,
                "max_cycles": settings.max_cycles,
                "actions": settings.actions,
                "physics": settings.physics,
                "dynamic_rescaling": settings.dynamic_rescaling,
            },
            agents=tuple(member.name for member in members),
            sides=tuple(member.side for member in members),
            observation_sizes=sizes,
            action_spaces=self.controls.spaces,
            horizon=settings.max_cycles,
            common_reward=common_reward,
            soft_actions=settings.actions == "soft",
        )

    def draw(self, streams: Streams, where: BoolArray | None = None) -> dict[str, npt.NDArray[Any]]:
        """Draw how the marked environments begin.

        Returns
        -------
        ``positions [n_marked, n, 2]``, here uniform in the square from −1 to 1, and the scenario's facts, each
        ``[n_marked, …]``.
        """
        return {"positions": streams.uniform(-1.0, 1.0, (self.n_agents + self.n_landmarks, 2), where)}

    @abstractmethod
    def observe(self, state: State) -> Sequence[Array]:
        """Return what each agent sees, one ``[O_i, E]`` an agent."""

    @abstractmethod
    def outcome(self, state: State) -> Outcome:
        """Return what the step that led to `state` was worth."""

    def after_physics(self, state: State, streams: Streams) -> None:
        """Change what changes between the movement and the rewards; in most worlds nothing."""
        return

    def targets(self, state: State) -> BoolArray:
        """Return which landmarks are somebody's goal, ``[L, E]``; where `state` has a fact ``goal``, those it names."""
        n_envs = len(state.clock)
        marked = np.zeros((self.n_landmarks, n_envs), dtype=np.bool_)
        for goal in np.reshape(state.facts.get("goal", np.zeros((0, n_envs), dtype=np.int64)), (-1, n_envs)):
            marked[goal, np.arange(n_envs)] = True
        return marked

    def standing(self, state: State) -> BoolArray:
        """Return which landmarks are in play, ``[L, E]``; here all."""
        return np.ones((self.n_landmarks, len(state.clock)), dtype=np.bool_)

    def fresh(self, streams: Streams) -> State:
        """Return the state of environments that begin now."""
        n_envs = streams.n_envs
        drawn = {name: np.ascontiguousarray(np.moveaxis(v, 0, -1)) for name, v in self.draw(streams).items()}
        return State(
            positions=drawn.pop("positions"),
            velocities=np.zeros((self.n_agents, 2, n_envs)),
            messages=np.zeros((self.n_agents, self.n_signals, n_envs)),
            clock=np.zeros(n_envs, dtype=np.int64),
            facts=drawn,
        )

    def begin_again(self, state: State, where: BoolArray, *, streams: Streams) -> None:
        """Begin a new episode in the marked environments ``[E]``, in place."""
        drawn = {name: np.moveaxis(values, 0, -1) for name, values in self.draw(streams, where).items()}
        state.positions[..., where] = drawn.pop("positions")
        state.velocities[..., where] = 0.0
        state.messages[..., where] = 0.0
        state.clock[where] = 0
        for name, values in drawn.items():
            state.facts[name][..., where] = values

    def begin(self, streams: Streams) -> ParticleBatch:
        """Return one environment for each of `streams`' environments, started."""
        return ParticleBatch(self, streams)
