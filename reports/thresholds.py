"""Games in which a run either learned what is to be learned or did not, and where the line is drawn.

A run has learned if its mean return over the last training episodes is above the threshold of its game. Whether it has
is a number of one seed, 0 or 1; over seeds it is a share, whose interval is Wilson's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nashlens.agents.records import TrainingRun


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """When a game counts as learned.

    Attributes
    ----------
    value : return of an episode and agent; above it the game is learned.
    n_episodes : training episodes at the end over which the return is averaged.
    meaning : what was learned, and why the line is there.
    """

    value: float
    n_episodes: int
    meaning: str


def threshold(game: str, parameters: Mapping[str, Any]) -> Threshold | None:
    """Return when a game counts as learned, or None where no line is drawn.

    Parameters
    ----------
    game : the registry's name.
    parameters : its arguments.
    """
    if game != "simple_speaker_listener":
        return None
    summed = parameters.get("team_reward") == "sum"
    scale = "each agent receives the sum of both" if summed else "each agent receives its own reward"
    return Threshold(
        value=-20.0 if summed else -10.0,
        n_episodes=1_000,
        meaning=f"the listener goes where the speaker sends it; {scale}, and a listener that ignores the speaker and "
        f"stays between the landmarks gets about {'−29' if summed else '−15'}",
    )


def learned(run: TrainingRun, line: Threshold) -> list[tuple[int, bool, int]]:
    """Return for each snapshot whether the run had learned by then.

    Parameters
    ----------
    run : its training episodes, exploration included.
    line : the threshold.

    Returns
    -------
    One (step, learned, episodes) a snapshot after an episode: the return is averaged over agents and the last
    ``line.n_episodes`` episodes that had ended, or over all where there were fewer.
    """
    totals = np.concatenate([[0.0], np.cumsum(run.episode_returns.astype(np.float64).mean(axis=1))])
    found = []
    for step in run.snapshot_steps:
        ended = int(np.searchsorted(run.episode_steps, step, side="right"))
        n = min(ended, line.n_episodes)
        if n:
            found.append((int(step), bool((totals[ended] - totals[ended - n]) / n > line.value), n))
    return found
