"""Proposition 1 by sampling: how often a batch of policy gradients agrees with the truth, counted, with intervals."""

from __future__ import annotations

import numpy as np

from nashlens.analysis.proportions import wilson
from nashlens.analysis.proposition_one import Estimator, Reward, check_theta, estimates_by_count
from nashlens.analysis.statistics import Intervals

_CHUNK = 2_000_000


def sampled_agreement(
    n_agents: int,
    *,
    theta: float = 0.5,
    estimator: Estimator = "reinforce",
    reward: Reward = "all_ones",
    n_samples: int = 10_000,
    batch_size: int = 1,
    level: float = 0.95,
    rng: np.random.Generator,
) -> Intervals:
    """Share of sampled gradients that agree with the true one, in Proposition 1's game.

    Parameters
    ----------
    n_agents, theta, estimator, reward : as in `proposition_one.proposition_one`.
    n_samples : M, gradients.
    batch_size : joint actions that each gradient is the mean of.
    level : confidence level.
    rng : source of the actions.

    Returns
    -------
    Intervals of shape ``[2]``, Wilson's: shares with ``⟨ĝ, g⟩`` above and below 0. The rest is silent.

    Raises
    ------
    ValueError : `n_samples` or `batch_size` is below 1, or another argument is out of range.
    """
    check_theta(theta)
    if n_samples < 1 or batch_size < 1:
        raise ValueError(f"n_samples and batch_size must be at least 1, not {n_samples} and {batch_size}")
    ones, zeros, gradient = estimates_by_count(n_agents, theta, estimator=estimator, reward=reward)
    counts = np.arange(n_agents + 1)
    sums = counts * ones + (n_agents - counts) * zeros  # Σ_i ĝ_i, which ⟨ĝ, g⟩ is g times
    slack = 1e-12 * n_agents * batch_size * max(float(np.abs(ones).max()), float(np.abs(zeros).max()))
    found = np.zeros(2, dtype=np.int64)
    step = max(1, _CHUNK // (n_agents * batch_size))
    for start in range(0, n_samples, step):
        shape = (min(step, n_samples - start), batch_size, n_agents)
        played = (rng.random(shape) < theta).sum(axis=2)
        inner = np.sign(gradient) * sums[played].sum(axis=1)
        found += [int((inner > slack).sum()), int((inner < -slack).sum())]
    return wilson(found, n_samples, level=level, unit="gradient sample", metric="sign_agreement")
