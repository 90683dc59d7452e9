"""The table of the chapter on stale replay: one row a game, quantity and algorithm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from nashlens.reports.instruments.drift_frames import over_agents
from nashlens.reports.instruments.estimate_rows import estimate_row, estimates_as_table
from nashlens.reports.instruments.replay_quantities import QUANTITIES
from nashlens.reports.instruments.seed_estimates import known_estimate
from nashlens.reports.quantities import quantity
from nashlens.reports.tables import Table

P_LEVEL = 0.05
TESTS = tuple(each.name for each in QUANTITIES if each.value_unit == "probability")


def replay_table(frame: pd.DataFrame, *, left_out: str = "") -> Table:
    """Return every quantity's mean over seeds with its interval.

    Parameters
    ----------
    frame : tidy, with each agent's own numbers: shares of p-values are taken before agents are averaged.
    left_out : names and counts the runs that are not in the frame, for the caption.
    """
    return estimates_as_table(
        pd.DataFrame(list(_rows(over_agents(_told(frame))))),
        name="replay-staleness",
        title="What replay is worth and what it teaches",
        caption="Mean over agents (and over snapshots, where there is one number at each) of each quantity, then over "
        "seeds with its 95% Student's t interval, cut at 0 for what cannot be below and at 1 for what cannot be above. "
        f"Of p-values the share at or below {P_LEVEL} stands. {left_out}".rstrip(),
        labels={"game": "game", "quantity": "quantity", "algorithm": "algorithm", "each": "each seed"},
    )


def _told(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with p-values by whether they are small."""
    values = frame["value"]
    small = (values <= P_LEVEL).astype(float).where(values.notna())
    return frame.assign(value=values.where(~frame["metric"].isin(list(TESTS)), small))


def _rows(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    known = [each.name for each in QUANTITIES if (frame["metric"] == each.name).any()]
    for game, part in frame.groupby("game", sort=False):
        for name in known:
            for algorithm, rows in part[part["metric"] == name].groupby("algorithm", sort=False):
                what = quantity(name)
                values, title, unit = rows["value"], what.title, what.value_unit
                if name in TESTS:
                    title, unit = f"Share of agents with p ≤ {P_LEVEL}{what.title.removeprefix('p-value')}", "0 to 1"
                yield estimate_row(
                    known_estimate(values.groupby(rows["seed"]).mean(), what),
                    game=str(game),
                    quantity=f"{title} ({unit})",
                    algorithm=str(algorithm),
                    each=", ".join(rows["bound"].unique()),
                )
