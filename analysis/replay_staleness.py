"""How stale a replay buffer is for one agent: importance weights of the others' policies against their past selves.

A transition was made by the others' policies of its day. Its weight for today is ``w = Π_{j≠i} π_j(a_j|o_j) /
π_j^{old}(a_j|o_j)``; the own action is conditioned on and has none. The effective sample size ``(Σw)² / Σw²`` says how
many transitions of today the buffer is worth, and falls exponentially with the number of others. Under full
observability ``E w = 1``, which is a check that costs nothing.

A critic that conditions on the joint action needs no such weights for its transitions; its states are stale all the
same.

References
----------
Foerster et al. (2017), arXiv:1702.08887.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.clusters import clustered_mean, standard_error
from nashlens.analysis.effective_sample_size import FOERSTER, effective_share
from nashlens.analysis.results import Array, Bound, Estimate, Record, read_only
from nashlens.analysis.statistics import checked_row, numbers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReplayStaleness:
    """What a buffer is worth to one agent under the others' current policies.

    Attributes
    ----------
    weights : ``[n]``; importance weights, before any clipping.
    effective_share : ``(Σw)² / Σw² / n``, in (0, 1]; NaN if every weight is 0.
    by_others : ``[N − 1]``; the effective share if only k others were weighted for, k from 1, averaged over runs of k
        neighbouring others in a circle.
    age_edges : ``[K + 1]``; ends of the age bins; None without ages.
    by_age : ``[K]``; effective share within each age bin; NaN for an empty one.
    n_by_age : ``[K]``; transitions in each bin.
    mean_weight : mean with its interval; 1 under full observability and matching densities.
    mean_weight_error : its standard error; NaN without two clusters.
    stale_mass : share of transitions whose weight is below `stale_below`.
    mean_age : in the units of the ages; NaN without ages.
    clip : what weights would be clipped at; None if they would not.
    clip_fraction : share of weights above `clip`.
    clipped_share : effective share of the clipped weights.
    agent : whose buffer it is.
    """

    weights: Array
    effective_share: float
    by_others: Array
    age_edges: Array | None
    by_age: Array | None
    n_by_age: Array | None
    mean_weight: Estimate
    mean_weight_error: float
    stale_mass: float
    stale_below: float
    mean_age: float
    clip: float | None
    clip_fraction: float
    clipped_share: float
    agent: int
    bound: Bound = "estimate"
    references: tuple[str, ...] = (FOERSTER,)

    @property
    def effective_size(self) -> float:
        """``(Σw)² / Σw²``, transitions."""
        return self.effective_share * len(self.weights)

    def to_records(self) -> list[Record]:
        """Return the shares, overall, by number of others and by age, and the checks."""
        note = {"agent": self.agent, "n": len(self.weights), "unit": "observation", "bound": self.bound}
        reason = "" if np.isfinite(self.effective_share) else "every weight is 0, or one is infinite"
        rows: list[Record] = [
            {"metric": "replay_effective_share", "value": self.effective_share, "reason": reason, **note},
            {"metric": "replay_stale_mass", "value": self.stale_mass, "below": self.stale_below, **note},
            {"metric": "replay_mean_weight", "value": self.mean_weight.value, "low": self.mean_weight.low}
            | {"high": self.mean_weight.high, "standard_error": self.mean_weight_error}
            | {"reason": self.mean_weight.reason, **note},
        ]
        if np.isfinite(self.mean_age):
            rows.append({"metric": "replay_mean_age", "value": self.mean_age, **note})
        if self.clip is not None:
            rows.append({"metric": "replay_clip_fraction", "value": self.clip_fraction, "clip": self.clip, **note})
            rows.append({"metric": "replay_clipped_share", "value": self.clipped_share, "clip": self.clip, **note})
        for k, share in enumerate(self.by_others, start=1):
            rows.append({"metric": "replay_effective_share_by_others", "others": k, "value": float(share), **note})
        if self.age_edges is not None and self.by_age is not None and self.n_by_age is not None:
            for k, (share, count) in enumerate(zip(self.by_age, self.n_by_age, strict=True)):
                ends = {"age_low": float(self.age_edges[k]), "age_high": float(self.age_edges[k + 1])}
                row = {"metric": "replay_effective_share_by_age", "value": float(share), **ends, **note}
                rows.append(row | {"n": int(count)})
        return rows


def replay_staleness(
    current: npt.ArrayLike,
    behaviour: npt.ArrayLike,
    *,
    agent: int,
    ages: npt.ArrayLike | None = None,
    n_age_bins: int = 10,
    stale_below: float = 0.1,
    clip: float | None = None,
    episodes: npt.ArrayLike | None = None,
    level: float = 0.95,
) -> ReplayStaleness:
    """Staleness of a buffer for one agent: importance weights and effective sample size.

    Parameters
    ----------
    current : ``[n, N]``; log-density, nats, of each agent's stored action under its policy now; −∞ where it rules it
        out. The agent's own column is not used.
    behaviour : ``[n, N]``; under its policy when the transition was made, stored at insertion.
    agent : i, whose buffer it is.
    ages : ``[n]``; age of each transition, any unit.
    n_age_bins : K, bins of equal width between the least and the largest age.
    stale_below : weights below this count as stale.
    clip : what weights would be clipped at: less variance for a bias, so the share that it touches is reported.
    episodes : ``[n]`` labels of clusters, for the interval of the mean weight; each transition its own if left out.
    level : confidence level of that interval.

    Returns
    -------
    ReplayStaleness; its `bound` is ``estimate``: under partial observability weights of single observations are only
    approximately right.

    Raises
    ------
    ValueError : shapes differ, there are no others, a behaviour log-density is not finite, a current one is NaN or
        infinite upwards, or an option is out of range.

    Notes
    -----
    Deterministic policies have no density: smooth both with one Gaussian noise and say so, or compare actions instead.

    References
    ----------
    Foerster et al. (2017), arXiv:1702.08887.
    """
    logs, others = _log_ratios(current, behaviour, agent)
    if not (np.isfinite(stale_below) and stale_below > 0):
        raise ValueError(f"stale_below must be finite and above 0, not {stale_below}")
    if clip is not None and not (np.isfinite(clip) and clip > 0):
        raise ValueError(f"clip must be finite and above 0, or None, not {clip}")
    log_weights = logs.sum(axis=1)
    with np.errstate(over="ignore"):
        weights = np.exp(log_weights)
    mean = clustered_mean(
        weights, clusters=episodes, level=level, unit="observation" if episodes is None else "episode"
    )
    finite = np.isfinite(weights).all()
    edges, by_age, n_by_age, mean_age = _shares_by_age(log_weights, ages, n_age_bins)
    bounded = log_weights if clip is None else np.minimum(log_weights, np.log(clip))
    return ReplayStaleness(
        weights=read_only(weights),
        effective_share=effective_share(log_weights),
        by_others=read_only([_share_of_neighbours(logs, k) for k in range(1, others + 1)]),
        age_edges=edges,
        by_age=by_age,
        n_by_age=n_by_age,
        mean_weight=mean,
        mean_weight_error=standard_error(weights, episodes)[0] if finite else np.nan,
        stale_mass=float((log_weights < np.log(stale_below)).mean()),
        stale_below=stale_below,
        mean_age=mean_age,
        clip=clip,
        clip_fraction=0.0 if clip is None else float((log_weights > np.log(clip)).mean()),
        clipped_share=effective_share(bounded),
        agent=agent,
    )


def _log_ratios(current: npt.ArrayLike, behaviour: npt.ArrayLike, agent: int) -> tuple[Array, int]:
    """Return the others' log-weights ``[n, N − 1]``, and how many others there are."""
    now, then = numbers(current, name="current"), numbers(behaviour, name="behaviour")
    if now.ndim != 2 or now.shape[1] < 2 or not len(now):
        raise ValueError(f"current must be log-densities [n, N] of two or more agents, not shape {now.shape}")
    if then.shape != now.shape:
        raise ValueError(f"behaviour must have the shape {now.shape} of current, not {then.shape}")
    if not 0 <= agent < now.shape[1]:
        raise ValueError(f"agent must be one of 0 to {now.shape[1] - 1}, not {agent}")
    others = [j for j in range(now.shape[1]) if j != agent]
    now, then = now[:, others], then[:, others]
    if not np.isfinite(then).all():
        n_bad = int((~np.isfinite(then)).any(axis=1).sum())
        raise ValueError(
            f"behaviour must be finite: {n_bad} of {len(then)} transitions have no log-density of what was done"
        )
    if np.isnan(now).any() or (now == np.inf).any():
        raise ValueError("current must be finite or −inf, not NaN or inf")
    return now - then, len(others)


