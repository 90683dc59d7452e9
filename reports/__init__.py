"""Reports: suites of runs, the store they live in, measures, tables, figures and the page that shows them.

The only room that touches files. Nothing heavy is imported before it is needed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

__all__ = ["load"]


def load(path: str | Path, *, suite: str | None = None, measure: bool = True) -> pd.DataFrame:
    """Return the tidy frame of a stored suite, for a notebook.

    Finished runs that are not measured yet, as while a suite still trains or where another version measured them, are
    measured now. That can take minutes, is kept for the next time, and is warned of before it begins.

    Parameters
    ----------
    path : the output folder of a suite.
    suite : its name; may be left out where the folder holds one suite only.
    measure : False to leave out what is not measured yet instead, and to be warned of how many runs that are.

    Returns
    -------
    Frame with the columns ``suite, game, algorithm, run_id, seed, step, agent, metric, value, bound, unit, n``.

    Raises
    ------
    ValueError : the folder is no store, or does not hold that suite, or a run is damaged.
    """
    import warnings

    from nashlens.reports.export import tidy_frame, unmeasured_runs
    from nashlens.reports.store import Store
    from nashlens.reports.words import counted

    store = Store.existing(path)
    found = store.suite(suite)
    waiting, n_done = unmeasured_runs(store, found)
    if waiting:
        runs = f"{len(waiting)} of {counted(n_done, 'finished run')}"
        warnings.warn(
            f"measuring {runs}, which can take minutes and is kept for the next time; measure=False leaves them out"
            if measure
            else f"leaving out {runs} not measured yet; measure=True measures them",
            stacklevel=2,
        )
    return tidy_frame(store, found, leave_out=() if measure else waiting)
