"""When learners that draw from a replay update: after a warm-up, once every so many environment steps."""

from __future__ import annotations

from collections.abc import Mapping

from nashlens.agents.config import ReplayAlgorithm, Rollout


def common_rollout(algorithms: Mapping[str, ReplayAlgorithm]) -> Rollout:
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
