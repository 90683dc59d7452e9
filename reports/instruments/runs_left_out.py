"""Runs that an instrument does not apply to: named and counted with the reason, so that none is missing in silence."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

import pandas as pd

from nashlens.analysis.results import Estimate
from nashlens.reports.estimates import LEVEL
from nashlens.reports.instruments.contract import Comparisons
from nashlens.reports.instruments.estimate_rows import ESTIMATE_COLUMNS, estimate_row
from nashlens.reports.words import counted

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

LEFT_OUT = "left_out"


def left_out_runs(
    runs: Mapping[str, Sequence[TrainingRun]], why: Callable[[TrainingRun], str], *, label: str
) -> pd.DataFrame:
    """Return one row for each algorithm that is left out, with the number of its runs.

    Parameters
    ----------
    runs : finished runs by algorithm; those of one algorithm share their settings, so that its first one decides.
    why : the reason for which a run is left out; empty where it is not.
    label : what the suite calls the game.
    """
    rows = []
    for algorithm, own in runs.items():
        reason = why(own[0])
        if reason:
            count = Estimate(
                value=float(len(own)),
                low=math.nan,
                high=math.nan,
                level=LEVEL,
                method="count",
                n=len(own),
                unit="run",
                bound="exact",
                reason=reason,
            )
            rows.append(estimate_row(count, game=label, algorithm=algorithm))
    return pd.DataFrame(rows, columns=["game", "algorithm", *ESTIMATE_COLUMNS])


def left_out_sentences(comparisons: Mapping[str, Comparisons], *, what: str) -> Iterator[str]:
    """Yield one sentence for each reason: which runs are left out, and how many.

    Parameters
    ----------
    comparisons : by game; frames of `left_out_runs` under `LEFT_OUT`, where there are any.
    what : what was not measured of them.
    """
    frames = [each[LEFT_OUT] for each in comparisons.values() if LEFT_OUT in each and len(each[LEFT_OUT])]
    if not frames:
        return
    together = pd.concat(frames, ignore_index=True)
    for reason, part in together.groupby("reason", sort=False):
        words = [
            f"{row['game']}, {row['algorithm']}: {counted(int(row['n']), 'run')}" for row in part.to_dict("records")
        ]
        yield f"{what} is not measured where {reason}: {'; '.join(words)}."
