"""Correlated and coarse correlated equilibria: gaps of a joint distribution, and linear programmes over them.

A joint distribution over action profiles is a correlated equilibrium (CE) if no agent that is told its own action
gains by playing another instead, and a coarse correlated equilibrium (CCE) if none gains by one fixed action decided
beforehand. Both are linear conditions on the distribution, so that the highest and lowest welfare are linear
programmes, and the most entropy a convex one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog

from nashlens.analysis.action_payoffs import normalised_payoffs
from nashlens.analysis.maximum_entropy import maximum_entropy
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.games.normal_form import SIMPLEX_TOLERANCE, NormalFormGame, Profile

Concept = Literal["ce", "cce"]
Objective = Literal["max_welfare", "min_welfare", "max_entropy"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CorrelatedGaps:
    """What agents could gain by leaving a joint distribution, payoff units.

    Attributes
    ----------
    ce_gains : ``[…, N]``; most that agent i gains in expectation by replacing one action by another.
    swap_gains : ``[…, N]``; most it gains by replacing every action by the best other one.
    cce_gains : ``[…, N]``; most it gains by one fixed action.
    bound, tolerance, references : exact, up to rounding.
    """

    ce_gains: Array
    swap_gains: Array
    cce_gains: Array
    bound: Bound
    tolerance: float
    references: tuple[str, ...] = ()

    @property
    def ce_gap(self) -> Array:
        """``[…]``; the largest gain from one replacement: 0 exactly in a CE."""
        gap: Array = self.ce_gains.max(axis=-1)
        return gap

    @property
    def cce_gap(self) -> Array:
        """``[…]``; the largest gain from one fixed action: 0 exactly in a CCE."""
        gap: Array = self.cce_gains.max(axis=-1)
        return gap

    def to_records(self) -> list[Record]:
        """Return two rows a distribution: the CE and the CCE gap."""
        return [
            {
                "metric": metric,
                "value": float(gap[index]),
                **{f"index_{k}": at for k, at in enumerate(index)},
                "bound": self.bound,
                "tolerance": self.tolerance,
            }
            for metric, gap in (("ce_gap", self.ce_gap), ("cce_gap", self.cce_gap))
            for index in np.ndindex(gap.shape)
        ]


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


def correlated_gaps(game: NormalFormGame, joint: npt.ArrayLike) -> CorrelatedGaps:
    """CE and CCE gaps of joint distributions.

    The CE gap is ``max_{i, a, a'} Σ_{a_−i} σ(a, a_−i) (u_i(a', a_−i) − u_i(a, a_−i))``, the CCE gap
    ``max_{i, a'} E_σ[u_i(a', a_−i) − u_i]``; neither is negative.

    Parameters
    ----------
    game : payoffs ``(N, A_1, …, A_N)``.
    joint : ``(…, A_1, …, A_N)``; leading axes are a batch.

    Returns
    -------
    CorrelatedGaps.

    Raises
    ------
    ValueError : `joint` has another shape, or is no distribution within 1e-9.
    """
    sigma = _checked_joint(game, joint)
    ce, swap, cce = [], [], []
    for i in range(game.n_agents):
        gains = replacement_gains(game, sigma, agent=i)  # [B, A_i, A_i]
        ce.append(gains.max(axis=(1, 2)))
        swap.append(gains.max(axis=2).sum(axis=1))
        cce.append(np.maximum(gains.sum(axis=1).max(axis=1), 0.0))
    shape = (*np.shape(joint)[: np.ndim(joint) - game.n_agents], game.n_agents)
    ce_gains, swap_gains, cce_gains = (read_only(np.stack(g, axis=-1).reshape(shape)) for g in (ce, swap, cce))
    return CorrelatedGaps(
        ce_gains=ce_gains, swap_gains=swap_gains, cce_gains=cce_gains, bound="exact", tolerance=SIMPLEX_TOLERANCE
    )


def replacement_gains(game: NormalFormGame, sigma: Array, *, agent: int) -> Array:
    """Return ``[B, A_i, A_i]``; gain from playing the second action wherever the first is recommended.

    Parameters
    ----------
    game : payoffs ``(N, A_1, …, A_N)``.
    sigma : ``[B, A_1, …, A_N]``.
    agent : i.
    """
    own = np.moveaxis(game.payoffs[agent], agent, 0).reshape(game.n_actions[agent], -1)  # [A_i, rest]
    weights = np.moveaxis(sigma, agent + 1, 1).reshape(len(sigma), game.n_actions[agent], -1)  # [B, A_i, rest]
    values = weights @ own.T  # [B, recommended, played]
    gains: Array = values - np.diagonal(values, axis1=1, axis2=2)[:, :, None]
    return gains


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
    ValueError : `objective` or `concept` is none of those.
    ArithmeticError : the solver did not reach the tolerance.

    Notes
    -----
    One variable for each of the ``A_1 ⋯ A_N`` profiles, ``Σ_i A_i (A_i − 1)`` rows for CE and ``Σ_i A_i`` for CCE.
    """
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


def product_distribution(profile: Profile) -> Array:
    """Return the joint distribution ``[…, A_1, …, A_N]`` of agents that mix independently."""
    joint = np.ones(profile.batch_shape)
    for strategy in profile:
        extra = joint.ndim - len(profile.batch_shape)
        joint = joint[..., None] * strategy.reshape(*profile.batch_shape, *(1,) * extra, -1)
    return joint


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


def _checked_joint(game: NormalFormGame, joint: npt.ArrayLike) -> Array:
    sigma = np.asarray(joint, dtype=np.float64)
    n_agents = game.n_agents
    if sigma.ndim < n_agents or sigma.shape[sigma.ndim - n_agents :] != game.n_actions:
        raise ValueError(f"joint must end in the axes {game.n_actions} of {game.spec.name}, not {sigma.shape}")
    flat = sigma.reshape(-1, *game.n_actions)
    sums = flat.reshape(len(flat), -1).sum(axis=1)
    valid = bool(np.isfinite(flat).all()) and bool((flat >= -SIMPLEX_TOLERANCE).all())
    if not valid or (np.abs(sums - 1) > SIMPLEX_TOLERANCE).any():
        raise ValueError(
            f"joint must be non-negative and sum to 1 within {SIMPLEX_TOLERANCE}; its sums run from {sums.min()} "
            f"to {sums.max()}"
        )
    return flat
