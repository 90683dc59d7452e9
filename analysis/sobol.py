"""Sobol indices: how much of a variance each of several independent inputs carries.

The first-order index is the share that an input explains alone, ``Var(E[f|x_j]) / Var f``; the total index the share
that is left when all others are known, ``E[Var(f|x_−j)] / Var f``. Between them lie the interactions. In a policy
gradient the inputs are the agents' actions: the others' carry variance as much as one's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.jackknife import jackknife
from nashlens.analysis.results import Array, Bound, Record, read_only
from nashlens.analysis.statistics import Intervals, numbers

SIMPLEX_TOLERANCE = 1e-9
_ROUNDING = 1e-14


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SobolIndices:
    """Variance shares of J independent inputs.

    Attributes
    ----------
    first : ``[J]``; share that each explains alone. NaN if there is no variance.
    total : ``[J]``; share that is gone once all others are known; at least `first`.
    variance : of the function; summed over its components, if it has several.
    bound, tolerance, references : exact, by enumeration; a variance up to this share of the mean square counts as 0.
    """

    first: Array
    total: Array
    variance: float
    bound: Bound = "exact"
    tolerance: float = _ROUNDING
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return two rows an input."""
        note = {"bound": self.bound, "reason": "" if self.variance > 0 else "there is no variance"}
        return [
            {"metric": f"sobol_{name}", "input": j, "value": float(share), **note}
            for name, shares in (("first", self.first), ("total", self.total))
            for j, share in enumerate(shares)
        ]


def sobol_indices(values: npt.ArrayLike, distributions: Sequence[npt.ArrayLike]) -> SobolIndices:
    """Exact Sobol indices of a function of independent discrete inputs.

    Parameters
    ----------
    values : ``[A_1, …, A_J]`` or ``[A_1, …, A_J, d]``; the function at every joint input. Components are summed.
    distributions : J arrays ``[A_j]``; probabilities of each input.

    Returns
    -------
    SobolIndices.

    Raises
    ------
    ValueError : `values` does not fit `distributions` or is not finite, or a distribution does not sum to 1.

    Examples
    --------
    >>> sobol_indices([[0, 1], [1, 0]], [[0.5, 0.5], [0.5, 0.5]]).total.tolist()
    [1.0, 1.0]
    """
    table, weights = numbers(values, name="values"), [numbers(d, name="distributions") for d in distributions]
    n_inputs, sizes = len(weights), tuple(w.size for w in weights)
    if not n_inputs or table.shape[:n_inputs] != sizes or table.ndim > n_inputs + 1 or not np.isfinite(table).all():
        raise ValueError(f"values must be finite, of shape {sizes} or one axis more, not {table.shape}")
    for j, w in enumerate(weights):
        if w.ndim != 1 or not (w >= 0).all() or abs(w.sum() - 1) > SIMPLEX_TOLERANCE:
            raise ValueError(f"distributions must be non-negative rows that sum to 1; number {j} is {w.tolist()}")
    full = table if table.ndim == n_inputs + 1 else table[..., None]
    mean = _averaged(full, weights, range(n_inputs))
    centred = full - mean
    variance = float(_averaged(centred**2, weights, range(n_inputs)).sum())
    if variance <= _ROUNDING * float((full**2).max(initial=0.0)):
        nothing = read_only(np.full(n_inputs, np.nan))
        return SobolIndices(first=nothing, total=nothing, variance=0.0)
    every = range(n_inputs)
    alone = [_averaged(centred, weights, [k for k in every if k != j]) for j in every]
    rest = [centred - _averaged(centred, weights, [j]) for j in every]
    return SobolIndices(
        first=read_only([float(_averaged(a**2, weights, every).sum()) / variance for a in alone]),
        total=read_only([float(_averaged(r**2, weights, every).sum()) / variance for r in rest]),
        variance=variance,
    )


def resampled_total_indices(
    samples: npt.ArrayLike, resampled: npt.ArrayLike, *, level: float = 0.95, unit: str = "episode"
) -> Intervals:
    """Total indices of a sampled function, by drawing one input again while the others stay.

    ``T_j = E‖f(x) − f(x with x_j drawn again)‖² / (2 tr Var f)``.

    Parameters
    ----------
    samples : ``[M, d]``; independent samples of the function, such as gradients.
    resampled : ``[J, M, d]``; entry j is the function at the same inputs with input j drawn again.
    level : confidence level of each interval.
    unit : what a sample is.

    Returns
    -------
    Intervals ``[J]``, by the jackknife over samples; a reason where there are fewer than three or no variance.

    Raises
    ------
    ValueError : the shapes do not fit, or a value is not finite.
    """
    base, again = numbers(samples, name="samples"), numbers(resampled, name="resampled")
    if base.ndim != 2 or again.ndim != 3 or again.shape[1:] != base.shape:
        raise ValueError(f"samples and resampled must be [M, d] and [J, M, d], not {base.shape} and {again.shape}")
    if not (np.isfinite(base).all() and np.isfinite(again).all()):
        raise ValueError("samples and resampled must be finite")
    n = len(base)
    halves = ((again - base) ** 2).sum(axis=2).T / 2  # [M, J]
    squares = ((base - base.mean(axis=0)) ** 2).sum(axis=1)
    total = float(squares.sum())

    if n < 3 or total == 0:
        reason = f"n = {n} {unit}s; an interval needs at least 3" if n < 3 else "there is no variance"
        return jackknife(np.full(again.shape[0], np.nan), np.empty((n, again.shape[0])), reason=reason, unit=unit)
    point = halves.mean(axis=0) / (total / (n - 1))
    # Without sample m the squares about the new mean are less by n / (n − 1) of its own.
    spread = (total - squares * n / (n - 1)) / (n - 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        left_out = (halves.sum(axis=0) - halves) / (n - 1) / spread[:, None]
    return jackknife(point, left_out, level=level, unit=unit, metric="sobol_total")


def _averaged(table: Array, weights: Sequence[Array], over: Sequence[int] | range) -> Array:
    """Return expectations over some inputs, whose axes stay with length 1."""
    for j in over:
        shape = [1] * table.ndim
        if table.shape[j] == 1:
            continue
        shape[j] = len(weights[j])
        table = (table * weights[j].reshape(shape)).sum(axis=j, keepdims=True)
    return table
