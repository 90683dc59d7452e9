"""Runs whose replay cannot be weighed: why, as rows of their own, and in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pandas as pd

from nashlens.games import Game
from nashlens.games.core import Choice
from nashlens.reports.correlated_measures import draws_together
from nashlens.reports.instruments.replayed_transitions import keeps_replay
from nashlens.reports.measure_rows import Row, row
from nashlens.reports.quantities import Quantity
from nashlens.reports.words import counted, listed

if TYPE_CHECKING:
    from nashlens.agents.records import TrainingRun

PREFIX = "rs_left_out_"
REASONS = {
    "alone": "there is one agent, and nobody else to change",
    "no_replay": "its learners keep no replay",
    "no_probabilities": "its actions have no probabilities, as they are real-valued or soft",
    "memory": "its policies have memory",
    "together": "its agents draw together, so that no one's actions have probabilities of their own",
}
LEFT_OUT = tuple(
    Quantity(
        name=f"{PREFIX}{reason}",
        title=f"Left out, {reason.replace('_', ' ')}",
        value_unit="run",
        definition=f"1 for a run whose replay is not weighed because {why}.",
        least=0.0,
    )
    for reason, why in REASONS.items()
)


def reason_to_leave_out(run: TrainingRun, game: Game) -> str:
    """Return why a run's replay cannot be weighed, as a key of `REASONS`; empty where it can."""
    if game.spec.n_agents < 2:
        return "alone"
    if not keeps_replay(run):
        return "no_replay"
    if run.spec.soft_actions or not all(isinstance(space, Choice) for space in run.spec.action_spaces):
        return "no_probabilities"
    policies = run.policies()
    if any(policy.memory_size for policy in policies):
        return "memory"
    return "together" if draws_together(policies) else ""


def left_out_rows(run: TrainingRun, reason: str) -> Iterator[Row]:
    """Yield the row that says why a run was left out."""
    yield row(f"{PREFIX}{reason}", 1.0, step=run.snapshot_steps[-1], bound="exact", unit="run", n=1)


def is_left_out(frame: pd.DataFrame) -> pd.Series:
    """Say of each row of a tidy frame whether it is of a run that was left out."""
    return frame["metric"].str.startswith(PREFIX)


def left_out_words(frame: pd.DataFrame) -> str:
    """Name and count the runs that were left out of a tidy frame, with the reasons; empty if there are none.

    Parameters
    ----------
    frame : tidy.
    """
    said = []
    for metric, rows in frame[is_left_out(frame)].groupby("metric", sort=False):
        runs = rows.groupby(["game", "algorithm"], sort=False)["run_id"].nunique()
        counts = runs.reset_index().to_dict("records")
        named = [f"{counted(int(each['run_id']), 'run')} of {each['algorithm']} in {each['game']}" for each in counts]
        said.append(f"{listed(named)} ({REASONS[str(metric).removeprefix(PREFIX)]})")
    return f"Left out: {'; '.join(said)}." if said else ""
