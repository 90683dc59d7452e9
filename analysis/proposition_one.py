"""Proposition 1's game: N agents of two actions, and how often a single-sample policy gradient points the right way.

Every agent plays 1 with probability θ. The reward is 1 if all play 1 (``all_ones``), or if all play the same
(``all_equal``), which is how the proposition is printed. Under the second reading the true gradient vanishes at
``θ = ½`` and no sample can agree with it; the claim that agreement falls as ``2^{−N}`` holds under the first.

Both rewards depend only on how many agents play 1, and so does every estimator's agreement with the truth. So all
moments are exact sums over ``k = 0 … N``, for any N. `gradient_enumeration` is the same by all ``2^N`` joint actions.
"""

from __future__ import annotations

from typing import Literal, get_args

import numpy as np
from scipy import special

from nashlens.analysis.gradient_quality import GradientQuality, expected_quality
from nashlens.analysis.results import Array

Reward = Literal["all_ones", "all_equal"]
Estimator = Literal[
    "reinforce",
    "reinforce_baseline",
    "centralised_q",
    "decentralised_q",
    "counterfactual",
    "all_action",
    "dpg_replayed",
    "dpg_reevaluated",
]
MAX_AGENTS = 1000  # binomial coefficients beyond leave the range of floating point
ESTIMATORS: tuple[Estimator, ...] = get_args(Estimator)
REFERENCES = ("Lowe, Wu, Tamar, Harb, Abbeel & Mordatch (2017), arXiv:1706.02275, Proposition 1",)


def proposition_one(
    n_agents: int, *, theta: float = 0.5, estimator: Estimator = "reinforce", reward: Reward = "all_ones"
) -> GradientQuality:
    """Exact quality of one single-sample estimator of ``∂J/∂θ_i``, all agents at the same θ.

    With the score ``s_i = a_i/θ − (1 − a_i)/(1 − θ)``: ``reinforce`` is ``R s_i``; ``reinforce_baseline``
    ``(R − b) s_i`` with the constant b of least variance; ``centralised_q`` ``Q(a) s_i``, the same as ``reinforce``
    because Q is R; ``decentralised_q`` ``E[R|a_i] s_i``; ``counterfactual`` ``(R − E_b R(b, a_−i)) s_i``;
    ``all_action`` ``R(1, a_−i) − R(0, a_−i)``; ``dpg_replayed`` the derivative of the multilinear Q along a_i at
    others' actions drawn from a buffer of the current policies; ``dpg_reevaluated`` that at their mean actions.

    Parameters
    ----------
    n_agents : N, from 1 to 1,000.
    theta : probability of 1, inside (0, 1).
    estimator : one of `ESTIMATORS`.
    reward : ``all_ones`` or ``all_equal``.

    Returns
    -------
    GradientQuality, exact.

    Raises
    ------
    ValueError : an argument is out of range or unknown.

    Notes
    -----
    Gradients are with respect to θ itself; in logits values are scaled by ``θ(1 − θ)``, and no sign changes. For
    ``all_ones`` REINFORCE agrees with probability ``θ^N`` and its signal-to-noise ratio at ½ is ``1/√(2^N − 1)``. The
    constant baseline lifts agreement to about one half, and the ratio hardly at all: never read agreement alone. For
    ``all_equal`` and ``θ < ½`` the true gradient is negative, so agreement has probability ``(1 − θ)^N``.

    References
    ----------
    Lowe, Wu, Tamar, Harb, Abbeel & Mordatch (2017), arXiv:1706.02275, Proposition 1.

    Examples
    --------
    >>> proposition_one(3).p_positive
    0.125
    """
    check_theta(theta)
    ones, zeros, gradient = estimates_by_count(n_agents, theta, estimator=estimator, reward=reward)
    counts = np.arange(n_agents + 1)
    weights = binomial(n_agents, theta)
    table = np.where(np.arange(n_agents) < counts[:, None], ones[:, None], zeros[:, None])
    return expected_quality(
        table,
        weights,
        gradient=np.full(n_agents, gradient),
        estimator=estimator,
        exchangeable=True,
        references=REFERENCES,
    )


