"""Which agents' actions carry the variance of one agent's gradient in Proposition 1's game: exact Sobol indices.

The inputs are the actions of all N agents, the function is the first agent's estimate of its own component. Under
REINFORCE every agent has the same total index, its own action no more than anybody else's.
"""

from __future__ import annotations

import numpy as np

from nashlens.analysis.gradient_enumeration import joint_actions
from nashlens.analysis.proposition_one import Estimator, Reward, check_theta, estimates_by_count
from nashlens.analysis.sobol import SobolIndices, sobol_indices

MOST_AGENTS = 12  # 2^12 joint actions


def proposition_sobol(
    n_agents: int, *, theta: float = 0.5, estimator: Estimator = "reinforce", reward: Reward = "all_ones"
) -> SobolIndices:
    """Exact Sobol indices of the first agent's single-sample estimate, by input: its own action, then the others'.

    Parameters
    ----------
    n_agents : N, from 1 to `MOST_AGENTS`; all joint actions are listed.
    theta : probability of 1, inside (0, 1).
    estimator, reward : as in `proposition_one`.

    Returns
    -------
    SobolIndices ``[N]``; NaN where the estimate has no variance.

    Raises
    ------
    ValueError : an argument is out of range or unknown.

    Notes
    -----
    For REINFORCE under ``all_ones`` at ½, with ``p = 2^−N``: ``S_j = p/(1 − p)`` and ``T_j = 1/(2(1 − p))`` for all j.

    Examples
    --------
    >>> proposition_sobol(3).total.round(6).tolist()
    [0.571429, 0.571429, 0.571429]
    """
    check_theta(theta)
    if not 1 <= n_agents <= MOST_AGENTS:
        raise ValueError(f"n_agents must be from 1 to {MOST_AGENTS}, not {n_agents}: all joint actions are listed")
    ones, zeros, _ = estimates_by_count(n_agents, theta, estimator=estimator, reward=reward)
    joint, _ = joint_actions(np.full(n_agents, theta))
    counts = joint.sum(axis=1)
    values = np.where(joint[:, 0] == 1, ones[counts], zeros[counts])
    return sobol_indices(values.reshape((2,) * n_agents), [[1 - theta, theta]] * n_agents)
