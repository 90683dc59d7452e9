"""Which value learners the settings of a run ask for, and whether its game can be played by values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod

import torch

from nashlens.agents.value_learning import ValueLearner
from nashlens.agents.value_settings import DQN, Exploration, Importance
from nashlens.games.core import Choice, GameSpec
from nashlens.games.randomness import child


def common_exploration(algorithms: Mapping[str, DQN]) -> Exploration:
    """Return how all sides explore.

    Raises
    ------
    ValueError : they do not agree.
    """
    each = [a.exploration for a in algorithms.values()]
    if any(e != each[0] for e in each):
        raise ValueError(f"algorithm: the sides {list(algorithms)} must explore on one schedule")
    return each[0]


def choices(spec: GameSpec, algorithms: Mapping[str, DQN]) -> list[Choice]:
    """Return every agent's space, which must be a `Choice` of few enough combinations.

    Raises
    ------
    ValueError : it is not.
    """
    found = []
    for name, side, space in zip(spec.agents, spec.sides, spec.action_spaces, strict=True):
        if not isinstance(space, Choice):
            raise ValueError(
                f"algorithm: Q-learning needs a value for each action, and the actions of {name} in {spec.name} are "
                "a Box; learners with an actor, such as maddpg and ddpg, can play it"
            )
        n_combinations, limit = prod(space.factors), algorithms[side].max_alternatives
        if n_combinations > limit:
            raise ValueError(
                f"max_alternatives is {limit}, and {name} in {spec.name} has {n_combinations:,} combinations of "
                f"its factors {space.factors}"
            )
        found.append(space)
    return found


def value_learners(
    spec: GameSpec, algorithms: Mapping[str, DQN], seeds: Sequence[int], device: torch.device
) -> tuple[list[ValueLearner], list[Importance | None]]:
    """Return the fewest learners, agents of equal settings in one stack, and how each weights its transitions.

    Parameters
    ----------
    spec : the game.
    algorithms : the setting of each side.
    seeds : S whole numbers.
    device : where the networks live.

    Raises
    ------
    ValueError : an action space is a `Box` or has too many combinations.
    """
    choices(spec, algorithms)
    groups: dict[DQN, list[int]] = {}
    for i, side in enumerate(spec.sides):
        groups.setdefault(algorithms[side], []).append(i)
    learners = [
        ValueLearner(
            spec,
            agents,
            settings,
            sharing=settings.sharing,
            fingerprint=settings.fingerprint,
            device=device,
            rngs=[child(seed, "initial parameters", *agents) for seed in seeds],
        )
        for settings, agents in groups.items()
    ]
    return learners, [settings.importance for settings in groups]
