"""How far the outcomes of an action moved between two moments, where a world can only be sampled.

At each probe (a state and an own action, the same at both moments) the world is stepped many times before and after the
others changed. The two samples of outcomes are compared probe by probe, by the energy distance and by the 2-Wasserstein
distance. Total variation would be useless here: where all act deterministically, two outcomes are equal or not at all.
Beside either distance stands its noise floor, the same number with the labels of the two moments shuffled within each
probe, where they are exchangeable if nothing moved.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import linear_sum_assignment

from nashlens.analysis.results import Array, BoolArray, Bound, Record
from nashlens.analysis.statistics import check_level

MIN_SAMPLES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeDrift:
    """Distances between sampled outcomes at two moments, averaged over probes.

    Attributes
    ----------
    energy : ``2 E|X − Y| − E|X − X'| − E|Y − Y'|``, in units of the outcomes; unbiased, so that it may be below 0.
        Twice the distance of two outcomes that are certain.
    energy_floor, energy_floor_high : its mean and its `level` quantile over shuffles.
    p : share of shuffles, the data counted among them, whose energy distance is at least as large.
    wasserstein : mean over probes of the 2-Wasserstein distance of the two samples; biased upwards. The distance of two
        outcomes that are certain.
    wasserstein_floor : its mean over shuffles.
    level : of `energy_floor_high`.
    n_permutations, n_probes, n_samples : shuffles, probes, and outcomes of either moment at each probe.
    """

    energy: float
    energy_floor: float
    energy_floor_high: float
    p: float
    wasserstein: float
    wasserstein_floor: float
    level: float
    n_permutations: int
    n_probes: int
    n_samples: int
    bound: Bound = "estimate"
    references: tuple[str, ...] = ()

    @property
    def excess(self) -> float:
        """`wasserstein` less `wasserstein_floor`; may be below 0."""
        return self.wasserstein - self.wasserstein_floor

    def to_records(self) -> list[Record]:
        """Return one row for each distance."""
        note = {"n": self.n_probes, "unit": "observation", "bound": self.bound, "n_samples": self.n_samples}
        floors = {"floor": self.energy_floor, "floor_high": self.energy_floor_high, "p": self.p, "level": self.level}
        return [
            {"metric": "outcome_energy", "value": self.energy, **floors, **note},
            {"metric": "outcome_wasserstein", "value": self.wasserstein, "floor": self.wasserstein_floor, **note},
        ]


def outcome_drift(
    new: npt.ArrayLike,
    old: npt.ArrayLike,
    *,
    n_permutations: int = 199,
    n_floors: int = 1,
    level: float = 0.95,
    rng: np.random.Generator,
) -> OutcomeDrift:
    """Drift of outcomes between two moments from samples at fixed probes, with its noise floor.

    Parameters
    ----------
    new, old : ``[P, M, d]``; M outcomes of d numbers at each of P probes, M at least 2.
    n_permutations : shuffles behind the floor and the p-value of the energy distance, at least 1.
    n_floors : shuffles of every probe behind the floor of the Wasserstein distance, at least 1; it is a mean over all
        probes, so that few are enough.
    level : of the quantile of the floor.
    rng : source of the shuffles.

    Returns
    -------
    OutcomeDrift; its `bound` is ``estimate``.

    Raises
    ------
    ValueError : the samples differ in shape, are not finite, are fewer than 2 a probe, or an option is out of range.

    Notes
    -----
    Cost O(P · M² · (d + n_permutations)) and n_floors + 1 assignment problems of size M a probe. The p-value is valid
    for every policy: given the pooled outcomes of a probe all labellings are equally likely if nothing moved.
    """
    after, before = _checked(new, old)
    if n_permutations < 1 or n_floors < 1:
        raise ValueError(f"n_permutations and n_floors must be at least 1, not {n_permutations} and {n_floors}")
    check_level(level)
    n_probes, n_samples = after.shape[:2]
    pooled = np.concatenate([after, before], axis=1)
    distances = np.linalg.norm(pooled[:, :, None] - pooled[:, None], axis=-1)
    given = np.arange(2 * n_samples) < n_samples
    observed = float(_energy(distances, np.broadcast_to(given, (n_probes, 1, 2 * n_samples))).item())
    labels = rng.permuted(np.broadcast_to(given, (n_probes, n_permutations, 2 * n_samples)), axis=-1)
    shuffled = _energy(distances, labels)
    apart = _wasserstein(distances, np.broadcast_to(given, (n_probes, 2 * n_samples)))
    floors = [_wasserstein(distances, labels[:, k % n_permutations]) for k in range(n_floors)]
    scale = max(1.0, float(distances.max()))
    hits = int((shuffled >= observed - 1e-12 * scale).sum())
    return OutcomeDrift(
        energy=observed,
        energy_floor=float(shuffled.mean()),
        energy_floor_high=float(np.quantile(shuffled, level)),
        p=(1 + hits) / (1 + n_permutations),
        wasserstein=apart,
        wasserstein_floor=float(np.mean(floors)),
        level=level,
        n_permutations=n_permutations,
        n_probes=n_probes,
        n_samples=n_samples,
    )


def _energy(distances: Array, labels: BoolArray) -> Array:
    """Return ``[B]``; mean over probes of the energy distance under labels ``[P, B, 2M]``, True for one sample."""
    chosen = labels.astype(np.float64)
    n = labels.shape[-1] // 2
    within_one = ((chosen @ distances) * chosen).sum(axis=-1)
    from_one = (chosen * distances.sum(axis=-1)[:, None]).sum(axis=-1)
    between = from_one - within_one
    within_other = distances.sum(axis=(1, 2))[:, None] - 2 * from_one + within_one
    energies: Array = 2 * between / n**2 - (within_one + within_other) / (n * (n - 1))
    means: Array = energies.mean(axis=0)
    return means


def _wasserstein(distances: Array, labels: BoolArray) -> float:
    """Return the mean over probes of the 2-Wasserstein distance under labels ``[P, 2M]``."""
    found = []
    for table, chosen in zip(distances, labels, strict=True):
        costs = table[np.ix_(chosen, ~chosen)] ** 2
        rows, columns = linear_sum_assignment(costs)
        found.append(np.sqrt(costs[rows, columns].mean()))
    return float(np.mean(found))


def _checked(new: npt.ArrayLike, old: npt.ArrayLike) -> tuple[Array, Array]:
    after, before = np.asarray(new, dtype=np.float64), np.asarray(old, dtype=np.float64)
    if after.ndim != 3 or after.size == 0 or after.shape[1] < MIN_SAMPLES:
        raise ValueError(f"new must be [P, M, d] with at least {MIN_SAMPLES} outcomes a probe, not shape {after.shape}")
    if before.shape != after.shape:
        raise ValueError(f"old must have the shape {after.shape} of new, not {before.shape}")
    if not (np.isfinite(after).all() and np.isfinite(before).all()):
        raise ValueError("new and old must be finite")
    return after, before
