"""Kullback-Leibler divergence from samples, where the actions cannot be counted: three estimators.

With actions from p and ``r = q/p``: ``k1 = −ln r`` and ``k3 = r − 1 − ln r`` are unbiased for KL(p‖q), the second with
less spread and never negative; ``k2 = ½ ln² r`` is biased. The divergence is that from the distribution that was
sampled: for the other direction sample the other.

References
----------
Schulman (2020), “Approximating KL divergence”, a blog post.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from nashlens.analysis.clusters import clustered_mean
from nashlens.analysis.results import Bound, Estimate, Record
from nashlens.analysis.statistics import checked_row


@dataclass(frozen=True, slots=True, kw_only=True)
class SampledDivergence:
    """Estimates of one divergence, nats.

    Attributes
    ----------
    k1, k3 : unbiased.
    k2 : biased, for small divergences by little.
    spreads : standard deviation of a single sample of k1, k2 and k3.
    """

    k1: Estimate
    k2: Estimate
    k3: Estimate
    spreads: tuple[float, float, float]
    bound: Bound = "estimate"
    references: tuple[str, ...] = ("Schulman (2020), blog post",)

    def to_records(self) -> list[Record]:
        """Return one row an estimator."""
        fields = ("value", "low", "high", "level", "method", "n", "unit", "bound", "reason")
        rows: list[Record] = []
        for name, spread in zip(("k1", "k2", "k3"), self.spreads, strict=True):
            entry = getattr(self, name)
            row = {"metric": f"sampled_divergence_{name}", **{key: getattr(entry, key) for key in fields}}
            rows.append(row | {"spread": spread, "biased": name == "k2"})
        return rows


def sampled_divergence(
    log_sampled: npt.ArrayLike,
    log_other: npt.ArrayLike,
    *,
    episodes: npt.ArrayLike | None = None,
    level: float = 0.95,
) -> SampledDivergence:
    """Estimate KL(sampled‖other) from log-densities at actions drawn from the first.

    Parameters
    ----------
    log_sampled, log_other : ``[n]``; log-densities, nats, of both distributions at the same n actions.
    episodes : ``[n]`` labels of clusters; each action its own if left out.
    level : confidence level.

    Returns
    -------
    SampledDivergence. An action that the other rules out makes the estimates infinite, without an interval.

    Raises
    ------
    ValueError : the rows are empty or differ in length, a log-density is NaN or infinite (−∞ is allowed for the
        other), or an option is out of range.
    """
    own, other = checked_row(log_sampled, name="log_sampled"), checked_row(log_other, name="log_other")
    if own.shape != other.shape or not len(own):
        raise ValueError(f"log_other must have the length {len(own)} of log_sampled, at least 1, not {len(other)}")
    if not np.isfinite(own).all():
        raise ValueError("log_sampled must be finite: these actions were drawn from it")
    if np.isnan(other).any() or (other == np.inf).any():
        raise ValueError("log_other must be finite or −inf, not NaN or inf")
    logs = other - own
    with np.errstate(over="ignore", invalid="ignore"):
        samples = (-logs, logs**2 / 2, np.expm1(logs) - logs)
        spreads = tuple(float(np.std(values)) for values in samples)
    unit = "observation" if episodes is None else "episode"
    found = [clustered_mean(values, clusters=episodes, level=level, unit=unit) for values in samples]
    infinite = int((other == -np.inf).sum())
    if infinite:
        why = f"infinite: the other distribution rules out {infinite} of {len(own)} sampled actions"
        found = [replace(estimate, reason=why) for estimate in found]
    return SampledDivergence(k1=found[0], k2=found[1], k3=found[2], spreads=(spreads[0], spreads[1], spreads[2]))
