"""Who goes where: the assignment of agents to places with the least total distance, for E environments at once."""

from __future__ import annotations

from functools import cache
from itertools import combinations

import numpy as np

from nashlens.games.core import Array, IntArray

# Up to so many agents the best assignment of every set of places is tabulated: 2^N sets. Beyond, SciPy's solver is
# faster at 256 environments, although it takes them one by one.
MOST_TABULATED = 6


def assigned_costs(costs: Array) -> Array:
    """Return what each agent pays under the assignment of least total cost.

    Parameters
    ----------
    costs : ``[N, N, E]``; entry ``[i, j]`` is the cost of agent i at place j, finite.

    Returns
    -------
    ``[N, E]``. Where several assignments share the least total, one of them.

    Notes
    -----
    Few agents: dynamic programming over sets of places, ``best(S) = min over j in S of best(S without j) + cost of the
    agent numbered |S| at j``; O(N 2^N) for all environments at once. More: `scipy.optimize.linear_sum_assignment`,
    environment by environment; O(N³) each. SciPy is imported then.

    Examples
    --------
    >>> assigned_costs(np.array([[[1.0], [4.0]], [[2.0], [9.0]]]))[:, 0].tolist()
    [4.0, 2.0]
    """
    places = _tabulated(costs) if len(costs) <= MOST_TABULATED else _solved(costs)
    assigned: Array = np.take_along_axis(costs, places[:, None], axis=1)[:, 0]
    return assigned


@cache
def _sets(n: int) -> tuple[tuple[IntArray, IntArray, IntArray], ...]:
    """Return, for each size k, the sets ``[C]`` as bit masks, their members ``[C, k]``, and the sets without them."""
    tables = []
    for k in range(1, n + 1):
        members = np.array(list(combinations(range(n), k)), dtype=np.int64)
        sets = (1 << members).sum(axis=1)
        tables.append((sets, members, sets[:, None] - (1 << members)))
    return tuple(tables)


def _tabulated(costs: Array) -> IntArray:
    n, _, n_envs = costs.shape
    best = np.zeros((1 << n, n_envs))
    for agent, (sets, members, without) in enumerate(_sets(n)):
        best[sets] = (best[without] + costs[agent][members]).min(axis=1)
    environments, bits = np.arange(n_envs), (1 << np.arange(n))[:, None]
    places = np.empty((n, n_envs), dtype=np.int64)
    left = np.full(n_envs, (1 << n) - 1)
    for agent in reversed(range(n)):
        free = (left & bits) > 0
        totals = np.where(free, best[np.where(free, left - bits, 0), environments] + costs[agent], np.inf)
        places[agent] = totals.argmin(axis=0)
        left -= 1 << places[agent]
    return places


def _solved(costs: Array) -> IntArray:
    from scipy.optimize import linear_sum_assignment

    each = np.ascontiguousarray(np.moveaxis(costs, -1, 0))
    return np.stack([linear_sum_assignment(cost)[1] for cost in each], axis=1)
