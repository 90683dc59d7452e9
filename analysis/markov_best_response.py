"""Best responses in tabular Markov games: each agent's induced decision process, solved by policy iteration.

While the others keep to memoryless policies, one agent faces a Markov decision process, in which some memoryless
deterministic policy is best among all policies, with memory or without. So what is found here is the most that any
deviator can gain.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from nashlens.analysis.best_response import check_tolerance
from nashlens.analysis.exploitability import NashConv
from nashlens.analysis.markov_game import (
    MarkovGame,
    as_markov_game,
    check_discount,
    checked_start,
    induced_kernel,
    induced_reward,
)
from nashlens.analysis.results import Array, read_only
from nashlens.games.normal_form import NormalFormGame, Profile


def discounted_nash_conv(
    game: MarkovGame | NormalFormGame,
    profile: Profile,
    *,
    discount: float,
    start: npt.ArrayLike | None = None,
    tolerance: float = 1e-9,
) -> NashConv:
    """Total gain in discounted return available from unilateral deviation, for ever.

    ``Σ_i (max_{π'_i} V_i(π'_i, π_−i) − V_i(π))`` at the distribution of the first state. For a game in normal form it
    is the stage's NashConv over ``1 − γ``.

    Parameters
    ----------
    game : a Markov game, or a game in normal form, played for ever.
    profile : memoryless policies ``[…, S, A_i]`` an agent (``[…, A_i]`` in normal form).
    discount : γ, in [0, 1).
    start : ``[S]`` distribution of the first state; uniform if left out.
    tolerance : units of return; a Nash gap up to this counts as an equilibrium.

    Returns
    -------
    NashConv with ``gains […, N]`` in units of return; its spans are the rewards' over ``1 − γ``.

    Raises
    ------
    ValueError : `profile`, `discount`, `start` or `tolerance` does not fit.

    Examples
    --------
    >>> pennies = NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
    >>> found = discounted_nash_conv(pennies, Profile([[0.9, 0.1], [0.7, 0.3]]), discount=0.9)
    >>> round(float(found.nash_conv), 9)
    12.0
    """
    check_tolerance(tolerance)
    check_discount(discount)
    table, policies = as_markov_game(game, profile)
    first = checked_start(table, start)
    shape = policies.batch_shape[:-1]
    flat = Profile([s.reshape(int(np.prod(shape, dtype=np.int64)), *s.shape[-2:]) for s in policies])
    gains = np.zeros((len(flat[0]), table.n_agents))
    for i in range(table.n_agents) if len(gains) else ():
        kernel, reward = induced_kernel(table, flat, agent=i), induced_reward(table, flat, agent=i)
        best = optimal_action_values(kernel, reward, discount=discount)
        regret = (np.maximum(flat[i], 0.0) * (best.max(axis=-1, keepdims=True) - best)).sum(axis=-1)
        visits = _discounted_visits(kernel, flat[i], first, discount)
        gains[:, i] = (visits * regret).sum(axis=-1)
    return NashConv(
        gains=read_only(gains.reshape(*shape, table.n_agents)),
        spans=read_only(table.spans / (1 - discount)),
        tolerance=tolerance,
    )


def optimal_action_values(kernel: Array, reward: Array, *, discount: float) -> Array:
    """Solve decision processes ``[T, S, A, S]``, ``[T, S, A]`` by policy iteration and return ``Q* [T, S, A]``.

    Every step evaluates the current deterministic policies exactly and then changes those actions that another beats
    by more than rounding; it ends when none does, after finitely many steps, because values never fall.

    Raises
    ------
    ValueError : `discount` is outside [0, 1).
    """
    check_discount(discount)
    n_problems, n_states, n_actions = reward.shape
    chosen = reward.argmax(axis=-1)
    rows = np.arange(n_problems)[:, None], np.arange(n_states)[None]
    # Rounding of the solved values: machine precision, times the system's condition, times the size of the values.
    slack = 8 * np.finfo(np.float64).eps * n_states * np.abs(reward).max(initial=0.0) / (1 - discount) ** 2
    while True:
        system = np.eye(n_states) - discount * kernel[(*rows, chosen)]
        values = np.linalg.solve(system, reward[(*rows, chosen)][..., None])[..., 0]
        action_values = reward + discount * (kernel @ values[:, None, :, None])[..., 0]
        better = action_values.max(axis=-1) > action_values[(*rows, chosen)] + slack
        if not better.any() or n_actions == 1:
            result: Array = action_values
            return result
        chosen = np.where(better, action_values.argmax(axis=-1), chosen)


def _discounted_visits(kernel: Array, policy: Array, first: Array, discount: float) -> Array:
    """Return ``[T, S]``: the discounted number of visits to each state, from `first`, under policies ``[T, S, A]``."""
    moves = np.einsum("tsa,tsan->tsn", policy, kernel)
    system = np.eye(len(first)) - discount * np.swapaxes(moves, -1, -2)
    visits: Array = np.linalg.solve(system, np.broadcast_to(first[:, None], (len(policy), len(first), 1)))[..., 0]
    return np.maximum(visits, 0.0)
