"""All optimal strategies of a two-agent constant-sum game.

In such a game the equilibria are the pairs of optimal strategies, and an agent's optimal strategies form a polytope:
those that guarantee the value, ``{x in the simplex : u_i(x, b) ≥ v_i for every b}``. Linear programmes over it give
how much each action may be played, and the point nearest to any strategy, without listing its vertices.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linprog

from nashlens.analysis.minimax import game_value
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.games.normal_form import NormalFormGame, Profile, check_normal_form


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OptimalStrategies:
    """The optimal strategies of one agent.

    Attributes
    ----------
    agent : 0 or 1.
    value : payoff units; what every optimal strategy guarantees.
    payoffs : ``[A_i, A_j]``; the agent's payoffs, own actions first.
    ranges : ``[A_i, 2]``; lowest and highest probability of each action among optimal strategies.
    is_unique : there is one optimal strategy, within 1e-6 in every probability.
    tolerance : payoff units; a strategy that guarantees the value less this much counts as optimal.
    bound, references : what the numbers are, and their sources.
    """

    agent: int
    value: float
    payoffs: Array
    ranges: Array
    is_unique: bool
    tolerance: float
    bound: Bound
    references: tuple[str, ...]

    def to_records(self) -> list[Record]:
        """Return one row an action."""
        return [
            {
                "metric": "optimal_probability",
                "agent": self.agent,
                "action": action,
                "low": float(low),
                "high": float(high),
                "value": (float(low) + float(high)) / 2,
                "bound": self.bound,
                "tolerance": self.tolerance,
            }
            for action, (low, high) in enumerate(self.ranges)
        ]

    def nearest(self, strategy: npt.ArrayLike) -> Array:
        """Return the optimal strategy ``[A_i]`` nearest to `strategy` ``[A_i]`` in L1 distance.

        Raises
        ------
        ValueError : `strategy` is off the simplex or has another number of actions.
        """
        (target,) = Profile([strategy])
        n_actions, n_others = self.payoffs.shape
        if target.shape != (n_actions,):
            raise ValueError(f"strategy must have shape ({n_actions},), not {target.shape}")
        matrix, value, slack = self._scaled()
        one = np.eye(n_actions)
        solved = _minimum(
            np.concatenate([np.zeros(n_actions), np.ones(n_actions)]),
            np.block([[-matrix.T, np.zeros((n_others, n_actions))], [one, -one], [-one, -one]]),
            np.concatenate([np.full(n_others, slack - value), target, -target]),
            n_actions=n_actions,
        )
        nearest: Array = solved[:n_actions] / solved[:n_actions].sum()
        return nearest

    def _scaled(self) -> tuple[Array, float, float]:
        """Return payoffs, value and tolerance in units in which the payoffs span 1."""
        return _scaled(self.payoffs, self.value, self.tolerance)


def optimal_strategies(
    game: NormalFormGame, *, tolerance: float = 1e-10
) -> tuple[OptimalStrategies, OptimalStrategies]:
    """Describe all optimal strategies of each agent of a constant-sum game.

    Parameters
    ----------
    game : payoffs ``(2, A_1, A_2)`` that add to one number.
    tolerance : in units of the payoff span; how far below the value an optimal strategy may fall.

    Returns
    -------
    One OptimalStrategies an agent.

    Raises
    ------
    ValueError : `game` is no `NormalFormGame`.
    ValueError : `game` has not two agents or is not constant-sum, or `tolerance` is negative.

    Notes
    -----
    Cost: one linear programme for the value and two for each action.

    Examples
    --------
    >>> game = NormalFormGame([[[1, -1], [-1, 1], [0, 0]], [[-1, 1], [1, -1], [0, 0]]])
    >>> optimal_strategies(game)[0].ranges.round(6).tolist()
    [[0.0, 0.5], [0.0, 0.5], [0.0, 1.0]]
    """
    check_normal_form(game)
    if not tolerance >= 0:
        raise ValueError(f"tolerance must be at least 0, not {tolerance}")
    solved = game_value(game)
    first, second = (
        _optimal(agent, np.moveaxis(game.payoffs[agent], agent, 0), float(value), solved.tolerance, tolerance)
        for agent, value in enumerate(solved.values)
    )
    return first, second


def _optimal(agent: int, payoffs: Array, value: float, doubt: float, tolerance: float) -> OptimalStrategies:
    span = float(np.ptp(payoffs))
    allowed = doubt + tolerance * span
    matrix, level, slack = _scaled(payoffs, value, allowed)
    n_actions, n_others = payoffs.shape
    ranges = np.zeros((n_actions, 2))
    for action in range(n_actions):
        for side, sign in enumerate((1.0, -1.0)):
            goal = np.zeros(n_actions)
            goal[action] = sign
            found = _minimum(goal, -matrix.T, np.full(n_others, slack - level), n_actions=n_actions)
            ranges[action, side] = min(max(found[action], 0.0), 1.0)
    return OptimalStrategies(
        agent=agent,
        value=value,
        payoffs=read_only(payoffs),
        ranges=read_only(ranges),
        is_unique=bool(np.ptp(ranges, axis=1).max() < 1e-6),
        tolerance=allowed,
        bound="exact",
        references=(),
    )


def _scaled(payoffs: Array, value: float, tolerance: float) -> tuple[Array, float, float]:
    low, span = float(payoffs.min()), float(np.ptp(payoffs))
    if span == 0:
        return np.zeros_like(payoffs), 0.0, 0.0
    return (payoffs - low) / span, (value - low) / span, tolerance / span


def _minimum(goal: Array, matrix: Array, limits: Array, *, n_actions: int) -> Array:
    """Return where ``goal · z`` is least over ``z ≥ 0``, ``matrix z ≤ limits``, the first `n_actions` adding to 1."""
    total = np.zeros((1, len(goal)))
    total[0, :n_actions] = 1.0
    solved = linprog(
        goal,
        A_ub=matrix,
        b_ub=limits,
        A_eq=total,
        b_eq=[1.0],
        bounds=(0, None),
        method="highs",
        options={"primal_feasibility_tolerance": 1e-10, "dual_feasibility_tolerance": 1e-10},
    )
    if solved.x is None or solved.status != 0:
        raise ArithmeticError(f"a linear programme over the optimal strategies was not solved: {solved.message}")
    point: Array = np.maximum(np.asarray(solved.x, dtype=np.float64), 0.0)
    return point
