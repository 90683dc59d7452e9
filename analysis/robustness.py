"""How policies do against opponents they never met: mean, worst case, the worst share, and what is lost from training.

The smallest of many noisy means is too small by chance. So the opponents are ordered by one half of the episodes and
measured on the other, each half in turn. The opponent that half chooses may not be the worst: the value is an upper
bound, in expectation, of the true worst case among these opponents.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.cross_play import checked_payoffs
from nashlens.analysis.results import Array, BoolArray, Bound, Record, read_only
from nashlens.analysis.shared_episodes import cell_means, influences, shared_error, with_shared_episodes
from nashlens.analysis.statistics import Intervals, student_t

_LABELS = ("mean", "worst_case", "cvar", "generalisation_gap")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Robustness:
    """How each of A runs does against held-out opponents.

    Attributes
    ----------
    runs : ``[A, 4]``; each run's mean, worst case, mean of the worst share, and generalisation gap; NaN where nothing
        was played, too little to split, or no training opponent is named.
    mean, worst_case, cvar, generalisation_gap : means over runs with Student's intervals, for these opponents, to which
        is added what shared episodes leave open.
    share : of opponents that ``cvar`` averages over.
    n_empty : cells that were not played, left out.
    bound : of the mean and the gap an ``estimate``; `worst_case` and `cvar` are upper bounds in expectation.
    """

    runs: Array
    mean: Intervals
    worst_case: Intervals
    cvar: Intervals
    generalisation_gap: Intervals
    share: float
    n_empty: int
    bound: Bound = "estimate"
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return one row a measure."""
        rows = []
        for label in _LABELS:
            (row,) = getattr(self, label).to_records()
            bound: Bound = "upper" if label in {"worst_case", "cvar"} else "estimate"
            rows.append({**row, "metric": f"robustness_{label}", "bound": bound, "n_empty": self.n_empty})
        return rows


def robustness(
    payoffs: npt.ArrayLike, *, trained_with: npt.ArrayLike | None = None, share: float = 0.25, level: float = 0.95
) -> Robustness:
    """Robustness of each row's policy against the columns that it was not trained with.

    Parameters
    ----------
    payoffs : ``[A, B, E]``; returns of the rows' role, the same E episodes in every cell. A cell that is NaN throughout
        was not played. One episode, or equal ones, are taken for expectations.
    trained_with : ``[A, B]``; True where row and column were trained together; those cells are not held out. None if
        all are.
    share : α, the share of the worst opponents that ``cvar`` averages over.
    level : confidence level of the intervals over rows.

    Returns
    -------
    Robustness.

    Raises
    ------
    ValueError : a shape does not fit, a return is infinite, or `share` is not inside (0, 1].

    Notes
    -----
    The intervals are for these opponents: all rows meet the same columns, and another set of opponents would move all
    rows together. Build the held-out set of other seeds and other algorithms, and add a learned best response. Episodes
    are shared too, and what they leave open is added (see `shared_episodes`); each half of the episodes with the
    opponents that the other half chose, as if these were given. The value moves with the episodes that measure until
    another opponent is chosen, so that this is its variance to first order; what the choice itself owes to the
    episodes is left out.
    """
    table, played = checked_payoffs(payoffs)
    if not 0 < share <= 1:
        raise ValueError(f"share must be inside (0, 1], not {share}")
    together = np.zeros(table.shape[:2], dtype=np.bool_)
    if trained_with is not None:
        given = np.asarray(trained_with)
        if given.shape != together.shape or given.dtype != np.bool_:
            raise ValueError(
                f"trained_with must be True or False of shape {together.shape}, not {given.dtype} of {given.shape}"
            )
        together = given
    cells = cell_means(table, played)
    by_episode = influences(table)
    rows, moves = np.full((len(table), 4), np.nan), np.full((len(table), 4, table.shape[2]), np.nan)
    for a in range(len(table)):
        held_out = ~together[a] & ~np.isnan(cells[a])
        known = together[a] & ~np.isnan(cells[a])
        if held_out.any():
            rows[a, 0] = cells[a, held_out].mean()
            moves[a, 0] = by_episode[a, held_out].mean(axis=0)
            rows[a, 1:3], moves[a, 1:3] = _lowest(table[a, held_out], played[a, held_out], share)
        if held_out.any() and known.any():
            rows[a, 3] = cells[a, known].mean() - rows[a, 0]
            moves[a, 3] = by_episode[a, known].mean(axis=0) - moves[a, 0]
    errors = shared_error(moves.mean(axis=0))
    over_runs = [student_t(rows[:, k], level=level, unit="run", metric=label) for k, label in enumerate(_LABELS)]
    found = [with_shared_episodes(each, errors[k], n_episodes=table.shape[2]) for k, each in enumerate(over_runs)]
    return Robustness(
        runs=read_only(rows),
        mean=found[0],
        worst_case=found[1],
        cvar=found[2],
        generalisation_gap=found[3],
        share=share,
        n_empty=int(np.isnan(cells).sum()),
    )


def _lowest(table: Array, played: BoolArray, share: float) -> tuple[Array, Array]:
    """Return worst case and mean of the worst share of ``[B, E]``, ``[2]``; chosen and measured on different halves.

    Also how much each episode moves them ``[2, E]``, with the opponents as chosen.
    """
    even = np.arange(table.shape[1]) % 2 == 0
    halves = (even, ~even)
    values = [cell_means(table[None, :, half], played[None, :, half])[0] for half in halves]
    moves = np.zeros((2, table.shape[1]))
    if np.isnan(values).any():
        return np.full(2, np.nan), np.full_like(moves, np.nan)
    weights = worst_share(len(table), share)
    found = []
    for chooses, reports in ((0, 1), (1, 0)):
        order = np.argsort(values[chooses], kind="stable")
        ordered = values[reports][order]
        found.append([ordered[0], weights @ ordered])
        each = influences(table[order][:, halves[reports]]) / 2
        moves[:, halves[reports]] = each[0], weights @ each
    return np.asarray(np.mean(found, axis=0)), moves


def worst_share(n: int, share: float) -> Array:
    """Return the weights ``[n]`` of the mean of the worst share of n values in rising order.

    >>> worst_share(4, 0.375).round(6).tolist()
    [0.666667, 0.333333, 0.0, 0.0]
    """
    weights: Array = np.clip(share * n - np.arange(n), 0.0, 1.0) / (share * n)
    return weights
