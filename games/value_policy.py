"""Policies that act by action values: greedy with a share ε of exploration, for one agent or for all from one table.

A network has one output for each alternative of a `Choice`: where the choice is a product of factors, for each
combination of the factors' alternatives, the last factor fastest. The greedy action is the legal combination of the
highest value, the first among equals. Each factor by itself is replaced, with probability ε, by a uniform draw from its
legal alternatives; so the policy is a product over factors, and a central one a product over agents.
"""

from __future__ import annotations

from math import prod

import numpy as np

from nashlens.games.categorical import renormalise
from nashlens.games.core import Array, BoolArray, Choice
from nashlens.games.network_policy import Network
from nashlens.games.policy import ChoicePolicy, uniform_policy


def combinations(factors: tuple[int, ...]) -> Array:
    """Return ``[K, W]``: every combination of the factors' alternatives as one-hot vectors, the last factor fastest.

    >>> combinations((2, 1)).tolist()
    [[1.0, 0.0, 1.0], [0.0, 1.0, 1.0]]
    """
    places = np.unravel_index(np.arange(prod(factors)), factors)
    return np.concatenate([np.eye(n)[place] for n, place in zip(factors, places, strict=True)], axis=1)


class EpsilonGreedyPolicy(ChoicePolicy):
    """The greedy policy of action values, with exploration.

    Parameters
    ----------
    network : outputs ``[B, K]`` values, one a combination.
    action_space, observation_size : as in `Policy`.
    epsilon : probability with which a factor is drawn afresh, from 0 to 1.

    Raises
    ------
    ValueError : the network's inputs or outputs do not fit, or `epsilon` is not from 0 to 1.
    """

    def __init__(self, network: Network, *, action_space: Choice, observation_size: int, epsilon: float) -> None:
        network.check_sizes(observation_size, prod(action_space.factors))
        if not 0 <= epsilon <= 1:
            raise ValueError(f"epsilon must be from 0 to 1, not {epsilon!r}")
        self.network = network
        self.action_space = action_space
        self.observation_size = observation_size
        self.epsilon = epsilon
        self._combinations = combinations(action_space.factors)
        self._uniform = uniform_policy(action_space, observation_size=observation_size)

    def values(self, observations: Array) -> Array:
        """Return the value ``[B, K]`` of every combination."""
        return self.network(observations)

    def probabilities(
        self, observations: Array, *, masks: BoolArray | None = None, memory: Array | None = None
    ) -> Array:
        """Return ``1 − ε`` on the greedy alternative of each factor, and ε spread over its legal ones."""
        spread = self._uniform.probabilities(observations)
        if masks is not None:
            spread = renormalise(spread, self.action_space, masks)
        return (1 - self.epsilon) * self.mode(observations, masks=masks) + self.epsilon * spread

    def mode(self, observations: Array, *, masks: BoolArray | None = None, memory: Array | None = None) -> Array:
        """Return the one-hot vectors of the legal combination of the highest value."""
        values = self.values(observations)
        if masks is not None:
            n_legal = masks.astype(np.float64) @ self._combinations.T
            values = np.where(n_legal == len(self.action_space.factors), values, -np.inf)
        best: Array = self._combinations[values.argmax(axis=1)]
        return best


class CentralPolicy(ChoicePolicy):
    """One agent's part of a policy that decides for all agents from what all of them observe.

    Parameters
    ----------
    joint : a policy over the joint observation ``[B, ΣO]`` and the factors of all agents, one after the other.
    action_space : the agent's own space.
    start : where the agent's part of the joint action vector begins.

    Attributes
    ----------
    central : True: observations and masks are those of all agents, one after the other (see `games.policy.seen_by`).
    observation_size : ΣO.

    Raises
    ------
    ValueError : the joint policy has no such part.
    """

    central = True

    def __init__(self, joint: ChoicePolicy, *, action_space: Choice, start: int) -> None:
        self.joint = joint
        self.action_space = action_space
        self.observation_size = joint.observation_size
        self._part = slice(start, start + action_space.width)
        parts = [part for part in joint.action_space.slices if start <= part.start < self._part.stop]
        if [part.stop - part.start for part in parts] != list(action_space.factors) or parts[0].start != start:
            raise ValueError(f"start must be where {action_space} stands in {joint.action_space}, not {start}")

    def probabilities(
        self, observations: Array, *, masks: BoolArray | None = None, memory: Array | None = None
    ) -> Array:
        """Return the agent's part of the joint policy, given all observations and masks."""
        return self.joint.probabilities(observations, masks=masks)[:, self._part]

    def mode(self, observations: Array, *, masks: BoolArray | None = None, memory: Array | None = None) -> Array:
        """Return the agent's part of the joint action without exploration."""
        return self.joint.mode(observations, masks=masks)[:, self._part]
