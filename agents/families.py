"""Which engine runs which settings."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from itertools import pairwise

import torch

from nashlens.agents.config import DDPG, MADDPG, Algorithm, MADDPGFamily
from nashlens.agents.engine import Engine
from nashlens.agents.joint_engine import JointEngine
from nashlens.agents.maddpg_engine import MADDPGEngine
from nashlens.agents.on_policy_family import on_policy_engine
from nashlens.agents.on_policy_settings import OnPolicy
from nashlens.agents.recurrent_maddpg_engine import RecurrentMADDPGEngine
from nashlens.agents.replay_schedule import updates_due
from nashlens.agents.value_engine import ValueEngine
from nashlens.agents.value_settings import DQN, JointDQN
from nashlens.games.core import GameSpec

FLOAT = 4
"""Bytes of a number."""
COPIES = 5
"""Of each number of a network: itself, its target, its gradient and two moments."""


def check_plan(spec: GameSpec, algorithms: Mapping[str, Algorithm], *, steps: int) -> None:
    """Say before anything is built or run whether a training could not teach anything.

    Parameters
    ----------
    spec, algorithms, steps : as for `engine_for`.

    Raises
    ------
    ValueError : the warm-up or the update interval leaves no update within `steps`.
    """
    for side, settings in algorithms.items():
        if isinstance(settings, OnPolicy):
            continue
        rollout = settings.rollout
        last = -(-steps // rollout.n_envs) * rollout.n_envs
        if updates_due(rollout, 0, last) < 1:
            raise ValueError(
                f"steps: {steps} leave no update of {side} in {spec.name}: the first is due after "
                f"rollout.warmup_steps = {rollout.warmup_steps} steps, then every "
                f"rollout.update_every_steps = {rollout.update_every_steps}; raise steps or lower these"
            )


def check_settings(spec: GameSpec, algorithms: Mapping[str, Algorithm]) -> None:
    """Build the learners of one seed, with room for a single step, and let them go.

    Parameters
    ----------
    spec, algorithms : as for `engine_for`.

    Raises
    ------
    ValueError : the sides' algorithms cannot train in one run, or a setting does not fit the game or this machine.
    """
    for settings in algorithms.values():
        _check_room(settings.hidden)
    engine_for(spec, algorithms, seeds=(0,), steps=1, device=torch.device("cpu"))


def _check_room(hidden: Sequence[int]) -> None:
    """Refuse hidden layers of which one network with its target, gradient and moments is larger than this machine."""
    needed = COPIES * sum(FLOAT * below * above for below, above in pairwise(hidden))
    held = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    if needed > held:
        raise ValueError(
            f"hidden must fit into memory, not {list(hidden)}: training one network of these widths needs "
            f"{needed / 1e9:,.0f} GB, and this machine has {held / 1e9:,.0f} GB"
        )


def engine_for(
    spec: GameSpec, algorithms: Mapping[str, Algorithm], *, seeds: Sequence[int], steps: int, device: torch.device
) -> Engine:
    """Return the engine of one run.

    Parameters
    ----------
    spec : the game.
    algorithms : the setting of each side.
    seeds : S whole numbers.
    steps : environment steps that one seed will take.
    device : where networks and experience live.

    Raises
    ------
    ValueError : the sides' algorithms cannot train in one run, or a setting does not fit the game.
    """
    maddpg: dict[str, MADDPGFamily] = {side: a for side, a in algorithms.items() if isinstance(a, MADDPG | DDPG)}
    if len(maddpg) == len(algorithms):
        if any(a.memory is not None for a in maddpg.values()):
            return RecurrentMADDPGEngine(spec, maddpg, seeds=seeds, steps=steps, device=device)
        return MADDPGEngine(spec, maddpg, seeds=seeds, steps=steps, device=device)
    on_policy: dict[str, OnPolicy] = {side: a for side, a in algorithms.items() if isinstance(a, OnPolicy)}
    if len(on_policy) == len(algorithms):
        return on_policy_engine(spec, on_policy, seeds=seeds, device=device)
    values = {side: a for side, a in algorithms.items() if isinstance(a, DQN)}
    if len(values) == len(algorithms):
        return ValueEngine(spec, values, seeds=seeds, steps=steps, device=device)
    joint = {side: a for side, a in algorithms.items() if isinstance(a, JointDQN)}
    if len(joint) == len(algorithms):
        return JointEngine(spec, joint, seeds=seeds, steps=steps, device=device)
    kinds = {side: a.kind for side, a in algorithms.items()}
    raise ValueError(f"algorithm: the sides must learn by settings of one family, not {kinds}")
