"""What is executed when a policy draws: one alternative, or a Gumbel-softmax point whose mean is not the policy.

The cross-entropy of a model to soft points is least for their mean. A model that is fitted to them therefore aims at
something flatter than the policy that drew them.

References
----------
Jang, Gu, Poole (2017), arXiv:1611.01144.
"""

from __future__ import annotations

import numpy as np

from nashlens.analysis.results import Array
from nashlens.games.categorical import softmax
from nashlens.games.core import Choice
from nashlens.games.policy import Policy

N_DRAWS = 128
LEAST = 1e-300


def is_soft(policy: Policy) -> bool:
    """Say whether a policy draws points of the simplex."""
    return bool(getattr(policy, "soft", False))


def soft_points(probabilities: Array, noise: Array, space: Choice, *, temperature: float) -> Array:
    """Return Gumbel-softmax points ``[…, P, A]`` of policies ``[P, A]`` under Gumbel noise that fits them.

    Parameters
    ----------
    probabilities : of each factor, one after the other.
    noise : standard Gumbel, ``[…, P, A]`` or ``[…, 1, A]``.
    space : the factors.
    temperature : of the softmax, above 0.
    """
    heated = (np.log(np.maximum(probabilities, LEAST)) + noise) / temperature
    flat = softmax(heated.reshape(-1, space.width), space)
    points: Array = flat.reshape(heated.shape)
    return points


def mean_played(policy: Policy, observations: Array, *, noise: Array) -> Array:
    """Return the mean of what a policy executes, ``[P, A]``: its probabilities, or the mean of its soft points.

    Parameters
    ----------
    policy : over a `Choice`.
    observations : ``[P, O]``.
    noise : ``[M, A]``; Gumbel draws that all observations share; they are not used where one alternative is played.
    """
    probabilities = policy.probabilities(observations)
    if not is_soft(policy):
        return probabilities
    assert isinstance(policy.action_space, Choice)
    heat = float(getattr(policy, "temperature", 1.0))
    total = np.zeros_like(probabilities)
    for each in noise:
        total += soft_points(probabilities, each[None], policy.action_space, temperature=heat)
    return total / len(noise)


def gumbel_noise(n_draws: int, width: int, *, rng: np.random.Generator) -> Array:
    """Return standard Gumbel noise ``[n, A]``."""
    drawn: Array = rng.gumbel(size=(n_draws, width))
    return drawn
