"""Exploitability that was found by training: what a learned deviation gains, as a lower bound with a limit.

A trained deviator gains at most what the best one would, so the mean of its paired gains in fresh episodes bounds the
true gain from below in expectation, provided the episodes took no part in its training or choice. The lower confidence
limit is what may be certified: at least this exploitable. That nothing was found certifies nothing. Gains are never
clipped at 0, since that would bias them upwards; only the certified column is.

Few seeds may agree by chance where each one's episodes leave far more open: limits over seeds are no nearer to the mean
than the errors of the episodes allow (`random_effects`).

References
----------
Timbers et al. (2022), arXiv:2004.09677.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import special

from nashlens.analysis.random_effects import FLOORED, KNAPP, errors_over_episodes, within_error
from nashlens.analysis.results import Array, Bound, Estimate, Record, read_only
from nashlens.analysis.statistics import check_level, checked_row, missing_reasons, numbers, unit_mean

TIMBERS = "Timbers et al. (2022), arXiv:2004.09677"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ApproximateResponse:
    """Lower bounds on what deviators could gain, and on their sum.

    Attributes
    ----------
    gains : one estimate for each deviator (an agent, or a side); its `low` is a one-sided limit, its `high` infinite.
    total : of the sum over deviators: a lower bound on NashConv if the deviators are all agents, one at a time.
    names : of the deviators.
    exact : the true gains ``[D]``, where they are known; NaN elsewhere.
    scale : ``[D]``, best known return less a random policy's, to normalise by; NaN where unknown.
    n_steps : environment steps that every deviator was trained for; None if not given.
    """

    gains: tuple[Estimate, ...]
    total: Estimate
    names: tuple[str, ...]
    exact: Array
    scale: Array
    n_steps: int | None = None
    bound: Bound = "lower"
    references: tuple[str, ...] = (TIMBERS, *KNAPP.split("; "))

    @property
    def certified(self) -> Array:
        """``[D]``; the lower limits, 0 where they are negative; NaN where there is none."""
        return np.maximum([estimate.low for estimate in self.gains], 0.0)

    @property
    def certified_total(self) -> float:
        """The lower limit of the sum, 0 if it is negative; NaN if there is none."""
        return float(np.maximum(self.total.low, 0.0))

    @property
    def recovery(self) -> Array:
        """``[D]``; share of the true gain that was found; NaN where it is unknown or 0."""
        known = np.isfinite(self.exact) & (self.exact > 0)
        found = np.array([estimate.value for estimate in self.gains])
        return np.where(known, found / np.where(known, self.exact, 1.0), np.nan)

    @property
    def recovery_total(self) -> float:
        """Share of the true sum that was found; NaN unless every true gain is known and the sum is above 0."""
        whole = float(self.exact.sum())
        return self.total.value / whole if np.isfinite(whole) and whole > 0 else np.nan

    @property
    def normalised(self) -> Array:
        """``[D]``; gains over `scale`; NaN where it is unknown or not above 0."""
        known = np.isfinite(self.scale) & (self.scale > 0)
        found = np.array([estimate.value for estimate in self.gains])
        return np.where(known, found / np.where(known, self.scale, 1.0), np.nan)

    def to_records(self) -> list[Record]:
        """Return one row a deviator, and one for the sum."""
        rows = [
            self._row("approximate_gain", estimate, float(self.certified[k]))
            | {"deviator": self.names[k], "normalised": float(self.normalised[k])}
            | {"exact": float(self.exact[k]), "recovery": float(self.recovery[k])}
            for k, estimate in enumerate(self.gains)
        ]
        last = self._row("approximate_nash_conv", self.total, self.certified_total)
        return [*rows, last | {"exact": float(self.exact.sum()), "recovery": self.recovery_total}]

    def _row(self, metric: str, estimate: Estimate, certified: float) -> Record:
        fields = ("value", "low", "high", "level", "method", "n", "unit", "bound", "reason")
        row: Record = {"metric": metric, **{name: getattr(estimate, name) for name in fields}}
        return row | {"certified": certified, "n_steps": self.n_steps}


def approximate_response(
    deviation_returns: Sequence[npt.ArrayLike],
    original_returns: Sequence[npt.ArrayLike],
    *,
    names: Sequence[str] | None = None,
    exact: npt.ArrayLike | None = None,
    scale: npt.ArrayLike | None = None,
    n_steps: int | None = None,
    level: float = 0.95,
) -> ApproximateResponse:
    """Lower bounds on deviation gains from returns of trained deviations in fresh episodes.

    Parameters
    ----------
    deviation_returns, original_returns : one entry for each of D deviators: ``[S, M, n]`` returns of its n members in
        M test episodes of each of S training seeds, with the trained and with the original policies; ``[M, n]`` is one
        seed. Episode m of a seed meets the same game in both: gains are paired differences, summed over members.
    names : of the deviators; numbers if left out.
    exact : ``[D]``; true gains, where known, for the recovery ratio.
    scale : ``[D]``; best known return less a random policy's.
    n_steps : training budget of each deviator, environment steps.
    level : of the one-sided lower limits.

    Returns
    -------
    ApproximateResponse; its `bound` is ``lower``, in expectation. With two seeds or more the seed is the unit: see
    `limit_over_seeds`. With one, the episode is, and the bound is that profile's alone.

    Raises
    ------
    ValueError : there is no deviator, shapes differ between deviating and original returns, deviators differ in the
        number of seeds, or an option does not fit.

    Notes
    -----
    The sum over deviators adds a seed's gains before it looks across seeds. Within a seed it adds the deviators'
    variances, whose episodes are independent; of one seed with Welch and Satterthwaite's degrees of freedom.

    References
    ----------
    Timbers et al. (2022), arXiv:2004.09677.
    """
    check_level(level)
    if not len(deviation_returns) or len(deviation_returns) != len(original_returns):
        raise ValueError(
            f"original_returns must have one entry for each of {len(deviation_returns)} deviators, one at least, "
            f"not {len(original_returns)}"
        )
    pairs = enumerate(zip(deviation_returns, original_returns, strict=True))
    gains = [_paired_gains(new, old, k) for k, (new, old) in pairs]
    seeds = {len(each) for each in gains}
    if len(seeds) != 1:
        raise ValueError(f"every deviator must have the same seeds, not {sorted(seeds)} of them")
    labels = tuple(str(k) for k in range(len(gains))) if names is None else tuple(names)
    if len(labels) != len(gains):
        raise ValueError(f"names must be {len(gains)}, one a deviator, not {len(labels)}")
    return ApproximateResponse(
        gains=tuple(_lower_limit([each], level) for each in gains),
        total=_lower_limit(gains, level),
        names=labels,
        exact=_checked_row(exact, len(gains), "exact"),
        scale=_checked_row(scale, len(gains), "scale"),
        n_steps=n_steps,
    )


def _paired_gains(deviation: npt.ArrayLike, original: npt.ArrayLike, deviator: int) -> Array:
    """Return ``[S, M]`` gains of one deviator."""
    new = numbers(deviation, name=f"deviation_returns[{deviator}]")
    old = numbers(original, name=f"original_returns[{deviator}]")
    if new.shape != old.shape or new.ndim not in {2, 3} or new.size == 0:
        raise ValueError(
            f"deviation_returns and original_returns of deviator {deviator} must be of one shape, [S, M, n] or [M, n], "
            f"not {new.shape} and {old.shape}"
        )
    with np.errstate(invalid="ignore"):
        gains: Array = (new - old).sum(axis=-1)
    return gains if gains.ndim == 2 else gains[None]


def limit_over_seeds(gains: npt.ArrayLike, errors: npt.ArrayLike | None = None, *, level: float = 0.95) -> Estimate:
    """Mean gain over seeds with its one-sided lower limit, ``m − t_{S−1} √(max(s², mean e²) / S)``.

    Parameters
    ----------
    gains : ``[S]``; each seed's mean gain over its own episodes.
    errors : ``[S]``; the standard errors of these means. Left out, or unknown (NaN) in a seed, the limit is Student's,
        with ``s²`` alone, and `method` says so.
    level : of the limit.

    Raises
    ------
    ValueError : `gains` is no row of numbers, `errors` does not fit it or is below 0, or `level` is out of range.

    Examples
    --------
    >>> round(limit_over_seeds([1.9, 2.0, 2.1], [0.5, 0.5, 0.5]).low, 3)  # 2 − 2.920 · 0.5 / √3
    1.157
    """
    check_level(level)
    by_seed = checked_row(gains, name="gains")
    within = np.full_like(by_seed, np.nan) if errors is None else checked_row(errors, name="errors")
    if within.shape != by_seed.shape:
        raise ValueError(f"errors must be {len(by_seed)} numbers, one a seed, not {len(within)}")
    n, left = len(by_seed), float(within_error(within))
    reason = str(missing_reasons(by_seed, unit="seed", min_units=2).item()).replace("an interval", "a limit")
    error = np.nan if reason else float(np.sqrt(np.fmax(by_seed.var(ddof=1) / n, left**2)))
    method = "student-t" if np.isnan(left) else FLOORED
    return _limit(float(unit_mean(by_seed)), error, n - 1, level, method=method, n=n, unit="seed", reason=reason)


def _lower_limit(gains: Sequence[Array], level: float) -> Estimate:
    """Return the summed gain of some deviators, each ``[S, M]``, with its one-sided limit."""
    n_seeds, n_episodes = gains[0].shape[0], min(each.shape[1] for each in gains)
    with np.errstate(invalid="ignore"):
        by_seed = np.sum([each.mean(axis=1) for each in gains], axis=0)
        if n_seeds > 1:
            errors = np.sqrt(np.sum([errors_over_episodes(each) ** 2 for each in gains], axis=0))
            return limit_over_seeds(by_seed, errors, level=level)
    reason = "" if np.isfinite(by_seed).all() else "1 of 1 seeds have no finite value"
    if not reason and n_episodes < 2:
        reason = "n = 1 episode; a limit needs at least 2"
    variance, freedom = (np.nan, 1.0) if reason else _episode_variance(gains)
    return _limit(
        float(by_seed.mean()),
        float(np.sqrt(variance)),
        freedom,
        level,
        method="student-t",
        n=n_episodes,
        unit="episode",
        reason=reason,
    )


def _limit(
    mean: float, error: float, freedom: float, level: float, *, method: str, n: int, unit: str, reason: str
) -> Estimate:
    return Estimate(
        value=mean,
        low=np.nan if reason else mean - float(special.stdtrit(freedom, level)) * error,
        high=np.nan if reason else np.inf,
        level=level,
        method=f"one-sided {method}",
        n=n,
        unit=unit,
        bound="lower",
        higher_is_better=False,
        reason=reason,
    )


def _episode_variance(gains: Sequence[Array]) -> tuple[float, float]:
    """Return the squared standard error of summed means of independent episodes, and its degrees of freedom."""
    sizes = np.array([each.shape[1] for each in gains])
    each = np.array([float(g[0].var(ddof=1)) for g in gains]) / sizes
    total = float(each.sum())
    freedom = total**2 / float((each**2 / (sizes - 1)).sum()) if total > 0 else float(sizes.min() - 1)
    return total, freedom


def _checked_row(values: npt.ArrayLike | None, n: int, name: str) -> Array:
    if values is None:
        return read_only(np.full(n, np.nan))
    row = numbers(values, name=name)
    if row.shape != (n,):
        raise ValueError(f"{name} must be {n} numbers, one a deviator, not shape {row.shape}")
    return read_only(row)
