"""Where learners of the joint action stop: what each would hold in every game, counted before anything is made."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from nashlens.agents.joint_size import JointSize, check_joint_size, joint_size
from nashlens.agents.spec_settings import spec_from_settings
from nashlens.reports.instruments.contract import Comparisons
from nashlens.reports.instruments.learner_size import joint_settings
from nashlens.reports.tables import Table
from nashlens.reports.words import counted

REFUSED = "joint learner, refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Joint:
    """What a learner of the joint action is, or would be, in one game.

    Attributes
    ----------
    game : the suite's label.
    size : counted.
    refusal : why it refuses to be made; empty where it does not.
    """

    game: str
    size: JointSize
    refusal: str


def joint_sizes(comparisons: Mapping[str, Comparisons]) -> list[Joint]:
    """Return the learner of the joint action in every game, with its settings where it was trained in one at least.

    Parameters
    ----------
    comparisons : what was compared, by game; `told` holds the games and the settings of joint learners.
    """
    told = [row for found in comparisons.values() for row in found["told"].to_dict("records")]
    given = [str(row["settings"]) for row in told if row["settings"]]
    if not given:
        return []
    settings = joint_settings(json.loads(given[0]))
    found = []
    for row in told:
        spec = spec_from_settings(json.loads(row["spec"]))
        try:
            check_joint_size(spec, settings, n_seeds=1)
            refusal = ""
        except ValueError as error:
            refusal = str(error)
        found.append(Joint(game=str(row["game"]), size=joint_size(spec, settings), refusal=refusal))
    return sorted(found, key=lambda each: each.size.n_agents)


def where_it_stops(sizes: Sequence[Joint]) -> list[str]:
    """Say up to which number of agents the joint learner can be made, and what it would need beyond."""
    if not sizes:
        return []
    refused = [each for each in sizes if each.refusal]
    if not refused:
        largest = sizes[-1].size
        return [
            f"The learner of the joint action was not refused: the largest game has {largest.n_joint_actions:,} joint "
            f"actions of {counted(largest.n_agents, 'agent')}. Where it stops is not shown."
        ]
    first = refused[0]
    made = [each for each in sizes if not each.refusal and each.size.n_agents < first.size.n_agents]
    before = f"stops after N = {made[-1].size.n_agents}: " if made else "never starts: "
    return [
        f"A value of every joint action {before}with N = {first.size.n_agents} agents the learner of the joint action "
        f"is refused before anything is allocated ({first.refusal}). An update would take "
        f"{first.size.update_multiply_adds:,} multiply-adds."
    ]


def refused_rows(rows: pd.DataFrame, sizes: Sequence[Joint]) -> pd.DataFrame:
    """Return rows of the joint learner from the last size that can be made on, one for each seed that the game has.

    Parameters
    ----------
    rows : of ``jq_log_bytes``, all algorithms.
    sizes : of `joint_sizes`; without a refused one there are no rows.
    """
    first = next((k for k, each in enumerate(sizes) if each.refusal), len(sizes))
    parts = []
    for k, each in enumerate(sizes):
        if each.refusal or k == first - 1 < len(sizes) - 1:
            own = rows[rows["game"] == each.game].drop_duplicates("seed")
            parts.append(own.assign(algorithm=REFUSED, value=np.log10(each.size.parameter_bytes)))
    return pd.concat(parts, ignore_index=True) if parts else rows.iloc[:0]


def sizes_table(sizes: Sequence[Joint]) -> Table:
    """Return the table of what the joint learner holds and costs in every game, refused or not."""
    rows = [
        {
            "game": each.game,
            "n_agents": each.size.n_agents,
            "n_joint_actions": each.size.n_joint_actions,
            "n_parameters": each.size.n_parameters,
            "parameter_bytes": each.size.parameter_bytes,
            "minibatch_bytes": each.size.minibatch_bytes,
            "update_multiply_adds": each.size.update_multiply_adds,
            "status": f"refused: {each.refusal}" if each.refusal else "can be made",
        }
        for each in sizes
    ]
    words = tuple(
        tuple(f"{value:,}" if isinstance(value, int) else str(value) for value in row.values()) for row in rows
    )
    return Table(
        name="joint-sizes",
        title="What a value of every joint action takes",
        caption="Counted from the settings of the joint learner before anything is allocated: exact, of one seed. The "
        "bytes of the parameters are those of the network, its gradient, its target and the optimiser's two moments; "
        "the bytes of a minibatch those of its values.",
        header=(
            "game",
            "agents",
            "joint actions",
            "parameters",
            "bytes of the parameters",
            "bytes of a minibatch",
            "multiply-adds an update",
            "what becomes of it",
        ),
        rows=words,
        numeric=frozenset(range(1, 7)),
        data=pd.DataFrame(rows),
    )
