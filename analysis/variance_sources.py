"""Where the variance of a gradient comes from: state, own action, others' actions, critic, by nested resampling.

Fix a state and draw own actions in it; fix both and draw others' actions; fix all three and ask several critics. By
the law of total variance the spread of the conditional means at each level adds up to the whole. Means of few draws
spread too much, by the noise of the levels below: that is subtracted, as in a nested analysis of variance.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.jackknife import jackknife
from nashlens.analysis.results import Array, Bound, Record
from nashlens.analysis.statistics import Intervals, numbers

SOURCES = ("state", "own_action", "others_actions", "critic")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class VarianceSources:
    """The parts of a variance; they add up to the total.

    Attributes
    ----------
    sources : L names, outermost first.
    components : ``[L]``, squared gradient units; unbiased, so that a small one may come out negative.
    shares : ``[L]``; components over their sum.
    bound, references : estimates; none.
    """

    sources: tuple[str, ...]
    components: Intervals
    shares: Intervals
    bound: Bound = "estimate"
    references: tuple[str, ...] = ()

    @property
    def total(self) -> float:
        """Sum of the components."""
        return float(self.components.values.sum())

    def to_records(self) -> list[Record]:
        """Return two rows a source."""
        rows = []
        for metric, intervals in (("variance_component", self.components), ("variance_share", self.shares)):
            for source, row in zip(self.sources, intervals.to_records(), strict=True):
                rows.append({**row, "metric": f"gradient_{metric}", "source": source})
        return rows


def variance_sources(
    samples: npt.ArrayLike, *, sources: Sequence[str] = SOURCES, level: float = 0.95, unit: str = "state"
) -> VarianceSources:
    """Split a gradient's variance over the levels of a nested resampling.

    With ``MS_l`` the mean square between the means of level l within those above, the component of level l is
    ``(MS_l − MS_{l+1}) / (n_{l+1} ⋯ n_L)``.

    Parameters
    ----------
    samples : ``[n_1, …, n_L, d]``; gradients. Each index of a level is drawn anew within every index of the levels
        above it. At least three of the outermost, and two of each other level.
    sources : L names, outermost first.
    level : confidence level of the intervals.
    unit : what an index of the outermost level is.

    Returns
    -------
    VarianceSources, with jackknife intervals over the outermost level.

    Raises
    ------
    ValueError : the axes do not fit `sources`, a level has too few draws, or a value is not finite.

    Notes
    -----
    Leave a level out, axis and name, where nothing was drawn again: its variance then counts to the level above.
    """
    table = numbers(samples, name="samples")
    names = tuple(sources)
    if not names or table.ndim != len(names) + 1 or table.shape[-1] == 0:
        raise ValueError(
            f"samples must have one axis for each of {', '.join(names) or 'the sources'}, and one of parameters; "
            f"not shape {table.shape}"
        )
    sizes = table.shape[:-1]
    for name, size, least in zip(names, sizes, (3, *(2,) * (len(names) - 1)), strict=True):
        if size < least:
            raise ValueError(f"samples must hold at least {least} draws of {name}, not {size}")
    if not np.isfinite(table).all():
        raise ValueError("samples must be finite")
    within, outer = _within_each(table)
    n = sizes[0]
    norm = float(outer.sum(axis=0) @ outer.sum(axis=0))
    squares, inner = (outer**2).sum(axis=1), outer @ outer.sum(axis=0)
    point = _components(float(squares.sum()), norm, n, within.mean(axis=0), sizes)
    left_out = np.stack(
        [
            _components(
                float(squares.sum() - squares[k]),
                norm - 2 * float(inner[k]) + float(squares[k]),
                n - 1,
                (within.sum(axis=0) - within[k]) / (n - 1),
                sizes,
            )
            for k in range(n)
        ]
    )
    return VarianceSources(
        sources=names,
        components=jackknife(point, left_out, level=level, unit=unit),
        shares=jackknife(_shares(point), _shares(left_out), level=level, unit=unit),
    )


def _within_each(table: Array) -> tuple[Array, Array]:
    """Return mean squares ``[n_1, L − 1]`` of levels 2 … L within each outermost index, and its mean ``[n_1, d]``.

    A mean square is in units of single samples: the spread of means of m samples counts m times.
    """
    centred = table - table.reshape(-1, table.shape[-1]).mean(axis=0)
    columns = []
    for axis in range(table.ndim - 2, 0, -1):
        mean = centred.mean(axis=axis, keepdims=True)
        spread = ((centred - mean) ** 2).sum(axis=(axis, -1)) / (table.shape[axis] - 1)
        below = int(np.prod(table.shape[axis + 1 : -1], dtype=np.int64))
        columns.append(below * spread.reshape(len(table), -1).mean(axis=1))
        centred = mean.squeeze(axis)
    return np.stack(columns[::-1], axis=1) if columns else np.empty((len(table), 0)), centred


def _components(squares: float, norm: float, n: int, within: Array, sizes: tuple[int, ...]) -> Array:
    below = np.array([int(np.prod(sizes[k + 1 :], dtype=np.int64)) for k in range(len(sizes))])
    between = below[0] * max(squares - norm / n, 0.0) / (n - 1)
    mean_squares = np.concatenate([[between], within])
    components: Array = (mean_squares - np.append(mean_squares[1:], 0.0)) / below
    return components


def _shares(components: Array) -> Array:
    with np.errstate(divide="ignore", invalid="ignore"):
        shares: Array = components / components.sum(axis=-1, keepdims=True)
    return shares
