"""Self-play against cross-play: what agents that were trained together lose with those of other runs.

The diagonal of a square cross-play table holds co-trained agents, the rest agents that never met. Their difference is
the gap of zero-shot coordination; as a share of the diagonal it is joint-policy correlation, which means nothing where
returns can be 0 or negative, as in particle worlds: read the difference there.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.cross_play import checked_payoffs
from nashlens.analysis.jackknife import jackknife
from nashlens.analysis.results import Array, Bound, Estimate, Record
from nashlens.analysis.shared_episodes import cell_means, influences, shared_error, with_shared_episodes
from nashlens.analysis.statistics import check_level

REFERENCES = (
    "Lanctot et al. (2017), arXiv:1711.00832",
    "Hu, Lerer, Peysakhovich & Foerster (2020), arXiv:2003.02979",
)
_METRICS = {
    "self_play": "self_play",
    "cross_play": "cross_play",
    "gap": "zero_shot_gap",
    "correlation": "joint_policy_correlation",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SelfPlay:
    """Self-play and cross-play of R runs.

    Attributes
    ----------
    self_play, cross_play : mean of the diagonal, and of all other cells that were played.
    gap : their difference, in units of the return.
    correlation : the difference as a share of `self_play`; NaN with a reason where returns are not all above 0.
    n_empty : cells that were not played, left out of the means.
    bound, references : estimates, and the sources.
    """

    self_play: Estimate
    cross_play: Estimate
    gap: Estimate
    correlation: Estimate
    n_empty: int
    bound: Bound = "estimate"
    references: tuple[str, ...] = REFERENCES

    def to_records(self) -> list[Record]:
        """Return one row a number."""
        names = ("value", "low", "high", "level", "method", "n", "unit", "bound", "reason")
        return [
            {"metric": metric, "n_empty": self.n_empty} | {name: getattr(getattr(self, label), name) for name in names}
            for label, metric in _METRICS.items()
        ]


def self_play_gap(payoffs: npt.ArrayLike, *, level: float = 0.95) -> SelfPlay:
    """Gap between self-play and cross-play, ``D̄ − Ō``, and joint-policy correlation, ``(D̄ − Ō) / D̄``.

    Parameters
    ----------
    payoffs : ``[R, R, E]``; entry (a, b) holds returns of one role from run a with the others from run b, the same E
        episodes in every cell. A cell that is NaN throughout was not played. One episode, or equal ones, are taken for
        expectations.
    level : confidence level of the intervals.

    Returns
    -------
    SelfPlay, with jackknife intervals over runs: a run leaves with its row and its column. What the shared episodes
    leave open is added, see `shared_episodes`. Fewer than three runs have values and no intervals.

    Raises
    ------
    ValueError : `payoffs` is not square or is infinite somewhere, or `level` is out of range.

    Notes
    -----
    The runs must be independent: one initial seed or one buffer for several fakes good cross-play.

    References
    ----------
    Lanctot et al. (2017), arXiv:1711.00832; Hu, Lerer, Peysakhovich & Foerster (2020), arXiv:2003.02979.

    Examples
    --------
    >>> found = self_play_gap([[[10.0], [4.0]], [[2.0], [8.0]]])
    >>> (found.gap.value, round(found.correlation.value, 4))
    (6.0, 0.6667)
    """
    table, played = checked_payoffs(payoffs)
    check_level(level)
    if table.shape[0] != table.shape[1]:
        raise ValueError(f"payoffs must be [R, R, E], the same runs on both sides, not of shape {table.shape}")
    cells = cell_means(table, played)
    n = len(cells)
    point = _measures(cells)
    left_out = np.stack([_measures(np.delete(np.delete(cells, k, axis=0), k, axis=1)) for k in range(n)])
    few = f"n = {n} run{'s' * (n > 1)}; an interval needs at least 3" if n < 3 else ""
    over_runs = jackknife(point, left_out, level=level, unit="run", reason=few)
    errors = shared_error(_moves(table, cells))
    intervals = with_shared_episodes(over_runs, errors, n_episodes=table.shape[2])
    self_play, cross, gap, correlation = (intervals.at(k) for k in range(4))
    return SelfPlay(
        self_play=_explained(self_play, "the diagonal is empty"),
        cross_play=_explained(cross, "all cells off the diagonal are empty"),
        gap=_explained(gap, "the diagonal or all other cells are empty"),
        correlation=_explained(correlation, "returns are not all above 0: read the gap"),
        n_empty=int(np.isnan(cells).sum()),
    )


def _measures(cells: Array) -> Array:
    """Return self-play, cross-play, gap and correlation, ``[4]``; NaN where cells are missing."""
    own = np.eye(len(cells), dtype=np.bool_)
    diagonal, rest = (_mean(cells[mask]) for mask in (own, ~own))
    positive = diagonal > 0 and not (cells < 0).any()
    return np.array([diagonal, rest, diagonal - rest, (diagonal - rest) / diagonal if positive else np.nan])


def _moves(table: Array, cells: Array) -> Array:
    """Return how much each shared episode of ``[R, R, E]`` moves each of `_measures`, ``[4, E]``."""
    own, each = np.eye(len(cells), dtype=np.bool_), influences(table)
    missing = np.full(table.shape[2], np.nan)
    chosen = [mask & ~np.isnan(cells) for mask in (own, ~own)]
    diagonal, rest = (each[mask].mean(axis=0) if mask.any() else missing for mask in chosen)
    mean, other = _mean(cells[own]), _mean(cells[~own])
    share = diagonal * other / mean**2 - rest / mean if mean else missing
    return np.stack([diagonal, rest, diagonal - rest, share])


def _mean(values: Array) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")


def _explained(estimate: Estimate, why: str) -> Estimate:
    """Return the estimate with the reason why it has no value, if it has none."""
    if not np.isnan(estimate.value):
        return estimate
    return Estimate(
        value=estimate.value,
        low=float("nan"),
        high=float("nan"),
        level=estimate.level,
        method=estimate.method,
        n=estimate.n,
        unit=estimate.unit,
        reason=why,
    )
