"""The table of published numbers beside the measured ones."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from nashlens.reports import published
from nashlens.reports.conventions import GameFacts
from nashlens.reports.published import Counterpart
from nashlens.reports.tables import CELL_COLUMNS, Table
from nashlens.reports.words import counted, number, with_interval

LAST_DIVERGENCE = "last_kl_model_true_target_replay"
TAKEN = [column for column in CELL_COLUMNS if column not in {"low", "high"}]
COMPARED = (
    "end_target_reach",
    "end_distance",
    "success",
    "training_return",
    LAST_DIVERGENCE,
    "episode_touches",
    "end_agents_success",
    "end_adversary_success",
)


def published_table(estimates: pd.DataFrame, facts: Mapping[str, GameFacts]) -> Table | None:
    """Return the table, or None where nothing that was measured has a published counterpart.

    Parameters
    ----------
    estimates : as `estimates.final_estimates` returns them, for all metrics.
    facts : of every game, by label.
    """
    data = published_rows(estimates, facts)
    if data.empty:
        return None
    rows = tuple(
        (
            str(row["game"]),
            str(row["quantity"]),
            str(row["algorithm"]),
            with_interval(float(row["measured"]), float(row["low"]), float(row["high"])),
            counted(int(row["n"]), "seed"),
            number(float(row["published"])),
            str(row["source"]),
            comparison_words({str(key): value for key, value in row.items()}),
        )
        for row in data.to_dict("records")
    )
    return Table(
        name="published",
        title="Published beside measured",
        caption=f"Published numbers ({published.SOURCE}) have no interval: the last column only says where they lie "
        "against ours. The paper's TRPO is a first-order variant. Target reach, distance and success are taken here at "
        "the last step of fresh episodes of the final "
        "policies, and a target counts as reached within the game's reach_radius; the paper states neither the radius "
        "nor the step. Figures 4 and 6 are read at their last published episode, whatever the length of training "
        "here.",
        header=("game", "quantity", "algorithm", "measured", "n", "published", "where", "published value"),
        rows=rows,
        numeric=frozenset({3, 4, 5}),
        data=data,
    )


def published_rows(estimates: pd.DataFrame, facts: Mapping[str, GameFacts]) -> pd.DataFrame:
    """Return every measured estimate that has a published counterpart, with it.

    Parameters
    ----------
    estimates : as `estimates.final_estimates` returns them.
    facts : of every game, by label; the kinds of a game's learners decide which published row is meant.

    Returns
    -------
    Frame with ``game, algorithm, quantity, measured``, `tables.CELL_COLUMNS`, ``published, source``.
    """
    rows = []
    for row in estimates.to_dict("records"):
        about = facts[str(row["game"])]
        for each in _counterparts(str(row["metric"]), str(row["agent"]), str(row["algorithm"]), about):
            rows.append(
                {
                    "game": row["game"],
                    "algorithm": row["algorithm"],
                    "quantity": each.quantity,
                    "measured": each.factor * row["value"],
                    "low": each.factor * row["low"],
                    "high": each.factor * row["high"],
                    **{column: row[column] for column in TAKEN},
                    "published": each.value,
                    "source": each.source,
                }
            )
    columns = ["game", "algorithm", "quantity", "measured", *CELL_COLUMNS, "published", "source"]
    return pd.DataFrame(rows, columns=columns)


def _counterparts(metric: str, agent: str, algorithm: str, about: GameFacts) -> list[Counterpart]:
    """Return what is published of a metric of an algorithm in a game."""
    paired = published.pairing(about.name, about.parameters, about.kind_of_side.get(algorithm, {}))
    if paired:
        return [each for each in paired if each.metric == metric]
    kind = about.kind_of.get(algorithm, "")
    if kind not in published.KINDS or not published.is_comparable(about.name, about.parameters):
        return []
    theirs = published.KINDS[kind]
    first = published.table("table1_cooperative_communication").set_index("algorithm")
    success = _end("figure6_policy_learning_success_rate", theirs)
    returned = _end("figure4_cooperative_communication_reward", theirs)
    found = [
        ("end_target_reach", "target reach, percent", 100.0, first["target_reach_percent"][theirs], "table 1"),
        ("end_distance", "average distance", 1.0, first["average_distance"][theirs], "table 1"),
        ("success", "share of runs that learned", 1.0, success, "figure 6"),
        ("training_return", "return in training", 1.0, returned, "figure 4"),
    ]
    late = published.last_divergences()
    if agent in late:
        found.append((LAST_DIVERGENCE, f"divergence, {agent}, last 500 updates, nats", 1.0, late[agent], "figure 7"))
    return [
        Counterpart(metric=name, quantity=words, factor=factor, value=float(value), source=source)
        for name, words, factor, value, source in found
        if name == metric
    ]


def _end(name: str, kind: str) -> float:
    curve = published.table(name).sort_values("thousand_episodes")
    return float(curve[kind].to_numpy(dtype=np.float64)[-1])


def comparison_words(row: Mapping[str, object]) -> str:
    """Say on which side of the measured interval a published number lies."""
    low, high, value = (float(str(row[key])) for key in ("low", "high", "published"))
    if not np.isfinite([low, high]).all():
        return f"no interval to hold {number(value)} against"
    if low <= value <= high:
        return "inside the measured interval"
    return "above the measured interval" if value > high else "below the measured interval"
