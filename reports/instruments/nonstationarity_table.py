"""The table of the chapter on non-stationarity: one row a game, quantity and algorithm."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pandas as pd

from nashlens.reports.instruments.drift_frames import at_the_end, over_agents
from nashlens.reports.instruments.estimate_rows import estimate_row, estimates_as_table
from nashlens.reports.instruments.movement_quantities import MAX_AGENTS, PARTS, shapley_name
from nashlens.reports.instruments.nonstationarity_quantities import QUANTITIES
from nashlens.reports.instruments.seed_estimates import known_estimate, seed_estimate
from nashlens.reports.quantities import quantity
from nashlens.reports.tables import Table

LEVEL = 0.05
SIZES = tuple(f"ns_value_{part}" for part in PARTS)
TESTS = {
    "ns_outcome_p": f"Share of comparisons with p ≤ {LEVEL} of no drift",
    "ns_others_p": f"Share of agents with p ≤ {LEVEL} of no change of value by the others",
}
ENDS = ("ns_policy_path", "ns_policy_straight")


def nonstationarity_table(frame: pd.DataFrame, *, left_out: str = "") -> Table:
    """Return the mean over snapshots of every quantity, with its interval over seeds.

    Parameters
    ----------
    frame : tidy, with each agent's own numbers: sizes and shares are taken before agents are averaged.
    left_out : names and counts the runs that are not in the frame, for the caption.
    """
    return estimates_as_table(
        pd.DataFrame(list(_rows(over_agents(_told(frame))))),
        name="nonstationarity",
        title="What each agent's world did",
        caption="Mean over snapshots and agents of each quantity, then over seeds with its 95% Student's t interval, "
        "cut at 0 for what cannot be below and at 1 for what cannot be above. Changes of value count in size. The "
        "lengths of policies' paths and their distances from the first are those at the end. Of p-values the share at "
        f"or below {LEVEL} stands, which would be about {LEVEL} if nothing moved. Every seed's number is exact in "
        "matrix, repeated and sequential games and an estimate elsewhere; the mean over seeds is always an estimate. "
        "Drifts grow with the distance of snapshots, which is the same for all algorithms of a game. "
        f"{left_out}".rstrip(),
        labels={"game": "game", "quantity": "quantity", "algorithm": "algorithm", "each": "each seed"},
    )


def _told(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a frame with changes of value by their size, and p-values by whether they are small."""
    values, metric = frame["value"], frame["metric"]
    small = (values <= LEVEL).astype(float).where(values.notna())
    told = values.where(~metric.isin(SIZES), values.abs()).where(~metric.isin(list(TESTS)), small)
    return frame.assign(value=told)


def _rows(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    present = set(frame["metric"]) - {shapley_name(j) for j in range(MAX_AGENTS)}  # those have a table of their own
    known = [each.name for each in QUANTITIES if each.name in present]
    for game, part in frame.groupby("game", sort=False):
        for name in known:
            own = part[part["metric"] == name]
            for algorithm, rows in own.groupby("algorithm", sort=False):
                what = quantity(name)
                chosen = at_the_end(rows) if name in ENDS else rows
                title = f"{what.title}, in size" if name in SIZES else TESTS.get(name, what.title)
                each = chosen["value"].groupby(chosen["seed"]).mean()
                found = seed_estimate(each, least=0.0) if name in SIZES else known_estimate(each, what)
                yield estimate_row(
                    found,
                    game=str(game),
                    quantity=f"{title} ({what.value_unit})",
                    algorithm=str(algorithm),
                    each=", ".join(rows["bound"].unique()),
                )
