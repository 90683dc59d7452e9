"""What cross-play measures of single runs, over seeds: diversity of sub-policies, and trained opponents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from nashlens.reports.conventions import GameFacts
from nashlens.reports.instruments.estimate_rows import ESTIMATE_COLUMNS, estimate_row, over_seeds
from nashlens.reports.instruments.trained_opponents import AGAINST, PARTNER

SUB_POLICY_DIVERSITY = "sub_policy_diversity"
LABELS = {
    "sub_policies": ("game", "agent", "algorithm"),
    "opponents": ("game", "side", "algorithm", "quantity", "n_empty"),
}


def run_frames(measured: pd.DataFrame | None, facts: Mapping[str, GameFacts]) -> dict[str, pd.DataFrame]:
    """Return by name the frames of means over seeds of what was measured of single runs.

    Parameters
    ----------
    measured : the tidy frame; None if nothing was measured.
    facts : of every game by label.

    Returns
    -------
    ``sub_policies``, and ``opponents`` with what a side gets against a trained opponent, an upper bound in expectation
    where payoffs add to a constant unless it was computed, and what it loses to it from its training partner, paired by
    seed.
    """
    rows: dict[str, list[dict[str, Any]]] = {name: [] for name in LABELS}
    if measured is not None and len(measured):
        measured = measured.astype({"value": np.float64})  # of objects, where some run has no rows
        rows["sub_policies"] += _diversities(measured)
        rows["opponents"] += _opponents(measured, facts)
    return {name: pd.DataFrame(rows[name], columns=[*labels, *ESTIMATE_COLUMNS]) for name, labels in LABELS.items()}


def _diversities(measured: pd.DataFrame) -> Iterator[dict[str, Any]]:
    own = measured[measured["metric"] == SUB_POLICY_DIVERSITY]
    for (game, algorithm, agent), part in own.groupby(["game", "algorithm", "agent"], sort=False):
        mean = over_seeds(part.set_index("seed")["value"].sort_index().to_numpy())
        within = replace(mean, low=np.clip(mean.low, 0.0, 1.0), high=np.clip(mean.high, 0.0, 1.0))  # a share
        yield estimate_row(within, game=str(game), agent=str(agent), algorithm=str(algorithm))


def _opponents(measured: pd.DataFrame, facts: Mapping[str, GameFacts]) -> Iterator[dict[str, Any]]:
    own = measured[measured["metric"].isin([AGAINST, PARTNER])]
    for (game, algorithm, side), part in own.groupby(["game", "algorithm", "agent"], sort=False):
        wide = part.pivot_table(index="seed", columns="metric", values="value").sort_index()
        labels: dict[str, Any] = {"game": str(game), "side": str(side), "algorithm": str(algorithm)}
        exact = bool((part["bound"] == "exact").all())
        opposed = facts[str(game)].constant_sum
        against = over_seeds(wide[AGAINST].to_numpy(), higher_is_better=True)
        lost = over_seeds((wide[PARTNER] - wide[AGAINST]).to_numpy(), higher_is_better=False)
        against = replace(against, bound="exact" if exact else "upper" if opposed else "estimate")
        lost = replace(lost, bound="exact" if exact else "lower" if opposed else "estimate")
        for quantity, estimate in (("trained_opponent", against), ("lost_to_trained", lost)):
            yield estimate_row(estimate, **labels, quantity=quantity, n_empty=0)
