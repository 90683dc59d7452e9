"""Games small enough to check a learner by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from nashlens.games import Batch, Box, Choice, Game, GameSpec, Step
from nashlens.games.core import check_actions
from nashlens.games.randomness import Streams


class Uneven(Game):
    """Two agents of unequal spaces on a line; the episode is cut after three steps, or ends when `ends` is set."""

    def __init__(self, *, ends: bool = False, soft: bool = False, masked: bool = False, boxes: bool = False) -> None:
        self.ends = ends
        second: Choice | Box = Box((-1.0, -2.0), (1.0, 2.0)) if boxes else Choice((2, 3))
        self.spec = GameSpec(
            name="uneven",
            parameters={"ends": ends, "soft": soft, "masked": masked, "boxes": boxes},
            agents=("short", "long"),
            sides=("a", "b"),
            observation_sizes=(2, 4),
            action_spaces=(Choice((3,)), second),
            horizon=3,
            soft_actions=soft,
            masked=masked,
        )

    def begin(self, streams: Streams) -> Batch:
        return _UnevenBatch(self, streams)


class _UnevenBatch(Batch):
    def __init__(self, game: Uneven, streams: Streams) -> None:
        self.spec, self.n_envs, self._streams, self._ends = game.spec, streams.n_envs, streams, game.ends
        self._clock = np.zeros(self.n_envs, dtype=np.int64)
        self._place = streams.uniform(-1, 1, (6,))
        self._show()

    def step(self, actions: Sequence[npt.NDArray[np.floating[Any]]]) -> Step:
        played = check_actions(self.spec, actions, self.n_envs)
        self._clock += 1
        self._place = 0.9 * self._place + 0.1 * sum(a.sum(axis=1, keepdims=True) * 0 + a[:, :1] for a in played)
        over = self._clock == 3
        next_observations, next_masks = self._seen(), self._legal()
        rewards = np.stack([-(self._place[:, 0] ** 2), played[0][:, 1]], axis=1)
        if over.any():
            self._place[over] = self._streams.uniform(-1, 1, (6,), over)
            self._clock[over] = 0
        self._show()
        none = np.zeros_like(over)
        return Step(
            next_observations=next_observations,
            rewards=rewards,
            terminated=over if self._ends else none,
            truncated=none if self._ends else over,
            next_masks=next_masks,
        )

    def state(self) -> dict[str, npt.NDArray[Any]]:
        return {"clock": self._clock.copy(), "place": self._place.copy()}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        self._clock, self._place = state["clock"].copy(), state["place"].copy()
        self._show()

    def _seen(self) -> tuple[npt.NDArray[np.float64], ...]:
        return self._place[:, :2].copy(), self._place[:, 2:].copy()

    def _legal(self) -> tuple[npt.NDArray[np.bool_], ...] | None:
        if not self.spec.masked:
            return None
        masks = [np.ones((self.n_envs, width), dtype=np.bool_) for width in self.spec.action_widths]
        masks[0][:, 2] = False
        masks[1][:, 0] = self._clock != 1
        return tuple(masks)

    def _show(self) -> None:
        self.observations, self.masks = self._seen(), self._legal()


@pytest.fixture
def uneven() -> type[Uneven]:
    return Uneven
