"""Games small enough to check a learner by hand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
import torch

from nashlens.games import Batch, Box, Choice, Game, GameSpec, Step
from nashlens.games.core import check_actions
from nashlens.games.randomness import Streams


class Uneven(Game):
    """Two agents of unequal spaces on a line; the episode is cut after three steps, or ends when `ends` is set."""

    def __init__(
        self,
        *,
        ends: bool = False,
        soft: bool = False,
        masked: bool = False,
        boxes: bool = False,
        common: bool = False,
    ) -> None:
        self.ends = ends
        second: Choice | Box = Box((-1.0, -2.0), (1.0, 2.0)) if boxes else Choice((2, 3))
        self.spec = GameSpec(
            name="uneven",
            parameters={"ends": ends, "soft": soft, "masked": masked, "boxes": boxes, "common": common},
            agents=("short", "long"),
            sides=("a", "b"),
            observation_sizes=(2, 4),
            action_spaces=(Choice((3,)), second),
            horizon=3,
            common_reward=common,
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
        if self.spec.common_reward:
            rewards = rewards.sum(axis=1, keepdims=True).repeat(2, axis=1)
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


@pytest.fixture(autouse=True)
def _one_torch_thread() -> Iterator[None]:
    # Small products gain nothing from a second thread, and lose much where other tests want the core.
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


class Recall(Game):
    """One agent, two steps: a sign is shown at the first, and naming it at the second pays 1."""

    def __init__(self) -> None:
        self.spec = GameSpec(
            name="recall",
            agents=("only",),
            sides=("only",),
            observation_sizes=(2,),
            action_spaces=(Choice((2,)),),
            horizon=2,
            common_reward=True,
        )

    def begin(self, streams: Streams) -> Batch:
        return _RecallBatch(self, streams)


class _RecallBatch(Batch):
    def __init__(self, game: Recall, streams: Streams) -> None:
        self.spec, self.n_envs, self._streams = game.spec, streams.n_envs, streams
        self._clock = 0
        self._deal()

    def step(self, actions: Sequence[npt.NDArray[np.floating[Any]]]) -> Step:
        played = check_actions(self.spec, actions, self.n_envs)[0].argmax(axis=1)
        last = self._clock == 1
        rewards = ((played == self._sign) & last).astype(np.float64)[:, None]
        self._clock = 1 - self._clock
        nothing = (np.zeros((self.n_envs, 2)),)
        if last:
            self._deal()
        else:
            self.observations = nothing
        ended = np.full(self.n_envs, last)
        return Step(next_observations=nothing, rewards=rewards, terminated=ended, truncated=np.zeros_like(ended))

    def _deal(self) -> None:
        self._sign = self._streams.integers(2)
        self.observations = (np.eye(2)[self._sign],)

    def state(self) -> dict[str, npt.NDArray[Any]]:
        return {"clock": np.array(self._clock), "sign": self._sign.copy()}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        self._clock, self._sign = int(state["clock"]), state["sign"].copy()
        self.observations = (np.zeros((self.n_envs, 2)) if self._clock else np.eye(2)[self._sign],)


@pytest.fixture
def recall() -> type[Recall]:
    return Recall
