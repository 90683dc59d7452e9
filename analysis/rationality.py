"""How rational a profile looks: the logit equilibrium of the principal branch that is nearest to it.

The rationality ``λ`` of the nearest logit equilibrium has the unit of one over payoff; the divergence that remains
there says how well any rationality explains the profile.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy.optimize import minimize_scalar

from nashlens.analysis.logit_path import LogitEquations
from nashlens.analysis.quantal import REFERENCES, branch_point_at, branch_points, branch_profile
from nashlens.analysis.results import Array, BoolArray, Bound, Record, read_only
from nashlens.games.normal_form import NormalFormGame, Profile

FLAT = 1e-12  # nats; divergences this close are one


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RationalityFit:
    """The logit equilibrium nearest to each profile of a batch.

    Attributes
    ----------
    rationality : ``[…]``; one over payoff units; where the divergence is least.
    residual : ``[…]``; nats; sum over agents of KL(π_i ‖ logit equilibrium) there. A large one says that no
        rationality explains the profile.
    equilibrium : the logit equilibria, a batch like the profiles.
    at_limit : ``[…]``; no smaller rationality fits better than `max_rationality`: the profile looks fully rational.
    max_rationality : how far the branch was followed.
    bound, tolerance, references : the least residual on the branch as sampled, hence an ``upper`` bound.
    """

    rationality: Array
    residual: Array
    equilibrium: Profile
    at_limit: BoolArray
    max_rationality: float
    bound: Bound
    tolerance: float
    references: tuple[str, ...]

    def to_records(self) -> list[Record]:
        """Return two rows a profile: the rationality and the residual."""
        return [
            {
                "metric": metric,
                "value": float(values[index]),
                "unit": unit,
                "at_limit": bool(self.at_limit[index]),
                **{f"index_{k}": at for k, at in enumerate(index)},
                "bound": self.bound,
                "tolerance": self.tolerance,
            }
            for metric, values, unit in (
                ("qre_rationality", self.rationality, "1/payoff"),
                ("qre_residual", self.residual, "nats"),
            )
            for index in np.ndindex(values.shape)
        ]


def fit_rationality(
    game: NormalFormGame, profile: Profile, *, max_rationality: float | None = None, tolerance: float = 1e-8
) -> RationalityFit:
    """Rationality at which the principal branch comes nearest to a profile.

    Minimises ``Σ_i KL(π_i ‖ QRE_i(λ))`` over the points of the principal branch, folds included.

    Parameters
    ----------
    game : payoffs ``(N, A_1, …, A_N)``.
    profile : one mixed strategy ``(…, A_i)`` an agent; leading axes are a batch, such as a run's snapshots.
    max_rationality : how far to follow the branch, one over payoff units; if left out, 100 over the most that any
        agent's own choice can matter.
    tolerance : relative error of the rationality between two points of the branch.

    Returns
    -------
    RationalityFit.

    Raises
    ------
    ValueError : `profile` does not fit `game`, or `max_rationality` is not positive.
    RuntimeError : the branch was lost.

    Notes
    -----
    The branch is traced once for the whole batch. Where every rationality fits alike, as in a game in which no choice
    matters, the fit is 0. Where none up to the limit fits better than the limit itself, the fit is the limit, and
    `at_limit` says so.

    References
    ----------
    McKelvey & Palfrey (1995); Turocy (2005).
    """
    game.check_profile(profile)
    equations = LogitEquations(game.payoffs)
    limit = 100.0 if max_rationality is None else max_rationality * equations.scale
    if not (np.isfinite(limit) and limit > 0):
        raise ValueError(f"max_rationality must be positive and finite, not {max_rationality}")
    path = branch_points(equations, limit)
    path = [p for p in path if p[-1] < limit] + [branch_point_at(equations, path, limit)]
    targets = np.concatenate(profile, axis=-1).reshape(-1, sum(game.n_actions))  # [B, D]
    fits = [_nearest(equations, path, target, tolerance=tolerance) for target in targets]
    points = np.array([point for point, _ in fits])
    entropy = np.sum(targets * np.log(np.where(targets > 0, targets, 1.0)), axis=1)
    shape = profile.batch_shape
    return RationalityFit(
        rationality=read_only((points[:, -1] / equations.scale).reshape(shape)),
        residual=read_only(np.maximum(entropy - (targets * points[:, :-1]).sum(axis=1), 0.0).reshape(shape)),
        equilibrium=branch_profile(equations, points.reshape(*shape, -1)),
        at_limit=np.array([at_limit for _, at_limit in fits], dtype=np.bool_).reshape(shape),
        max_rationality=limit / equations.scale,
        bound="upper",
        tolerance=tolerance,
        references=REFERENCES,
    )


def _nearest(equations: LogitEquations, path: list[Array], target: Array, *, tolerance: float) -> tuple[Array, bool]:
    """Return the point of the branch with the least divergence from `target` ``[D]``, and whether it is the last."""
    scores = np.array([-float(target @ p[:-1]) for p in path])  # divergence but for the entropy of the target
    best = int(scores.argmin())
    if float(np.ptp(scores)) <= FLAT:
        return path[0], False
    if scores[-1] - scores[best] <= FLAT:
        return path[-1], True
    ends = [path[k] for k in (best - 1, best, best + 1) if 0 <= k < len(path)]
    return _refined(equations, ends, target, best=path[best], tolerance=tolerance), False


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
