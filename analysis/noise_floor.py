"""How much of a measured drift is sampling noise: the same statistic with the labels shuffled.

Divergences between counts are biased upwards: two samples of one distribution have a total variation of about
``Σ_k √(p_k (1 − p_k) / (π n))``, never 0. A drift that was measured from samples is shown with the floor that it would
have if nothing had changed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.divergence import total_variation
from nashlens.analysis.results import Bound, Record


@dataclass(frozen=True, slots=True, kw_only=True)
class SampledDrift:
    """Total variation between two sets of sampled actions, with its noise floor.

    Attributes
    ----------
    tv : average over probes of the total variation between the two samples' frequencies; biased upwards.
    floor : its average once the labels are shuffled within each probe.
    floor_high : the `level` quantile of the shuffled ones.
    p : share of shuffles, the data counted among them, that are at least as large.
    level : of `floor_high`.
    n_permutations, n_probes : shuffles made, and probes averaged over.
    """

    tv: float
    floor: float
    floor_high: float
    p: float
    level: float
    n_permutations: int
    n_probes: int
    bound: Bound = "upper"
    references: tuple[str, ...] = ()

    @property
    def excess(self) -> float:
        """`tv` less `floor`; may be negative."""
        return self.tv - self.floor

    def to_records(self) -> list[Record]:
        """Return one row."""
        named = ("floor", "floor_high", "p", "level", "n_permutations", "bound")
        row: Record = {"metric": "sampled_policy_drift", "value": self.tv, "n": self.n_probes, "unit": "observation"}
        return [row | {name: getattr(self, name) for name in named}]


def sampled_policy_drift(
    counts_new: npt.ArrayLike,
    counts_old: npt.ArrayLike,
    *,
    n_permutations: int = 999,
    level: float = 0.95,
    rng: np.random.Generator,
) -> SampledDrift:
    """Drift between two snapshots that are known only by the actions they took, with its noise floor.

    Labels are shuffled within each probe, where under no drift the two samples are exchangeable; so the p-value is
    valid for every policy. Given the pooled counts a shuffle is one draw of a multivariate hypergeometric.

    Parameters
    ----------
    counts_new, counts_old : ``[P, K]``; how often each of K actions was taken at each probe; ``[K]`` is one probe.
        Every probe needs at least one action on both sides.
    n_permutations : shuffles.
    level : of the quantile of the floor.
    rng : source of the shuffles.

    Returns
    -------
    SampledDrift; its `bound` is ``upper``, in expectation, for the total variation between the policies.

    Raises
    ------
    ValueError : counts are not whole numbers, differ in shape, or leave a probe empty; `n_permutations` is below 1, or
        `level` is out of range.
    """
    new, old = _checked_counts(counts_new, "counts_new"), _checked_counts(counts_old, "counts_old")
    if new.shape != old.shape:
        raise ValueError(f"counts_old must have the shape {new.shape} of counts_new, not {old.shape}")
    if n_permutations < 1:
        raise ValueError(f"n_permutations must be at least 1, not {n_permutations}")
    if not 0 < level < 1:
        raise ValueError(f"level must be inside (0, 1), such as 0.95, not {level}")
    n_new, n_old = new.sum(axis=1), old.sum(axis=1)
    observed = float(total_variation(new / n_new[:, None], old / n_old[:, None]).mean())
    shuffled = np.zeros(n_permutations)
    for pooled, n, m in zip(new + old, n_new, n_old, strict=True):
        drawn = rng.multivariate_hypergeometric(pooled, int(n), size=n_permutations)
        shuffled += total_variation(drawn / n, (pooled - drawn) / m)
    shuffled /= len(new)
    hits = int((shuffled >= observed - 1e-12).sum())
    return SampledDrift(
        tv=observed,
        floor=float(shuffled.mean()),
        floor_high=float(np.quantile(shuffled, level)),
        p=(1 + hits) / (1 + n_permutations),
        level=level,
        n_permutations=n_permutations,
        n_probes=len(new),
    )


def _checked_counts(counts: npt.ArrayLike, name: str) -> npt.NDArray[np.int64]:
    given = np.asarray(counts)
    table = np.atleast_2d(given)
    if table.ndim != 2 or table.size == 0 or table.dtype.kind not in "iu" or (table < 0).any():
        raise ValueError(f"{name} must be whole numbers [P, K] of at least 0, not {given.dtype} of shape {given.shape}")
    if (table.sum(axis=1) == 0).any():
        empty = int(np.flatnonzero(table.sum(axis=1) == 0)[0])
        raise ValueError(f"{name} must have at least one action at every probe; probe {empty} has none")
    return table.astype(np.int64)
