"""Drawings of estimates with their intervals, one below the other, and of lines to compare them with."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.figure import Figure as Canvas
from matplotlib.ticker import MaxNLocator

from nashlens.reports.estimates import LEVEL, MIN_SEEDS
from nashlens.reports.figures import DASHES, STYLE, WIDTH, Panel, svg_of
from nashlens.reports.words import counted, listed, number, with_interval

ROW_HEIGHT, MARGIN = 0.3, 1.15
LETTERS, TICK_LETTERS = 66, 12  # that a drawing has room for in a line, and that a tick takes


def interval_panel(
    frame: pd.DataFrame,
    *,
    name: str,
    title: str,
    x_label: str,
    references: Mapping[str, float] | None = None,
    markers: Sequence[str] = ("o", "s", "D", "^"),
) -> Panel:
    """Draw one row an estimate: a mark at its value and a line over its interval.

    Parameters
    ----------
    frame : ``row, value, low, high`` in the order from the top, and ``kind``, which chooses mark and colour; rows
        without an interval have NaN in `low` and `high`; several kinds may stand in one row.
    name, title : of the panel.
    x_label : of the horizontal axis.
    references : values that dashed lines mark, by what they are called.
    markers : one a kind, in the order in which kinds appear.

    Returns
    -------
    Panel; its alternative text says every number that is drawn.

    Raises
    ------
    ValueError : there is no row to draw, or more kinds than markers.
    """
    kinds = list(dict.fromkeys(frame["kind"]))
    if frame.empty or len(kinds) > len(markers):
        raise ValueError(f"frame must have rows of at most {len(markers)} kinds, not {len(frame)} of {len(kinds)}")
    rows = list(dict.fromkeys(frame["row"]))
    palette = sns.color_palette("colorblind")
    with mpl.rc_context(STYLE):
        canvas = Canvas(figsize=(WIDTH, MARGIN + ROW_HEIGHT * len(rows)), layout="constrained")
        axes = canvas.add_subplot()
        shifts = np.linspace(-0.22, 0.22, len(kinds)) if len(kinds) > 1 else np.zeros(1)
        for k, kind in enumerate(kinds):
            part = frame[frame["kind"] == kind]
            places = np.array([rows.index(row) for row in part["row"]]) + shifts[k]
            axes.hlines(places, part["low"], part["high"], color=palette[k], linewidth=1.6)
            axes.plot(part["value"], places, markers[k], color=palette[k], markersize=5, label=kind)
        for k, (word, value) in enumerate((references or {}).items()):
            axes.axvline(value, color=palette[7], linestyle=DASHES[1 + k % 3], linewidth=1.1, label=word)
        axes.set_yticks(range(len(rows)), rows)
        axes.set_ylim(len(rows) - 0.5, -0.5)
        axes.set_xlabel(x_label)
        room = (LETTERS - max(map(len, rows))) // TICK_LETTERS
        axes.xaxis.set_major_locator(MaxNLocator(min(max(room, 2), 5)))
        axes.grid(visible=False, axis="y")
        handles, words = axes.get_legend_handles_labels()
        if len(words) > 1:
            canvas.legend(handles, words, loc="outside upper left", ncols=2, frameon=False, handlelength=2.2)
        return Panel(
            name=name, title=title, svg=svg_of(canvas, name), alternative=_in_words(frame, title, x_label, references)
        )


def marks_note(frame: pd.DataFrame) -> str:
    """Say what marks and lines of such a drawing are, for a caption.

    Parameters
    ----------
    frame : ``n, low``: seeds behind each row, and NaN where it has no interval.

    Examples
    --------
    >>> marks_note(pd.DataFrame({"n": [5, 5], "low": [0.1, 0.2]}))
    "Marks: mean over 5 seeds; lines: 95% intervals (Student's t over seeds)."
    """
    counts = sorted({int(n) for n in frame["n"]})
    marks = f"Marks: mean over {listed([counted(n, 'seed') for n in counts])}"
    if frame["low"].isna().all():
        return f"{marks}, without an interval: fewer than {MIN_SEEDS} seeds have none."
    few = f", none where there are fewer than {MIN_SEEDS}" if frame["low"].isna().any() else ""
    return f"{marks}; lines: {LEVEL:.0%} intervals (Student's t over seeds{few})."


def _in_words(frame: pd.DataFrame, title: str, x_label: str, references: Mapping[str, float] | None) -> str:
    several = frame["kind"].nunique() > 1
    said = []
    for each in frame.to_dict("records"):
        value, low, high = (float(each[column]) for column in ("value", "low", "high"))
        words = with_interval(value, low, high) if math.isfinite(low) and math.isfinite(high) else number(value)
        said.append(f"{each['row']}{', ' + str(each['kind']) if several else ''} {words}")
    lines = [f"{word} at {number(value)}" for word, value in (references or {}).items()]
    marked = f"; lines mark {', '.join(lines)}" if lines else ""
    return f"{x_label} in {title}: {'; '.join(said)}{marked}."
