"""The value of a two-agent constant-sum game, and how far one agent's strategy alone falls short of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import optimize

from nashlens.analysis.exploitability import check_two_agent_constant_sum
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.games.normal_form import NormalFormGame, Profile, check_normal_form


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GameValue:
    """The value of a two-agent constant-sum game with one optimal strategy each.

    Attributes
    ----------
    values : ``[2]``; what each agent can guarantee itself.
    strategies : one optimal strategy ``[A_i]`` an agent; there may be others.
    tolerance : payoff units; the strategies prove the value up to this: what agent 1's holds agent 0 to, less what
        agent 0's guarantees, and rounding.
    """

    values: Array
    strategies: Profile
    tolerance: float
    bound: Bound = "exact"
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return one row an agent."""
        return [
            {"metric": "game_value", "agent": i, "value": float(v), "bound": self.bound, "tolerance": self.tolerance}
            for i, v in enumerate(self.values)
        ]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class OneSidedExploitability:
    """What one agent's strategy concedes to the best opponent, below the value of the game.

    Attributes
    ----------
    exploitability : ``[…]``; value less worst case, payoff units; at least 0 up to `tolerance`.
    worst_case : ``[…]``; payoff of the strategy against its best opponent.
    value : value of the game to this agent.
    agent : whose strategy it is.
    tolerance : payoff units; how closely `value` is known.
    """

    exploitability: Array
    worst_case: Array
    value: float
    agent: int
    tolerance: float
    bound: Bound = "exact"
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return one row for each strategy of the batch."""
        return [
            {
                "metric": "one_sided_exploitability",
                "agent": self.agent,
                "value": float(self.exploitability[batch]),
                **{f"index_{k}": position for k, position in enumerate(batch)},
                "bound": self.bound,
                "tolerance": self.tolerance,
            }
            for batch in np.ndindex(self.exploitability.shape)
        ]


def game_value(game: NormalFormGame) -> GameValue:
    """Value of a two-agent constant-sum game, by linear programming.

    Agent 0 maximises v such that its strategy x has ``xᵀA ≥ v`` in every column; agent 1's strategy are the multipliers
    of those columns.

    Parameters
    ----------
    game : payoffs ``[2, A_1, A_2]`` that add to one number everywhere.

    Raises
    ------
    ValueError : `game` is no `NormalFormGame`.
    ValueError : the game has not two agents or is not constant-sum.

    Notes
    -----
    Payoffs are brought to [0, 1] before HiGHS sees them, so that its absolute tolerances fit any scale.
    """
    check_normal_form(game)
    check_two_agent_constant_sum(game, purpose="the value of a game")
    matrix = game.payoffs[0]
    low, span = float(matrix.min()), float(game.spans[0])
    scaled = (matrix - low) / span if span > 0 else np.zeros_like(matrix)
    x, y = _optimal_strategies(scaled)
    conceded, held = float((x @ scaled).min()), float((scaled @ y).max())
    value = low + span * (conceded + held) / 2
    total = float((game.payoffs[0] + game.payoffs[1]).mean())
    return GameValue(
        values=read_only([value, total - value]),
        strategies=Profile([x, y]),
        tolerance=span * max(held - conceded, 0.0) + 8 * float(np.finfo(np.float64).eps * np.abs(matrix).max()),
    )


def _optimal_strategies(matrix: Array) -> tuple[Array, Array]:
    n_rows, n_columns = matrix.shape
    solved = optimize.linprog(
        c=np.r_[np.zeros(n_rows), -1.0],
        A_ub=np.c_[-matrix.T, np.ones(n_columns)],
        b_ub=np.zeros(n_columns),
        A_eq=np.r_[np.ones(n_rows), 0.0][None],
        b_eq=[1.0],
        bounds=[*[(0.0, None)] * n_rows, (None, None)],
        method="highs",
    )
    if solved.x is None or solved.status != 0:
        raise ArithmeticError(f"the linear programme of the game's value was not solved: {solved.message}")
    strategies = (np.maximum(solved.x[:-1], 0.0), np.maximum(-solved.ineqlin.marginals, 0.0))
    x, y = (np.asarray(s / s.sum(), dtype=np.float64) for s in strategies)
    return x, y


def one_sided_exploitability(
    game: NormalFormGame, strategy: npt.ArrayLike, *, agent: int = 0
) -> OneSidedExploitability:
    """Value of the game to an agent, less what its strategy gets against the best opponent.

    ``v_i − min_{a_j} u_i(π_i, a_j)``; zero exactly for optimal strategies. Over both agents of a profile it adds up to
    NashConv.

    Parameters
    ----------
    game : payoffs ``[2, A_1, A_2]`` that add to one number everywhere.
    strategy : ``[…, A_i]``, a mixed strategy of `agent`, or a batch of them.
    agent : 0 or 1.

    Raises
    ------
    ValueError : the game has not two agents or is not constant-sum, `agent` is not 0 or 1, or `strategy` is off the
        simplex or has another number of actions.

    Examples
    --------
    >>> pennies = NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
    >>> round(float(one_sided_exploitability(pennies, [1.0, 0.0]).exploitability), 9)
    1.0
    """
    solved = game_value(game)
    if agent not in {0, 1}:
        raise ValueError(f"agent must be 0 or 1, not {agent}")
    (mixed,) = Profile([strategy])
    if mixed.shape[-1] != game.n_actions[agent]:
        raise ValueError(f"strategy must have {game.n_actions[agent]} actions for agent {agent}, not {mixed.shape[-1]}")
    payoffs = game.payoffs[0] if agent == 0 else game.payoffs[1].T
    worst = np.asarray((mixed @ payoffs).min(axis=-1))
    value = float(solved.values[agent])
    return OneSidedExploitability(
        exploitability=read_only(value - worst),
        worst_case=read_only(worst),
        value=value,
        agent=agent,
        tolerance=solved.tolerance,
    )
