"""When learners that draw from a replay update: after a warm-up, once every so many environment steps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from pydantic import PositiveInt

from nashlens.agents.settings import Settings


class Rollout(Settings):
    """How experience is gathered; in one run these are the same for every side.

    Attributes
    ----------
    n_envs : environments in parallel for each seed. The paper has one; eight gave the same learning in less time.
    replay_capacity : transitions that are kept for each seed.
    warmup_steps : environment steps before the first update.
    update_every_steps : environment steps between updates.
    """

    n_envs: PositiveInt = 8
    replay_capacity: PositiveInt = 1_000_000
    warmup_steps: PositiveInt = 25_600
    update_every_steps: PositiveInt = 100


class Gathers(Protocol):
    """Settings that say how experience is gathered."""

    @property
    def rollout(self) -> Rollout:
        """How experience is gathered."""
        ...


def common_rollout(algorithms: Mapping[str, Gathers]) -> Rollout:
    """Return how the sides gather experience together.

    Raises
    ------
    ValueError : they do not agree.
    """
    each = [a.rollout for a in algorithms.values()]
    if any(r != each[0] for r in each):
        raise ValueError(f"algorithm: the sides {list(algorithms)} must have equal rollout settings")
    return each[0]


def updates_due(rollout: Rollout, before: int, now: int) -> int:
    """Return how many updates are due when the environment steps of one seed go from `before` to `now`.

    >>> updates_due(Rollout(warmup_steps=40, update_every_steps=8), 32, 48)
    2
    """
    every = rollout.update_every_steps
    if now < rollout.warmup_steps:
        return 0
    return now // every - max(before, rollout.warmup_steps - 1) // every
