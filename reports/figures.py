"""Figures: small multiples, one panel a game, drawn from frames that hold all numbers already.

A plot function takes a frame and computes nothing. Panels are SVG whose ink follows the page's own colours, so that one
file serves light and dark; lines of different colours differ in their marks too, those of one colour in their dashes.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from textwrap import fill
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import EngFormatter, MaxNLocator

from nashlens.reports.players import Player

Dash = tuple[int, tuple[float, ...]]
WIDTH, HEIGHT = 4.6, 3.1
Y_LABEL_WIDTH = 26  # letters in a line
LEGEND_LINES, LEGEND_LINE = 6, 0.18  # lines of a legend that HEIGHT has room for, and the height of one more
INK, GRID = "#010203", "#040506"
DASHES: tuple[Dash, ...] = ((0, ()), (0, (4, 1.5)), (0, (1, 1)), (0, (6, 1.5, 1, 1.5)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "<")
MARK_EVERY = 0.25  # of the drawing's diagonal, so that a line of many points stays a line
STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "text.color": INK,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "grid.color": GRID,
    "axes.grid": True,
    "grid.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "font.size": 9.5,
    "axes.labelsize": 9.5,
    "legend.fontsize": 9,
    "axes.axisbelow": True,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """One drawing.

    Attributes
    ----------
    name : names its file.
    title : what stands above it.
    svg : the drawing.
    alternative : the same in words, for those who do not see it.
    """

    name: str
    title: str
    svg: str
    alternative: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Figure:
    """Panels of one kind with what is said of them.

    Attributes
    ----------
    name : names its files and its place in the page.
    title : what stands above it.
    caption : what is drawn: n, unit, interval, exclusions.
    paragraphs : what it shows, one a game.
    panels : one a game.
    data : every number that is drawn.
    players : what can be played step by step beside the panels.
    """

    name: str
    title: str
    caption: str
    paragraphs: tuple[str, ...]
    panels: tuple[Panel, ...]
    data: pd.DataFrame
    players: tuple[Player, ...] = ()


def curve_panel(
    frame: pd.DataFrame,
    seeds: pd.DataFrame,
    *,
    name: str,
    title: str,
    lines: Sequence[str],
    y_label: str,
    alternative: str,
    colours: Mapping[str, int],
    zero: bool = False,
    dashed: Sequence[str] = (),
    x_label: str = "environment steps",
    plain_x: bool = False,
) -> Panel:
    """Draw curves with bands.

    Parameters
    ----------
    frame : ``line, step, mean, low, high``; there is no band where `low` is NaN.
    seeds : ``line, seed, step, value``; drawn thin, one line a seed; empty where the bands say enough.
    name, title, alternative : of the panel.
    lines : the lines in their order.
    y_label : of the vertical axis.
    colours : number of the palette's colour of each line; lines of one colour differ in their dashes.
    zero : whether the vertical axis begins at 0.
    dashed : lines that are dashed whatever their colour.
    x_label : of the horizontal axis.
    plain_x : whether its numbers are written as they are instead of in thousands and millions.
    """
    palette = sns.color_palette("colorblind")
    dashes = _dashes(lines, colours) | dict.fromkeys(dashed, DASHES[1])
    with mpl.rc_context(STYLE):
        more = max(0, len(lines) - LEGEND_LINES)
        canvas = Canvas(figsize=(WIDTH, HEIGHT + LEGEND_LINE * more), layout="constrained")
        axes = canvas.add_subplot()
        of_line = {line: part.sort_values("step") for line, part in frame.groupby("line", sort=False)}
        of_seeds: dict[str, list[pd.DataFrame]] = {line: [] for line in lines}
        for (line, _), single in seeds.groupby(["line", "seed"]):
            of_seeds[str(line)].append(single)
        for line in lines:
            part = of_line[line]
            colour = palette[colours[line] % len(palette)]
            steps, low, high = (part[column].to_numpy(dtype=np.float64) for column in ("step", "low", "high"))
            for single in of_seeds[line] if len(of_seeds[line]) > 1 else ():  # a single one is the mean
                _plot(axes, single, "value", color=colour, linewidth=0.6, alpha=0.6)
                _mark_single_point(axes, size=3.0)
            axes.fill_between(steps, low, high, color=colour, alpha=0.18, linewidth=0)
            _plot(axes, part, "mean", label=line, color=colour, linewidth=1.8, linestyle=dashes[line])
            if len(set(colours.values())) > 1:
                marker = MARKERS[colours[line] % len(MARKERS)]
                axes.lines[-1].set(marker=marker, markersize=4.5, markevery=MARK_EVERY, markeredgewidth=0)
            _mark_single_point(axes, size=6.0)
        _finish(axes, x_label=x_label, y_label=y_label, zero=zero, lines=lines, plain_x=plain_x)
        return Panel(name=name, title=title, svg=svg_of(canvas, name), alternative=alternative)


def _plot(axes: Axes, frame: pd.DataFrame, column: str, **style: Any) -> None:
    """Draw a column against steps, what is not finite left out.

    Not by seaborn's line plot, which makes the legend anew with every line: minutes for a hundred panels of twenty.
    """
    shown = frame[np.isfinite(frame[column].to_numpy(dtype=np.float64))].sort_values("step")
    axes.plot(shown["step"].to_numpy(dtype=np.float64), shown[column].to_numpy(dtype=np.float64), **style)


def _mark_single_point(axes: Axes, *, size: float) -> None:
    """Draw the line that was drawn last as a dot where it has one point, of which a line shows nothing."""
    shape = axes.lines[-1].get_marker()
    shape = "o" if shape in {None, "None", ""} else shape
    if np.size(axes.lines[-1].get_xdata()) == 1:
        axes.lines[-1].set(marker=shape, markersize=size)


def _finish(axes: Axes, *, x_label: str, y_label: str, zero: bool, lines: Sequence[str], plain_x: bool) -> None:
    axes.set_xlabel(x_label)
    axes.set_ylabel(in_lines(y_label, Y_LABEL_WIDTH))
    if not plain_x:
        axes.xaxis.set_major_formatter(EngFormatter(sep=""))
    drawn = np.concatenate([np.asarray(line.get_xdata(), dtype=np.float64) for line in axes.lines] or [np.zeros(0)])
    whole = bool((drawn == np.round(drawn)).all())  # counts: no tick stands between two agents or two steps
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=whole))
    axes.yaxis.set_major_locator(MaxNLocator(5))
    axes.margins(x=0.01)
    if zero:
        highest = float(axes.dataLim.y1)
        axes.set_ylim(0.0, 1.05 * highest if np.isfinite(highest) and highest > 0 else None)
    legend = axes.get_legend()
    if legend is not None:
        legend.remove()
    axes.figure.legend(
        *axes.get_legend_handles_labels(),
        loc="outside upper left",
        ncols=1 if len(lines) > 4 or max(map(len, lines)) > 28 else 2,
        frameon=False,
        handlelength=2.6,
        columnspacing=1.2,
    )


def in_lines(label: str, width: int) -> str:
    """Return a label in lines of at most `width` letters where it can be; what stands in parentheses stays together.

    >>> [len(line) for line in in_lines("Share of the optimum (0 to 1)", 26).splitlines()]
    [20, 8]
    """
    return fill(re.sub(r"\([^()]*\)", lambda found: found[0].replace(" ", "\u00a0"), label), width)


def _dashes(lines: Sequence[str], colours: Mapping[str, int]) -> dict[str, Dash]:
    seen: dict[int, int] = {}
    chosen: dict[str, Dash] = {}
    for line in lines:
        k = seen.get(colours[line], 0)
        seen[colours[line]] = k + 1
        chosen[line] = DASHES[k % len(DASHES)]
    return chosen


def svg_of(canvas: Canvas, name: str) -> str:
    """Return a canvas as an SVG element that stands in a page beside others and follows its colours.

    Parameters
    ----------
    canvas : what was drawn.
    name : unique in the page; the ids inside begin with it.
    """
    buffer = io.StringIO()
    for patch in (canvas.patch, *(axes.patch for axes in canvas.axes)):
        patch.set(facecolor="none", edgecolor="none")
    with mpl.rc_context({"svg.hashsalt": name}):  # not by savefig, which draws everything twice
        print_svg: Any = FigureCanvasSVG(canvas).print_svg
        print_svg(buffer, metadata={"Date": None, "Creator": None})
    text = buffer.getvalue()
    text = text[text.index("<svg") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = text.replace(INK, "currentColor").replace(GRID, "var(--grid, #d5d9dd)")
    text = re.sub(r"font: (?:(\d+) )?([\d.]+)px [^;\"]*", r"font: \2px system-ui, sans-serif", text)
    text = re.sub(r'\bid="([^"]+)"', rf'id="{name}-\1"', text)
    text = re.sub(r'(href="#|url\(#)([^")]+)', rf"\1{name}-\2", text)
    return re.sub(r'width="[\d.]+pt" height="[\d.]+pt"', 'class="plot" role="img"', text, count=1)
