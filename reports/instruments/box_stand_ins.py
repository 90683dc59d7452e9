"""Gaussian policies and what stands in for them: means and spreads, draws inside the box, and values under both.

All is that of the target networks, as in `stand_ins`. Draws for the truth and its stand-in share their noise, so that
a difference in value is not one of luck.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from nashlens.analysis.results import Array
from nashlens.games.core import Box, GameSpec
from nashlens.games.policy import Policy
from nashlens.reports.instruments.stand_ins import INFERRED, REPLAY, checked_stand_in, replay_weights

if TYPE_CHECKING:
    from nashlens.agents.critic import Critic
    from nashlens.agents.records import TrainingRun

N_CONTEXTS = 8  # joint draws of everybody else
N_OWN_DRAWS = 8  # draws of the other's action in each


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moments:
    """A diagonal Gaussian at each of P observations, before it is clipped to its box.

    Attributes
    ----------
    mean, std : ``[P, D]``, action units.
    """

    mean: Array
    std: Array

    def drawn(self, space: Box, noise: Array) -> Array:
        """Return draws ``[P, D]`` inside the box, from standard normal noise of that shape."""
        return np.clip(self.mean + self.std * noise, space.low, space.high)


def moments_of(policy: Policy, observations: Array) -> Moments:
    """Return a Gaussian policy's moments."""
    mean, std = policy.moments(observations)
    return Moments(mean=mean, std=std)


def true_and_fed_moments(
    run: TrainingRun, agent: int, other: int, observations: Array, *, snapshot: int
) -> tuple[Moments, Moments]:
    """Return the other's true target policy and what stands in for it.

    Parameters
    ----------
    run : one that kept its learners.
    agent, other : whose critic, and whose policy.
    observations : ``[P, O_j]``, of the other agent.
    snapshot : which.

    Raises
    ------
    ValueError : the run kept no learners, the observations are not the other agent's, or its actions are no `Box`.

    Notes
    -----
    Where actions are taken from the replay, what stands in is a mixture of the policies that filled it; its mean and
    spread stand for it here.
    """
    how = checked_stand_in(run, agent, other, observations, kind=Box)
    true = moments_of(run.target_policy(other, snapshot), observations)
    if how.source == INFERRED:
        return true, moments_of(run.model(agent, other, snapshot, target=True), observations)
    if how.source == REPLAY:
        return true, _in_replay(run, other, observations, snapshot=snapshot)
    return true, true


def values_under(
    critic: Critic,
    observations: Array,
    moments: list[tuple[Moments, Moments]],
    *,
    other: int | None,
    rng: np.random.Generator,
) -> Array:
    """Return ``[2, C, K, P]``: a critic's values where the others act as they do, and where stand-ins act.

    Parameters
    ----------
    critic : whose.
    observations : ``[P, ΣO]``.
    moments : of each agent the truth and its stand-in; the same twice for agents that nothing stands in for.
    other : whose action is drawn K times in each of C joint draws of the rest; None for one joint draw of all.
    rng : source of the noise.
    """
    spec = critic.spec
    n_own = 1 if other is None else N_OWN_DRAWS
    values = np.empty((2, N_CONTEXTS, n_own, len(observations)))
    for c in range(N_CONTEXTS):
        noise = [rng.standard_normal(true.mean.shape) for true, _ in moments]
        for k in range(n_own):
            if other is not None:
                noise[other] = rng.standard_normal(noise[other].shape)
            for which in (0, 1):
                joint = joint_draw(spec, [pair[which] for pair in moments], noise)
                values[which, c, k] = critic(observations, joint)
    return values


def joint_draw(spec: GameSpec, moments: list[Moments], noise: list[Array]) -> Array:
    """Return a joint action ``[P, ΣA]`` from everybody's moments and noise."""
    parts = []
    for space, each, own in zip(spec.action_spaces, moments, noise, strict=True):
        assert isinstance(space, Box)
        parts.append(each.drawn(space, own))
    return np.concatenate(parts, axis=1)


def _in_replay(run: TrainingRun, other: int, observations: Array, *, snapshot: int) -> Moments:
    """Return mean and spread of the mixture of the policies that filled the replay."""
    weights = replay_weights(run, snapshot=snapshot)
    each = [(w, moments_of(run.policies(t)[other], observations)) for t, w in enumerate(weights) if w]
    mean = np.sum([w * m.mean for w, m in each], axis=0)
    variance = np.sum([w * (m.std**2 + (m.mean - mean) ** 2) for w, m in each], axis=0)
    return Moments(mean=mean, std=np.sqrt(variance))
