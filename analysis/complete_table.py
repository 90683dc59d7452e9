"""The part of a cross-play table that was played throughout."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from nashlens.analysis.results import Bound, Record
from nashlens.analysis.statistics import numbers


@dataclass(frozen=True, slots=True, kw_only=True)
class CompleteTable:
    """Rows and columns without an empty cell between them.

    Attributes
    ----------
    rows, columns : indices of those kept, rising.
    n_empty : empty cells of the whole table.
    bound : a ``lower`` bound of how many could be kept, because rows and columns are dropped one at a time.
    """

    rows: tuple[int, ...]
    columns: tuple[int, ...]
    n_empty: int
    bound: Bound = "lower"
    references: tuple[str, ...] = ()

    def to_records(self) -> list[Record]:
        """Return one row for the rows and one for the columns."""
        return [
            {"metric": f"complete_{name}", "value": len(kept), "kept": list(kept), "n_empty": self.n_empty}
            | {"bound": self.bound}
            for name, kept in (("rows", self.rows), ("columns", self.columns))
        ]


def complete_table(cells: npt.ArrayLike, *, paired: bool = False) -> CompleteTable:
    """Drop the row or column with most empty cells until none is left.

    Parameters
    ----------
    cells : ``[A, B]``; NaN where nothing was played.
    paired : True if rows and columns are the same runs: then a run is dropped on both sides.

    Raises
    ------
    ValueError : `cells` is no matrix, is infinite, is not square though `paired`, or nothing is left.
    """
    table = numbers(cells, name="cells")
    square = table.ndim == 2 and table.shape[0] == table.shape[1]
    if table.ndim != 2 or table.size == 0 or np.isinf(table).any() or (paired and not square):
        wanted = "[A, A] for one population" if paired else "[A, B]"
        raise ValueError(f"cells must be {wanted}, finite or NaN for empty cells; its shape is {table.shape}")
    empty = np.isnan(table)
    rows, columns = np.ones(len(table), dtype=np.bool_), np.ones(table.shape[1], dtype=np.bool_)
    while (open_cells := empty & rows[:, None] & columns).any():
        in_rows, in_columns = open_cells.sum(axis=1), open_cells.sum(axis=0)
        if paired:
            worst = int(np.argmax(in_rows + in_columns))
            rows[worst] = columns[worst] = False
        elif in_rows.max() / columns.sum() >= in_columns.max() / rows.sum():
            rows[int(np.argmax(in_rows))] = False
        else:
            columns[int(np.argmax(in_columns))] = False
    if not rows.any() or not columns.any():
        raise ValueError("cells must hold a row and a column without an empty cell between them; none is left")
    kept_rows, kept_columns = (tuple(int(k) for k in np.flatnonzero(kept)) for kept in (rows, columns))
    return CompleteTable(rows=kept_rows, columns=kept_columns, n_empty=int(empty.sum()))
