"""Environments of a particle world, stepped together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from nashlens.games.core import Array, Batch, BoolArray, Step, check_actions
from nashlens.games.randomness import Streams

if TYPE_CHECKING:
    from nashlens.games.particle.world import ParticleWorld


class ParticleBatch(Batch):
    """E environments of one particle world.

    A state, as `state` returns and `restore` takes it, has the keys ``positions [E, n, 2]`` (agents, then landmarks),
    ``velocities [E, N, 2]``, ``messages [E, N, C]`` (what was said in the last step), ``clock [E]`` (steps played in
    this episode) and the facts that the page of the world names, such as ``goal [E]``.

    Parameters
    ----------
    world : the world.
    streams : what begins, and begins again, is drawn from here.
    """

    def __init__(self, world: ParticleWorld, streams: Streams) -> None:
        self.spec = world.spec
        self.n_envs = streams.n_envs
        self._world = world
        self._streams = streams
        self._state = world.fresh(streams)
        self.observations = self._observations()

    def step(self, actions: Sequence[npt.NDArray[np.floating[Any]]]) -> Step:
        """Play one joint action in every environment; those that end restart.

        The time limit truncates and never terminates, not even where the scenario would have ended the episode at that
        very step: so does mpe2.
        """
        played = check_actions(self.spec, actions, self.n_envs)
        world, state = self._world, self._state
        forces = world.controls.forces(played)
        forces *= world.physics.thrusts
        world.physics.advance(state.positions, state.velocities, forces)
        world.controls.speak(played, state.messages)
        world.after_physics(state, self._streams)
        state.clock += 1
        outcome = world.outcome(state)
        truncated = state.clock >= self.spec.horizon
        terminated = np.zeros_like(truncated) if outcome.over is None else outcome.over & ~truncated
        step = Step(
            next_observations=self._observations(),
            rewards=_environment_first(outcome.rewards),
            terminated=terminated,
            truncated=truncated,
            measures={name: _environment_first(values) for name, values in outcome.measures.items()},
        )
        ended = step.ended
        if ended.any():
            self._begin_again(ended)
            self.observations = self._observations()
        else:
            self.observations = step.next_observations
        return step

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return positions, velocities, messages, clock and the scenario's facts, as copies, environment first."""
        return {name: np.moveaxis(values, -1, 0).copy() for name, values in self._arrays().items()}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Go to a state that `state` returned, or that was made in its likeness.

        Raises
        ------
        ValueError : a key is missing or unknown, a shape does not fit, a number is not finite or out of range. Nothing
            has changed then.
        """
        arrays = self._arrays()
        if set(state) != set(arrays):
            raise ValueError(f"state must have the keys {sorted(arrays)}, not {sorted(state)}")
        checked = {name: self._checked(name, state[name], like=current) for name, current in arrays.items()}
        for name, current in arrays.items():
            current[...] = np.moveaxis(checked[name], 0, -1)
        self.observations = self._observations()

    def _begin_again(self, where: BoolArray) -> None:
        """Begin a new episode in the marked environments ``[E]``."""
        self._world.begin_again(self._state, where, streams=self._streams)

    def _checked(self, name: str, given: npt.ArrayLike, *, like: npt.NDArray[Any]) -> npt.NDArray[Any]:
        shape = (self.n_envs, *like.shape[:-1])
        if np.shape(given) != shape:
            raise ValueError(f"state[{name!r}] must have shape {shape}, not {np.shape(given)}")
        if not np.isfinite(given).all():
            raise ValueError(f"state[{name!r}] must be finite, not {given!r}")
        values = np.asarray(given, dtype=like.dtype)
        low, high = (0, self.spec.horizon - 1) if name == "clock" else self._world.fact_limits.get(name, (None, None))
        if low is not None and high is not None and ((values < low) | (values > high)).any():
            raise ValueError(f"state[{name!r}] must be from {low} to {high}, not {values}")
        return values

    def _arrays(self) -> dict[str, npt.NDArray[Any]]:
        state = self._state
        return {
            "positions": state.positions,
            "velocities": state.velocities,
            "messages": state.messages,
            "clock": state.clock,
            **state.facts,
        }

    def _observations(self) -> tuple[Array, ...]:
        return tuple(_environment_first(seen) for seen in self._world.observe(self._state))


def _environment_first(values: npt.NDArray[Any]) -> Array:
    # Always a copy: the state changes in place, and nothing handed out may change with it.
    return np.array(values.T, dtype=np.float64, order="C")
