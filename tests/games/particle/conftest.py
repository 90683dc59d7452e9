"""A world in a state that a test wrote down, and one step in which nothing moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from nashlens import games
from nashlens.games import Batch, Choice, Step

Placed = Callable[..., Batch]


@pytest.fixture
def placed() -> Placed:
    """Return a function that makes a world with one environment at the positions given (agents, then landmarks)."""

    def place(name: str, positions: Any, *, facts: dict[str, Any] | None = None, **arguments: Any) -> Batch:
        batch = games.make(name, **arguments).start(1, rng=np.random.default_rng(0))
        state = batch.state()
        state["positions"][0] = positions
        for fact, value in (facts or {}).items():
            state[fact][0] = value
        batch.restore(state)
        return batch

    return place


@pytest.fixture
def wait() -> Callable[[Batch], Step]:
    """Return a function that plays the first alternative of everything.

    From rest, under mpe2's order of integration, no body changes its place in this step whatever pushes it.
    """

    def first_of_all(batch: Batch) -> Step:
        actions = []
        for space in batch.spec.action_spaces:
            assert isinstance(space, Choice)
            action = np.zeros((batch.n_envs, space.width))
            action[:, [part.start for part in space.slices]] = 1.0
            actions.append(action)
        return batch.step(actions)

    return first_of_all
