"""Figures of curves: one panel a game, lines named after what tells them apart, a text alternative for each."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import pandas as pd

from nashlens.reports.estimates import ALL_AGENTS, LEVEL, MIN_SEEDS, curves
from nashlens.reports.figures import Figure, Panel, curve_panel
from nashlens.reports.quantities import quantity
from nashlens.reports.verdicts import Statement, family_note, n_comparisons, written
from nashlens.reports.words import counted, listed, number

STEPS = "environment steps"
SHORT = {"nash_conv": "last iterate", "nash_conv_average": "time average"}


def curve_figure(
    parts: Sequence[pd.DataFrame],
    *,
    name: str,
    title: str,
    about: str,
    say: Callable[[pd.DataFrame, str], Sequence[Statement]],
    metrics: tuple[str, ...] | None = None,
    zero: bool = False,
    short: Mapping[str, str] = SHORT,
    x_label: str = STEPS,
) -> Figure | None:
    """Return a figure with one panel of curves a game, or None where there is nothing to draw.

    Parameters
    ----------
    parts : tidy frames, one a game.
    name, title : of the figure.
    about : what is drawn; a note on lines and intervals is added.
    say : what is said of a game, from its part of the frame and its label; all of it is judged as one family.
    metrics : which metrics of the parts are drawn; all if left out.
    zero : whether vertical axes begin at 0.
    short : what lines of each metric are called where a panel has several.
    x_label : what the column ``step`` counts.
    """
    if not parts:
        return None
    panels, data = [], []
    statements: dict[str, Sequence[Statement]] = {}
    for part in parts:
        game = str(part["game"].iloc[0])
        drawn = part if metrics is None else part[part["metric"].isin(metrics)]
        curve = with_lines(curves(drawn, list(drawn["metric"].unique())), short)
        panels.append(_panel(curve, drawn, name=f"{name}-{game}", title=game, zero=zero, short=short, x_label=x_label))
        statements[game] = say(part, game)
        data.append(curve)
    together = pd.concat(data, ignore_index=True)
    return Figure(
        name=name,
        title=title,
        caption=f"{about} {interval_note(together)}{family_note(n_comparisons(statements))}",
        paragraphs=tuple(f"{game}. {words}" for game, words in written(statements).items() if words),
        panels=tuple(panels),
        data=together,
    )


def _panel(
    curve: pd.DataFrame,
    drawn: pd.DataFrame,
    *,
    name: str,
    title: str,
    zero: bool,
    short: Mapping[str, str],
    x_label: str,
) -> Panel:
    lines = list(curve["line"].unique())
    algorithms = list(curve["algorithm"].unique())
    colours = {str(row["line"]): algorithms.index(row["algorithm"]) for row in curve.to_dict("records")}
    seeds = with_lines(drawn, short)
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
        alternative=alternative_of(curve, title=title, what=heading, against=x_label),
        colours=colours,
        zero=zero,
        x_label=x_label,
    )


def with_lines(frame: pd.DataFrame, short: Mapping[str, str] = SHORT) -> pd.DataFrame:
    """Return a frame with a column ``line`` more: algorithm, and what else tells its lines apart."""
    line = frame["algorithm"].astype(str)
    if frame["metric"].nunique() > 1:
        line = line + " · " + frame["metric"].map(short)
    if frame["agent"].nunique() > 1:
        line = line + " · " + frame["agent"].where(frame["agent"] != ALL_AGENTS, "all")
    return frame.assign(line=line)


def alternative_of(curve: pd.DataFrame, *, title: str, what: str, against: str = STEPS) -> str:
    """Return a drawing of curves in words: where each line begins, its extremes, and where it ends.

    Parameters
    ----------
    curve : ``line, step, mean``.
    title, what, against : the panel, and what stands on its vertical and horizontal axis.
    """
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
    return f"{what} against {against} in {title}: {'; '.join(said)}."


def interval_note(curve: pd.DataFrame) -> str:
    """Say what lines and bands of a figure of curves are.

    Parameters
    ----------
    curve : as `estimates.curves` returns it.
    """
    counts = sorted({int(n) for n in curve["n"]})
    lines = f"Lines: mean over {listed([counted(n, 'seed') for n in counts])}."
    few = [n for n in counts if n < MIN_SEEDS]
    shares = all(quantity(str(metric)).share for metric in curve["metric"].unique())
    kind = "Wilson" if shares else "Student's t"
    bands = (
        f"Bands: pointwise {LEVEL:.0%} {kind} intervals over seeds. In the text every interval is one over the "
        "same seeds, and differences are paired on shared seeds."
    )
    if not few:
        return f"{lines} {bands}"
    thin = f"With fewer than {MIN_SEEDS} seeds there is no interval; thin lines are single seeds."
    return f"{lines} {thin}" if len(few) == len(counts) else f"{lines} {bands} {thin}"
