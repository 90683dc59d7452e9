"""The meta-game: policies as actions, cross-play means as payoffs, and game theory on top.

Its equilibrium weighs the policies so that copies of one cannot move the scores; α-rank says where evolution stays;
Elo gives one number a policy and the cyclic share says what that number leaves out. The payoffs are estimates: an exact
equilibrium of a table whose entries are within ε has gains of up to 2ε an agent in the true game, NashConv up to 4ε.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.alpha_rank import AlphaRank, alpha_rank, single_population_alpha_rank
from nashlens.analysis.complete_table import complete_table
from nashlens.analysis.elo import Elo, elo, log_odds
from nashlens.analysis.exploitability import NashConv, nash_conv
from nashlens.analysis.nash_averaging import NashAverage, nash_average, nash_average_of_tasks
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.analysis.statistics import numbers
from nashlens.games.normal_form import NormalFormGame, Profile

REFERENCES = ("Balduzzi, Tuyls, Perolat & Graepel (2018), arXiv:1806.02643",)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class MetaGame:
    """A zero-sum meta-game and its solutions.

    Attributes
    ----------
    payoffs : ``[A, B]``; what the rows get, without runs that have empty cells.
    rows, columns : the runs that were kept; the others have empty cells.
    n_empty : cells that were not played.
    average : equilibrium of most entropy, its value and the scores against it.
    uniform : deviation gains where every policy is played equally often.
    ranks : α-rank.
    ratings : Elo with its cyclic share; None unless numbers of games were given.
    error : ε, the largest error of an entry; NaN if it was not given.
    bound : ``exact`` for the table as given; of the true game an estimate.
    """

    payoffs: Array
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    n_empty: int
    average: NashAverage
    uniform: NashConv
    ranks: AlphaRank
    ratings: Elo | None
    error: float
    bound: Bound = "exact"
    references: tuple[str, ...] = REFERENCES

    @property
    def equilibrium_nash_conv(self) -> float:
        """Upper bound of the NashConv, in the true game, of the equilibrium found: 4ε."""
        return 4 * self.error

    def to_records(self) -> list[Record]:
        """Return the value, the uniform mixture's NashConv, weights and scores, ranks and ratings."""
        note = {"bound": self.bound, "n_empty": self.n_empty}
        rows: list[Record] = [
            {"metric": "meta_game_value", "value": self.average.value, **note},
            {"metric": "meta_game_uniform_nash_conv", "value": float(self.uniform.nash_conv), **note},
            {
                "metric": "meta_game_equilibrium_nash_conv",
                "value": self.equilibrium_nash_conv,
                "bound": "upper",
                "n_empty": self.n_empty,
                "reason": "" if np.isfinite(self.error) else "the error of the entries was not given",
            },
        ]
        rows += self.average.to_records() + self.ranks.to_records()
        return rows + (self.ratings.to_records() if self.ratings is not None else [])


def meta_game(
    cells: npt.ArrayLike,
    *,
    one_population: bool = False,
    alpha: float = 10.0,
    games: npt.ArrayLike | None = None,
    error: float | None = None,
) -> MetaGame:
    """Solve the zero-sum meta-game of a cross-play table.

    Parameters
    ----------
    cells : ``[A, B]``; mean return of row a against column b, of which the columns get the opposite; NaN for cells that
        were not played. The row or column with most of them is dropped until none is left.
    one_population : True if rows and columns are the same policies in a symmetric game. Then only the antisymmetric
        part counts, ``(M − Mᵀ)/2``, which averages both seats, and a run is dropped on both sides.
    alpha : selection pressure of α-rank, one over the units of `cells`.
    games : ``[A, A]``, symmetric, with `one_population`: games of each pair, of which ``(1 + M)/2`` were won; for Elo.
        Entries of `cells` must then lie in [−1, 1].
    error : ε, if all entries are known to be within it; see `cross_play.episodes_needed`.

    Returns
    -------
    MetaGame.

    Raises
    ------
    ValueError : shapes do not fit, a number is infinite, no table without empty cells is left, or `games`, `alpha` or
        `error` is out of range.

    References
    ----------
    Balduzzi, Tuyls, Perolat & Graepel (2018), arXiv:1806.02643.

    Examples
    --------
    >>> rock_paper_scissors = [[0.0, -1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 1.0, 0.0]]
    >>> meta_game(rock_paper_scissors, one_population=True).average.weights.round(6).tolist()
    [0.333333, 0.333333, 0.333333]
    """
    if error is not None and not (np.isfinite(error) and error >= 0):
        raise ValueError(f"error must be finite and at least 0, not {error}")
    given = numbers(cells, name="cells")
    kept = complete_table(given, paired=one_population)
    table = given[np.ix_(kept.rows, kept.columns)]
    if one_population:
        table = (table - table.T) / 2
        average = nash_average(table)
        ranks = single_population_alpha_rank(table, alpha=alpha)
    else:
        average = nash_average_of_tasks(table)
        ranks = alpha_rank(NormalFormGame([table, -table]), alpha=alpha)
    game = NormalFormGame([table, -table])
    return MetaGame(
        payoffs=read_only(table),
        rows=kept.rows,
        columns=kept.columns,
        n_empty=kept.n_empty,
        average=average,
        uniform=nash_conv(game, Profile.uniform(*table.shape)),
        ranks=ranks,
        ratings=None if games is None else _rated(table, games, rows=kept.rows, one_population=one_population),
        error=float("nan") if error is None else float(error),
    )


def _rated(table: Array, games: npt.ArrayLike, *, rows: tuple[int, ...], one_population: bool) -> Elo:
    met = numbers(games, name="games")
    if not one_population:
        raise ValueError("games can be given with one_population only: ratings need one set of policies")
    if met.ndim != 2 or met.shape[0] != met.shape[1] or max(rows) >= len(met) or not (met == met.T).all():
        raise ValueError(f"games must be a symmetric matrix over all runs, not of shape {met.shape}")
    if np.abs(table).max() > 1:
        raise ValueError(f"cells must lie in [-1, 1] to be shares won less lost; they reach {np.abs(table).max():g}")
    counted = met[np.ix_(rows, rows)]
    return elo(log_odds((1 + table) / 2 * counted, counted), bound="estimate")
