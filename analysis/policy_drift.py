"""How far policies move between snapshots: at the states of a game, or at the observations of a probe set.

Distances are averaged over states or probes. Total variation and the 2-Wasserstein distance stay metrics under this
average, so that a path is never shorter than the straight line, and their ratio, the tortuosity, is at least 1: large
where policies circle. The Kullback-Leibler divergence is no metric; of independent agents it adds up exactly.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.divergence import (
    gaussian_kullback_leibler,
    gaussian_total_variation,
    gaussian_wasserstein,
    kullback_leibler,
    total_variation,
)
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.analysis.snapshots import Against, check_snapshots, snapshot_pairs

REFERENCE = "Li, Wang, Jin, Sheng, Zha (2022), arXiv:2102.10616"
SUM_TOLERANCE = 1e-6
_Measure = Callable[..., Array]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PolicyDrift:
    """How far each agent's policy moved between snapshots; entry k belongs to snapshot k + 1.

    Attributes
    ----------
    distances : by name, each ``[T − 1, N]``, averaged over states or probes: ``tv`` (in [0, 1]), ``kl_new_old`` and
        ``kl_old_new`` (nats), ``w2`` (action units). ``tv`` of Gaussians is NaN where it has no closed form.
    length : which of `distances` the path is measured in: ``tv`` or ``w2``.
    path : ``[T − 1, N]``; length of the path from the first snapshot, through every snapshot between.
    straight : ``[T − 1, N]``; distance from the first snapshot.
    steps : ``[T]``; when the snapshots were taken.
    against : the snapshot that `distances` compare each with.
    n_probes : states or observations behind each average.
    bound : ``exact`` for these states or probes; of other observations an estimate.
    """

    distances: Mapping[str, Array]
    length: str
    path: Array
    straight: Array
    steps: Array
    against: Against
    n_probes: int
    bound: Bound = "exact"
    references: tuple[str, ...] = (REFERENCE,)

    @property
    def tortuosity(self) -> Array:
        """``[T − 1, N]``; path over straight distance: at least 1, infinite back at the start, NaN before any move."""
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio: Array = self.path / self.straight
        return ratio

    @property
    def rates(self) -> Mapping[str, Array]:
        """`distances` for each unit of `steps`."""
        old, new = snapshot_pairs(self.steps, self.against)
        return {name: distance / (new - old)[:, None] for name, distance in self.distances.items()}

    @property
    def joint_kl_new_old(self) -> Array:
        """``[T − 1]``; divergence of the joint policy, nats: the sum over agents, which act independently."""
        return np.asarray(self.distances["kl_new_old"].sum(axis=1))

    def to_records(self) -> list[Record]:
        """Return for each pair of snapshots and agent every distance, the path and the tortuosity."""
        columns = {**self.distances, f"{self.length}_path": self.path, "tortuosity": self.tortuosity}
        return [
            {
                "metric": f"policy_drift_{name}" if name in self.distances else f"policy_{name}",
                "snapshot": t + 1,
                "step": float(self.steps[t + 1]),
                "agent": i,
                "value": float(values[t, i]),
                "bound": self.bound,
                "against": self.against,
                "n": self.n_probes,
                "unit": "observation",
            }
            for name, values in columns.items()
            for t, i in np.ndindex(values.shape)
        ]


def policy_drift(
    strategies: Sequence[npt.ArrayLike],
    *,
    against: Against = "previous",
    steps: npt.ArrayLike | None = None,
    factors: Sequence[tuple[int, ...]] | None = None,
) -> PolicyDrift:
    """Drift of categorical policies between snapshots.

    ``E_o TV(π^t(·|o), π^t'(·|o))`` and the Kullback-Leibler divergences both ways.

    Parameters
    ----------
    strategies : one ``[T, …, A_i]`` an agent: T snapshots of the probabilities at every state or probe (a `Profile` of
        ``[T, A_i]`` is one). The number of probes may differ between agents.
    against : compare each snapshot with the ``previous`` or with the ``first``.
    steps : ``[T]``, rising; when the snapshots were taken; 0, 1, … if left out.
    factors : sizes of each agent's independent choices, where ``A_i`` holds their probabilities one after the other;
        one choice an agent if left out.

    Raises
    ------
    ValueError : there are not two snapshots or more, an array is no distribution or differs in T, or `steps` or
        `factors` do not fit.

    Notes
    -----
    The factors' divergences add up; total variation is taken over the product, every combination counted.

    References
    ----------
    Li, Wang, Jin, Sheng, Zha (2022), arXiv:2102.10616, bound such measures for a sequence of policies; the definition
    here is ours.

    Examples
    --------
    >>> drift = policy_drift([[[1.0, 0.0], [0.6, 0.4], [1.0, 0.0]]])
    >>> drift.distances["tv"].ravel().tolist()
    [0.4, 0.4]
    """
    if factors is not None and len(factors) != len(strategies):
        raise ValueError(f"factors must have one entry for each of the {len(strategies)} agents, not {len(factors)}")
    joint = [_checked_probabilities(s, i, None if factors is None else factors[i]) for i, s in enumerate(strategies)]
    return _drift(
        [(p,) for p in joint],
        {"tv": total_variation, "kl_new_old": kullback_leibler, "kl_old_new": lambda p, q: kullback_leibler(q, p)},
        length="tv",
        against=against,
        steps=steps,
    )


def gaussian_policy_drift(
    means: Sequence[npt.ArrayLike],
    stds: Sequence[npt.ArrayLike],
    *,
    against: Against = "previous",
    steps: npt.ArrayLike | None = None,
) -> PolicyDrift:
    """Drift of diagonal Gaussian policies between snapshots; deterministic ones have standard deviation 0.

    For one standard deviation σ on both sides the Kullback-Leibler divergence is ``Δ² / 2σ²``, total variation
    ``2 Φ(Δ / 2σ) − 1`` and the 2-Wasserstein distance Δ.

    Parameters
    ----------
    means, stds : one ``[T, …, A_i]`` an agent: T snapshots at every state or probe; action units.
    against, steps : as in `policy_drift`.

    Raises
    ------
    ValueError : there are not two snapshots or more, arrays differ in shape or T, are not finite, or have a negative
        standard deviation, or `steps` does not fit.
    """
    if len(means) != len(stds):
        raise ValueError(f"stds must be {len(means)} arrays, one an agent, not {len(stds)}")
    pairs = []
    for i, (mean, std) in enumerate(zip(means, stds, strict=True)):
        m, s = np.asarray(mean, dtype=np.float64), np.asarray(std, dtype=np.float64)
        if m.ndim < 2 or m.shape != s.shape or not (np.isfinite(m).all() and np.isfinite(s).all() and (s >= 0).all()):
            raise ValueError(
                f"means and stds of agent {i} must be finite, of one shape [T, …, A_i], no std below 0; "
                f"their shapes are {m.shape} and {s.shape}"
            )
        pairs.append((m, s))
    return _drift(
        pairs,
        {
            "w2": gaussian_wasserstein,
            "tv": gaussian_total_variation,
            "kl_new_old": gaussian_kullback_leibler,
            "kl_old_new": lambda mp, sp, mq, sq: gaussian_kullback_leibler(mq, sq, mp, sp),
        },
        length="w2",
        against=against,
        steps=steps,
    )


def _drift(
    policies: Sequence[tuple[Array, ...]],
    measures: Mapping[str, _Measure],
    *,
    length: str,
    against: Against,
    steps: npt.ArrayLike | None,
) -> PolicyDrift:
    if not policies:
        raise ValueError("strategies must be one or more arrays, one an agent")
    lengths = {len(p[0]) for p in policies}
    if len(lengths) != 1:
        raise ValueError(f"every agent must have the same number of snapshots, not {sorted(lengths)}")
    check_snapshots(policies[0][0], against)
    n_snapshots = lengths.pop()
    times = np.arange(n_snapshots, dtype=np.float64) if steps is None else np.asarray(steps, dtype=np.float64)
    if times.shape != (n_snapshots,) or not (np.diff(times) > 0).all():
        raise ValueError(f"steps must be {n_snapshots} rising numbers, one a snapshot, not {times.tolist()}")

    def measured(name: str, mode: Against) -> Array:
        columns = []
        for parts in policies:
            pairs = [snapshot_pairs(part, mode) for part in parts]
            each = measures[name](*(new for _, new in pairs), *(old for old, _ in pairs))
            columns.append(each.reshape(len(each), -1).mean(axis=1))
        return read_only(np.stack(columns, axis=1))

    return PolicyDrift(
        distances={name: measured(name, against) for name in measures},
        length=length,
        path=read_only(measured(length, "previous").cumsum(axis=0)),
        straight=measured(length, "first"),
        steps=read_only(times),
        against=against,
        n_probes=min(int(np.prod(parts[0].shape[1:-1], dtype=np.int64)) for parts in policies),
    )


def _checked_probabilities(strategy: npt.ArrayLike, agent: int, factors: tuple[int, ...] | None) -> Array:
    """Return joint probabilities ``[T, …, Π factors]``."""
    p = np.asarray(strategy, dtype=np.float64)
    if p.ndim < 2 or p.size == 0 or not np.isfinite(p).all() or (p < -SUM_TOLERANCE).any():
        raise ValueError(f"strategies of agent {agent} must be probabilities [T, …, A_i], not shape {p.shape}")
    sizes = (p.shape[-1],) if factors is None else factors
    if sum(sizes) != p.shape[-1]:
        raise ValueError(f"factors of agent {agent} must add to {p.shape[-1]}, not {sizes}")
    joint = np.ones((*p.shape[:-1], 1))
    for part in np.split(p, np.cumsum(sizes)[:-1], axis=-1):
        sums = part.sum(axis=-1, keepdims=True)
        if (np.abs(sums - 1) > SUM_TOLERANCE).any():
            raise ValueError(
                f"strategies of agent {agent} must sum to 1 within {SUM_TOLERANCE} in each factor; "
                f"their sums run from {sums.min()} to {sums.max()}"
            )
        joint = (joint[..., :, None] * (np.maximum(part, 0.0) / sums)[..., None, :]).reshape(*p.shape[:-1], -1)
    return joint
