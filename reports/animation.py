"""An episode of a particle world as an animated GIF."""

from __future__ import annotations

import tempfile
from pathlib import Path

import matplotlib as mpl
from matplotlib.animation import PillowWriter
from matplotlib.figure import Figure as Canvas

from nashlens.games.core import GameSpec
from nashlens.games.particle.recording import Recording
from nashlens.reports.episode_drawings import draw_moment, frame
from nashlens.reports.figures import INK, STYLE

FRAMES_PER_SECOND = 5
BLACK = {key: "black" for key, value in STYLE.items() if value == INK}


def to_gif(recording: Recording, spec: GameSpec, *, title: str) -> bytes:
    """Return an episode as an animated GIF, one frame a moment.

    Parameters
    ----------
    recording, spec : the episode and its world.
    title : what stands above it.
    """
    with mpl.rc_context({**STYLE, **BLACK, "axes.grid": False}), tempfile.TemporaryDirectory() as folder:
        canvas = Canvas(figsize=(4.0, 4.5), dpi=90)
        axes = canvas.add_axes((0.04, 0.04, 0.92, 0.8))
        writer = PillowWriter(fps=FRAMES_PER_SECOND)
        path = Path(folder) / "episode.gif"
        with writer.saving(canvas, path, dpi=90):
            for step in range(recording.n_steps + 1):
                axes.clear()
                frame(axes, recording)
                draw_moment(axes, recording, spec, step=step)
                words = f"{title}\nstep {step} of {recording.n_steps}{said(recording, spec, step)}"
                axes.set_title(words.replace("$", r"\$"), fontsize=9)
                writer.grab_frame()
        return path.read_bytes()


def said(recording: Recording, spec: GameSpec, step: int) -> str:
    """Return what was said in the step that led to a moment, each message by the number of its largest entry."""
    words = [
        f"{agent} says {message}"
        for agent, message in zip(spec.agents, recording.said[step], strict=True)
        if message >= 0
    ]
    return f"; {', '.join(words)}" if words else ""
