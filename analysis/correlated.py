"""Correlated and coarse correlated equilibria by linear and convex programming.

Both are linear conditions on the joint distribution (see `correlated_gaps`), so that the highest and lowest welfare
are linear programmes over it, and the most entropy a convex one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import linprog

from nashlens.analysis.action_payoffs import normalised_payoffs
from nashlens.analysis.correlated_gaps import CorrelatedGaps, correlated_gaps, product_distribution
from nashlens.analysis.maximum_entropy import maximum_entropy
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.games.normal_form import NormalFormGame, check_normal_form

__all__ = [
    "Concept",
    "CorrelatedEquilibrium",
    "CorrelatedGaps",
    "Objective",
    "correlated_equilibrium",
    "correlated_gaps",
    "product_distribution",
]

Concept = Literal["ce", "cce"]
Objective = Literal["max_welfare", "min_welfare", "max_entropy"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CorrelatedEquilibrium:
    """One correlated or coarse correlated equilibrium, verified.

    Attributes
    ----------
    concept : ``ce`` or ``cce``.
    objective : what it maximises among them.
    joint : ``[A_1, …, A_N]``; the distribution.
    payoffs : ``[N]``.
    entropy : nats.
    gap : payoff units; its largest remaining gain, checked after the solver.
    bound, tolerance, references : the tolerance is on each agent's gain, as a share of what its choice can matter.
    """

    concept: Concept
    objective: Objective
    joint: Array
    payoffs: Array
    entropy: float
    gap: float
    bound: Bound
    tolerance: float
    references: tuple[str, ...] = ()

    @property
    def welfare(self) -> float:
        """Sum of the payoffs."""
        return float(self.payoffs.sum())

    def to_records(self) -> list[Record]:
        """Return one row an agent, and one for the welfare."""
        shared = {
            "metric": f"{self.concept}_{self.objective}",
            "gap": self.gap,
            "bound": self.bound,
            "tolerance": self.tolerance,
        }
        rows: list[Record] = [{**shared, "agent": i, "value": float(u)} for i, u in enumerate(self.payoffs)]
        return [*rows, {**shared, "agent": "all", "value": self.welfare}]


def correlated_equilibrium(
    game: NormalFormGame,
    objective: Objective = "max_welfare",
    *,
    concept: Concept = "ce",
    tolerance: float = 1e-7,
) -> CorrelatedEquilibrium:
    """Correlated or coarse correlated equilibrium of highest welfare, lowest welfare, or most entropy.

    Parameters
    ----------
    game : payoffs ``(N, A_1, …, A_N)``.
    objective : ``max_welfare``, ``min_welfare`` or ``max_entropy``.
    concept : ``ce`` or ``cce``.
    tolerance : largest gain of the result, as a share of the most that an agent's own choice can matter.

    Returns
    -------
    CorrelatedEquilibrium; never one that fails the tolerance.

    Raises
    ------
    ValueError : `game` is no `NormalFormGame`.
    ValueError : `objective` or `concept` is none of those.
    ArithmeticError : the solver did not reach the tolerance.

    Notes
    -----
    One variable for each of the ``A_1 ⋯ A_N`` profiles, ``Σ_i A_i (A_i − 1)`` rows for CE and ``Σ_i A_i`` for CCE.
    """
    check_normal_form(game)
    if objective not in {"max_welfare", "min_welfare", "max_entropy"}:
        raise ValueError(f"objective must be max_welfare, min_welfare or max_entropy, not {objective!r}")
    if concept not in {"ce", "cce"}:
        raise ValueError(f"concept must be ce or cce, not {concept!r}")
    rows = _conditions(normalised_payoffs(game.payoffs), concept)
    sigma = maximum_entropy(rows) if objective == "max_entropy" else _extreme(game, rows, objective)
    excess = float((rows @ sigma).max(initial=0.0))
    if excess > tolerance:
        raise ArithmeticError(f"the {concept} is only accurate to {excess:g}, not {tolerance:g}")
    joint = sigma.reshape(game.n_actions)
    gaps = correlated_gaps(game, joint)
    return CorrelatedEquilibrium(
        concept=concept,
        objective=objective,
        joint=read_only(joint),
        payoffs=read_only((game.payoffs * joint).reshape(game.n_agents, -1).sum(axis=1)),
        entropy=0.0 - float((sigma[sigma > 0] * np.log(sigma[sigma > 0])).sum()),
        gap=float(gaps.ce_gap if concept == "ce" else gaps.cce_gap),
        bound="exact",
        tolerance=tolerance,
    )


def _extreme(game: NormalFormGame, rows: Array, objective: Objective) -> Array:
    welfare = game.payoffs.sum(axis=0).ravel()
    goal = (welfare - welfare.min()) / (float(np.ptp(welfare)) or 1.0)
    solved = linprog(
        goal if objective == "min_welfare" else -goal,
        A_ub=rows,
        b_ub=np.zeros(len(rows)),
        A_eq=np.ones((1, len(goal))),
        b_eq=[1.0],
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if solved.x is None or solved.status != 0:
        raise ArithmeticError(f"the linear programme was not solved: {solved.message}")
    sigma = np.maximum(np.asarray(solved.x, dtype=np.float64), 0.0)
    return sigma / float(sigma.sum())


def _conditions(payoffs: Array, concept: Concept) -> Array:
    """Return ``[C, A_1 ⋯ A_N]``; the gain from each deviation, linear in the joint distribution, at most 0."""
    n_actions = payoffs.shape[1:]
    rows = []
    for i, own in enumerate(payoffs):
        for played in range(n_actions[i]):
            gain = np.take(own, [played], axis=i) - own  # against playing what is recommended
            if concept == "cce":
                rows.append(gain.ravel())
                continue
            for told in range(n_actions[i]):
                if told != played:
                    mask = np.zeros(n_actions[i])
                    mask[told] = 1.0
                    rows.append((gain * np.expand_dims(mask, [k for k in range(len(n_actions)) if k != i])).ravel())
    return np.array(rows).reshape(-1, int(np.prod(n_actions)))
