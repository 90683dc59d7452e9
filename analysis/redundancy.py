"""How many different policies a population holds, by what they get: the rank of its centred cross-play rows.

Policies that get the same against every opponent are one policy, whatever their parameters. With the mean row taken
away, K copies have rank 0, and K policies that differ in every way rank K − 1.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.analysis.statistics import numbers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Redundancy:
    """The behavioural rank of K policies.

    Attributes
    ----------
    rank : singular values above `threshold`; from 0, all alike, to K − 1.
    singular_values : of the centred rows, falling, units of the return.
    threshold : what counts as noise.
    n_policies, n_opponents : K, and the columns that count; `n_left_out` have an empty cell.
    bound : ``exact`` for exact entries; a ``lower`` bound for sampled ones, with high probability.
    """

    rank: int
    singular_values: Array
    threshold: float
    n_policies: int
    n_opponents: int
    n_left_out: int
    bound: Bound
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return one row."""
        names = ("n_policies", "n_opponents", "n_left_out", "threshold", "bound")
        return [{"metric": "behavioural_rank", "value": self.rank} | {name: getattr(self, name) for name in names}]


def redundancy(cells: npt.ArrayLike, *, noise: float = 0.0, tolerance: float = 1e-9) -> Redundancy:
    """Rank of the centred rows of a cross-play table.

    Parameters
    ----------
    cells : ``[K, B]``; mean returns; NaN where nothing was played.
    noise : standard error of the entries. Singular values up to ``noise · (√K + √B)``, about the largest that noise of
        this size has, do not count.
    tolerance : as a share of the largest entry of the table; rounding.

    Returns
    -------
    Redundancy.

    Raises
    ------
    ValueError : `cells` is no matrix, no opponent was met by all, or `noise` or `tolerance` is negative.
    """
    table = numbers(cells, name="cells")
    if table.ndim != 2 or table.size == 0 or np.isinf(table).any():
        raise ValueError(f"cells must be [K, B] of finite numbers, or NaN for empty cells; its shape is {table.shape}")
    if not (np.isfinite(noise) and noise >= 0 and np.isfinite(tolerance) and tolerance >= 0):
        raise ValueError(f"noise and tolerance must be finite and at least 0, not {noise} and {tolerance}")
    met = ~np.isnan(table).any(axis=0)
    if not met.any():
        raise ValueError("cells must have a column without an empty cell")
    rows = table[:, met]
    values = np.linalg.svd(rows - rows.mean(axis=0), compute_uv=False)
    edge = noise * float(np.sqrt(rows.shape[0]) + np.sqrt(rows.shape[1]))
    threshold = max(edge, tolerance * float(np.abs(rows).max()))
    return Redundancy(
        rank=int((values > threshold).sum()),
        singular_values=read_only(values),
        threshold=threshold,
        n_policies=len(rows),
        n_opponents=rows.shape[1],
        n_left_out=int((~met).sum()),
        bound="exact" if noise == 0 else "lower",
    )
