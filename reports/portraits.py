"""Drawings of strategies: the unit square of a 2×2 game and the simplex of three actions, with paths over a field.

A plot function takes frames and computes nothing but where a strategy lies on the page.
"""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas

from nashlens.games.core import Array
from nashlens.reports.figures import INK, STYLE, Panel, svg_of

SIDE = 4.4
ARROWS = "#8d979f"  # seen on white and on black
CORNERS = np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(0.75)]])


def square_panel(
    field: pd.DataFrame,
    paths: pd.DataFrame,
    equilibria: pd.DataFrame,
    *,
    name: str,
    title: str,
    labels: tuple[str, str],
    alternative: str,
) -> Panel:
    """Draw a field on the unit square, paths over it, and equilibria.

    Parameters
    ----------
    field : ``x, y, dx, dy``.
    paths : ``path, seed, x, y`` in the order of time; each begins at a dot and ends at a square, and those of the first
        seed are bold.
    equilibria : ``x, y``.
    name, title, alternative : of the panel.
    labels : of the two axes.
    """
    with mpl.rc_context(STYLE):
        canvas = Canvas(figsize=(SIDE, SIDE), layout="constrained")
        axes = canvas.add_subplot()
        _draw(axes, field, paths, equilibria)
        axes.set(xlim=(-0.03, 1.03), ylim=(-0.03, 1.03), xlabel=labels[0], ylabel=labels[1], aspect="equal")
        _legend(axes, n_paths=paths["path"].nunique())
        return Panel(name=name, title=title, svg=svg_of(canvas, name), alternative=alternative)


def simplex_panel(
    field: pd.DataFrame,
    paths: pd.DataFrame,
    equilibria: pd.DataFrame,
    *,
    name: str,
    title: str,
    labels: tuple[str, str, str],
    alternative: str,
) -> Panel:
    """Draw a field on the simplex of three actions, paths over it, and equilibria.

    Parameters
    ----------
    field, paths, equilibria : as in `square_panel`, their points being those of `on_simplex`.
    name, title, alternative : of the panel.
    labels : names of the actions, whose corners are left, right and top.
    """
    with mpl.rc_context({**STYLE, "axes.grid": False}):
        canvas = Canvas(figsize=(SIDE, SIDE), layout="constrained")
        axes = canvas.add_subplot()
        edge = np.concatenate([CORNERS, CORNERS[:1]])
        axes.plot(edge[:, 0], edge[:, 1], color=INK, linewidth=0.8)
        _draw(axes, field, paths, equilibria)
        sides = (("right", "top"), ("left", "top"), ("center", "bottom"))
        for corner, label, (horizontal, vertical) in zip(CORNERS, labels, sides, strict=True):
            shift = -0.04 if vertical == "top" else 0.04
            anchor = {"right": "left", "left": "right"}.get(horizontal, "center")
            axes.text(corner[0], corner[1] + shift, label, ha=anchor, va=vertical)
        axes.set(xlim=(-0.06, 1.06), ylim=(-0.14, 1.0), aspect="equal")
        axes.axis("off")
        _legend(axes, n_paths=paths["path"].nunique())
        return Panel(name=name, title=title, svg=svg_of(canvas, name), alternative=alternative)


def on_simplex(strategies: Array) -> Array:
    """Return where strategies ``[…, 3]`` lie in the drawing, ``[…, 2]``; differences of strategies turn with them.

    >>> on_simplex(np.array([0.0, 1.0, 0.0])).tolist()
    [1.0, 0.0]
    """
    points: Array = strategies @ CORNERS
    return points


def _draw(axes: Axes, field: pd.DataFrame, paths: pd.DataFrame, equilibria: pd.DataFrame) -> None:
    colour = sns.color_palette("colorblind")
    arrows = field[["dx", "dy"]].to_numpy(dtype=np.float64)
    lengths = np.hypot(arrows[:, 0], arrows[:, 1])
    moving = lengths > 1e-12 * max(float(lengths.max(initial=0.0)), 1e-300)
    axes.quiver(
        field["x"].to_numpy()[moving],
        field["y"].to_numpy()[moving],
        *(arrows[moving] / lengths[moving, None]).T,
        color=ARROWS,
        angles="xy",
        pivot="mid",
        scale=26.0,
        width=0.0045,
        headwidth=4.5,
    )
    for k, (_, path) in enumerate(paths.groupby("path", sort=False)):
        x, y = path["x"].to_numpy(), path["y"].to_numpy()
        first = bool((path["seed"] == paths["seed"].min()).all())
        label = [
            word if k == 0 else None for word in ("path of the first seed", "where seeds began", "where they ended")
        ]
        axes.plot(x, y, color=colour[0], linewidth=1.5 if first else 0.7, alpha=0.95 if first else 0.25, label=label[0])
        axes.plot(x[:1], y[:1], "o", color=colour[0], markersize=3.5, label=label[1])
        axes.plot(x[-1:], y[-1:], "s", color=colour[3], markersize=4.5, label=label[2])
    axes.plot(
        equilibria["x"],
        equilibria["y"],
        "o",
        markersize=10,
        markerfacecolor="none",
        markeredgecolor=INK,
        markeredgewidth=1.4,
        linestyle="none",
        label="Nash equilibrium",
        clip_on=False,
    )


def _legend(axes: Axes, *, n_paths: int) -> None:
    axes.figure.legend(
        *axes.get_legend_handles_labels(),
        loc="outside upper left",
        ncols=2 if n_paths else 1,
        frameon=False,
        columnspacing=1.2,
        handlelength=1.6,
    )
