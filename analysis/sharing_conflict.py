"""Whether agents that share parameters pull them apart: cosines, conflict and cancellation of their gradients.

Conflict says that learning is disturbed, not that sharing costs anything: where both agents of an anti-coordination
game pull the same way there is no conflict, while a shared policy loses half of the return. For that there is
`homogeneity_gap`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.analysis.statistics import Intervals, numbers, student_t


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SharingConflict:
    """How the agents' gradients with respect to shared parameters stand to each other.

    Attributes
    ----------
    cosines : ``[N, N]``; mean cosine of each pair; NaN where one gradient is always 0.
    conflict_rate : share of pairs with a negative cosine, averaged over samples; NaN in samples without a pair.
    cancellation : ``1 − ‖Σ g_i‖ / Σ ‖g_i‖``, from 0 (none) to 1 (total), averaged; 0 for gradients that are all 0.
    n_samples : M.
    bound, references : ``exact`` for the gradients that were given; over samples they are estimates with intervals.
    """

    cosines: Array
    conflict_rate: Intervals
    cancellation: Intervals
    n_samples: int
    bound: Bound = "exact"
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return one row a pair, one for the conflict rate and one for the cancellation."""
        pairs: list[Record] = [
            {
                "metric": "gradient_cosine",
                "agent": i,
                "other": j,
                "value": float(self.cosines[i, j]),
                "bound": self.bound,
            }
            for i, j in zip(*np.triu_indices(len(self.cosines), k=1), strict=True)
        ]
        return [*pairs, *self.conflict_rate.to_records(), *self.cancellation.to_records()]


def sharing_conflict(gradients: npt.ArrayLike, *, level: float = 0.95, unit: str = "minibatch") -> SharingConflict:
    """Cosines, conflict rate and cancellation of per-agent gradients with respect to shared parameters.

    Parameters
    ----------
    gradients : ``[N, d]``, or ``[M, N, d]`` for M samples; agent i's own gradient of the shared parameters.
    level : confidence level of the intervals over samples.
    unit : what a sample is.

    Returns
    -------
    SharingConflict; one sample has values and no intervals.

    Raises
    ------
    ValueError : there are fewer than two agents, no sample, or a value that is not finite.

    Examples
    --------
    >>> float(sharing_conflict([[1.0, 0.0], [-1.0, 0.0]]).cancellation.values)
    1.0
    """
    given = numbers(gradients, name="gradients")
    table = given[None] if given.ndim == 2 else given
    if table.ndim != 3 or table.shape[1] < 2 or 0 in table.shape or not np.isfinite(table).all():
        raise ValueError(f"gradients must be finite, [M, N, d] with N at least 2, not of shape {given.shape}")
    scale = float(np.abs(table).max()) or 1.0
    scaled = table / scale
    lengths = np.sqrt((scaled**2).sum(axis=2))
    inner = np.einsum("mid,mjd->mij", scaled, scaled)
    sizes = lengths[:, :, None] * lengths[:, None, :]
    cosines = np.divide(inner, sizes, out=np.full_like(inner, np.nan), where=sizes > 0)
    upper = cosines[(slice(None), *np.triu_indices(table.shape[1], k=1))]
    defined = np.isfinite(upper)
    n_pairs = defined.sum(axis=1)
    with np.errstate(invalid="ignore"):
        rates = (upper < -1e-12).sum(axis=1) / np.where(n_pairs > 0, n_pairs, np.nan)
    together = np.sqrt((scaled.sum(axis=1) ** 2).sum(axis=1))
    apart = lengths.sum(axis=1)
    cancelled = 1 - np.divide(together, apart, out=np.ones_like(apart), where=apart > 0)
    counted = np.isfinite(cosines).sum(axis=0)
    sums = np.where(np.isfinite(cosines), cosines, 0.0).sum(axis=0)
    return SharingConflict(
        cosines=read_only(np.where(counted > 0, sums / np.maximum(counted, 1), np.nan)),
        conflict_rate=student_t(rates, level=level, unit=unit, metric="gradient_conflict_rate"),
        cancellation=student_t(cancelled, level=level, unit=unit, metric="gradient_cancellation"),
        n_samples=len(table),
        bound="exact" if len(table) == 1 else "estimate",
    )
