"""One equilibrium of any game: the limit of its logit equilibria.

Along the principal branch of logit equilibria, rationality grows without end and the profiles approach a Nash
equilibrium. As soon as the actions that keep their probability can be told from those that lose it, Newton's method
on that support gives the limit itself, which is then verified.
"""

from __future__ import annotations

import numpy as np

from nashlens.analysis.action_payoffs import normalised_payoffs
from nashlens.analysis.logit_path import LogitEquations
from nashlens.analysis.nash import Equilibria, is_equilibrium, verified
from nashlens.analysis.results import Array
from nashlens.analysis.supports import Strategies, solve_support
from nashlens.games.normal_form import NormalFormGame, check_normal_form

REFERENCES = ("McKelvey & Palfrey (1995)", "Turocy (2005)")


def limiting_logit_equilibrium(
    game: NormalFormGame, *, tolerance: float = 1e-9, max_rationality: float = 1e7
) -> Equilibria:
    """Follow the principal branch of logit equilibria to its limit.

    Parameters
    ----------
    game : payoffs ``(N, A_1, …, A_N)``.
    tolerance : gains this large count as none, as a share of the most that an agent's own choice can matter.
    max_rationality : where to give up, times the most that any choice can matter.

    Returns
    -------
    Equilibria with one member, or none if the branch was lost; then `reason` says where. Never called complete.

    Raises
    ------
    ValueError : `game` is no `NormalFormGame`.
    ValueError : `max_rationality` is not positive.

    Notes
    -----
    The first verified equilibrium within 0.02 of the branch, from rationality 20 on, is taken for its limit: an
    equilibrium in any case, and the limit itself unless the branch turns away later.

    Cost: each point of the branch solves a linear system of size ``A_1 + … + A_N``.

    References
    ----------
    McKelvey & Palfrey (1995); Turocy (2005).
    """
    check_normal_form(game)
    if not max_rationality > 0:
        raise ValueError(f"max_rationality must be positive, not {max_rationality}")
    profile, reason = _limit(game, tolerance=tolerance, max_rationality=max_rationality)
    return verified(
        game,
        [] if profile is None else [profile],
        tolerance=tolerance,
        method="logit homotopy",
        reason=reason,
        references=REFERENCES,
    )


def _limit(game: NormalFormGame, *, tolerance: float, max_rationality: float) -> tuple[Strategies | None, str]:
    equations = LogitEquations(game.payoffs)
    normalised = normalised_payoffs(game.payoffs)
    next_try = 20.0
    try:
        for point in equations.trace():
            if point[-1] >= next_try:
                next_try = 1.5 * point[-1]
                limit = _polished(game, normalised, equations.strategies(point), tolerance=tolerance)
                if limit is not None:
                    return limit, "one equilibrium, the limit of the logit equilibria"
            if point[-1] > max_rationality:
                return None, f"no equilibrium was verified up to rationality {max_rationality:g}"
    except RuntimeError as error:
        return None, str(error)
    return None, f"no equilibrium was verified; the branch was left at rationality {point[-1]:g}"


def _polished(game: NormalFormGame, normalised: Array, near: Strategies, *, tolerance: float) -> Strategies | None:
    """Return a verified equilibrium on the support that the probabilities suggest, close to them."""
    for threshold in (1e-2, 1e-4, 1e-6):
        masks = [s >= threshold for s in near]
        solved = solve_support(normalised, near, masks)
        if solved is None or not is_equilibrium(game, solved, tolerance=tolerance):
            continue
        if max(float(np.abs(s - t).max()) for s, t in zip(solved, near, strict=True)) < 0.02:
            return solved
    return None
