"""System Neural Diversity: how differently agents behave at the same observations.

It is the mean distance over all pairs of agents and over observations. Copies of an agent lower it; agents that share
one network without an index have 0. High diversity is not yet useful diversity: see `role_swap`, `clone_test` and
`homogeneity_gap`. It scales with the units of actions: the normalised value is a share of the action space's diameter.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.bootstrap import MIN_UNITS, bca_bootstrap
from nashlens.analysis.results import Array, Bound, Estimate, Record, read_only
from nashlens.analysis.statistics import numbers

REFERENCES = ("Bettini, Shankar & Prorok (2025), JMLR 26(163), arXiv:2305.02128",)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Diversity:
    """Diversity of N policies over P observations.

    Attributes
    ----------
    distances : ``[N, N]``; mean distance of each two agents, in units of the distance.
    diversity : their mean over pairs, with its interval over episodes.
    normalised : the same as a share of `diameter`; NaN with a reason if no diameter was given.
    diameter : largest distance that two actions can have; NaN if none was given.
    n_observations : P.
    bound, references : ``estimate`` of the mean over all observations of play, and the source.
    """

    distances: Array
    diversity: Estimate
    normalised: Estimate
    diameter: float
    n_observations: int
    bound: Bound = "estimate"
    references: tuple[str, ...] = REFERENCES

    def to_records(self) -> list[Record]:
        """Return a row for the diversity, one for its share of the diameter, and one a pair."""
        names = ("value", "low", "high", "level", "method", "n", "unit", "bound", "reason")
        rows: list[Record] = [
            {"metric": metric} | {name: getattr(estimate, name) for name in names}
            for metric, estimate in (
                ("system_neural_diversity", self.diversity),
                ("normalised_diversity", self.normalised),
            )
        ]
        pairs = zip(*np.triu_indices(len(self.distances), k=1), strict=True)
        return rows + [
            {
                "metric": "policy_distance",
                "agent": int(i),
                "other": int(j),
                "value": float(self.distances[i, j]),
                "n": self.n_observations,
                "unit": "observation",
                "bound": self.bound,
            }
            for i, j in pairs
        ]


def system_neural_diversity(
    distances: npt.ArrayLike,
    *,
    episodes: npt.ArrayLike | None = None,
    diameter: float | None = None,
    level: float = 0.95,
    n_resamples: int = 2000,
    rng: np.random.Generator,
) -> Diversity:
    """Mean distance over pairs of agents and observations, with a bootstrap interval over episodes.

    ``2 / (N (N − 1)) Σ_{i<j} 1/P Σ_o D(π_i(·|o), π_j(·|o))``.

    Parameters
    ----------
    distances : ``[P, N, N]`` from `policy_distances`, at observations pooled from all agents' play.
    episodes : ``[P]``; the episode that each observation is from; if left out each observation counts as its own.
    diameter : largest distance of two actions.
    level : confidence level of the interval.
    n_resamples : bootstrap draws.
    rng : source of the draws.

    Returns
    -------
    Diversity; fewer than five episodes have no interval but a reason.

    Raises
    ------
    ValueError : distances are not symmetric, finite and at least 0, or another argument does not fit.

    References
    ----------
    Bettini, Shankar & Prorok (2025), JMLR 26(163), arXiv:2305.02128.
    """
    table = _checked(distances)
    n_probes, n_agents, _ = table.shape
    if diameter is not None and not (np.isfinite(diameter) and diameter > 0):
        raise ValueError(f"diameter must be positive and finite, not {diameter}")
    labels: npt.NDArray[np.int64] = np.arange(n_probes)
    if episodes is not None:
        given = np.asarray(episodes)
        if given.shape != (n_probes,):
            raise ValueError(f"episodes must name one episode for each of {n_probes} observations, not {given.shape}")
        labels = np.unique(given, return_inverse=True)[1]
    means = table[(slice(None), *np.triu_indices(n_agents, k=1))].mean(axis=1)
    counts = np.bincount(labels).astype(np.float64)
    sums = np.bincount(labels, weights=means)

    def over_episodes(values: Array, *, axis: int) -> Array:
        chosen = values.astype(np.int64)  # the units that are resampled are the episodes' numbers
        ratio: Array = sums[chosen].sum(axis=axis) / counts[chosen].sum(axis=axis)
        return ratio

    unit = "observation" if episodes is None else "episode"
    found = bca_bootstrap(
        np.arange(len(counts), dtype=np.float64),
        statistic=over_episodes,
        level=level,
        n_resamples=n_resamples,
        min_units=MIN_UNITS,
        unit=unit,
        rng=rng,
    ).at()
    return Diversity(
        distances=read_only(table.mean(axis=0)),
        diversity=found,
        normalised=_scaled(found, diameter),
        diameter=float("nan") if diameter is None else float(diameter),
        n_observations=n_probes,
    )


def mean_distance(distances: npt.ArrayLike) -> float:
    """Mean distance over pairs of agents and observations: `system_neural_diversity` without its interval.

    Parameters
    ----------
    distances : ``[P, N, N]`` from `policy_distances`.

    Raises
    ------
    ValueError : distances are not symmetric, finite and at least 0.

    Examples
    --------
    >>> mean_distance([[[0.0, 1.0], [1.0, 0.0]], [[0.0, 3.0], [3.0, 0.0]]])
    2.0
    """
    table = _checked(distances)
    return float(table[(slice(None), *np.triu_indices(table.shape[1], k=1))].mean())


def _scaled(found: Estimate, diameter: float | None) -> Estimate:
    scale = float("nan") if diameter is None else 1 / diameter
    return Estimate(
        value=found.value * scale,
        low=found.low * scale,
        high=found.high * scale,
        level=found.level,
        method=found.method,
        n=found.n,
        unit=found.unit,
        bound=found.bound,
        reason="no diameter of the action space was given" if diameter is None else found.reason,
    )


def _checked(distances: npt.ArrayLike) -> Array:
    table = numbers(distances, name="distances")
    if table.ndim != 3 or table.shape[1] != table.shape[2] or table.shape[1] < 2 or len(table) == 0:
        raise ValueError(f"distances must be [P, N, N] with N at least 2, not of shape {table.shape}")
    fits = np.isfinite(table).all() and (table >= 0).all() and (table == np.swapaxes(table, 1, 2)).all()
    if not fits or np.diagonal(table, axis1=1, axis2=2).any():
        raise ValueError("distances must be finite, symmetric, at least 0, and 0 on the diagonal")
    return table
