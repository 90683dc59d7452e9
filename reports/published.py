"""What the MADDPG paper published, to stand beside what was measured here.

The paper gives no interval for any number. Tables were printed, figures were read off; the folder of the data says how
closely.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from io import StringIO
from typing import Any

import pandas as pd

FOLDER = "nashlens.reports.reference"
PAPER = "lowe2017"
SOURCE = "Lowe et al. (2017), arXiv:1706.02275"
LABEL = "published, no interval"
# The paper's name of each kind of learner; its TRPO is a first-order variant.
KINDS = {
    "maddpg": "maddpg",
    "ddpg": "ddpg",
    "dqn": "dqn",
    "actor_critic": "actor-critic",
    "trpo": "trpo",
    "reinforce": "reinforce",
}
PAIRS = {"kl_of_listener_approx": "speaker_0 of listener_0", "kl_of_speaker_approx": "listener_0 of speaker_0"}
REWARDS = {"reward_approx_policies": "inferred", "reward_true_policies": "true"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Counterpart:
    """A published number and the metric that it stands beside.

    Attributes
    ----------
    metric : of the tidy frame.
    quantity : what it is called.
    factor : from our unit to the paper's.
    value : as published.
    source : where it stands in the paper.
    """

    metric: str
    quantity: str
    factor: float
    value: float
    source: str


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


def pairing(game: str, parameters: Mapping[str, Any], kind_of_side: Mapping[str, str]) -> list[Counterpart]:
    """Return what the paper's cross tables say of two sides that learn by these kinds.

    Parameters
    ----------
    game : the registry's name.
    parameters : its arguments.
    kind_of_side : the kind of learner of each side.

    Returns
    -------
    One a published number; none where the game, its size or the kinds are not the paper's.
    """
    if game == "simple_tag" and (parameters.get("num_good"), parameters.get("num_adversaries")) == (1, 3):
        row = _row_of("table3_predator_prey", kind_of_side, sides=("predators", "prey"))
        columns = [("episode_touches", "touches of the prey per episode", 25.0, "touches_prey_30_percent_faster")]
        return _counterparts(row, columns, source="table 3, prey 30% faster")
    if game == "simple_adversary" and parameters.get("N") in {2, 4}:
        row = _row_of("table4_physical_deception", kind_of_side, sides=("agents", "adversary"), size=parameters["N"])
        columns = [
            ("end_agents_success", "success of the agents, percent", 100.0, "agent_success_percent"),
            ("end_adversary_success", "success of the adversary, percent", 100.0, "adversary_success_percent"),
        ]
        return _counterparts(row, columns, source="table 4")
    return []


def _row_of(
    name: str, kind_of_side: Mapping[str, str], *, sides: tuple[str, str], size: int | None = None
) -> pd.DataFrame:
    frame = table(name)
    wanted = [KINDS.get(kind_of_side.get(side, ""), "") for side in sides]
    chosen = (frame[frame.columns[0]] == wanted[0]) & (frame[frame.columns[1]] == wanted[1])
    return frame[chosen if size is None else chosen & (frame["n_agents"] == size)]


def _counterparts(
    row: pd.DataFrame, columns: Sequence[tuple[str, str, float, str]], *, source: str
) -> list[Counterpart]:
    return [
        Counterpart(metric=metric, quantity=words, factor=factor, value=float(row[column].iloc[0]), source=source)
        for metric, words, factor, column in columns
        if len(row)
    ]


def _long(name: str, kind: str, *, figure: int) -> pd.DataFrame:
    frame = table(name)
    line = f"{KINDS[kind]}, figure {figure} ({LABEL})"
    return _curve(line, kind, 1_000 * frame["thousand_episodes"], frame[KINDS[kind]])


def _curve(line: str, kind: str, steps: pd.Series, values: pd.Series) -> pd.DataFrame:
    return pd.DataFrame({"line": line, "kind": kind, "step": steps.astype(int), "mean": values.astype(float)})


def _together(parts: list[pd.DataFrame]) -> pd.DataFrame:
    columns = ["line", "kind", "step", "mean"]
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=columns)
