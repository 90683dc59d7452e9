"""The table of the chapter on non-stationarity: one row a game, quantity and algorithm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from nashlens.reports.instruments.estimate_rows import estimate_row, estimates_as_table
from nashlens.reports.instruments.movement_quantities import PARTS
from nashlens.reports.instruments.nonstationarity_quantities import QUANTITIES
from nashlens.reports.instruments.seed_estimates import seed_estimate
from nashlens.reports.quantities import quantity
from nashlens.reports.tables import Table

LEVEL = 0.05
SIZES = tuple(f"ns_value_{part}" for part in PARTS)
P = "ns_outcome_p"


def nonstationarity_table(frame: pd.DataFrame) -> Table:
    """Return the mean over snapshots of every quantity, with its interval over seeds.

    Parameters
    ----------
    frame : tidy, agents averaged.
    """
    return estimates_as_table(
        pd.DataFrame(list(_rows(frame))),
        name="nonstationarity",
        title="What each agent's world did",
        caption="Mean over snapshots and agents of each quantity, then over seeds with its 95% Student's t interval, "
        "cut at 0 for what cannot be below. Changes of value count in size. Of p-values the share at or below "
        f"{LEVEL} stands, which would be about {LEVEL} if nothing moved. Every seed's number is exact in matrix, "
        "repeated and sequential games and an estimate elsewhere; the mean over seeds is always an estimate. Drifts "
        "grow with the distance of snapshots, which is the same for all algorithms of a game.",
        labels={"game": "game", "quantity": "quantity", "algorithm": "algorithm", "each": "each seed"},
    )


def _rows(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    known = [each.name for each in QUANTITIES if (frame["metric"] == each.name).any()]
    for game, part in frame.groupby("game", sort=False):
        for name in known:
            own = part[part["metric"] == name]
            for algorithm, rows in own.groupby("algorithm", sort=False):
                what = quantity(name)
                values = rows["value"].abs() if name in SIZES else rows["value"]
                title = f"{what.title}, in size" if name in SIZES else what.title
                if name == P:
                    values, title = (values <= LEVEL).astype(float), f"Share of comparisons with p ≤ {LEVEL}"
                each = values.groupby(rows["seed"]).mean()
                least = 0.0 if name in SIZES else what.least
                yield estimate_row(
                    seed_estimate(each, least=least),
                    game=str(game),
                    quantity=f"{title} ({what.value_unit})",
                    algorithm=str(algorithm),
                    each=", ".join(rows["bound"].unique()),
                )
