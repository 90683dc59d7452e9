"""One episode of a particle world, recorded: where everything was, what was said and what was paid at every step.

A batch restarts an environment by itself when its episode ends, so that the last positions are gone once `step` has
returned. The batch here keeps them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from nashlens.games.core import Array, BoolArray, IntArray
from nashlens.games.episodes import initial_memories
from nashlens.games.particle.batch import ParticleBatch
from nashlens.games.particle.world import ParticleWorld
from nashlens.games.policy import Policy, check_joint_policy, seen_by
from nashlens.games.randomness import Streams

Moment = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Recording:
    """One episode of T steps of a world of N agents and L landmarks; all arrays are read-only.

    Attributes
    ----------
    positions : ``[T+1, N+L, 2]``; agents, then landmarks, before the first step and after each.
    messages : ``[T+1, N, C]``; what each agent said in the step that led here, zeros from one that cannot speak.
    rewards : ``[T, N]``.
    standing : ``[T+1, L]``; False for a landmark that is out of play, such as a treasure that was picked up.
    targets : ``[T+1, L]``; True for a landmark that is somebody's goal.
    facts : what else the scenario remembers, each ``[T+1, …]``; the page of the world names them.
    sizes : ``[N+L]``; radius of each body.
    speaks : ``[N]``; True for an agent that sends messages.
    terminated : True if the scenario ended the episode, False if the time limit did.
    """

    positions: Array
    messages: Array
    rewards: Array
    standing: BoolArray
    targets: BoolArray
    facts: Mapping[str, npt.NDArray[Any]]
    sizes: Array
    speaks: BoolArray
    terminated: bool

    @property
    def n_steps(self) -> int:
        """T."""
        return len(self.rewards)

    @property
    def said(self) -> IntArray:
        """``[T+1, N]``; number of the largest entry of what each agent said, −1 from one that said nothing."""
        if self.messages.shape[2] == 0:
            return np.full(self.messages.shape[:2], -1)
        return np.where(self.speaks & self.messages.any(axis=2), self.messages.argmax(axis=2), -1)


def record(world: ParticleWorld, policies: Sequence[Policy], *, explore: bool, rng: np.random.Generator) -> Recording:
    """Play one episode and return all of it.

    Parameters
    ----------
    world : the particle world.
    policies : one an agent.
    explore : True to sample actions, False for the action without exploration noise.
    rng : the source of the world's and the policies' draws.

    Raises
    ------
    ValueError : the policies do not fit the world.

    Notes
    -----
    The episode is the one that `episodes.play` plays with one environment and the same generator.
    """
    joint = check_joint_policy(world.spec, policies, central=True)
    start, chance = rng.spawn(2)
    batch = _KeepingBatch(world, Streams(start, 1))
    memories = initial_memories(joint, 1, rng=chance)
    moments, rewards = [batch.moment()], []
    terminated = False
    for _ in range(world.spec.horizon):
        actions = []
        for i, policy in enumerate(joint):
            seen, _ = seen_by(policy, i, batch.observations)
            memories[i] = policy.next_memory(seen, memories[i])
            if explore:
                actions.append(policy.sample(seen, memory=memories[i], rng=chance))
            else:
                actions.append(policy.mode(seen, memory=memories[i]))
        step = batch.step(actions)
        rewards.append(step.rewards[0])
        ended = bool(step.ended[0])
        moments.append(batch.last if ended else batch.moment())
        if ended:
            terminated = bool(step.terminated[0])
            break
    together = {name: _kept(np.stack([moment[name] for moment in moments])) for name in moments[0]}
    shown = {name: together.pop(name) for name in ("positions", "messages", "standing", "targets")}
    return Recording(
        **shown,
        rewards=_kept(np.array(rewards)),
        facts={name: values for name, values in together.items() if name not in {"velocities", "clock"}},
        sizes=_kept(world.physics.sizes.copy()),
        speaks=_kept(world.controls.speaks.copy()),
        terminated=terminated,
    )


class _KeepingBatch(ParticleBatch):
    """One environment that keeps where its last episode ended."""

    last: Moment

    def moment(self) -> Moment:
        """Return the environment's state as it is now, and which landmarks stand and which are goals."""
        found = {name: values[0] for name, values in self.state().items()}
        world, state = self._world, self._state
        return {**found, "standing": world.standing(state)[:, 0].copy(), "targets": world.targets(state)[:, 0]}

    def _begin_again(self, where: BoolArray) -> None:
        self.last = self.moment()
        super()._begin_again(where)


def _kept(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    values.flags.writeable = False
    return values
