"""Aggregates over runs and tasks: interquartile mean, optimality gap, probability of improvement.

Scores are ``[S, K]``, S runs of each of K tasks, normalised by anchors that the caller states. Intervals are
percentiles of a bootstrap that resamples runs within each task and keeps the tasks: they speak of other seeds of the
same tasks, not of other tasks.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import stats

from nashlens.analysis.bootstrap import MIN_UNITS, check_resamples, stratified_resamples
from nashlens.analysis.results import Array, Estimate
from nashlens.analysis.statistics import check_level, checked_units

REFERENCE = "Agarwal et al. (2021), arXiv:2108.13264"


def trimmed_mean(scores: Array) -> Array:
    """Return ``[R]`` interquartile means of ``[R, n]``: a quarter of the values, rounded down, is cut at each end.

    >>> trimmed_mean(np.array([[0.0, 1.0, 2.0, 3.0, 100.0]])).tolist()
    [2.0]
    """
    n = scores.shape[1]
    cut = n // 4
    ordered = np.sort(scores, axis=1)
    kept: Array = ordered[:, cut : n - cut].mean(axis=1)
    return kept


def interquartile_mean(
    scores: npt.ArrayLike,
    *,
    level: float = 0.95,
    n_resamples: int = 2000,
    min_units: int = MIN_UNITS,
    unit: str = "seed",
    higher_is_better: bool | None = True,
    rng: np.random.Generator,
) -> Estimate:
    """Mean of the middle half of all runs of all tasks, with a stratified bootstrap interval.

    Parameters
    ----------
    scores : ``[S, K]``, runs by tasks; ``[S]`` is one task.
    level, n_resamples, min_units, unit, higher_is_better : as in `bootstrap.bca_bootstrap`.
    rng : source of the draws.

    Returns
    -------
    Estimate with ``n = S`` runs of each task.

    Raises
    ------
    ValueError : `scores` is not ``[S, K]``, or a setting is out of range.

    References
    ----------
    Agarwal et al. (2021), arXiv:2108.13264.
    """
    table = checked_scores(scores)
    return _stratified(
        lambda s: trimmed_mean(s.reshape(len(s), -1)),
        (table,),
        level=level,
        n_resamples=n_resamples,
        min_units=min_units,
        unit=unit,
        higher_is_better=higher_is_better,
        rng=rng,
    )


def optimality_gap(
    scores: npt.ArrayLike,
    *,
    target: float = 1.0,
    level: float = 0.95,
    n_resamples: int = 2000,
    min_units: int = MIN_UNITS,
    unit: str = "seed",
    rng: np.random.Generator,
) -> Estimate:
    """How far runs fall short of a target on average: ``target − mean(min(score, target))``; lower is better.

    Parameters
    ----------
    scores : ``[S, K]``, runs by tasks; ``[S]`` is one task.
    target : the score beyond which nothing counts.
    level, n_resamples, min_units, unit, rng : as in `interquartile_mean`.

    Raises
    ------
    ValueError : `scores` is not ``[S, K]``, `target` is not finite, or a setting is out of range.

    Notes
    -----
    At nominal .95 it covered in .88 (five runs of two tasks) and .92 (ten) of 400 samples of normal scores.

    References
    ----------
    Agarwal et al. (2021), arXiv:2108.13264.
    """
    if not np.isfinite(target):
        raise ValueError(f"target must be finite, not {target}")
    table = checked_scores(scores)
    return _stratified(
        lambda s: target - np.minimum(s, target).mean(axis=(1, 2)),
        (table,),
        level=level,
        n_resamples=n_resamples,
        min_units=min_units,
        unit=unit,
        higher_is_better=False,
        rng=rng,
    )


def probability_of_improvement(
    scores: npt.ArrayLike,
    others: npt.ArrayLike,
    *,
    level: float = 0.95,
    n_resamples: int = 2000,
    min_units: int = MIN_UNITS,
    unit: str = "seed",
    rng: np.random.Generator,
) -> Estimate:
    """How probably a run of one algorithm beats a run of the other on a task, averaged over tasks.

    Mean over tasks of the Mann-Whitney statistic U over the number of pairs; a tie counts one half, so that equal
    algorithms have .5.

    Parameters
    ----------
    scores, others : ``[S, K]`` and ``[S', K]``, runs by tasks, higher is better; ``[S]`` is one task.
    level, n_resamples, min_units, unit, rng : as in `interquartile_mean`.

    Returns
    -------
    Estimate with n the smaller number of runs.

    Raises
    ------
    ValueError : a table is not runs by tasks, the tasks differ in number, or a setting is out of range.

    Notes
    -----
    At nominal .95 it covered in .90 (five runs of two tasks on both sides) and .94 (ten) of 400 samples of normal
    scores half a standard deviation apart.

    References
    ----------
    Agarwal et al. (2021), arXiv:2108.13264.
    """
    ours, theirs = checked_scores(scores), checked_scores(others, name="others")
    if ours.shape[1] != theirs.shape[1]:
        raise ValueError(f"others must have the {ours.shape[1]} tasks of scores, not {theirs.shape[1]}")
    return _stratified(
        _mann_whitney,
        (ours, theirs),
        level=level,
        n_resamples=n_resamples,
        min_units=min_units,
        unit=unit,
        higher_is_better=True,
        rng=rng,
    )


def _mann_whitney(ours: Array, theirs: Array) -> Array:
    n_pairs = ours.shape[1] * theirs.shape[1]
    ranks = stats.rankdata(np.concatenate([ours, theirs], axis=1), axis=1)
    u = ranks[:, : ours.shape[1]].sum(axis=1) - ours.shape[1] * (ours.shape[1] + 1) / 2
    improvement: Array = (u / n_pairs).mean(axis=1)
    return improvement


def checked_scores(scores: npt.ArrayLike, *, name: str = "scores") -> Array:
    """Return scores as ``[S, K]``, runs by tasks; ``[S]`` becomes one task.

    Raises
    ------
    ValueError : there are more than two axes, or there is no task.
    """
    table = checked_units(scores, name=name)
    table = table[:, None] if table.ndim == 1 else table
    if table.ndim != 2 or table.shape[1] == 0:
        raise ValueError(f"{name} must be [S, K], runs by tasks, not shape {table.shape}")
    return table


def _stratified(
    statistic: Callable[..., Array],
    samples: tuple[Array, ...],
    *,
    level: float,
    n_resamples: int,
    min_units: int,
    unit: str,
    higher_is_better: bool | None,
    rng: np.random.Generator,
) -> Estimate:
    check_level(level)
    check_resamples(n_resamples)
    if min_units < 2:
        raise ValueError(f"min_units must be at least 2, not {min_units}")
    n = min(len(sample) for sample in samples)
    value, low, high, reason = np.nan, np.nan, np.nan, ""
    n_bad = sum(int((~np.isfinite(sample)).sum()) for sample in samples)
    if n == 0:
        reason = f"there is no {unit}"
    elif n_bad:
        reason = f"{n_bad} of {sum(sample.size for sample in samples)} runs have no finite score"
    else:
        value = float(statistic(*(sample[None] for sample in samples))[0])
        if n < min_units:
            reason = f"n = {n} {unit}{'s' * (n > 1)}; a bootstrap interval needs at least {min_units}"
        else:
            drawn = stratified_resamples(statistic, *samples, n_resamples=n_resamples, rng=rng)
            low, high = (float(q) for q in np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2]))
    return Estimate(
        value=value,
        low=low,
        high=high,
        level=level,
        method="stratified-bootstrap",
        n=n,
        unit=unit,
        higher_is_better=higher_is_better,
        reason=reason,
    )
