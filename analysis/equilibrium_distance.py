"""How far a profile is from the set of equilibria, and which equilibrium it is nearest to.

The distance is to the set, not to one listed point: in a constant-sum game to the polytopes of optimal strategies, in
a two-agent game to the maximal Nash subsets, with one agent to the mixtures of its best actions. With three or more
agents, or an incomplete enumeration, only the distance to what was found is known: an upper bound. A small gap does
not imply a small distance.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog

from nashlens.analysis.equilibria import find_equilibria
from nashlens.analysis.nash import Equilibria
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.analysis.zero_sum import optimal_strategies
from nashlens.games.core import IntArray
from nashlens.games.normal_form import NormalFormGame, Profile


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class EquilibriumDistance:
    """Distance of a batch of profiles to the set of equilibria.

    Attributes
    ----------
    distances : ``[…, N]``; total variation between each agent's strategy and its nearest equilibrium.
    nearest : the nearest equilibria, a batch like the profiles.
    piece : ``[…]``; which maximal Nash subset (two agents) or equilibrium (more) is nearest; 0 in a constant-sum game.
    bound : ``exact``, or ``upper`` where equilibria may be missing.
    reason : why the bound is not exact.
    tolerance : of the equilibria.
    references : sources.
    """

    distances: Array
    nearest: Profile
    piece: IntArray
    bound: Bound
    reason: str
    tolerance: float
    references: tuple[str, ...] = ()

    @property
    def total_variation(self) -> Array:
        """``[…]``; the distance: summed over agents, between 0 and N."""
        total: Array = self.distances.sum(axis=-1)
        return total

    @property
    def l1(self) -> Array:
        """``[…]``; the same in L1 distance, which is twice total variation."""
        return 2 * self.total_variation

    def to_records(self) -> list[Record]:
        """Return one row a profile."""
        return [
            {
                "metric": "equilibrium_distance",
                "value": float(self.total_variation[index]),
                "piece": int(self.piece[index]),
                **{f"index_{k}": position for k, position in enumerate(index)},
                "bound": self.bound,
                "tolerance": self.tolerance,
                "reason": self.reason,
            }
            for index in np.ndindex(self.piece.shape)
        ]


def equilibrium_distance(
    game: NormalFormGame, profile: Profile, *, equilibria: Equilibria | None = None
) -> EquilibriumDistance:
    """Least total variation, summed over agents, between a profile and an equilibrium.

    Parameters
    ----------
    game : payoffs ``(N, A_1, …, A_N)``.
    profile : one mixed strategy ``(…, A_i)`` an agent; leading axes are a batch.
    equilibria : of this game, if they are known already; a constant-sum game needs none.

    Returns
    -------
    EquilibriumDistance.

    Raises
    ------
    ValueError : `profile` does not fit `game`, or `equilibria` is empty or of another shape.
    RuntimeError : no equilibrium was found to compare with.

    Notes
    -----
    Cost: the enumeration, then for each profile and Nash subset a linear programme for each agent.
    """
    game.check_profile(profile)
    flat = [s.reshape(-1, s.shape[-1]) for s in profile]
    bound: Bound
    if game.n_agents == 2 and game.is_constant_sum():
        sets = optimal_strategies(game)
        nearest = [np.array([own.nearest(s) for s in part]) for own, part in zip(sets, flat, strict=True)]
        piece = np.zeros(len(flat[0]), dtype=np.int64)
        bound, reason, tolerance = "exact", "", max(own.tolerance for own in sets)
    else:
        found = _known(game, equilibria)
        answers = [_nearest_piece(_pieces(found), [s[k] for s in flat]) for k in range(len(flat[0]))]
        nearest = [np.array([strategies[i] for _, strategies in answers]) for i in range(game.n_agents)]
        piece = np.array([number for number, _ in answers], dtype=np.int64)
        bound, reason, tolerance = ("exact" if found.is_complete else "upper"), found.reason, found.tolerance
    distances = np.stack([np.abs(s - t).sum(axis=-1) / 2 for s, t in zip(flat, nearest, strict=True)], axis=-1)
    shape = profile.batch_shape
    return EquilibriumDistance(
        distances=read_only(distances.reshape(*shape, -1)),
        nearest=Profile([t.reshape(*shape, -1) for t in nearest]),
        piece=piece.reshape(shape),
        bound=bound,
        reason=reason,
        tolerance=tolerance,
    )


def _known(game: NormalFormGame, equilibria: Equilibria | None) -> Equilibria:
    found = find_equilibria(game) if equilibria is None else equilibria
    if not len(found):
        if equilibria is not None:
            raise ValueError("equilibria must hold at least one equilibrium")
        raise RuntimeError(f"no equilibrium of {game.spec.name} was found: {found.reason}")
    shapes = tuple(len(s) for s in found.profiles[0])
    if shapes != game.n_actions:
        raise ValueError(f"equilibria must be of a game with {game.n_actions} actions, not {shapes}")
    return found


def _pieces(found: Equilibria) -> list[tuple[Array, ...]]:
    """Return convex sets of equilibria, each the strategies ``[V, A_i]`` that span it for each agent."""
    if found.subsets:
        return [(subset.first, subset.second) for subset in found.subsets]
    if len(found.profiles[0]) == 1:
        return [(np.array([p[0] for p in found.profiles]),)]
    return [tuple(s[None] for s in p) for p in found.profiles]


def _nearest_piece(pieces: list[tuple[Array, ...]], strategies: list[Array]) -> tuple[int, list[Array]]:
    best, answer = (np.inf, 0), strategies
    for number, piece in enumerate(pieces):
        points = [_nearest_mixture(s, vertices) for s, vertices in zip(strategies, piece, strict=True)]
        distance = sum(float(np.abs(s - p).sum()) for s, p in zip(strategies, points, strict=True))
        if distance < best[0] - 1e-12:
            best, answer = (distance, number), points
    return best[1], answer


def _nearest_mixture(strategy: Array, vertices: Array) -> Array:
    """Return the mixture of `vertices` ``[V, A]`` nearest to `strategy` ``[A]`` in L1 distance."""
    n_vertices, n_actions = vertices.shape
    if n_vertices == 1:
        point: Array = vertices[0]
        return point
    one = np.eye(n_actions)
    solved = linprog(
        np.concatenate([np.zeros(n_vertices), np.ones(n_actions)]),
        A_ub=np.block([[vertices.T, -one], [-vertices.T, -one]]),
        b_ub=np.concatenate([strategy, -strategy]),
        A_eq=np.concatenate([np.ones(n_vertices), np.zeros(n_actions)])[None],
        b_eq=[1.0],
        method="highs",
    )
    if solved.x is None or solved.status != 0:
        raise ArithmeticError(f"the nearest point of a Nash subset was not found: {solved.message}")
    weights = np.maximum(np.asarray(solved.x[:n_vertices], dtype=np.float64), 0.0)
    mixed: Array = (weights / weights.sum()) @ vertices
    return mixed
