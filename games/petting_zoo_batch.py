"""Copies of a PettingZoo environment as a batch: one call of Python a copy and step."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from nashlens.games.core import Array, Batch, BoolArray, GameSpec, Step, check_actions
from nashlens.games.petting_zoo_copy import EnvironmentCopy
from nashlens.games.randomness import Streams

SEEDS = 2**31 - 1


class PettingZooBatch(Batch):
    """E copies of one environment, each in an episode with a seed of its own.

    Parameters
    ----------
    spec : the specification of the game.
    copies : E copies.
    streams : where the episodes' seeds come from.

    Raises
    ------
    ValueError : an environment breaks PettingZoo's contract.
    """

    def __init__(self, spec: GameSpec, copies: Sequence[EnvironmentCopy], streams: Streams) -> None:
        self.spec = spec
        self.n_envs = len(copies)
        self._copies = tuple(copies)
        self._streams = streams
        self._begin(np.ones(self.n_envs, dtype=np.bool_))
        self.observations, self.masks = self._look()

    def step(self, actions: Sequence[npt.NDArray[np.floating[Any]]]) -> Step:
        """Play one joint action in every copy; those whose episode ended begin another.

        Raises
        ------
        ValueError : a shape does not fit, an agent waits in its turn, or an environment breaks its contract.
        """
        joint = np.concatenate(check_actions(self.spec, actions, self.n_envs), axis=1)
        rewards = np.zeros((self.n_envs, self.spec.n_agents))
        terminated, truncated = np.zeros((2, self.n_envs), dtype=np.bool_)
        for e, copy in enumerate(self._copies):
            rewards[e], terminated[e], truncated[e] = copy.step(joint[e])
        if self.spec.common_reward and (rewards != rewards[:, :1]).any():
            raise ValueError(f"common_reward must be False: agents of {self.spec.name} got different rewards")
        next_observations, next_masks = self._look()
        self._begin(terminated | truncated)
        self.observations, self.masks = self._look()
        return Step(
            next_observations=next_observations,
            rewards=rewards,
            terminated=terminated,
            truncated=truncated,
            next_masks=next_masks,
        )

    def state(self) -> dict[str, npt.NDArray[Any]]:
        """Return the seed ``[E]``, length ``[E]`` and joint actions ``[E, T, A_1 + … + A_N]`` of every episode so far.

        Where an episode stands is what its seed and its actions lead to; the observations ``[E, O_1 + … + O_N]`` are
        stored to check that they do.
        """
        lengths = np.array([len(copy.actions) for copy in self._copies])
        actions = np.zeros((self.n_envs, lengths.max(), sum(self.spec.action_widths)))
        for e, copy in enumerate(self._copies):
            if copy.actions:
                actions[e, : lengths[e]] = copy.actions
        return {
            "seeds": np.array([copy.seed for copy in self._copies], dtype=np.int64),
            "lengths": lengths,
            "actions": actions,
            "observations": np.concatenate(self.observations, axis=1),
        }

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Play every episode again from its seed up to where it stood.

        Raises
        ------
        ValueError : the state is of another number of environments, or an environment does not arrive where it was,
            because its seed does not decide its whole episode.
        """
        if state["seeds"].shape != (self.n_envs,):
            raise ValueError(f"state must be one of {self.n_envs} environments, not {len(state['seeds'])}")
        for e, copy in enumerate(self._copies):
            copy.reset(int(state["seeds"][e]))
            for action in state["actions"][e, : state["lengths"][e]]:
                copy.step(action)
        self.observations, self.masks = self._look()
        differ = (np.concatenate(self.observations, axis=1) != state["observations"]).any(axis=1)
        if differ.any():
            raise ValueError(
                f"{self.spec.name} cannot go back to a stored state: played again from its seed, environment "
                f"{int(differ.argmax())} shows something else. Its randomness must come from reset(seed=…) alone"
            )

    def _begin(self, where: BoolArray) -> None:
        seeds = self._streams.integers(SEEDS, (), where)
        for e, seed in zip(np.flatnonzero(where), seeds, strict=True):
            self._copies[e].reset(int(seed))

    def _look(self) -> tuple[tuple[Array, ...], tuple[BoolArray, ...] | None]:
        n_agents = self.spec.n_agents
        seen = tuple(np.stack([copy.observations[i] for copy in self._copies]) for i in range(n_agents))
        if not self.spec.masked:
            return seen, None
        return seen, tuple(np.stack([copy.masks[i] for copy in self._copies]) for i in range(n_agents))
