"""The chapter on non-stationarity: how far each agent's world moved, what a joint critic removes, and what stays."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from nashlens.reports.conventions import GameFacts
from nashlens.reports.instruments.contract import Chapter
from nashlens.reports.instruments.drift_figures import drift_figure, target_figure
from nashlens.reports.instruments.drift_frames import algorithms_of, drift_of, over_agents
from nashlens.reports.instruments.nonstationarity_quantities import HORIZONS, LEFT_OUT, drift_name
from nashlens.reports.instruments.nonstationarity_table import nonstationarity_table
from nashlens.reports.instruments.outcome_figure import outcome_figure
from nashlens.reports.instruments.policy_path_figure import movement_words, policy_path_figure
from nashlens.reports.instruments.seed_estimates import seed_counts, seed_estimate, seed_means
from nashlens.reports.instruments.shapley_table import shapley_table
from nashlens.reports.words import counted, estimate_words, listed, number

WORDS = {
    "ns_kernel_drift": ("what follows its actions", "in total variation"),
    "ns_reward_drift": ("the reward of its actions", "in units of reward"),
    **{
        drift_name(h): (f"what it sees {counted(h, 'step')} later", "in 2-Wasserstein distance of observations")
        for h in HORIZONS
    },
}


def nonstationarity_chapter(frame: pd.DataFrame, facts: Mapping[str, GameFacts]) -> Chapter:
    """Return answers, figures and a table of what the instrument measured.

    Parameters
    ----------
    frame : tidy, with each agent's own numbers.
    facts : of every game by label.
    """
    if frame.empty:
        return Chapter(answers=("Non-stationarity was not measured: no finished run is one that it applies to.",))
    left_out = LEFT_OUT.words(frame)
    frame = frame[~LEFT_OUT.is_in(frame)]
    if frame.empty:
        return Chapter(answers=(f"Non-stationarity was not measured. {left_out}",))
    merged = over_agents(frame)
    games = [str(game) for game in merged["game"].unique()]
    said = [sentence for game in games for sentence in _answers(merged[merged["game"] == game], game)]
    makers = (drift_figure, outcome_figure, policy_path_figure, target_figure)
    figures = (make(merged, games) for make in makers)
    tables = (nonstationarity_table(frame, left_out=left_out), shapley_table(frame, facts))
    return Chapter(
        answers=(*said, *([f"Of non-stationarity nothing is said of some runs. {left_out}"] if left_out else [])),
        figures=tuple(figure for figure in figures if figure is not None),
        tables=tuple(table for table in tables if table is not None),
    )


def _answers(part: pd.DataFrame, game: str) -> list[str]:
    metric = drift_of(part)
    what, unit = WORDS[metric]
    floor = metric.replace("_drift_", "_floor_") if metric.startswith("ns_outcome") else ""
    each = []
    for algorithm in algorithms_of(part):
        own = seed_means(part, metric, algorithm=algorithm)
        words = f"{estimate_words(seed_estimate(own, least=0.0))} under {algorithm}"
        if floor:
            words += f" (noise floor {number(float(seed_means(part, floor, algorithm=algorithm).mean()))})"
        each.append(words)
    kind = "estimates at probe states" if floor else "each seed's number exact"
    said = [
        f"{game}. To an agent that knows its own action only, {what} moves from one snapshot to the next by "
        f"{listed(each)}, {unit} ({seed_counts(part)}; mean over snapshots and agents, {kind}). {_control(part)}"
    ]
    said += [words for words in (movement_words(part), _shares(part), _targets(part)) if words]
    return [" ".join(said)]


def _control(part: pd.DataFrame) -> str:
    """Say what the control gave, in how many runs."""
    control = part[part["metric"] == "ns_joint_drift"]
    runs = counted(control["run_id"].nunique(), "run")
    largest = float(control["value"].max())
    if largest == 0:
        return (
            f"Given everybody's action it moves by exactly 0 in all {runs}: a critic of the joint action has a world "
            "that stands still."
        )
    return (
        f"Given everybody's action it should not move at all, and moved by up to {number(largest)} in {runs}: the "
        "control fails, and the drift above cannot be trusted."
    )


def _shares(part: pd.DataFrame) -> str:
    """Say how much of the change of value is the others' doing, and what the share would be by chance."""
    each = []
    for algorithm in algorithms_of(part):
        share = seed_means(part, "ns_others_share", algorithm=algorithm).dropna()
        if not len(share):
            continue
        words = f"{estimate_words(seed_estimate(share, least=0.0, most=1.0))} under {algorithm}"
        floor = seed_means(part, "ns_others_share_floor", algorithm=algorithm).dropna()
        if len(floor):
            words += f" ({number(float(floor.mean()))} if no change of policy mattered)"
        each.append(words)
    return f"Of the changes of an agent's value, in size, the others' policies make a share of {listed(each)}." * bool(
        each
    )


def _targets(part: pd.DataFrame) -> str:
    """Say how far the targets of critics still move, and by whom."""
    each = []
    for algorithm in algorithms_of(part):
        total = seed_means(part, "ns_target_total", algorithm=algorithm)
        if not len(total):
            continue
        words = f"{estimate_words(seed_estimate(total, least=0.0))} under {algorithm}"
        others = seed_means(part, "ns_target_others", algorithm=algorithm)
        if len(others):
            critic = seed_means(part, "ns_target_critic", algorithm=algorithm)
            words += (
                f" ({estimate_words(seed_estimate(critic, least=0.0))} by the target critic itself, "
                f"{estimate_words(seed_estimate(others, least=0.0))} by the others' target policies)"
            )
        each.append(words)
    return f"What no critic is spared is its moving target: it moves by {listed(each)}, in units of return." * bool(
        each
    )
