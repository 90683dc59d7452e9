"""Elo ratings, and the share of the results that no rating can express.

The log-odds of winning are an antisymmetric table. Elo explains them by differences of one number an agent; what is
left over circulates, as in rock, paper, scissors, and Elo is blind to it. The cyclic share is the part of the squared
log-odds that is left over: print it next to every rating, and where it is beyond about 0.1 prefer Nash averaging or
α-rank.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.nash_averaging import check_antisymmetric
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.analysis.statistics import numbers

POINTS_PER_NAT = 400 / np.log(10)  # a difference of 400 means odds of 10 to 1
REFERENCES = ("Balduzzi, Tuyls, Perolat & Graepel (2018), arXiv:1806.02643",)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Elo:
    """Ratings with the share of the results they leave out.

    Attributes
    ----------
    ratings : ``[A]``; Elo points, with mean 0.
    cyclic_share : between 0 (ratings say everything) and 1 (they say nothing); NaN if all games are even.
    bound : what the numbers are: ``exact`` for given log-odds, ``estimate`` from counted games.
    tolerance, references : rounding, and the source.
    """

    ratings: Array
    cyclic_share: float
    bound: Bound
    tolerance: float
    references: tuple[str, ...] = REFERENCES

    def to_records(self) -> list[Record]:
        """Return one row an agent, and one for the cyclic share."""
        shared = {"bound": self.bound, "tolerance": self.tolerance}
        rows: list[Record] = [
            {"metric": "elo", "agent": k, "value": float(rating), "cyclic_share": self.cyclic_share, **shared}
            for k, rating in enumerate(self.ratings)
        ]
        reason = "all games are even" if np.isnan(self.cyclic_share) else ""
        return [*rows, {"metric": "cyclic_share", "value": self.cyclic_share, "reason": reason, **shared}]


def win_probability(difference: npt.ArrayLike) -> Array:
    """Return the probability ``1 / (1 + 10^{−Δ/400})`` of winning with a lead of Δ Elo points, any shape.

    >>> round(float(win_probability(200)), 6)
    0.759747
    """
    probability: Array = 1 / (1 + 10 ** (-np.asarray(difference, dtype=np.float64) / 400))
    return probability


def log_odds(wins: npt.ArrayLike, games: npt.ArrayLike) -> Array:
    """Log-odds of winning from counted games, shrunk so that a clean sweep stays finite.

    The share of wins ``(w + ½) / (n + 1)`` is turned into log-odds; a pair that never met gets 0.

    Parameters
    ----------
    wins : ``[A, A]``; how often the row beat the column, draws as halves.
    games : ``[A, A]``; how often they met; symmetric. The diagonals are not used.

    Returns
    -------
    ``[A, A]``, antisymmetric, nats.

    Raises
    ------
    ValueError : shapes differ or are not square, or wins do not add up to games.
    """
    won, met = numbers(wins, name="wins"), numbers(games, name="games")
    if won.ndim != 2 or won.shape[0] != won.shape[1] or met.shape != won.shape:
        raise ValueError(f"wins and games must be square matrices of one size, not {won.shape} and {met.shape}")
    np.fill_diagonal(won, 0.0)
    np.fill_diagonal(met, 0.0)
    if not (won >= 0).all() or not np.allclose(won + won.T, met, rtol=0.0, atol=1e-9):
        raise ValueError("wins must not be negative, and wins of both sides must add up to the games of each pair")
    odds: Array = np.log(won + 0.5) - np.log(met - won + 0.5)
    np.fill_diagonal(odds, 0.0)
    return odds


def elo(odds: npt.ArrayLike, *, bound: Bound = "exact", tolerance: float = 1e-9) -> Elo:
    """Elo ratings from log-odds of winning, with their cyclic share.

    Ratings are the row means ``r`` in units in which 400 points mean odds of 10 to 1; the cyclic share is
    ``‖L − (r_i − r_j)‖² / ‖L‖²`` in the Frobenius norm.

    Parameters
    ----------
    odds : ``[A, A]``, antisymmetric, nats; see `log_odds`.
    bound : ``estimate`` if the log-odds come from counted games.
    tolerance : as a share of the largest log-odds; how far an entry and its opposite may differ.

    Returns
    -------
    Elo.

    Raises
    ------
    ValueError : `odds` is not a square antisymmetric matrix of finite numbers.

    References
    ----------
    Balduzzi, Tuyls, Perolat & Graepel (2018), arXiv:1806.02643.
    """
    table = check_antisymmetric(odds, label="odds", tolerance=tolerance)
    means = table.mean(axis=1)
    return Elo(
        ratings=read_only(POINTS_PER_NAT * means), cyclic_share=_cyclic(table, means), bound=bound, tolerance=tolerance
    )


def cyclic_share(table: npt.ArrayLike, *, tolerance: float = 1e-9) -> float:
    """Share of an antisymmetric table that no difference of ratings explains, between 0 and 1.

    Parameters
    ----------
    table : ``[A, A]``, antisymmetric: log-odds, or payoffs of a symmetric zero-sum meta-game.
    tolerance : as a share of the largest entry; how far an entry and its opposite may differ.

    Returns
    -------
    The share; NaN if the table is zero.

    Raises
    ------
    ValueError : `table` is not a square antisymmetric matrix of finite numbers.

    Examples
    --------
    >>> cyclic_share([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    1.0
    """
    checked = check_antisymmetric(table, label="table", tolerance=tolerance)
    return _cyclic(checked, checked.mean(axis=1))


def _cyclic(table: Array, means: Array) -> float:
    largest = float(np.abs(table).max())
    if largest == 0:
        return float("nan")
    rest = (table - (means[:, None] - means[None])) / largest
    return float((rest**2).sum() / ((table / largest) ** 2).sum())
