"""α-rank: how long evolution stays at each pure profile.

Each agent is a population of ``m`` that plays one action; now and then a mutant with another action appears, and takes
over with a probability that grows with what it gains. The long-run share of time at each profile ranks the profiles.
With several populations the states are pure profiles; with one population that plays a symmetric game against itself
they are actions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from nashlens.analysis.markov_chain import stationary_distribution
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.games.normal_form import NormalFormGame

Selection = Literal["local", "global"]
REFERENCES = ("Omidshafiei et al. (2019), arXiv:1903.01373",)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AlphaRank:
    """The long-run share of time at each state.

    Attributes
    ----------
    distribution : ``[A_1, …, A_N]`` for several populations, ``[A]`` for one; sums to 1.
    alpha : one over payoff units; selection pressure.
    population_size : m.
    bound, tolerance, references : exact for this α and m, up to rounding.
    """

    distribution: Array
    alpha: float
    population_size: int
    bound: Bound
    tolerance: float
    references: tuple[str, ...] = REFERENCES

    @property
    def ranking(self) -> tuple[tuple[int, ...], ...]:
        """States by falling share; those within 1e-12 tie, and stand in the order of the actions."""
        order = np.argsort(-self.distribution.ravel().round(12), kind="stable")
        return tuple(tuple(int(a) for a in np.unravel_index(k, self.distribution.shape)) for k in order)

    def to_records(self) -> list[Record]:
        """Return one row a state, best first."""
        return [
            {
                "metric": "alpha_rank",
                "actions": list(state),
                "value": float(self.distribution[state]),
                "alpha": self.alpha,
                "population_size": self.population_size,
                "bound": self.bound,
                "tolerance": self.tolerance,
            }
            for state in self.ranking
        ]


def alpha_rank(game: NormalFormGame, *, alpha: float, population_size: int = 50) -> AlphaRank:
    """α-rank with one population an agent.

    From each profile the deviation of one agent to another action is tried with probability
    ``η = 1 / Σ_k (A_k − 1)`` and takes over with probability ``ρ = (1 − e^{−αΔ}) / (1 − e^{−mαΔ})``, where ``Δ`` is
    what that agent gains; ``ρ = 1/m`` if it gains nothing.

    Parameters
    ----------
    game : payoffs ``(N, A_1, …, A_N)``.
    alpha : selection pressure, one over payoff units; rankings of games with other payoffs need another. Raise it
        until the ranking is stable: any size is computed safely.
    population_size : m, at least 2.

    Returns
    -------
    AlphaRank.

    Raises
    ------
    ValueError : `alpha` is not positive and finite, or `population_size` is below 2.

    Notes
    -----
    Cost O(P³) for ``P = A_1 ⋯ A_N`` profiles. States are eliminated without subtraction and in logarithms (see
    `markov_chain`), because an eigenvector is wrong once the chain is numerically reducible.

    References
    ----------
    Omidshafiei et al. (2019), arXiv:1903.01373.

    Examples
    --------
    >>> pennies = NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
    >>> alpha_rank(pennies, alpha=10.0).distribution.round(6).tolist()
    [[0.25, 0.25], [0.25, 0.25]]
    """
    _check(alpha, population_size)
    n_states = int(np.prod(game.n_actions))
    states = np.arange(n_states).reshape(game.n_actions)
    log_rates = np.full((n_states, n_states), -np.inf)
    for i, own in enumerate(game.payoffs):
        before = np.moveaxis(states, i, -1).reshape(-1, game.n_actions[i])  # [rest, A_i]
        values = np.moveaxis(own, i, -1).reshape(-1, game.n_actions[i])
        gains = values[:, None, :] - values[:, :, None]  # [rest, from, to]
        origin = np.broadcast_to(before[:, :, None], gains.shape)
        target = np.broadcast_to(before[:, None, :], gains.shape)
        moves = origin != target
        log_rates[origin[moves], target[moves]] = log_fixation(alpha * gains[moves], population_size)
    return AlphaRank(
        distribution=read_only(stationary_distribution(log_rates).reshape(game.n_actions)),
        alpha=alpha,
        population_size=population_size,
        bound="exact",
        tolerance=1e-12,
    )


def single_population_alpha_rank(
    payoffs: npt.ArrayLike, *, alpha: float, population_size: int = 50, selection: Selection = "local"
) -> AlphaRank:
    """α-rank of the actions of a symmetric two-agent game, within one population.

    Parameters
    ----------
    payoffs : ``[A, A]``; what the row's action gets against the column's.
    alpha : selection pressure, one over payoff units.
    population_size : m, at least 2.
    selection : ``local`` compares what mutant and resident get against each other; ``global`` what each gets on
        average in the population at its present composition.

    Returns
    -------
    AlphaRank over the A actions.

    Raises
    ------
    ValueError : `payoffs` is not a square matrix of finite numbers, `alpha` is not positive and finite,
        `population_size` is below 2, or `selection` is neither.

    References
    ----------
    Omidshafiei et al. (2019), arXiv:1903.01373.
    """
    _check(alpha, population_size)
    table = np.asarray(payoffs, dtype=np.float64)
    if table.ndim != 2 or table.shape[0] != table.shape[1] or table.size == 0 or not np.isfinite(table).all():
        raise ValueError(f"payoffs must be a square matrix of finite numbers, not of shape {table.shape}")
    if selection not in {"local", "global"}:
        raise ValueError(f"selection must be local or global, not {selection!r}")
    if selection == "local":
        log_rates = log_fixation(alpha * (table.T - table), population_size)  # row resident, column mutant
    else:
        log_rates = _log_global_fixation(table, alpha, population_size)
    return AlphaRank(
        distribution=read_only(stationary_distribution(log_rates)),
        alpha=alpha,
        population_size=population_size,
        bound="exact",
        tolerance=1e-12,
    )


def log_fixation(pressure: Array, population_size: int) -> Array:
    """Logarithm of the probability that a mutant takes over.

    Parameters
    ----------
    pressure : any shape; α times what the mutant gains.
    population_size : m.

    Returns
    -------
    ``log((1 − e^{−u}) / (1 − e^{−m u}))`` for pressure u, and its limit ``−log m`` at 0.
    """
    size = np.abs(pressure)
    safe = np.maximum(size, 1e-12)
    log_ratio = np.log(-np.expm1(-safe)) - np.log(-np.expm1(-population_size * safe))
    falling = np.where(pressure < 0, (population_size - 1) * size, 0.0)
    near_zero = (population_size - 1) * pressure / 2 - np.log(population_size)
    result: Array = np.where(size < 1e-12, near_zero, log_ratio - falling)
    return result


def _log_global_fixation(table: Array, alpha: float, population_size: int) -> Array:
    """Return ``[A, A]`` from resident (row) to mutant (column), payoffs averaged over the present population."""
    m = population_size
    mutants = np.arange(1, m)[:, None, None]
    own = np.diagonal(table)
    mutant = ((mutants - 1) * own[None, None, :] + (m - mutants) * table.T[None]) / (m - 1)
    resident = (mutants * table[None] + (m - mutants - 1) * own[None, :, None]) / (m - 1)
    terms = np.cumsum(-alpha * (mutant - resident), axis=0)
    zero = np.zeros_like(terms[:1])
    log_odds: Array = np.logaddexp.reduce(np.concatenate([zero, terms]), axis=0)
    return -log_odds


def _check(alpha: float, population_size: int) -> None:
    if not (np.isfinite(alpha) and alpha > 0):
        raise ValueError(f"alpha must be positive and finite, not {alpha}")
    if population_size < 2:
        raise ValueError(f"population_size must be at least 2, not {population_size}")
