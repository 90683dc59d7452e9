"""Equilibria with a given support: Newton's method on the indifference equations.

On its support an agent must be indifferent. For given supports this is a square polynomial system in the
probabilities and the payoffs; for two agents it is linear. A root is an equilibrium if its probabilities are not
negative and no action outside pays more, which `nash.verified` decides.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain, combinations, islice, product

import numpy as np

from nashlens.analysis.action_payoffs import action_payoffs, normalised_payoffs, pair_payoffs
from nashlens.analysis.nash import Equilibria, verified
from nashlens.analysis.results import Array, BoolArray
from nashlens.games.core import IntArray
from nashlens.games.normal_form import NormalFormGame, check_normal_form

Strategies = tuple[Array, ...]


def support_equilibria(game: NormalFormGame, *, tolerance: float = 1e-9, max_supports: int = 2_000) -> Equilibria:
    """Equilibria that Newton's method finds from the uniform profile on each support.

    Parameters
    ----------
    game : payoffs ``(N, A_1, …, A_N)``.
    tolerance : gains this large count as none, as a share of the most that an agent's own choice can matter.
    max_supports : how many supports to try, small ones first.

    Returns
    -------
    Equilibria; never called complete, because with three or more agents a support can hold several.

    Raises
    ------
    ValueError : `game` is no `NormalFormGame`.
    ValueError : `max_supports` is negative.

    References
    ----------
    Porter et al. (2008).
    """
    check_normal_form(game)
    if max_supports < 0:
        raise ValueError(f"max_supports must be at least 0, not {max_supports}")
    payoffs = normalised_payoffs(game.payoffs)
    candidates = []
    for masks in islice(supports_by_size(game.n_actions), max_supports):
        start = tuple(mask / mask.sum() for mask in masks)
        solved = solve_support(payoffs, start, masks)
        if solved is not None:
            candidates.append(solved)
    return verified(
        game,
        candidates,
        tolerance=tolerance,
        method="supports",
        reason="a support may hold equilibria that Newton's method does not reach",
        references=("Porter et al. (2008)",),
    )


def supports_by_size(n_actions: Sequence[int]) -> Iterator[tuple[BoolArray, ...]]:
    """Yield the supports, one mask an agent, small and equally large ones first."""
    sizes = sorted(product(*(range(1, n + 1) for n in n_actions)), key=lambda k: (sum(k), max(k) - min(k)))
    return chain.from_iterable(
        product(*(_masks(n, size) for n, size in zip(n_actions, chosen, strict=True))) for chosen in sizes
    )


def _masks(n_actions: int, size: int) -> list[BoolArray]:
    return [np.isin(np.arange(n_actions), chosen) for chosen in combinations(range(n_actions), size)]


def solve_support(
    payoffs: Array, start: Sequence[Array], masks: Sequence[BoolArray], *, max_iterations: int = 30
) -> Strategies | None:
    """Solve the indifference equations on a support.

    Parameters
    ----------
    payoffs : ``[N, A_1, …, A_N]``, in the order of 1.
    start : where to begin, one ``[A_i]`` an agent.
    masks : the supports, one ``[A_i]`` an agent.
    max_iterations : of Newton's method; where the equations do not fix a point, the nearest one is taken.

    Returns
    -------
    The strategies, or None if the method does not converge to non-negative probabilities.
    """
    inside = [np.flatnonzero(mask).astype(np.int64) for mask in masks]
    strategies = tuple(np.where(mask, s, 0.0) for s, mask in zip(start, masks, strict=True))
    for _ in range(max_iterations):
        residual, system = _indifference(payoffs, strategies, inside)
        if np.abs(residual).max() < 1e-14:
            break
        move = np.linalg.lstsq(system, -residual, rcond=1e-12)[0]
        parts = np.split(move, np.cumsum([len(k) for k in inside])[:-1])
        strategies = tuple(_moved(s, k, part) for s, k, part in zip(strategies, inside, parts, strict=True))
        if np.abs(move).max() > 1e3:
            return None
        if np.abs(move).max() < 1e-15:
            break
    if np.abs(residual).max() > 1e-10 or any(s.min() < -1e-10 for s in strategies):
        return None
    positive = [np.maximum(s, 0.0) for s in strategies]
    return tuple(s / s.sum() for s in positive)


def _indifference(payoffs: Array, strategies: Strategies, inside: Sequence[IntArray]) -> tuple[Array, Array]:
    """Return the residual of the equations and its derivative along the probabilities in the support."""
    values = action_payoffs(payoffs, strategies)
    slopes = pair_payoffs(payoffs, strategies)
    residuals, rows = [], []
    for i, own in enumerate(inside):
        blocks = [slopes[i][j][np.ix_(own, other)] for j, other in enumerate(inside)]
        rows.append(np.hstack([block[1:] - block[:1] for block in blocks]))
        residuals.append(values[i][own][1:] - values[i][own][:1])
        rows.append(np.hstack([np.full((1, len(other)), float(i == j)) for j, other in enumerate(inside)]))
        residuals.append(np.array([strategies[i].sum() - 1.0]))
    return np.concatenate(residuals), np.vstack(rows)


def _moved(strategy: Array, inside: IntArray, part: Array) -> Array:
    moved = strategy.copy()
    moved[inside] += part
    return moved
