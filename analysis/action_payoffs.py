"""What each action pays against mixed opponents: the multilinear extension of a payoff tensor and its derivatives.

Agent i's expected payoff is linear in each agent's mixed strategy. Its derivative along agent i's own strategy is the
vector of action payoffs; along i's and j's, a matrix. Best responses, logit equilibria, learning dynamics and Newton's
method all rest on these two.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nashlens.analysis.results import Array


def action_payoffs(payoffs: Array, strategies: Sequence[Array]) -> tuple[Array, ...]:
    """Payoff of each own action against the others' mixed strategies.

    Parameters
    ----------
    payoffs : ``[N, A_1, …, A_N]``.
    strategies : N arrays ``[…, A_i]`` with equal leading axes; they need not lie on the simplex.

    Returns
    -------
    N arrays ``[…, A_i]``, payoff units.

    Notes
    -----
    Cost O(N · A_1 ⋯ A_N) for each point of the batch.
    """
    batch = strategies[0].shape[:-1]
    flat = [s.reshape(-1, s.shape[-1]).T for s in strategies]  # [A_j, B]
    values = []
    for i, own in enumerate(payoffs):
        table = np.moveaxis(own, i, 0)  # [A_i, others in order]
        others = [s for j, s in enumerate(flat) if j != i]
        if others:
            value = np.tensordot(table, others[-1], axes=1)  # [A_i, …, B]
            for s in reversed(others[:-1]):
                value = np.einsum("...jb,jb->...b", value, s)
        else:
            value = np.repeat(table[:, None], flat[0].shape[1], axis=1)
        values.append(np.ascontiguousarray(value.T).reshape(*batch, -1))
    return tuple(values)


def pair_payoffs(payoffs: Array, strategies: Sequence[Array]) -> list[list[Array]]:
    """Payoff of agent i for each pair of its own action and one of agent j, the rest mixed.

    Parameters
    ----------
    payoffs : ``[N, A_1, …, A_N]``.
    strategies : N arrays ``[A_i]``, one point.

    Returns
    -------
    Matrix ``[A_i, A_j]`` at ``[i][j]``: the derivative of agent i's action payoffs along agent j's strategy; zero for
    ``i = j``.
    """
    n_agents = len(payoffs)
    blocks: list[list[Array]] = []
    for i in range(n_agents):
        row = []
        for j in range(n_agents):
            if i == j:
                row.append(np.zeros((len(strategies[i]), len(strategies[i]))))
                continue
            table = np.moveaxis(payoffs[i], (i, j), (0, 1))
            for k in reversed([k for k in range(n_agents) if k not in {i, j}]):
                table = table @ strategies[k]
            row.append(table)
        blocks.append(row)
    return blocks


def expected_payoffs(payoffs: Array, strategies: Sequence[Array]) -> Array:
    """Return what each agent gets in expectation, ``[…, N]``."""
    values = action_payoffs(payoffs, strategies)
    return np.stack([(s * v).sum(axis=-1) for s, v in zip(strategies, values, strict=True)], axis=-1)


def unilateral_gains(payoffs: Array, strategies: Sequence[Array]) -> Array:
    """Return what each agent could gain by its best pure deviation, ``[…, N]``, never negative."""
    values = action_payoffs(payoffs, strategies)
    gains = [v.max(axis=-1) - (s * v).sum(axis=-1) for s, v in zip(strategies, values, strict=True)]
    stacked: Array = np.maximum(np.stack(gains, axis=-1), 0.0)
    return stacked


def strategic_scale(payoffs: Array) -> Array:
    """Return the most that each agent's own choice can matter, ``[N]``; 0 where that is within rounding.

    It is the largest difference between two own actions at one choice of the others. Unlike the payoff span it does
    not change when an amount that depends on the others alone is added.
    """
    scales = np.array([np.ptp(own, axis=i).max() for i, own in enumerate(payoffs)])
    rounding = 8 * np.finfo(np.float64).eps * np.abs(payoffs).reshape(len(payoffs), -1).max(axis=1)
    return np.where(scales > rounding, scales, 0.0)


def normalised_payoffs(payoffs: Array) -> Array:
    """Return the same strategic situation with action payoffs in [−1, 0].

    From each agent's payoffs the best it can do against each choice of the others is subtracted, and the rest is
    divided by `strategic_scale`: best responses and equilibria, correlated ones included, stay what they are.
    """
    scales = strategic_scale(payoffs)
    out = np.zeros_like(payoffs)
    for i, own in enumerate(payoffs):
        if scales[i] > 0:
            out[i] = (own - own.max(axis=i, keepdims=True)) / scales[i]
    return out
