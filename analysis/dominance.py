"""Payoff and risk dominance between the two pure equilibria of a 2×2 game.

One equilibrium payoff-dominates the other if no agent gets less there and some agent gets more. It risk-dominates the
other if the product of what the agents lose by leaving it alone is larger. In a symmetric game the risk-dominant
action is the best response to an opponent who mixes equally.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nashlens.analysis.equilibria import pure_equilibrium_actions
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.games.normal_form import NormalFormGame


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Dominance:
    """Which of two pure equilibria dominates.

    Attributes
    ----------
    equilibria : the actions of both.
    payoffs : ``[2, 2]``; equilibrium, agent.
    deviation_products : ``[2]``; product of what each agent loses by leaving the equilibrium alone.
    payoff_dominant : position in `equilibria`, None if neither is.
    risk_dominant : position in `equilibria`, None if the products tie.
    indifference : ``[2]``; probability with which agent i must be believed to play its action of the first
        equilibrium for the other agent to be indifferent.
    bound, tolerance, references : exact; numbers closer than the tolerance, as a share of the payoff span, tie.
    """

    equilibria: tuple[tuple[int, int], tuple[int, int]]
    payoffs: Array
    deviation_products: Array
    payoff_dominant: int | None
    risk_dominant: int | None
    indifference: Array
    bound: Bound
    tolerance: float
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return one row an equilibrium."""
        return [
            {
                "metric": "deviation_product",
                "actions": list(actions),
                "value": float(self.deviation_products[k]),
                "payoff_dominant": self.payoff_dominant == k,
                "risk_dominant": self.risk_dominant == k,
                "bound": self.bound,
                "tolerance": self.tolerance,
            }
            for k, actions in enumerate(self.equilibria)
        ]


def dominance(game: NormalFormGame, *, tolerance: float = 1e-9) -> Dominance:
    """Payoff and risk dominance in a 2×2 game with two strict equilibria.

    Parameters
    ----------
    game : payoffs ``(2, 2, 2)``.
    tolerance : as a share of each agent's payoff span; numbers this close tie.

    Returns
    -------
    Dominance.

    Raises
    ------
    ValueError : `game` is not 2×2, or has not exactly two pure equilibria in opposite corners.

    Examples
    --------
    >>> stag_hunt = NormalFormGame([[[4, 0], [3, 3]], [[4, 3], [0, 3]]])
    >>> found = dominance(stag_hunt)
    >>> found.equilibria[found.payoff_dominant], found.equilibria[found.risk_dominant]
    ((0, 0), (1, 1))
    """
    if game.n_actions != (2, 2):
        raise ValueError(f"game must have two agents with two actions each, not {game.n_actions}")
    pure = [(a, b) for a, b in pure_equilibrium_actions(game, tolerance)]
    if len(pure) != 2 or pure[0][0] == pure[1][0] or pure[0][1] == pure[1][1]:
        raise ValueError(f"game must have two pure equilibria in opposite corners; those of {game.spec.name}: {pure}")
    first, second = game.payoffs / game.spans[:, None, None]
    losses = np.array([[first[a, b] - first[1 - a, b], second[a, b] - second[a, 1 - b]] for a, b in pure])
    payoffs = np.array([game.payoffs[:, a, b] for a, b in pure])
    ahead = (payoffs[0] - payoffs[1]) / game.spans
    products = losses.prod(axis=1)
    return Dominance(
        equilibria=(pure[0], pure[1]),
        payoffs=read_only(payoffs),
        deviation_products=read_only(products * game.spans.prod()),
        payoff_dominant=_dominant(ahead, tolerance),
        risk_dominant=_dominant(products[:1] - products[1:], tolerance),
        indifference=read_only((losses[1] / losses.sum(axis=0))[::-1]),
        bound="exact",
        tolerance=tolerance,
    )


def _dominant(ahead: Array, tolerance: float) -> int | None:
    """Return 0 if no entry of `ahead` is negative and one is positive, 1 the other way round, else None."""
    if (ahead >= -tolerance).all() and (ahead > tolerance).any():
        return 0
    if (ahead <= tolerance).all() and (ahead < -tolerance).any():
        return 1
    return None
