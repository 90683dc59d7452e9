"""How many parameters the learners of a run hold, counted from their settings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from math import prod
from typing import Any

from nashlens.agents.joint_size import BYTES, PARAMETER_COPIES, joint_size
from nashlens.agents.value_settings import JointDQN
from nashlens.games.core import Choice, GameSpec


def n_parameters(spec: GameSpec, algorithm: Mapping[str, Mapping[str, Any]]) -> int | None:
    """Return how many parameters are trained in one seed, without targets; None where it is not known how to count.

    Counted are joint Q-learning, independent Q-learning, MADDPG and DDPG with networks of their own for every agent;
    not ensembles, twins, models of others, memories and shared networks.

    Parameters
    ----------
    spec : the game.
    algorithm : settings of each side, as plain values.
    """
    total = 0
    for i, side in enumerate(spec.sides):
        settings = algorithm[side]
        if settings["kind"] == "joint_dqn":
            return joint_size(spec, joint_settings(settings)).n_parameters
        own = _of_agent(spec, i, settings)
        if own is None:
            return None
        total += own
    return total


def parameter_bytes(count: int) -> int:
    """Return the bytes of so many parameters, their gradient, their target and the optimiser's two moments."""
    return PARAMETER_COPIES * BYTES * count


def joint_settings(settings: Mapping[str, Any]) -> JointDQN:
    """Return settings of joint Q-learning from plain values, as a stored run has them."""
    return JointDQN.model_validate_json(_json(settings))


def _json(settings: Mapping[str, Any]) -> str:
    import json

    return json.dumps(dict(settings))


def _of_agent(spec: GameSpec, agent: int, settings: Mapping[str, Any]) -> int | None:
    sharing = settings.get("sharing", {"mode": "none"})
    space = spec.action_spaces[agent]
    if settings["kind"] not in {"dqn", "maddpg", "ddpg"} or not isinstance(space, Choice):
        return None
    if sharing.get("mode", "none") != "none" or sharing.get("index", False):
        return None
    observed, hidden = spec.observation_sizes[agent], list(settings["hidden"])
    if settings["kind"] == "dqn":
        return _network([observed + 2 * bool(settings.get("fingerprint")), *hidden, prod(space.factors)])
    extended = settings.get("twin") or settings.get("inference") or settings.get("memory")
    if extended or settings["ensemble"]["size"] > 1 or settings.get("critic_sharing"):
        return None
    central = settings["critic"] == "central"
    read = sum(spec.observation_sizes) + sum(spec.action_widths) if central else observed + space.width
    return _network([observed, *hidden, space.width]) + _network([read, *hidden, 1])


def _network(widths: Sequence[int]) -> int:
    return sum((fan_in + 1) * fan_out for fan_in, fan_out in pairwise(widths))
