"""The table of who moved whose value, in games of three agents or more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import pandas as pd

from nashlens.reports.conventions import GameFacts
from nashlens.reports.instruments.estimate_rows import estimate_row, estimates_as_table
from nashlens.reports.instruments.movement_quantities import MAX_AGENTS, shapley_name
from nashlens.reports.instruments.seed_estimates import seed_estimate
from nashlens.reports.tables import Table

NUMBER = {shapley_name(j): j for j in range(MAX_AGENTS)}


def shapley_table(frame: pd.DataFrame, facts: Mapping[str, GameFacts]) -> Table | None:
    """Return every agent's Shapley share, in size, in its own and in others' changes of value; None without any.

    Parameters
    ----------
    frame : tidy, with each agent's own numbers.
    facts : of every game by label.
    """
    rows = pd.DataFrame(list(_rows(frame, facts)))
    if rows.empty:
        return None
    return estimates_as_table(
        rows,
        name="ns-shapley",
        title="Who moved whose value",
        caption="Shapley value of each agent's move to its new policy in the change of an agent's value from one "
        "snapshot to the next, in size: of its own value, and of another's, the mean over the others; of everybody's "
        "where all have one value. Mean over snapshots, then over seeds with its 95% Student's t interval, cut at 0. "
        "All agents' shares, signs kept, add up to the change exactly; sizes do not. Games of three agents or more; "
        "exact for each seed in matrix, repeated and sequential games, an estimate from episodes elsewhere, whose "
        "sizes are biased upwards by sampling.",
        labels={"game": "game", "algorithm": "algorithm", "moved": "who moved", "whose": "whose value"},
    )


def _rows(frame: pd.DataFrame, facts: Mapping[str, GameFacts]) -> Iterator[dict[str, Any]]:
    shares = frame[frame["metric"].isin(list(NUMBER))]
    for (game, algorithm, metric), part in shares.groupby(["game", "algorithm", "metric"], sort=False):
        known = facts.get(str(game))
        agents = known.agents if known else tuple(str(each) for each in part["agent"].unique())
        moved = agents[NUMBER[str(metric)]]
        for whose, values in _sizes(part, moved).items():
            yield estimate_row(
                seed_estimate(values, least=0.0), game=str(game), algorithm=str(algorithm), moved=moved, whose=whose
            )


def _sizes(part: pd.DataFrame, moved: str) -> dict[str, pd.Series]:
    """Return sizes by seed: of an agent's share in its own value and in another's, or in everybody's if all agree."""
    sizes = part.assign(value=part["value"].abs())
    is_own = sizes["agent"] == moved
    own, others = (sizes[chosen].groupby("seed")["value"].mean() for chosen in (is_own, ~is_own))
    if np.allclose(part.groupby(["seed", "step"])["value"].agg(np.ptp), 0.0, atol=1e-9):
        return {"everybody's": own}
    return {"its own": own, "another's": others}
