"""Which learners and windows the settings of a run with recurrent actors ask for, or why they cannot be had."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch

from nashlens.agents.config import MADDPGFamily, Rollout
from nashlens.agents.layout import Layout
from nashlens.agents.recurrent_learner import RecurrentLearner
from nashlens.agents.recurrent_settings import Windows
from nashlens.games.core import Box, GameSpec
from nashlens.games.randomness import child


def common_windows(algorithms: Mapping[str, MADDPGFamily]) -> Windows:
    """Return how the sides with a memory cut windows, after a look for what recurrent runs do not have.

    Parameters
    ----------
    algorithms : the setting of each side; at least one has a memory.

    Raises
    ------
    ValueError : they do not agree, or a side has inference, an ensemble, twin critics or a minimax objective.
    """
    for side, a in algorithms.items():
        held = {"inference": a.inference, "twin": a.twin, "minimax": a.minimax}
        found = [name for name, value in held.items() if value is not None]
        found += ["ensemble"] if a.ensemble.size > 1 else []
        if found:
            raise ValueError(f"algorithm: beside a side with memory, {side} must be without {', '.join(found)}")
    each = {side: a.windows for side, a in algorithms.items() if a.memory is not None}
    first, *rest = each.values()
    if any(windows != first for windows in rest):
        raise ValueError(f"algorithm: the sides {list(each)} must have equal windows")
    return first


def check_first_update(rollout: Rollout, windows: Windows) -> None:
    """Check that a window is full when the first update is due.

    Parameters
    ----------
    rollout : how experience is gathered.
    windows : what is learned from.

    Raises
    ------
    ValueError : none is.
    """
    every = rollout.update_every_steps
    n_rounds = -(-(-(-rollout.warmup_steps // every) * every) // rollout.n_envs)
    if n_rounds < windows.span:
        raise ValueError(
            f"rollout.warmup_steps: {rollout.warmup_steps} let the first update come after {n_rounds} steps of each of "
            f"{rollout.n_envs} environments, before a window of {windows.span} is full; it must be at least "
            f"{windows.span * rollout.n_envs}"
        )


def recurrent_learners(
    spec: GameSpec,
    algorithms: Mapping[str, MADDPGFamily],
    seeds: Sequence[int],
    *,
    windows: Windows,
    memories: Layout,
    device: torch.device,
) -> list[RecurrentLearner]:
    """Return the fewest learners: agents of equal settings and one kind of action space share a stack.

    Parameters
    ----------
    spec : the game.
    algorithms : the setting of each side.
    seeds : S whole numbers.
    windows : what is learned from.
    memories : where each agent's memory stands among those of all agents.
    device : where networks live.
    """
    groups: dict[tuple[MADDPGFamily, bool], list[int]] = {}
    for i, (side, space) in enumerate(zip(spec.sides, spec.action_spaces, strict=True)):
        groups.setdefault((algorithms[side], isinstance(space, Box)), []).append(i)
    return [
        RecurrentLearner(
            spec,
            agents,
            settings,
            windows=windows,
            memories=memories,
            device=device,
            rngs=[child(seed, "initial parameters", *agents) for seed in seeds],
        )
        for (settings, _), agents in groups.items()
    ]
