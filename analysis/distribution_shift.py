"""On and off distribution: a divergence on a buffer's observations against that on fresh ones.

A model is fitted where the buffer has data and used where the policies go. The mean divergence on fresh observations is
that on the buffer's plus a shift, with an interval that resamples whole episodes on both sides. The buffer may be one
of several policies, the current one among them, in known shares.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.bootstrap import check_resamples
from nashlens.analysis.ledgers import Ledger
from nashlens.analysis.resampled_mean import ResampledMean, observation_weights, resampled_mean
from nashlens.analysis.results import Array, Bound, Estimate, Record
from nashlens.analysis.statistics import check_level, checked_row


@dataclass(frozen=True, slots=True, kw_only=True)
class DistributionShift:
    """A mean over fresh observations, as a mean over the buffer's plus a shift.

    Attributes
    ----------
    fresh, buffer : means over each set of observations, with their intervals.
    shift : fresh less buffer, with its interval.
    """

    fresh: Estimate
    buffer: Estimate
    shift: Estimate
    bound: Bound = "estimate"
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return one row each for the two means and the shift."""
        fields = ("value", "low", "high", "level", "method", "n", "unit", "bound", "reason")
        return [
            {"metric": f"distribution_shift_{name}", **{key: getattr(getattr(self, name), key) for key in fields}}
            for name in ("fresh", "buffer", "shift")
        ]


def distribution_shift(
    fresh: npt.ArrayLike,
    buffer: npt.ArrayLike,
    *,
    fresh_episodes: npt.ArrayLike | None = None,
    buffer_episodes: npt.ArrayLike | None = None,
    buffer_policies: npt.ArrayLike | None = None,
    buffer_weights: npt.ArrayLike | None = None,
    fresh_share: float = 0.0,
    level: float = 0.95,
    n_resamples: int = 2000,
    rng: np.random.Generator,
) -> DistributionShift:
    """Difference of a divergence's means between fresh observations and a buffer's.

    ``E_fresh KL = E_buffer KL + shift``; the intervals are percentile intervals of independent bootstraps of whole
    episodes.

    Parameters
    ----------
    fresh, buffer : ``[n]`` and ``[m]``; the divergence at each observation, nats.
    fresh_episodes, buffer_episodes : labels of the episodes; each observation its own if left out.
    buffer_policies : ``[m]``; labels of the policies that filled the buffer, whose episodes are resampled among
        themselves, so that each keeps its part of the buffer; one policy if left out.
    buffer_weights : ``[m]``; how much each observation of the buffer counts; equal if left out.
    fresh_share : how much of the buffer the current policies filled themselves, below 1: `fresh` stands for that part
        too, and `buffer` for the rest of it alone.
    level : confidence level.
    n_resamples : bootstrap draws, at least 100.
    rng : source of the draws.

    Returns
    -------
    DistributionShift; without five episodes of each policy, or with a value that is not finite, the shift has no
    interval but a reason.

    Raises
    ------
    ValueError : an array is no row of numbers, labels or weights do not fit, or `fresh_share`, `level` or `n_resamples`
        is out of range.

    Notes
    -----
    With a share s of fresh observations in the buffer the shift is ``(1 − s) (E_fresh KL − E_rest KL)``, and so is
    every resample of it. To draw the same episodes once for either side would make the interval too wide.
    """
    check_level(level)
    check_resamples(n_resamples)
    if not 0 <= fresh_share < 1:
        raise ValueError(f"fresh_share must be at least 0 and below 1, not {fresh_share}")
    new = resampled_mean(fresh, name="fresh", episodes=fresh_episodes, n_resamples=n_resamples, rng=rng)
    rest = resampled_mean(
        buffer,
        name="buffer",
        episodes=buffer_episodes,
        policies=buffer_policies,
        weights=buffer_weights,
        n_resamples=n_resamples,
        rng=rng,
    )
    whole = rest.mixed(new, share=fresh_share) if fresh_share else rest
    with np.errstate(invalid="ignore"):  # of two infinite means there is no difference
        value = float(np.float64(new.value) - whole.value)
    shift = ResampledMean(
        value=value,
        drawn=(1 - fresh_share) * (new.drawn - rest.drawn),
        n=min(new.n, rest.n),
        reason=new.reason or rest.reason,
    )
    return DistributionShift(fresh=new.estimate(level), buffer=whole.estimate(level), shift=shift.estimate(level))


def combined_ledger(
    fresh: npt.ArrayLike,
    lag: Ledger,
    *,
    fresh_weights: npt.ArrayLike | None = None,
    lag_weights: npt.ArrayLike | None = None,
) -> Ledger:
    """Write the mean divergence on fresh observations as shift plus the lag ledger's means on the buffer's.

    Parameters
    ----------
    fresh : ``[n]``; KL(true‖model) on fresh observations, nats.
    lag : the lag ledger on the buffer's m observations.
    fresh_weights, lag_weights : ``[n]`` and ``[m]``; how much each counts; equal if left out. What has no weight does
        not count, whatever its value.

    Returns
    -------
    Ledger of one entry, with parts ``shift``, ``lag``, ``fit`` and ``interaction``; an infinite mean on either side
    leaves no shift, one on the buffer's no part.

    Raises
    ------
    ValueError : `fresh` is no row of numbers or empty, weights do not fit, or `lag` is another ledger.
    """
    row = checked_row(fresh, name="fresh")
    if lag.name != "lag_ledger":
        raise ValueError(f"lag must be the result of lag_ledger, not of {lag.name}")
    if not len(row):
        raise ValueError("fresh must hold one observation or more, not none")
    new = observation_weights(fresh_weights, len(row), name="fresh_weights")
    old = observation_weights(lag_weights, len(lag.total), name="lag_weights")
    total, there = _mean(row, new), _mean(lag.total, old)
    shift = total - there if np.isfinite(total) and np.isfinite(there) else np.nan
    parts = {"shift": np.array([shift])}
    parts |= {name: np.array([_mean(values, old)]) for name, values in lag.parts.items()}
    return Ledger(
        name="combined_ledger",
        total=np.array([total if np.isfinite(there) else np.inf]),
        parts=parts,
        floor=lag.floor,
        clipped=lag.clipped,
    )


def _mean(values: Array, weights: Array) -> float:
    counted = weights > 0
    return float(np.average(values[counted], weights=weights[counted]))
