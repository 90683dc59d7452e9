"""Every equilibrium of a two-agent game: extreme equilibria, and the maximal Nash subsets they span.

A pair of strategies is an equilibrium exactly if each action of either agent is unplayed or a best response. Every
equilibrium is a mixture of pairs of vertices of the two best-response polyhedra in which this holds, the extreme
equilibria; a set of first strategies and a set of second ones all of whose pairs are equilibria spans a convex set of
equilibria. The largest such sets are the maximal Nash subsets; where they touch they form one component.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from nashlens.analysis.action_payoffs import normalised_payoffs
from nashlens.analysis.nash import Equilibria, NashSubset, verified
from nashlens.analysis.polyhedron import Vertices, best_response_vertices, solved_vertex
from nashlens.analysis.results import Array, BoolArray, read_only
from nashlens.games.normal_form import NormalFormGame, check_normal_form

REFERENCES = ("Avis et al. (2010)",)
MAX_SUBSETS = 10_000


def enumerate_equilibria(game: NormalFormGame, *, tolerance: float = 1e-9, max_vertices: int = 20_000) -> Equilibria:
    """Every extreme equilibrium of a two-agent game, and the maximal Nash subsets.

    Parameters
    ----------
    game : payoffs ``(2, A_1, A_2)``.
    tolerance : gains this large count as none, as a share of the most that an agent's own choice can matter.
    max_vertices : vertices of one polyhedron after which the enumeration gives up.

    Returns
    -------
    Equilibria. It is complete unless a polyhedron has too many vertices, a tie is too close to call in floating
    point, or a candidate fails its verification; `reason` says which.

    Raises
    ------
    ValueError : `game` is no `NormalFormGame`.
    ValueError : `game` has not two agents, or a limit is not positive.

    Notes
    -----
    The number of vertices, and with it the cost, grows exponentially with the smaller number of actions.

    References
    ----------
    Avis et al. (2010).

    Examples
    --------
    >>> stag_hunt = NormalFormGame([[[4, 0], [3, 3]], [[4, 3], [0, 3]]])
    >>> [e.payoffs.round(6).tolist() for e in enumerate_equilibria(stag_hunt).equilibria]
    [[4.0, 4.0], [3.0, 3.0], [3.0, 3.0]]
    """
    check_normal_form(game)
    if game.n_agents != 2:
        raise ValueError(f"game must have two agents to be enumerated, not {game.n_agents}; see find_equilibria")
    if not 0 < tolerance < 1 or max_vertices < 1:
        raise ValueError(f"tolerance must be in (0, 1) and max_vertices positive, not {tolerance}, {max_vertices}")
    first, second = normalised_payoffs(game.payoffs)
    of_second = best_response_vertices(first, tolerance=tolerance, max_vertices=max_vertices)
    of_first = best_response_vertices(second.T, tolerance=tolerance, max_vertices=max_vertices)
    pairs = _complementary(of_first, of_second)
    reason = _doubt(of_first, of_second, tolerance=tolerance, max_vertices=max_vertices)
    rows, columns = (np.flatnonzero(pairs.any(axis=axis)) for axis in (1, 0))
    firsts = {int(u): solved_vertex(second.T, of_first, int(u)) for u in rows}
    seconds = {int(v): solved_vertex(first, of_second, int(v)) for v in columns}
    candidates = [(firsts[int(u)], seconds[int(v)]) for u, v in np.argwhere(pairs)]
    found = verified(
        game, candidates, tolerance=10 * tolerance, method="vertex enumeration", reason=reason, references=REFERENCES
    )
    if len(found) < len(candidates) and not reason:
        reason = f"{len(candidates) - len(found)} of {len(candidates)} candidates failed their check or coincide"
    subsets, is_whole = _nash_subsets(found)
    if not is_whole:
        reason = reason or f"more than {MAX_SUBSETS} maximal Nash subsets"
    return replace(found, subsets=subsets, is_complete=not reason, reason=reason, bound="lower" if reason else "exact")


def _complementary(of_first: Vertices, of_second: Vertices) -> BoolArray:
    """Return ``[U, V]``: each action of either agent is unplayed or a best response."""
    open_first = np.hstack([~of_first.is_zero, ~of_first.is_best]).astype(np.float32)  # [U, A_1 + A_2]
    open_second = np.hstack([~of_second.is_best, ~of_second.is_zero]).astype(np.float32)  # [V, A_1 + A_2]
    pairs: BoolArray = open_first @ open_second.T == 0
    return pairs


def _doubt(*polyhedra: Vertices, tolerance: float, max_vertices: int) -> str:
    """Return why vertices may be missing, or nothing."""
    if not all(p.is_complete for p in polyhedra):
        return f"more than {max_vertices} vertices"
    if any(p.blur > tolerance / 10 or p.margin < 10 * tolerance for p in polyhedra):
        return f"two payoffs differ by about {tolerance:g} of the span: a tie that floating point cannot decide"
    return ""


def _nash_subsets(found: Equilibria) -> tuple[tuple[NashSubset, ...], bool]:
    """Return the maximal Nash subsets, and whether these are all."""
    if not found.equilibria:
        return (), True
    firsts, row = _numbered([e.profile[0] for e in found.equilibria])
    seconds, column = _numbered([e.profile[1] for e in found.equilibria])
    member = np.full((len(firsts), len(seconds)), -1)
    member[row, column] = np.arange(len(found))
    sides, is_whole = maximal_products(member >= 0)
    labels = _components([set(u) for u, _ in sides], [set(v) for _, v in sides])
    subsets = tuple(
        NashSubset(
            first=read_only(firsts[list(u)]),
            second=read_only(seconds[list(v)]),
            members=tuple(int(k) for k in member[np.ix_(u, v)].ravel()),
            component=label,
        )
        for (u, v), label in zip(sides, labels, strict=True)
    )
    return subsets, is_whole


def maximal_products(
    pairs: BoolArray, *, limit: int = MAX_SUBSETS
) -> tuple[list[tuple[tuple[int, ...], tuple[int, ...]]], bool]:
    """Maximal products of a set of rows and a set of columns in which every pair holds.

    The columns of a maximal product are an intersection of rows' columns: all intersections are formed, and each
    gets the rows that hold it.

    Parameters
    ----------
    pairs : ``[U, V]``.
    limit : number of products after which to stop.

    Returns
    -------
    The products as (rows, columns), and whether they are all.
    """
    each = {tuple(np.flatnonzero(line).tolist()) for line in pairs}
    closed = {columns for columns in each if columns}
    waiting = list(closed)
    while waiting and len(closed) <= limit:
        columns = set(waiting.pop())
        for other in each:
            meet = tuple(sorted(columns.intersection(other)))
            if meet and meet not in closed:
                closed.add(meet)
                waiting.append(meet)
    products = [
        (tuple(np.flatnonzero(pairs[:, list(columns)].all(axis=1)).tolist()), columns) for columns in sorted(closed)
    ]
    return sorted(products), not waiting


def _numbered(strategies: list[Array]) -> tuple[Array, list[int]]:
    """Return the distinct strategies, and the number of each of those given."""
    distinct: list[Array] = []
    numbers = []
    for strategy in strategies:
        same = [k for k, other in enumerate(distinct) if np.abs(strategy - other).max() < 1e-6]
        numbers.append(same[0] if same else len(distinct))
        if not same:
            distinct.append(strategy)
    return np.array(distinct), numbers


def _components(rows: list[set[int]], columns: list[set[int]]) -> list[int]:
    """Return a label for each product; products that share a pair, directly or through others, share a label."""
    labels = list(range(len(rows)))
    for a in range(len(rows)):
        for b in range(a):
            if rows[a] & rows[b] and columns[a] & columns[b] and labels[a] != labels[b]:
                old, new = labels[a], labels[b]
                labels = [new if label == old else label for label in labels]
    order = {label: k for k, label in enumerate(dict.fromkeys(labels))}
    return [order[label] for label in labels]
