"""Who goes where: the assignment of agents to places with the least total distance, for E environments at once."""

from __future__ import annotations

from functools import cache
from itertools import combinations

import numpy as np

from nashlens.games.core import Array, BoolArray, IntArray

# Up to so many agents the best assignment of every set of places is tabulated: 2^N sets.
MOST_TABULATED = 9


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
    agent numbered |S| at j``; O(N 2^N). More: agents are added one by one, each along a shortest augmenting path with
    dual prices (the Hungarian method), every environment in lock-step; at most N² steps on ``[E, N]`` arrays.

    Examples
    --------
    >>> assigned_costs(np.array([[[1.0], [4.0]], [[2.0], [9.0]]]))[:, 0].tolist()
    [4.0, 2.0]
    """
    places = _tabulated(costs) if len(costs) <= MOST_TABULATED else _augmented(costs)
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


def _augmented(costs: Array) -> IntArray:
    n, _, n_envs = costs.shape
    cost = np.ascontiguousarray(np.moveaxis(costs, -1, 0))
    environments = np.arange(n_envs)
    # Place n is where a path starts: it holds the agent that is being added.
    holder = np.full((n_envs, n + 1), -1, dtype=np.int64)
    agent_price, place_price = cost.min(axis=2), np.zeros((n_envs, n + 1))
    waiting = _take_nearest(cost, holder)
    while (some := waiting.any(axis=1)).any():
        active = environments[some]
        agent = waiting[active].argmax(axis=1)
        waiting[active, agent] = False
        holder[active, n] = agent
        _add_agents(cost, holder, agent_price, place_price=place_price, active=active)
    places = np.empty((n, n_envs), dtype=np.int64)
    for place in range(n):
        places[holder[:, place], environments] = place
    return places


def _take_nearest(cost: Array, holder: IntArray) -> BoolArray:
    """Let each agent, in order, take its cheapest place if it is free; return who still waits ``[E, N]``."""
    n_envs, n, _ = cost.shape
    environments = np.arange(n_envs)
    waiting = np.ones((n_envs, n), dtype=np.bool_)
    cheapest = cost.argmin(axis=2)
    for agent in range(n):
        free = environments[holder[environments, cheapest[:, agent]] < 0]
        holder[free, cheapest[free, agent]] = agent
        waiting[free, agent] = False
    return waiting


def _add_agents(cost: Array, holder: IntArray, agent_price: Array, *, place_price: Array, active: IntArray) -> None:
    """Add one agent in each active environment, along a path of tight edges from place n to a free place, in place."""
    n = cost.shape[1]
    live = active
    place = np.full(len(live), n, dtype=np.int64)
    previous = np.full((len(cost), n + 1), n, dtype=np.int64)
    slack = np.full((len(live), n), np.inf)
    reached = np.zeros((len(live), n + 1), dtype=np.bool_)
    while len(live):
        rows = np.arange(len(live))
        reached[rows, place] = True
        agent = holder[live, place]
        reduced = cost[live, agent] - agent_price[live, agent][:, None] - place_price[live, :n]
        better = ~reached[:, :n] & (reduced < slack)
        slack[better] = reduced[better]
        previous[live[:, None], np.arange(n)] = np.where(better, place[:, None], previous[live, :n])
        place = np.where(reached[:, :n], np.inf, slack).argmin(axis=1)
        step = slack[rows, place]
        paying, paid = np.nonzero(reached)
        agent_price[live[paying], holder[live[paying], paid]] += step[paying]
        place_price[live[paying], paid] -= step[paying]
        slack -= np.where(reached[:, :n], 0.0, step[:, None])
        found = holder[live, place] < 0
        _shift(holder, previous, live[found], end=place[found])
        live, place, slack, reached = live[~found], place[~found], slack[~found], reached[~found]


def _shift(holder: IntArray, previous: IntArray, environments: IntArray, *, end: IntArray) -> None:
    """Move every agent on each path one place on, from the end of the path back to its start, in place."""
    start = holder.shape[1] - 1
    place = end
    while len(environments):
        before = previous[environments, place]
        holder[environments, place] = holder[environments, before]
        environments, place = environments[before < start], before[before < start]
