"""Logit quantal response equilibria: the principal branch, and how rational a profile looks along it.

In a logit equilibrium each agent plays action a with probability proportional to ``exp(λ u_i(a, π_−i))``. The
rationality ``λ`` has the unit of one over payoff: it cannot be compared between games unless payoffs are normalised.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize_scalar

from nashlens.analysis.logit_path import LogitEquations, interpolated
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.games.normal_form import NormalFormGame, Profile

FLAT = 1e-12  # nats; divergences this close are one
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


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RationalityFit:
    """The logit equilibrium nearest to a profile.

    Attributes
    ----------
    rationality : one over payoff units; where the divergence is least.
    residual : nats; sum over agents of KL(π_i ‖ logit equilibrium) there. A large one says that no rationality
        explains the profile.
    equilibrium : the logit equilibrium.
    at_limit : no smaller rationality fits better than `max_rationality`: the profile looks fully rational.
    max_rationality : how far the branch was followed.
    bound, tolerance, references : the least residual on the branch as sampled, hence an ``upper`` bound.
    """

    rationality: float
    residual: float
    equilibrium: Profile
    at_limit: bool
    max_rationality: float
    bound: Bound
    tolerance: float
    references: tuple[str, ...]

    def to_records(self) -> list[Record]:
        """Return two rows: the rationality and the residual."""
        shared = {"bound": self.bound, "tolerance": self.tolerance, "at_limit": self.at_limit}
        return [
            {"metric": "qre_rationality", "value": self.rationality, "unit": "1/payoff", **shared},
            {"metric": "qre_residual", "value": self.residual, "unit": "nats", **shared},
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
    ValueError : a rationality is negative, infinite or NaN, or there is none.
    RuntimeError : the branch was lost before it reached them.

    References
    ----------
    McKelvey & Palfrey (1995); Turocy (2005).
    """
    wanted = np.atleast_1d(np.asarray(rationality, dtype=np.float64))
    if wanted.ndim != 1 or wanted.size == 0 or not np.isfinite(wanted).all() or (wanted < 0).any():
        raise ValueError(f"rationality must be one or more finite numbers of at least 0, not {rationality!r}")
    equations = LogitEquations(game.payoffs)
    path = _path(equations, float(wanted.max()) * equations.scale)
    points = [_at(equations, path, float(value) * equations.scale) for value in wanted]
    residual = np.array([np.abs(equations.residual(p)).max() for p in points])
    if (residual > tolerance).any():
        raise RuntimeError(f"logit equilibria are only accurate to {residual.max():g}, not {tolerance:g}")
    return LogitBranch(
        rationality=read_only(wanted),
        profile=_profile(equations, np.array(points)),
        residual=read_only(residual),
        bound="exact",
        tolerance=tolerance,
        references=REFERENCES,
    )


def fit_rationality(
    game: NormalFormGame, profile: Profile, *, max_rationality: float | None = None, tolerance: float = 1e-8
) -> RationalityFit:
    """Rationality at which the principal branch comes nearest to a profile.

    Minimises ``Σ_i KL(π_i ‖ QRE_i(λ))`` over the points of the principal branch, folds included.

    Parameters
    ----------
    game : payoffs ``(N, A_1, …, A_N)``.
    profile : one profile.
    max_rationality : how far to follow the branch, one over payoff units; if left out, 100 over the most that any
        agent's own choice can matter.
    tolerance : relative error of the rationality between two points of the branch.

    Returns
    -------
    RationalityFit.

    Raises
    ------
    ValueError : `profile` does not fit `game` or is a batch, or `max_rationality` is not positive.
    RuntimeError : the branch was lost.

    Notes
    -----
    Where every rationality fits alike, as in a game in which no choice matters, the fit is 0. Where none up to the
    limit fits better than the limit itself, the fit is the limit, and `at_limit` says so.

    References
    ----------
    McKelvey & Palfrey (1995); Turocy (2005).
    """
    if game.check_profile(profile).batch_shape:
        raise ValueError(f"profile must be one profile, not a batch of shape {profile.batch_shape}")
    equations = LogitEquations(game.payoffs)
    limit = 100.0 if max_rationality is None else max_rationality * equations.scale
    if not (np.isfinite(limit) and limit > 0):
        raise ValueError(f"max_rationality must be positive and finite, not {max_rationality}")
    path = _path(equations, limit)
    path = [p for p in path if p[-1] < limit] + [_at(equations, path, limit)]
    target = np.concatenate(profile)
    entropy = float(np.sum(target[target > 0] * np.log(target[target > 0])))
    divergence = np.array([entropy - float(target @ p[:-1]) for p in path])
    best = int(divergence.argmin())
    at_limit = divergence[-1] - divergence[best] <= FLAT < float(np.ptp(divergence))
    if at_limit:
        best = len(path) - 1
    ends = [path[k] for k in (best - 1, best, best + 1) if 0 <= k < len(path)]
    point = path[-1] if at_limit else _refined(equations, ends, target, best=path[best], tolerance=tolerance)
    return RationalityFit(
        rationality=float(point[-1]) / equations.scale,
        residual=max(entropy - float(target @ point[:-1]), 0.0),
        equilibrium=_profile(equations, point),
        at_limit=bool(at_limit),
        max_rationality=limit / equations.scale,
        bound="upper",
        tolerance=tolerance,
        references=REFERENCES,
    )


def _path(equations: LogitEquations, limit: float) -> list[Array]:
    """Return the points of the principal branch up to the first beyond `limit`."""
    path = []
    for point in equations.trace():
        path.append(point)
        if point[-1] > limit:
            return path
    raise RuntimeError(f"the branch of logit equilibria did not reach rationality {limit / equations.scale:g}")


def _at(equations: LogitEquations, path: list[Array], rationality: float) -> Array:
    near = interpolated(path, rationality)
    point = None if near is None else equations.at(near, rationality)
    if point is None:
        raise RuntimeError(f"no logit equilibrium was found at rationality {rationality / equations.scale:g}")
    return point


def _refined(equations: LogitEquations, ends: list[Array], target: Array, *, best: Array, tolerance: float) -> Array:
    """Return the point between neighbours on the branch at which the expected log-probability of `target` is most."""
    kept = best
    for before, after in pairwise(ends):
        along = after - before
        if not along.any():
            continue
        normal = along / np.linalg.norm(along)

        def between(share: float, before: Array = before, along: Array = along, normal: Array = normal) -> Array:
            solved = equations.corrected(before + share * along, normal)
            return best if solved is None else solved

        found = minimize_scalar(
            lambda share, between=between: -float(target @ between(share)[:-1]),
            bounds=(0.0, 1.0),
            method="bounded",
            options={"xatol": tolerance},
        )
        candidate = between(float(found.x))
        if target @ candidate[:-1] > target @ kept[:-1]:
            kept = candidate
    return kept


def _profile(equations: LogitEquations, points: Array) -> Profile:
    parts = np.split(np.exp(points[..., :-1]), np.cumsum(equations.n_actions)[:-1], axis=-1)
    return Profile([part / part.sum(axis=-1, keepdims=True) for part in parts])
