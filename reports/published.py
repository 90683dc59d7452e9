"""What the MADDPG paper published of cooperative communication, to stand beside what was measured here.

The paper gives no interval for any number. Tables were printed, figures were read off; the folder of the data says how
closely.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib.resources import files
from io import StringIO
from typing import Any

import pandas as pd

FOLDER = "nashlens.reports.reference"
PAPER = "lowe2017"
SOURCE = "Lowe et al. (2017), arXiv:1706.02275"
LABEL = "published, no interval"
KINDS = ("maddpg", "ddpg")
PAIRS = {"kl_of_listener_approx": "speaker_0 of listener_0", "kl_of_speaker_approx": "listener_0 of speaker_0"}
REWARDS = {"reward_approx_policies": "inferred", "reward_true_policies": "true"}


def table(name: str) -> pd.DataFrame:
    """Return one file of published numbers.

    Parameters
    ----------
    name : the file's name without its ending.

    Raises
    ------
    ValueError : there is no such file.
    """
    path = files(FOLDER).joinpath(PAPER, f"{name}.csv")
    if not path.is_file():
        raise ValueError(f"name must be that of a file of published numbers, not {name!r}")
    return pd.read_csv(StringIO(path.read_text(encoding="utf-8")))


def is_comparable(game: str, parameters: Mapping[str, Any]) -> bool:
    """Say whether a game's returns are on the scale of the paper's figures of cooperative communication."""
    return game == "simple_speaker_listener" and parameters.get("team_reward") == "sum"


def return_curves(kinds: frozenset[str], *, inferring: bool) -> pd.DataFrame:
    """Return published rewards over training.

    Parameters
    ----------
    kinds : the learners of Figure 4 that are wanted, such as ``maddpg``.
    inferring : whether those of Figure 7 are wanted too.

    Returns
    -------
    Frame with ``line, kind, step, mean``, the step counted in episodes.
    """
    parts = [_long("figure4_cooperative_communication_reward", kind, figure=4) for kind in KINDS if kind in kinds]
    if inferring:
        frame = table("figure7")
        for column, name in REWARDS.items():
            line = f"{name} policies, figure 7 ({LABEL})"
            parts.append(_curve(line, "maddpg", episodes_of(frame["iteration"]), frame[column]))
    return _together(parts)


def success_curves(kinds: frozenset[str]) -> pd.DataFrame:
    """Return the published shares of runs that learned, as `return_curves` does."""
    return _together([_long("figure6_policy_learning_success_rate", kind, figure=6) for kind in KINDS if kind in kinds])


def divergence_curves() -> pd.DataFrame:
    """Return the published divergence of inferred from true policies.

    Returns
    -------
    Frame with ``line, kind, pair, step, mean``: the pair “a of b” is agent a's model of agent b, and steps are those of
    the environment.
    """
    frame = table("figure7")
    steps = 25 * episodes_of(frame["iteration"])
    parts = [_curve(LABEL, "maddpg", steps, frame[column]).assign(pair=pair) for column, pair in PAIRS.items()]
    return _together(parts)


def last_divergences(n_updates: int = 500) -> dict[str, float]:
    """Return the mean of each published divergence over the last updates, by pair."""
    frame = table("figure7")
    late = frame[frame["iteration"] > frame["iteration"].max() - n_updates]
    return {pair: float(late[column].mean()) for column, pair in PAIRS.items()}


def episodes_of(iterations: pd.Series) -> pd.Series:
    """Return the episode after which each update of Figure 7 came: 1,024 to fill the replay, then 4 an update."""
    return 1_024 + 4 * iterations


def _long(name: str, kind: str, *, figure: int) -> pd.DataFrame:
    frame = table(name)
    return _curve(f"{kind}, figure {figure} ({LABEL})", kind, 1_000 * frame["thousand_episodes"], frame[kind])


def _curve(line: str, kind: str, steps: pd.Series, values: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"line": line, "kind": kind, "step": steps.astype(int), "mean": values.astype(float)})


def _together(parts: list[pd.DataFrame]) -> pd.DataFrame:
    columns = ["line", "kind", "step", "mean"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
