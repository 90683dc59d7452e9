"""Reports: suites of runs, the store they live in, measures, tables, figures and the page that shows them.

The only room that touches files. Nothing heavy is imported before it is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

__all__ = ["load"]


def load(path: str | Path, *, suite: str | None = None) -> pd.DataFrame:
    """Return the tidy frame of a stored suite, for a notebook.

    Parameters
    ----------
    path : the output folder of a suite.
    suite : its name; may be left out where the folder holds one suite only.

    Returns
    -------
    Frame with the columns ``suite, game, algorithm, run_id, seed, step, agent, metric, value, bound, unit, n``.

    Raises
    ------
    ValueError : the folder is no store, or does not hold that suite, or a run is damaged.
    """
    from nashlens.reports.export import tidy_frame
    from nashlens.reports.store import Store

    store = Store.existing(path)
    return tidy_frame(store, store.suite(suite))
