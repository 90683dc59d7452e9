"""Mixtures: one of several policies, drawn once an episode, as an ensemble of sub-policies acts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from nashlens.games.core import Array, BoolArray
from nashlens.games.policy import Policy


class MixturePolicy(Policy):
    """One of K policies, drawn anew for each episode and kept to its end.

    Its memory is the index that was drawn. It is not the policy that mixes anew at every step: over several steps the
    two differ, since an episode's actions are correlated through the index.

    Parameters
    ----------
    members : K policies over one action space.
    weights : ``[K]`` probabilities; uniform if left out.
    group : agents whose mixtures name one group play the same index in an episode, as team-mates that change together.

    Raises
    ------
    ValueError : there is no member, their spaces or observation sizes differ, one has a memory of its own, or the
        weights are no distribution.
    """

    memory_size = 1

    def __init__(
        self, members: Sequence[Policy], *, weights: Sequence[float] | None = None, group: str | None = None
    ) -> None:
        if not members or any(m.action_space != members[0].action_space for m in members):
            raise ValueError("members must be one or more policies over one action space")
        if any(m.observation_size != members[0].observation_size for m in members):
            raise ValueError(f"members must read equally much, not {[m.observation_size for m in members]} numbers")
        if any(m.memory_size for m in members):
            raise ValueError("members must be policies without memory")
        self.members = tuple(members)
        self.group = group
        self.weights = np.full(len(members), 1 / len(members)) if weights is None else np.asarray(weights, np.float64)
        if self.weights.shape != (len(members),) or not (self.weights >= 0).all() or abs(self.weights.sum() - 1) > 1e-9:
            raise ValueError(f"weights must be {len(members)} probabilities that sum to 1, not {self.weights.tolist()}")
        self.action_space = members[0].action_space
        self.observation_size = members[0].observation_size

    def initial_memory(self, n_envs: int, *, rng: np.random.Generator) -> Array:
        """Draw the index ``[E, 1]`` of the member that plays each episode."""
        return rng.choice(len(self.members), p=self.weights, size=(n_envs, 1)).astype(np.float64)

    def probabilities(
        self, observations: Array, *, masks: BoolArray | None = None, memory: Array | None = None
    ) -> Array:
        """Return the probabilities of the member in `memory`; without memory, those of an episode's first step."""
        if memory is None:
            each = [m.probabilities(observations, masks=masks) for m in self.members]
            return np.tensordot(self.weights, np.stack(each), axes=1)
        return self._by_member(memory, lambda m, rows: m.probabilities(observations[rows], masks=_rows(masks, rows)))

    def moments(self, observations: Array, *, memory: Array | None = None) -> tuple[Array, Array]:
        """Return the moments of the member in `memory`; without memory, those of an episode's first step."""
        if memory is not None:
            mean = self._by_member(memory, lambda m, rows: m.moments(observations[rows])[0])
            return mean, self._by_member(memory, lambda m, rows: m.moments(observations[rows])[1])
        means, stds = (np.stack(each) for each in zip(*(m.moments(observations) for m in self.members), strict=True))
        mean = np.tensordot(self.weights, means, axes=1)
        variance = np.tensordot(self.weights, stds**2 + (means - mean) ** 2, axes=1)
        return mean, np.sqrt(variance)

    def sample(
        self,
        observations: Array,
        *,
        masks: BoolArray | None = None,
        memory: Array | None = None,
        rng: np.random.Generator,
    ) -> Array:
        """Draw from the member in `memory`; without memory, from a member drawn now."""
        chosen = self.initial_memory(len(observations), rng=rng) if memory is None else memory
        return self._by_member(chosen, lambda m, rows: m.sample(observations[rows], masks=_rows(masks, rows), rng=rng))

    def mode(self, observations: Array, *, masks: BoolArray | None = None, memory: Array | None = None) -> Array:
        """Return the noise-free action of the member in `memory`; without memory, of the likeliest member."""
        chosen = np.full((len(observations), 1), float(self.weights.argmax())) if memory is None else memory
        return self._by_member(chosen, lambda m, rows: m.mode(observations[rows], masks=_rows(masks, rows)))

    def _by_member(self, memory: Array, ask: Callable[[Policy, BoolArray], Array]) -> Array:
        index = memory[:, 0].astype(np.int64)
        answer = np.zeros((len(index), self.action_space.width))
        for k in np.unique(index):
            rows = index == k
            answer[rows] = ask(self.members[k], rows)
        return answer


def _rows(masks: BoolArray | None, rows: BoolArray) -> BoolArray | None:
    return None if masks is None else masks[rows]
