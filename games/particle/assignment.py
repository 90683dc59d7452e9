"""Who goes where: the assignment of agents to places with the least total distance, for E environments at once."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from nashlens.games.core import Array, IntArray
from nashlens.games.particle.geometry import ordered_sum

# Up to so many agents all assignments are simply compared; 5! = 120 of them.
MOST_COMPARED = 5


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
    Few agents: all N! assignments are compared. More: agents are added one by one, each along a shortest augmenting
    path with dual prices (the Hungarian method), every environment in lock-step; at most N² steps on ``[E, N]`` arrays.

    Examples
    --------
    >>> assigned_costs(np.array([[[1.0], [4.0]], [[2.0], [9.0]]]))[:, 0].tolist()
    [4.0, 2.0]
    """
    places = _compared(costs) if len(costs) <= MOST_COMPARED else _augmented(costs)
    assigned: Array = np.take_along_axis(costs, places[:, None], axis=1)[:, 0]
    return assigned


def _compared(costs: Array) -> IntArray:
    n = len(costs)
    orders = np.array(list(permutations(range(n))), dtype=np.int64)
    totals = ordered_sum(costs[i, orders[:, i]] for i in range(n))
    places: IntArray = orders[totals.argmin(axis=0)].T
    return places


def _augmented(costs: Array) -> IntArray:
    n, _, n_envs = costs.shape
    cost = np.ascontiguousarray(np.moveaxis(costs, -1, 0))
    # Place n is where the path starts: it holds the agent that is being added.
    holder = np.full((n_envs, n + 1), -1, dtype=np.int64)
    agent_price, place_price = np.zeros((n_envs, n + 1)), np.zeros((n_envs, n + 1))
    for agent in range(n):
        holder[:, n] = agent
        end, previous = _shortest_path(cost, holder, agent_price, place_price=place_price)
        _shift(holder, previous, end)
    places = np.empty((n, n_envs), dtype=np.int64)
    for place in range(n):
        places[holder[:, place], np.arange(n_envs)] = place
    return places


def _shortest_path(
    cost: Array, holder: IntArray, agent_price: Array, *, place_price: Array
) -> tuple[IntArray, IntArray]:
    """Grow a tree of tight edges from place n until each environment reaches a free place; prices change in place.

    Returns that place ``[E]`` and, for each place, the one before it on the path ``[E, N + 1]``.
    """
    n_envs, n, _ = cost.shape
    environments = np.arange(n_envs)
    place = np.full(n_envs, n, dtype=np.int64)
    previous = np.full((n_envs, n + 1), n, dtype=np.int64)
    slack = np.full((n_envs, n), np.inf)
    reached = np.zeros((n_envs, n + 1), dtype=np.bool_)
    while (going := holder[environments, place] >= 0).any():
        reached[environments[going], place[going]] = True
        agent = holder[environments, place]
        reduced = cost[environments, agent] - agent_price[environments, agent][:, None] - place_price[:, :n]
        better = going[:, None] & ~reached[:, :n] & (reduced < slack)
        slack = np.where(better, reduced, slack)
        previous[:, :n] = np.where(better, place[:, None], previous[:, :n])
        open_slack = np.where(reached[:, :n], np.inf, slack)
        following = open_slack.argmin(axis=1)
        step = np.where(going, open_slack[environments, following], 0.0)
        paid = reached & going[:, None]
        rows, columns = np.nonzero(paid)
        agent_price[rows, holder[rows, columns]] += step[rows]
        place_price -= np.where(paid, step[:, None], 0.0)
        slack -= np.where(~reached[:, :n] & going[:, None], step[:, None], 0.0)
        place = np.where(going, following, place)
    return place, previous


def _shift(holder: IntArray, previous: IntArray, end: IntArray) -> None:
    """Move every agent on the path one place on, from the end of the path back to place n, in place."""
    n_envs, width = holder.shape
    environments = np.arange(n_envs)
    place = end.copy()
    while (going := place < width - 1).any():
        before = previous[environments, place]
        holder[environments[going], place[going]] = holder[environments[going], before[going]]
        place = np.where(going, before, place)
