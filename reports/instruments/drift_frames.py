"""Frames of drift as chapters read them: agents averaged, and which number says most of how far a world moved."""

from __future__ import annotations

import pandas as pd

from nashlens.reports.estimates import ALL_AGENTS
from nashlens.reports.instruments.nonstationarity_quantities import HORIZONS, drift_name

DRIFTS = (*(drift_name(h) for h in reversed(HORIZONS)), "ns_kernel_drift", "ns_reward_drift")


def over_agents(frame: pd.DataFrame) -> pd.DataFrame:
    """Return a tidy frame with the mean over agents in place of each agent's numbers.

    Parameters
    ----------
    frame : tidy; drifts of several agents have one unit and may be averaged, unlike what they win.
    """
    keys = ["game", "algorithm", "run_id", "seed", "step", "metric", "bound", "unit", "n"]
    averaged = frame.groupby(keys, sort=False, dropna=False)["value"].agg(_whole_mean).reset_index()
    return averaged.assign(agent=ALL_AGENTS)


def drift_of(frame: pd.DataFrame) -> str:
    """Return the metric that says most of how far the worlds of a game moved; the longest horizon of a particle world.

    Parameters
    ----------
    frame : tidy, of one game.
    """
    present = set(frame["metric"])
    return next(name for name in DRIFTS if name in present)


def algorithms_of(frame: pd.DataFrame) -> list[str]:
    """Return the labels of a frame's algorithms in their order."""
    return [str(each) for each in frame["algorithm"].unique()]


def at_the_end(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the last step of each metric and algorithm of a frame of one game."""
    last = frame.groupby(["algorithm", "metric"])["step"].transform("max")
    return frame[frame["step"] == last]


def _whole_mean(values: pd.Series) -> float:
    return float(values.mean(skipna=False))