def _share_of_neighbours(logs: Array, k: int) -> float:
    """Return the mean effective share over runs of k neighbouring columns, once round."""
    m = logs.shape[1]
    starts = range(m if k < m else 1)
    return float(np.mean([effective_share(logs[:, [(s + j) % m for j in range(k)]].sum(axis=1)) for s in starts]))


def _shares_by_age(
    log_weights: Array, ages: npt.ArrayLike | None, n_bins: int
) -> tuple[Array | None, Array | None, Array | None, float]:
    if ages is None:
        return None, None, None, np.nan
    row = checked_row(ages, name="ages")
    if row.shape != log_weights.shape or not np.isfinite(row).all():
        raise ValueError(f"ages must be {len(log_weights)} finite numbers, one a transition, not shape {row.shape}")
    if n_bins < 1:
        raise ValueError(f"n_age_bins must be at least 1, not {n_bins}")
    low, high = float(row.min()), float(row.max())
    edges = np.linspace(low, high if high > low else low + 1, n_bins + 1)
    bins = np.clip(np.searchsorted(edges, row, side="right") - 1, 0, n_bins - 1)
    shares = [effective_share(log_weights[bins == k]) for k in range(n_bins)]
    return read_only(edges), read_only(shares), read_only(np.bincount(bins, minlength=n_bins)), float(row.mean())