def estimates_by_count(
    n_agents: int, theta: float, *, estimator: Estimator, reward: Reward
) -> tuple[Array, Array, float]:
    """Return an agent's estimate where it played 1 and where it played 0, each ``[N + 1]`` by the number of ones.

    Third comes the true gradient. Where no agent plays 1 the first number belongs to nobody, where all do the second.

    Raises
    ------
    ValueError : `n_agents` is out of range, or `estimator` or `reward` is unknown.
    """
    rewards = rewards_by_count(n_agents, reward)
    others = binomial(n_agents - 1, theta)
    value_one, value_zero = float(others @ rewards[1:]), float(others @ rewards[:-1])
    gradient = value_one - value_zero
    if abs(gradient) <= 1e-12 * (abs(value_one) + abs(value_zero)):
        gradient = 0.0
    score_one, score_zero = 1 / theta, -1 / (1 - theta)
    gains = np.diff(rewards)  # what one more 1 adds, [N]
    gain_one, gain_zero = np.append(0.0, gains), np.append(gains, 0.0)
    if estimator in {"reinforce", "centralised_q"}:
        ones, zeros = rewards * score_one, rewards * score_zero
    elif estimator == "reinforce_baseline":
        # b = E[R s²] / E[s²], with E[s²] = 1 / (θ (1 − θ)).
        baseline = value_one * (1 - theta) + value_zero * theta
        ones, zeros = (rewards - baseline) * score_one, (rewards - baseline) * score_zero
    elif estimator == "decentralised_q":
        ones, zeros = np.full(n_agents + 1, value_one * score_one), np.full(n_agents + 1, value_zero * score_zero)
    elif estimator == "counterfactual":
        ones, zeros = gain_one * (1 - theta) * score_one, -gain_zero * theta * score_zero
    elif estimator in {"all_action", "dpg_replayed"}:
        ones, zeros = gain_one, gain_zero
    elif estimator == "dpg_reevaluated":
        ones = zeros = np.full(n_agents + 1, gradient)
    else:
        raise ValueError(f"estimator must be one of {', '.join(ESTIMATORS)}; not {estimator!r}")
    return ones, zeros, gradient


def rewards_by_count(n_agents: int, reward: Reward) -> Array:
    """Return the reward by the number of agents that play 1, ``[N + 1]``.

    Raises
    ------
    ValueError : `n_agents` is out of range or `reward` is unknown.
    """
    if not 1 <= n_agents <= MAX_AGENTS:
        raise ValueError(f"n_agents must be from 1 to {MAX_AGENTS}, not {n_agents}")
    if reward not in get_args(Reward):
        raise ValueError(f"reward must be all_ones or all_equal, not {reward!r}")
    rewards = np.zeros(n_agents + 1)
    rewards[-1] = 1.0
    if reward == "all_equal":
        rewards[0] = 1.0
    return rewards


def binomial(n: int, theta: float) -> Array:
    """Return the probabilities of 0 … n ones, ``[n + 1]``."""
    counts = np.arange(n + 1)
    probabilities: Array = special.comb(n, counts) * theta**counts * (1 - theta) ** (n - counts)
    return probabilities


def batch_agreement(probability: float, n_samples: int) -> float:
    """Return the probability that at least one of M samples is not silent, ``1 − (1 − p)^M``.

    It is that of a batch's mean agreeing with the truth wherever a sample is never wrong, as under ``all_ones``.

    Raises
    ------
    ValueError : `probability` is outside [0, 1] or `n_samples` is below 0.
    """
    if not 0 <= probability <= 1 or n_samples < 0:
        raise ValueError(
            f"probability must be inside [0, 1] and n_samples at least 0, not {probability} and {n_samples}"
        )
    return float(1 - (1 - probability) ** n_samples)


def samples_needed(probability: float, *, agreement: float = 0.5) -> int:
    """Return the smallest M with ``1 − (1 − p)^M`` at least `agreement`.

    Raises
    ------
    ValueError : `probability` is not inside (0, 1], or `agreement` not inside (0, 1).

    Examples
    --------
    >>> samples_needed(2.0**-10)
    710
    """
    if not 0 < probability <= 1 or not 0 < agreement < 1:
        raise ValueError(
            f"probability must be inside (0, 1] and agreement inside (0, 1), not {probability} and {agreement}"
        )
    if probability == 1:
        return 1
    return int(np.ceil(np.log1p(-agreement) / np.log1p(-probability) - 1e-9))


def check_theta(theta: float) -> None:
    """Raise a ValueError unless a probability lies inside (0, 1), where the score exists."""
    if not 0 < theta < 1:
        raise ValueError(f"theta must be inside (0, 1), not {theta}")
