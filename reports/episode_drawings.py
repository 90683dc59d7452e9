"""Drawings of an episode of a particle world: its paths up to a moment, and all of them in one panel.

A plot function takes a recording and computes nothing but where a body lies on the page.
"""

from __future__ import annotations

import matplotlib as mpl
import numpy as np
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.figure import Figure as Canvas
from matplotlib.patches import Circle, Rectangle

from nashlens.games.core import GameSpec
from nashlens.games.particle.recording import Recording
from nashlens.reports.figures import INK, STYLE, Panel, svg_of
from nashlens.reports.replay import window
from nashlens.reports.words import listed, number

SIDE = 3.6
STILL = "#8d979f"  # seen on white and on black


def paths_panel(recording: Recording, spec: GameSpec, *, name: str, title: str) -> Panel:
    """Draw an episode's paths, from a dot to a disc, over the landmarks of its last moment; goals have a ring.

    Parameters
    ----------
    recording : the episode.
    spec : of its world.
    name, title : of the panel.
    """
    with mpl.rc_context({**STYLE, "axes.grid": False}):
        canvas = Canvas(figsize=(SIDE, SIDE + 0.4), layout="constrained")
        axes = canvas.add_subplot()
        frame(axes, recording)
        draw_moment(axes, recording, spec, step=recording.n_steps)
        handles, labels = axes.get_legend_handles_labels()
        canvas.legend(handles, labels, loc="outside upper left", ncols=2, frameon=False, handlelength=1.2)
        words = f"Paths of all agents in {title}: {episode_words(recording, spec)}."
        return Panel(name=name, title=title, svg=svg_of(canvas, name), alternative=words)


def draw_moment(axes: Axes, recording: Recording, spec: GameSpec, *, step: int) -> None:
    """Draw where everything is after a step, and the paths up to there.

    Parameters
    ----------
    axes : what is drawn on.
    recording, spec : the episode and its world.
    step : from 0, before the first step.
    """
    n = spec.n_agents
    for k in np.flatnonzero(recording.standing[step]):
        place, size = recording.positions[step, n + k], max(float(recording.sizes[n + k]), 0.02)
        axes.add_patch(Circle((place[0], place[1]), size, facecolor=STILL, alpha=0.5, linewidth=0))
        if recording.targets[step, k]:
            axes.add_patch(Circle((place[0], place[1]), size + 0.05, facecolor="none", edgecolor=INK, linewidth=1.2))
    for i, colour in enumerate(agent_colours(spec)):
        path = recording.positions[: step + 1, i]
        axes.plot(path[:, 0], path[:, 1], color=colour, linewidth=1.2, alpha=0.7)
        axes.plot(path[:1, 0], path[:1, 1], "o", color=colour, markersize=2.5)
        body = Circle((path[-1, 0], path[-1, 1]), max(float(recording.sizes[i]), 0.02), color=colour, alpha=0.85)
        body.set_label(spec.agents[i])
        axes.add_patch(body)


def agent_colours(spec: GameSpec) -> list[tuple[float, float, float]]:
    """Return a colour an agent: that of its side where there are several sides, else its own."""
    palette = sns.color_palette("colorblind")
    sides = list(dict.fromkeys(spec.sides))
    numbers = [sides.index(side) if len(sides) > 1 else i for i, side in enumerate(spec.sides)]
    return [palette[k % len(palette)] for k in numbers]


def episode_words(recording: Recording, spec: GameSpec) -> str:
    """Return an episode in words: its length, and what it was worth to whom.

    Parameters
    ----------
    recording, spec : the episode and its world.
    """
    words = [number(float(value), decimals=2) for value in recording.rewards.sum(axis=0)]
    each = f"{words[0]} for every agent" if len(set(words)) == 1 and len(words) > 1 else ""
    parts = each or listed([f"{value} for {agent}" for agent, value in zip(spec.agents, words, strict=True)])
    return f"{recording.n_steps} steps with a return of {parts}"


def frame(axes: Axes, recording: Recording) -> None:
    """Set the limits of a drawing of an episode, and draw the square from −1 to 1."""
    (x, y), reach = window(recording)
    axes.add_patch(Rectangle((-1, -1), 2, 2, facecolor="none", edgecolor=STILL, linewidth=0.6))
    axes.set(xlim=(x - reach, x + reach), ylim=(y - reach, y + reach), aspect="equal", xticks=[], yticks=[])
    axes.spines[["left", "bottom"]].set_visible(False)
