"""α-rank over many selection pressures: who leads at each, and from where on the leader stays the same.

A ranking at one α is a ranking at one α: small ones hardly select, so that all shares are nearly even, and large ones
may depend on differences that are noise. Read the ranking where it no longer moves.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.alpha_rank import REFERENCES, single_population_alpha_rank
from nashlens.analysis.results import Array, Bound, Record, read_only

ALPHAS = (0.1, 1.0, 10.0, 100.0, 1000.0)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class AlphaSweep:
    """The long-run shares of the actions of a symmetric game at rising selection pressures.

    Attributes
    ----------
    alphas : ``[K]``, rising; one over payoff units.
    shares : ``[K, A]``; each row sums to 1.
    population_size : m.
    tolerance : shares this close to the largest lead as well.
    bound, references : exact for each α and m, up to rounding; the source.
    """

    alphas: Array
    shares: Array
    population_size: int
    tolerance: float
    bound: Bound = "exact"
    references: tuple[str, ...] = REFERENCES

    @property
    def leaders(self) -> tuple[tuple[int, ...], ...]:
        """The actions with the largest share at each α."""
        most = self.shares.max(axis=1, keepdims=True)
        return tuple(tuple(np.flatnonzero(row).tolist()) for row in self.shares >= most - self.tolerance)

    @property
    def stable_from(self) -> float:
        """The smallest α from which on the leaders stay the same to the end of the sweep."""
        last = self.leaders[-1]
        k = len(self.alphas) - 1
        while k > 0 and self.leaders[k - 1] == last:
            k -= 1
        return float(self.alphas[k])

    def to_records(self) -> list[Record]:
        """Return one row an α and action."""
        shared = {"population_size": self.population_size, "bound": self.bound, "tolerance": self.tolerance}
        return [
            {"metric": "alpha_rank", "alpha": float(self.alphas[k]), "action": a, "value": float(self.shares[k, a])}
            | {"leads": a in self.leaders[k], "stable_from": self.stable_from, **shared}
            for k, a in np.ndindex(self.shares.shape)
        ]


def alpha_sweep(
    payoffs: npt.ArrayLike, *, alphas: Sequence[float] = ALPHAS, population_size: int = 50, tolerance: float = 1e-9
) -> AlphaSweep:
    """α-rank of the actions of a symmetric two-agent game at several selection pressures.

    Parameters
    ----------
    payoffs : ``[A, A]``; what the row's action gets against the column's.
    alphas : rising, above 0.
    population_size : m, at least 2.
    tolerance : shares this close to the largest lead as well.

    Returns
    -------
    AlphaSweep.

    Raises
    ------
    ValueError : `alphas` is empty or does not rise, or an argument does not fit `single_population_alpha_rank`.

    References
    ----------
    Omidshafiei et al. (2019), arXiv:1903.01373.

    Examples
    --------
    >>> found = alpha_sweep([[0, 1], [-1, 0]], alphas=[0.01, 1.0])
    >>> found.leaders, found.shares.round(2).tolist()
    (((0,), (0,)), [[0.73, 0.27], [1.0, 0.0]])
    """
    rising = np.asarray(alphas, dtype=np.float64)
    if rising.ndim != 1 or len(rising) == 0 or not (np.diff(rising) > 0).all():
        raise ValueError(f"alphas must be one or more rising numbers, not {list(alphas)}")
    shares = [
        single_population_alpha_rank(payoffs, alpha=float(alpha), population_size=population_size).distribution
        for alpha in rising
    ]
    return AlphaSweep(
        alphas=read_only(rising),
        shares=read_only(np.stack(shares)),
        population_size=population_size,
        tolerance=tolerance,
    )
