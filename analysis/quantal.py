"""Logit quantal response equilibria on the principal branch.

In a logit equilibrium each agent plays action a with probability proportional to ``exp(λ u_i(a, π_−i))``. The
rationality ``λ`` has the unit of one over payoff: it cannot be compared between games unless payoffs are normalised.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.logit_path import LogitEquations, interpolated
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.analysis.statistics import numbers
from nashlens.games.normal_form import NormalFormGame, Profile, check_normal_form

REFERENCES = ("McKelvey & Palfrey (1995)", "Turocy (2005)")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LogitBranch:
    """Logit equilibria on the principal branch.

    Attributes
    ----------
    rationality : ``[L]``; one over payoff units.
    profile : the batch of L profiles, each strategy ``[L, A_i]``.
    residual : ``[L]``; largest error of a log-probability.
    bound, tolerance, references : what the numbers are; the tolerance is on `residual`.
    """

    rationality: Array
    profile: Profile
    residual: Array
    bound: Bound
    tolerance: float
    references: tuple[str, ...]

    def to_records(self) -> list[Record]:
        """Return one row a rationality and agent."""
        return [
            {
                "metric": "logit_equilibrium",
                "rationality": float(rationality),
                "agent": i,
                "value": strategy[k].tolist(),
                "bound": self.bound,
                "tolerance": self.tolerance,
            }
            for k, rationality in enumerate(self.rationality)
            for i, strategy in enumerate(self.profile)
        ]


def logit_branch(game: NormalFormGame, rationality: npt.ArrayLike, *, tolerance: float = 1e-8) -> LogitBranch:
    """Logit equilibria at given rationalities, where the principal branch first reaches them.

    Parameters
    ----------
    game : payoffs ``(N, A_1, …, A_N)``.
    rationality : ``[L]``, at least 0, one over payoff units.
    tolerance : largest error of a log-probability.

    Returns
    -------
    LogitBranch, in the order of `rationality`.

    Raises
    ------
    ValueError : `game` is no `NormalFormGame`.
    ValueError : a rationality is negative, infinite or NaN, or there is none.
    RuntimeError : the branch was lost before it reached them.

    References
    ----------
    McKelvey & Palfrey (1995); Turocy (2005).
    """
    check_normal_form(game)
    wanted = np.atleast_1d(numbers(rationality, name="rationality"))
    if wanted.ndim != 1 or wanted.size == 0 or not np.isfinite(wanted).all() or (wanted < 0).any():
        raise ValueError(f"rationality must be one or more finite numbers of at least 0, not {rationality!r}")
    equations = LogitEquations(game.payoffs)
    path = branch_points(equations, float(wanted.max()) * equations.scale)
    points = [branch_point_at(equations, path, float(value) * equations.scale) for value in wanted]
    residual = np.array([np.abs(equations.residual(p)).max() for p in points])
    if (residual > tolerance).any():
        raise RuntimeError(f"logit equilibria are only accurate to {residual.max():g}, not {tolerance:g}")
    return LogitBranch(
        rationality=read_only(wanted),
        profile=branch_profile(equations, np.array(points)),
        residual=read_only(residual),
        bound="exact",
        tolerance=tolerance,
        references=REFERENCES,
    )


def branch_points(equations: LogitEquations, limit: float) -> list[Array]:
    """Return the points of the principal branch up to the first beyond `limit` (in the equations' units).

    Raises
    ------
    RuntimeError : the branch is lost before.
    """
    path = []
    for point in equations.trace():
        path.append(point)
        if point[-1] > limit:
            return path
    raise RuntimeError(f"the branch of logit equilibria did not reach rationality {limit / equations.scale:g}")


def branch_point_at(equations: LogitEquations, path: list[Array], rationality: float) -> Array:
    """Return the point where the branch through `path` first reaches `rationality` (in the equations' units).

    Raises
    ------
    RuntimeError : it does not, or Newton's method does not converge there.
    """
    near = interpolated(path, rationality)
    point = None if near is None else equations.at(near, rationality)
    if point is None:
        raise RuntimeError(f"no logit equilibrium was found at rationality {rationality / equations.scale:g}")
    return point


def branch_profile(equations: LogitEquations, points: Array) -> Profile:
    """Return the strategies of points ``[…, D + 1]`` of the branch."""
    parts = np.split(np.exp(points[..., :-1]), np.cumsum(equations.n_actions)[:-1], axis=-1)
    return Profile([part / part.sum(axis=-1, keepdims=True) for part in parts])
