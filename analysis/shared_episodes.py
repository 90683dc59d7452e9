"""Shared episodes: what the episodes that all cells of a table have in common leave open of a number made of its cells.

Every cell is played on the same episodes' random numbers. What a start gives to everybody moves all cells alike, and no
spread over runs shows it. Episode e moves the number by ``u_e``, the sum over cells of the number's slope in a cell's
mean times ``(x_e − x̄) / √(n (n − 1))``, and ``Σ u_e²`` is the variance that these episodes leave: of one shared effect
it is s²/E. Episodes are crossed with runs, so that to first order the two variances add. What a run has in one episode
alone is in both, so that the sum is too large by that and never too small. Where algorithms are compared, the slopes of
both are in one ``u_e``: what an episode gives to both alike cancels.

References
----------
Owen (2007), Annals of Applied Statistics 1(2), 386–411. Satterthwaite (1946), Biometrics Bulletin 2(6), 110–114.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from scipy import special

from nashlens.analysis.results import Array, BoolArray, Estimate, read_only
from nashlens.analysis.statistics import Intervals

CROSSED = "crossed"
Found = TypeVar("Found", Intervals, Estimate)


def cell_means(table: Array, played: BoolArray) -> Array:
    """Return the mean ``[A, B]`` over the episodes of each cell; NaN for none."""
    counts = played.sum(axis=2)
    sums = np.where(played, table, 0.0).sum(axis=2)
    means: Array = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    return means


def reweighted_means(table: Array, weights: Array) -> Array:
    """Return the cell means ``[K, A, B]`` under K weightings of the shared episodes.

    Parameters
    ----------
    table : ``[A, B, E]``; NaN where an episode was not played.
    weights : ``[K, E]``, at least 0.

    Examples
    --------
    >>> reweighted_means(np.array([[[1.0, 5.0]]]), np.array([[1.0, 1.0], [0.0, 2.0]])).ravel().tolist()
    [3.0, 5.0]
    """
    played = ~np.isnan(table)
    sums = np.moveaxis(np.where(played, table, 0.0) @ weights.T, -1, 0)
    counts = np.moveaxis(played @ weights.T, -1, 0)
    means: Array = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts > 0)
    return means


def influences(returns: Array) -> Array:
    """Return how much each episode moves the mean of its cell, ``(x − x̄) / √(n (n − 1))``.

    Parameters
    ----------
    returns : ``[…, E]``; NaN where an episode was not played.

    Returns
    -------
    ``[…, E]``; their squares add up to the squared standard error of the mean. 0 for an episode that was not played,
    NaN throughout where fewer than two were; exactly 0 where all are equal.

    Examples
    --------
    >>> influences(np.array([1.0, 3.0])).tolist()  # ∓1 / √2
    [-0.7071067811865475, 0.7071067811865475]
    """
    played = ~np.isnan(returns)
    counts = played.sum(axis=-1, keepdims=True)
    first = np.take_along_axis(returns, played.argmax(axis=-1, keepdims=True), axis=-1)
    apart = np.where(played, returns - first, 0.0)  # equal returns have no rounding error
    mean = np.divide(apart.sum(axis=-1, keepdims=True), counts, out=np.zeros(counts.shape), where=counts > 0)
    scale = np.sqrt(np.where(counts > 1, counts * (counts - 1.0), np.nan))
    return np.asarray(np.where(played, apart - mean, 0.0) / scale, dtype=np.float64)


def shared_error(moves: npt.ArrayLike) -> Array:
    """Return the standard error ``√Σ u_e²`` that shared episodes leave of each number.

    Parameters
    ----------
    moves : ``[…, E]``; how much each episode moves the number: `influences` times slopes, added over cells.

    Returns
    -------
    ``[…]``; NaN where it is not known.
    """
    return np.asarray(np.sqrt((np.asarray(moves, dtype=np.float64) ** 2).sum(axis=-1)), dtype=np.float64)


def with_shared_episodes(found: Found, errors: npt.ArrayLike, *, n_episodes: int) -> Found:
    """Return intervals over runs that heed what shared episodes leave open.

    Parameters
    ----------
    found : intervals of Student's kind about their values, over n runs: of `statistics.student_t` or `jackknife`.
    errors : ``[…]``; what shared episodes leave of each value as a standard error, see `shared_error`.
    n_episodes : E.

    Returns
    -------
    The same with half widths ``t_ν √(v + w)``: v the squared standard error over runs, w that of episodes, and
    Satterthwaite's ``ν = (v + w)² / (v²/(n − 1) + w²/(E − 1))``; never narrower than before, which more degrees of
    freedom could make them where w is small. An interval whose error is 0 or unknown stays as it is; `method` says by a
    word before it that some error is neither.

    Notes
    -----
    At nominal .95 they covered the mean of self-play of five runs, with effects of row, column and pair and an effect
    of 16 shared episodes as large, in .95 of 300 draws, where intervals over runs alone covered .85.

    Examples
    --------
    >>> from nashlens.analysis.statistics import student_t
    >>> alike = student_t([2.0, 2.0, 2.0])  # three runs in the same 64 episodes
    >>> wide = with_shared_episodes(alike, 0.6, n_episodes=64).at()  # 2 ± 1.998 · 0.6
    >>> round(wide.low, 2), round(wide.high, 2)
    (0.8, 3.2)
    """
    low, high, shared = (np.asarray(each, dtype=np.float64) for each in (found.low, found.high, errors))
    heeded = (shared > 0) & (n_episodes > 1) & np.isfinite(low)
    if not heeded.any():
        return found
    n = found.n
    over_runs = ((high - low) / 2 / special.stdtrit(n - 1, (1 + found.level) / 2)) ** 2
    with np.errstate(invalid="ignore"):
        both = over_runs + shared**2
        freedom = both**2 / (over_runs**2 / (n - 1) + shared**4 / max(1, n_episodes - 1))
        more = special.stdtrit(freedom, (1 + found.level) / 2) * np.sqrt(both) - (high - low) / 2
    wide = np.where(heeded, np.maximum(more, 0.0), 0.0)
    method = f"{CROSSED} {found.method}"
    if isinstance(found, Estimate):
        return replace(found, low=float(low - wide), high=float(high + wide), method=method)
    return replace(found, low=read_only(low - wide), high=read_only(high + wide), method=method)
