"""A policy that never explores: it always plays what another policy would play without noise."""

from __future__ import annotations

import numpy as np

from nashlens.games.core import Array, BoolArray, Box
from nashlens.games.policy import Policy


class GreedyPolicy(Policy):
    """The action without exploration noise of another policy, as a policy of its own.

    Parameters
    ----------
    policy : any policy; its `mode` is what is played.
    """

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.action_space = policy.action_space
        self.observation_size = policy.observation_size
        self.memory_size = policy.memory_size
        self.central = policy.central

    def probabilities(
        self, observations: Array, *, masks: BoolArray | None = None, memory: Array | None = None
    ) -> Array:
        """Return what is played, as the probabilities of the alternatives.

        Raises
        ------
        ValueError : the actions of the policy are not a `Choice`.
        """
        if isinstance(self.action_space, Box):
            return super().probabilities(observations, masks=masks, memory=memory)
        return self.policy.mode(observations, masks=masks, memory=memory)

    def moments(self, observations: Array, *, memory: Array | None = None) -> tuple[Array, Array]:
        """Return what is played, and a standard deviation of 0.

        Raises
        ------
        ValueError : the actions of the policy are not a `Box`.
        """
        if not isinstance(self.action_space, Box):
            return super().moments(observations, memory=memory)
        played = self.policy.mode(observations, memory=memory)
        return played, np.zeros_like(played)

    def sample(
        self,
        observations: Array,
        *,
        masks: BoolArray | None = None,
        memory: Array | None = None,
        rng: np.random.Generator,
    ) -> Array:
        """Return what is played; nothing is drawn."""
        return self.policy.mode(observations, masks=masks, memory=memory)

    def mode(self, observations: Array, *, masks: BoolArray | None = None, memory: Array | None = None) -> Array:
        """Return what is played."""
        return self.policy.mode(observations, masks=masks, memory=memory)

    def initial_memory(self, n_envs: int, *, rng: np.random.Generator) -> Array:
        """Return the policy's own first memory."""
        return self.policy.initial_memory(n_envs, rng=rng)

    def next_memory(self, observations: Array, memory: Array) -> Array:
        """Return the policy's own next memory."""
        return self.policy.next_memory(observations, memory)
