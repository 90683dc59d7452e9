"""Cross-play: what a population of policies gets with or against another, run by run.

Row a and column b hold E episodes of run a of one side against run b of the other, the same episodes' random numbers in
every cell. Cells of one row share a run, and all cells their episodes: they are not independent, and intervals resample
rows, columns and episodes as a whole.
A cell that was not played is NaN throughout; it stays empty, is counted, and is left out of means, never 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.results import Array, BoolArray, Bound, Record, read_only
from nashlens.analysis.shared_episodes import cell_means
from nashlens.analysis.statistics import Intervals, numbers
from nashlens.analysis.two_way_bootstrap import cell_mean, two_way_bootstrap


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CrossPlay:
    """The cross-play of A and B runs in one role.

    Attributes
    ----------
    cells : ``[A, B]``; mean return of each cell; NaN where it is empty.
    errors : ``[A, B]``; standard error of each mean over its episodes; NaN for fewer than two.
    n_episodes : ``[A, B]``; episodes behind each cell.
    mean : over all cells that were played, with a bootstrap interval over runs and shared episodes.
    role : whose return it is.
    bound, references : estimates; none.
    """

    cells: Array
    errors: Array
    n_episodes: npt.NDArray[np.int64]
    mean: Intervals
    role: str
    bound: Bound = "estimate"
    references: tuple[str, ...] = ()

    @property
    def n_empty(self) -> int:
        """Cells that were not played."""
        return int((self.n_episodes == 0).sum())

    def to_records(self) -> list[Record]:
        """Return one row a cell, and one for the mean."""
        rows: list[Record] = [
            {
                "metric": "cross_play",
                "role": self.role,
                "row": a,
                "column": b,
                "value": float(self.cells[a, b]),
                "standard_error": float(self.errors[a, b]),
                "n": int(self.n_episodes[a, b]),
                "unit": "episode",
                "bound": self.bound,
                "reason": "" if self.n_episodes[a, b] else "this cell was not played",
            }
            for a, b in np.ndindex(self.cells.shape)
        ]
        return rows + [{**row, "role": self.role} for row in self.mean.to_records()]


def cross_play(
    payoffs: npt.ArrayLike,
    *,
    role: str = "all",
    level: float = 0.95,
    n_resamples: int = 2000,
    rng: np.random.Generator,
) -> CrossPlay:
    """Mean returns of all cells, and of their mean an interval over runs and the episodes that all cells share.

    Parameters
    ----------
    payoffs : ``[A, B, E]``; returns of one role. A cell that is NaN throughout was not played; episodes that are NaN
        at the end of a cell were not either.
    role : whose returns these are.
    level : confidence level of the interval.
    n_resamples : bootstrap draws.
    rng : source of the draws.

    Returns
    -------
    CrossPlay.

    Raises
    ------
    ValueError : `payoffs` has not three axes, an axis is empty, or a return is infinite.
    """
    table, played = checked_payoffs(payoffs)
    cells = cell_means(table, played)
    counts = played.sum(axis=2)
    squares = np.where(played, (table - cells[:, :, None]) ** 2, 0.0).sum(axis=2)
    with np.errstate(divide="ignore", invalid="ignore"):
        errors = np.where(counts > 1, np.sqrt(squares / (counts - 1) / counts), np.nan)
    return CrossPlay(
        cells=read_only(cells),
        errors=read_only(errors),
        n_episodes=counts,
        mean=two_way_bootstrap(
            table, cell_mean, level=level, n_resamples=n_resamples, metric="cross_play_mean", rng=rng
        ),
        role=role,
    )


def checked_payoffs(payoffs: npt.ArrayLike) -> tuple[Array, BoolArray]:
    """Return ``[A, B, E]`` returns and which of them were played.

    Raises
    ------
    ValueError : there are not three axes, one is empty, or a return is infinite.
    """
    table = numbers(payoffs, name="payoffs")
    if table.ndim != 3 or 0 in table.shape:
        raise ValueError(f"payoffs must be [runs_A, runs_B, episodes] with none empty, not of shape {table.shape}")
    if np.isinf(table).any():
        a, b, e = (int(k) for k in np.argwhere(np.isinf(table))[0])
        raise ValueError(f"payoffs must be finite, or NaN where nothing was played; entry ({a}, {b}, {e}) is infinite")
    return table, ~np.isnan(table)


def episodes_needed(error: float, *, span: float, n_cells: int = 1, delta: float = 0.05) -> int:
    """Return how many episodes a cell needs so that all cell means are within `error`, by Hoeffding's inequality.

    ``n = ⌈ln(2 C / δ) span² / (2 ε²)⌉`` for C cells.

    Parameters
    ----------
    error : ε, in units of the return.
    span : largest less smallest return that an episode can have.
    n_cells : C.
    delta : probability δ that some cell is further off.

    Raises
    ------
    ValueError : an argument is not positive, or `delta` is not inside (0, 1).

    Examples
    --------
    >>> episodes_needed(0.05, span=1.0)
    738
    """
    if not (error > 0 and span > 0 and n_cells >= 1 and 0 < delta < 1):
        raise ValueError(
            f"error and span must be positive, n_cells at least 1 and delta inside (0, 1); not {error}, {span}, "
            f"{n_cells} and {delta}"
        )
    return int(np.ceil(np.log(2 * n_cells / delta) * span**2 / (2 * error**2)))
