"""The figures of a report: which metric stands in which figure, what its lines are called, what is said beneath."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd

from nashlens.reports.conventions import GameFacts
from nashlens.reports.curve_figures import SHORT, curve_figure
from nashlens.reports.divergence_chapter import divergence_figure
from nashlens.reports.figures import Figure
from nashlens.reports.findings import drift_finding, equilibrium_finding, learning_finding, success_finding
from nashlens.reports.published_chapter import published_figure
from nashlens.reports.thresholds import threshold
from nashlens.reports.words import number

RETURNS = ("evaluation_return", "training_return")


def chapters(frame: pd.DataFrame, facts: Mapping[str, GameFacts]) -> tuple[Figure, ...]:
    """Return the figures that a tidy frame has the numbers for.

    Parameters
    ----------
    frame : tidy, agents merged.
    facts : of every game, by label.
    """
    found = (
        learning_figure(frame, facts),
        success_figure(frame, facts),
        published_figure(frame, facts),
        equilibrium_figure(frame, facts),
        divergence_figure(frame, facts),
        drift_figure(frame, facts),
    )
    return tuple(figure for figure in found if figure is not None)


def learning_figure(frame: pd.DataFrame, facts: Mapping[str, GameFacts]) -> Figure | None:
    """Return learning curves: evaluation where a game has it, training returns elsewhere."""
    parts = []
    for game, part in frame.groupby("game", sort=False):
        metric = next((name for name in RETURNS if (part["metric"] == name).any()), None)
        if metric is None:
            continue
        own = part[part["metric"] == metric]
        if facts[str(game)].constant_sum and len(facts[str(game)].agents) == 2:
            own = own[own["agent"] == facts[str(game)].agents[0]]
        parts.append(own)
    return curve_figure(
        parts,
        name="learning",
        title="Learning curves",
        about="Return of an agent over training, undiscounted. Where a game has evaluation episodes these are shown, "
        "otherwise the training episodes since the snapshot before. Of two agents whose payoffs add to a constant only "
        "the first is shown.",
        say=lambda part, game: learning_finding(
            part, game=game, metric=str(part["metric"].iloc[0]), sides=facts[game].side_of
        ),
    )


def success_figure(frame: pd.DataFrame, facts: Mapping[str, GameFacts]) -> Figure | None:
    """Return the share of seeds that had learned over training, in games for which a line is drawn."""
    own = frame[frame["metric"] == "success"]
    lines = []
    for label in own["game"].unique():
        line = threshold(facts[str(label)].name, facts[str(label)].parameters)
        if line is not None:
            lines.append(f"in {label} above {number(line.value)} ({line.meaning})")
    return curve_figure(
        [part for _, part in own.groupby("game", sort=False)],
        name="success",
        title="Share of seeds that learned",
        about="A seed has learned where its mean return over the last 1,000 training episodes is above the threshold "
        f"of its game: {'; '.join(lines)}. Intervals of shares are Wilson's.",
        say=lambda part, game: success_finding(part, game=game),
        zero=True,
    )


def equilibrium_figure(frame: pd.DataFrame, facts: Mapping[str, GameFacts]) -> Figure | None:
    """Return exact NashConv over training in matrix and sequential games, last iterate against time average."""
    parts = [
        part
        for game, part in frame.groupby("game", sort=False)
        if facts[str(game)].exact and (part["metric"] == "nash_conv").any()
    ]
    return curve_figure(
        parts,
        metrics=tuple(SHORT),
        name="equilibrium",
        title="Distance from equilibrium",
        about="NashConv of the strategies at each snapshot (last iterate), and of the mean strategy over the snapshots "
        "since the first update (time average; in a sequential game that of playing one of them, drawn once before the "
        "game"
        + (
            "; over all rounds of learners that know the payoffs"
            if any(f.knows_payoffs for f in facts.values())
            else ""
        )
        + "). The number of every seed is exact; 0 is a Nash equilibrium, bad equilibria included.",
        say=lambda part, game: equilibrium_finding(
            part, game=game, constant_sum=facts[game].constant_sum, span=facts[game].span
        ),
        zero=True,
    )


def drift_figure(frame: pd.DataFrame, facts: Mapping[str, GameFacts]) -> Figure | None:
    """Return how far policies move from snapshot to snapshot."""
    own = frame[frame["metric"] == "policy_drift"]
    return curve_figure(
        [part for _, part in own.groupby("game", sort=False)],
        name="drift",
        title="Policy drift",
        about="Total variation distance between an agent's policies at one snapshot and the one before. In matrix "
        "games and, weighted by where play goes, in sequential games the number of every seed is exact; elsewhere it "
        "is an average over probe observations of the run's own game.",
        say=lambda part, game: drift_finding(part, game=game, sides=facts[game].side_of),
        zero=True,
    )
