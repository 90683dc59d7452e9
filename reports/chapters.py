"""The figures of a report: which metric stands in which figure, what its lines are called, what is said beneath."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from nashlens.reports.conventions import GameFacts
from nashlens.reports.estimates import ALL_AGENTS, LEVEL, MIN_SEEDS, curves
from nashlens.reports.figures import Figure, Panel, curve_panel
from nashlens.reports.findings import drift_finding, equilibrium_finding, learning_finding
from nashlens.reports.quantities import quantity
from nashlens.reports.words import counted, listed, number

RETURNS = ("evaluation_return", "training_return")
SHORT = {"nash_conv": "last iterate", "nash_conv_average": "time average"}


def chapters(frame: pd.DataFrame, facts: Mapping[str, GameFacts]) -> tuple[Figure, ...]:
    """Return the figures that a tidy frame has the numbers for.

    Parameters
    ----------
    frame : tidy, agents merged.
    facts : of every game, by label.
    """
    found = (learning_figure(frame, facts), equilibrium_figure(frame, facts), drift_figure(frame))
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
    return _figure(
        parts,
        name="learning",
        title="Learning curves",
        about="Return of an agent over training, undiscounted. Where a game has evaluation episodes these are shown, "
        "otherwise the training episodes since the snapshot before. Of two agents whose payoffs add to a constant only "
        "the first is shown.",
        say=lambda part, game: learning_finding(part, game=game, metric=str(part["metric"].iloc[0])),
    )


def equilibrium_figure(frame: pd.DataFrame, facts: Mapping[str, GameFacts]) -> Figure | None:
    """Return exact NashConv over training in matrix games, last iterate against time average."""
    parts = [
        part for game, part in frame.groupby("game", sort=False) if facts[str(game)].matrix and len(part["metric"])
    ]
    return _figure(
        parts,
        metrics=tuple(SHORT),
        name="equilibrium",
        title="Distance from equilibrium",
        about="NashConv of the strategies at each snapshot (last iterate), and of the mean strategy over the snapshots "
        "since the first update (time average). The number of every seed is exact; 0 is a Nash equilibrium, bad "
        "equilibria included.",
        say=lambda part, game: equilibrium_finding(
            part, game=game, constant_sum=facts[game].constant_sum, span=facts[game].span
        ),
        zero=True,
    )


def drift_figure(frame: pd.DataFrame) -> Figure | None:
    """Return how far policies move from snapshot to snapshot."""
    own = frame[frame["metric"] == "policy_drift"]
    return _figure(
        [part for _, part in own.groupby("game", sort=False)],
        name="drift",
        title="Policy drift",
        about="Total variation distance between an agent's policies at one snapshot and the one before. In matrix "
        "games the number of every seed is exact; elsewhere it is an average over probe observations of the run's own "
        "game.",
        say=lambda part, game: drift_finding(part, game=game),
        zero=True,
    )


def _figure(
    parts: Sequence[pd.DataFrame],
    *,
    name: str,
    title: str,
    about: str,
    say: object,
    metrics: tuple[str, ...] | None = None,
    zero: bool = False,
) -> Figure | None:
    if not parts:
        return None
    assert callable(say)
    panels, paragraphs, data = [], [], []
    for part in parts:
        game = str(part["game"].iloc[0])
        drawn = part if metrics is None else part[part["metric"].isin(metrics)]
        curve = _with_lines(curves(drawn, list(drawn["metric"].unique())))
        panels.append(_panel(curve, drawn, name=f"{name}-{game}", title=game, zero=zero))
        paragraphs.append(f"{game}. {say(part, game)}")
        data.append(curve)
    together = pd.concat(data, ignore_index=True)
    return Figure(
        name=name,
        title=title,
        caption=f"{about} {_interval_note(together)}",
        paragraphs=tuple(paragraphs),
        panels=tuple(panels),
        data=together,
    )


def _panel(curve: pd.DataFrame, drawn: pd.DataFrame, *, name: str, title: str, zero: bool) -> Panel:
    lines = list(curve["line"].unique())
    algorithms = list(curve["algorithm"].unique())
    colours = {str(row["line"]): algorithms.index(row["algorithm"]) for row in curve.to_dict("records")}
    seeds = _with_lines(drawn)
    if bool((curve["n"] >= MIN_SEEDS).all()):
        seeds = seeds.iloc[:0]
    what = quantity(str(curve["metric"].iloc[0]))
    heading = what.title.partition(",")[0]
    return curve_panel(
        curve,
        seeds,
        name=name.replace(".", "_"),
        title=title,
        lines=lines,
        y_label=f"{heading} ({what.value_unit})" if len(what.value_unit) < 18 else heading,
        alternative=_alternative(curve, title=title, what=heading),
        colours=colours,
        zero=zero,
    )


def _with_lines(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the frame with a column ``line``: algorithm, and what else tells its lines apart."""
    line = frame["algorithm"].astype(str)
    if frame["metric"].nunique() > 1:
        line = line + " · " + frame["metric"].map(SHORT)
    if frame["agent"].nunique() > 1:
        line = line + " · " + frame["agent"].where(frame["agent"] != ALL_AGENTS, "all")
    return frame.assign(line=line)


def _alternative(curve: pd.DataFrame, *, title: str, what: str) -> str:
    """Return the drawing in words: where each line begins, its extremes, and where it ends."""
    said = []
    for line, part in curve.groupby("line", sort=False):
        ordered = part.sort_values("step")
        mean = ordered["mean"].to_numpy(dtype=np.float64)
        if not np.isfinite(mean).any():
            continue
        said.append(
            f"{line} begins at {number(mean[0])}, lies between {number(float(np.nanmin(mean)))} and "
            f"{number(float(np.nanmax(mean)))}, and ends at {number(mean[-1])}"
        )
    return f"{what} against environment steps in {title}: {'; '.join(said)}."


def _interval_note(curve: pd.DataFrame) -> str:
    counts = sorted({int(n) for n in curve["n"]})
    lines = f"Lines: mean over {listed([counted(n, 'seed') for n in counts])}."
    few = [n for n in counts if n < MIN_SEEDS]
    bands = (
        f"Bands: pointwise {LEVEL:.0%} Student's t intervals over seeds. In the text every interval is one over the "
        "same seeds, and differences are paired on shared seeds."
    )
    if not few:
        return f"{lines} {bands}"
    thin = f"With fewer than {MIN_SEEDS} seeds there is no interval; thin lines are single seeds."
    return f"{lines} {thin}" if len(few) == len(counts) else f"{lines} {bands} {thin}"
