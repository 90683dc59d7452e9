"""Conformance: it passes for every registered game and for a game that does everything, and names each broken promise.

`Walk` is the game that does everything: random starts, noise, masks, measures, both kinds of end. Each of the broken
games below differs from it in one thing.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from nashlens import games
from nashlens.games import conformance, registry
from nashlens.games.core import Batch, Box, Choice, Game, GameSpec, Step, check_actions
from nashlens.games.randomness import Streams


class Walk(Game):
    """Two agents move points on a line; over beyond 3, cut after 5 steps; one may not push outwards."""

    def __init__(self) -> None:
        self.spec = GameSpec(
            name="walk",
            agents=("a", "b"),
            sides=("all", "all"),
            observation_sizes=(3, 2),
            action_spaces=(Choice((3,)), Box((-1.0,), (1.0,))),
            horizon=5,
            common_reward=True,
            masked=True,
        )

    def begin(self, streams: Streams) -> Batch:
        return WalkBatch(self.spec, streams)


class WalkBatch(Batch):
    def __init__(self, spec: GameSpec, streams: Streams) -> None:
        self.spec = spec
        self.n_envs = streams.n_envs
        self.streams = streams
        self.place = streams.uniform(-1, 1, (2,))
        self.time = np.zeros(self.n_envs, dtype=np.int64)
        self.observations, self.masks = self.show()

    def show(self) -> tuple[tuple[npt.NDArray[np.float64], ...], tuple[npt.NDArray[np.bool_], ...]]:
        masks = np.ones((self.n_envs, 3), dtype=np.bool_)
        masks[:, 2] = self.place[:, 0] < 1
        observations = (np.column_stack([self.place, self.time / 5]), self.place.copy())
        return observations, (masks, np.ones((self.n_envs, 1), dtype=np.bool_))

    def step(self, actions: Sequence[npt.NDArray[Any]]) -> Step:
        first, second = check_actions(self.spec, actions, self.n_envs)
        noise = self.streams.normal((2,)) * 0.1
        self.place = self.place + np.column_stack([first @ [-1.0, 0.0, 1.0], second[:, 0]]) + noise
        self.time = self.time + 1
        observations, masks = self.show()
        terminated = np.abs(self.place).max(axis=1) > 3
        truncated = (self.time == 5) & ~terminated
        rewards = np.repeat(-np.abs(self.place).sum(axis=1)[:, None], 2, axis=1)
        ended = terminated | truncated
        self.place[ended] = self.streams.uniform(-1, 1, (2,), where=ended)
        self.time[ended] = 0
        self.observations, self.masks = self.show()
        return Step(
            next_observations=observations,
            rewards=rewards,
            terminated=terminated,
            truncated=truncated,
            measures={"distance": np.abs(observations[1])},
            next_masks=masks,
        )

    def state(self) -> dict[str, npt.NDArray[Any]]:
        return {"place": self.place.copy(), "time": self.time.copy()}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        self.place, self.time = state["place"].copy(), state["time"].copy()
        self.observations, self.masks = self.show()


def broken(batch_class: type[WalkBatch], **spec_changes: Any) -> Walk:
    game = Walk()
    fields = {name: getattr(game.spec, name) for name in GameSpec.__slots__}
    game.spec = GameSpec(**(fields | spec_changes))
    game.begin = lambda streams: batch_class(game.spec, streams)
    return game


def with_step(**changes: Any) -> type[WalkBatch]:
    """Return a batch whose steps have some parts replaced by functions of the true step."""

    class Changed(WalkBatch):
        def step(self, actions: Sequence[npt.NDArray[Any]]) -> Step:
            true = super().step(actions)
            parts = {name: getattr(true, name) for name in Step.__slots__}
            return Step(**(parts | {name: change(true) for name, change in changes.items()}))

    return Changed


class CountsCalls(WalkBatch):
    """Measures that appear in later steps only."""

    calls = 0

    def step(self, actions: Sequence[npt.NDArray[Any]]) -> Step:
        true = super().step(actions)
        self.calls += 1
        measures = true.measures if self.calls < 3 else {}
        return Step(**({name: getattr(true, name) for name in Step.__slots__} | {"measures": measures}))


class NeverEnds(WalkBatch):
    def step(self, actions: Sequence[npt.NDArray[Any]]) -> Step:
        self.time[:] = 0
        self.place = np.clip(self.place, -0.5, 0.5)
        return super().step(actions)


class NeverRestarts(WalkBatch):
    """After an end it goes on showing the end."""

    def step(self, actions: Sequence[npt.NDArray[Any]]) -> Step:
        true = super().step(actions)
        self.observations, self.masks = true.next_observations, true.next_masks
        return true


class ShowsOtherSuccessor(WalkBatch):
    def step(self, actions: Sequence[npt.NDArray[Any]]) -> Step:
        true = super().step(actions)
        self.observations = tuple(o + 1.0 for o in self.observations)
        return true


class OwnRandomness(WalkBatch):
    """Draws from a generator that nobody seeded."""

    def __init__(self, spec: GameSpec, streams: Streams) -> None:
        super().__init__(spec, streams)
        self.place = np.random.default_rng().uniform(-1, 1, (self.n_envs, 2))
        self.observations, self.masks = self.show()


class OneStreamForAll(WalkBatch):
    """Draws for all blocks from the first block's generator."""

    def __init__(self, spec: GameSpec, streams: Streams) -> None:
        super().__init__(spec, Streams(streams.generators[0], streams.n_envs))


class FeelsTheCrowd(WalkBatch):
    """Rewards depend on all environments together."""

    def step(self, actions: Sequence[npt.NDArray[Any]]) -> Step:
        true = super().step(actions)
        parts = {name: getattr(true, name) for name in Step.__slots__}
        return Step(**(parts | {"rewards": true.rewards - true.rewards.mean()}))


class ForgetsTime(WalkBatch):
    """The stored state lacks the time, which a restored batch then has from elsewhere."""

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        super().restore({"place": state["place"], "time": np.zeros_like(state["time"])})


class RestoresQuietly(WalkBatch):
    """What it shows is right after restoring, what follows is not: a hidden part was not stored."""

    def __init__(self, spec: GameSpec, streams: Streams) -> None:
        super().__init__(spec, streams)
        self.bias = self.place[:, :1].copy()

    def step(self, actions: Sequence[npt.NDArray[Any]]) -> Step:
        true = super().step(actions)
        parts = {name: getattr(true, name) for name in Step.__slots__}
        return Step(**(parts | {"rewards": true.rewards + self.bias}))


class StateIsNoCopy(WalkBatch):
    def state(self) -> dict[str, npt.NDArray[Any]]:
        return {"place": self.place, "time": self.time}

    def step(self, actions: Sequence[npt.NDArray[Any]]) -> Step:
        before = self.place
        true = super().step(actions)
        before += 1.0
        return true


class ReusesRewards(WalkBatch):
    """Pays into one array that every step shares."""

    def __init__(self, spec: GameSpec, streams: Streams) -> None:
        super().__init__(spec, streams)
        self.purse = np.zeros((self.n_envs, 2))

    def step(self, actions: Sequence[npt.NDArray[Any]]) -> Step:
        true = super().step(actions)
        self.purse[:] = true.rewards
        return Step(**({name: getattr(true, name) for name in Step.__slots__} | {"rewards": self.purse}))


class ChangesActions(WalkBatch):
    def step(self, actions: Sequence[npt.NDArray[Any]]) -> Step:
        true = super().step(actions)
        actions[1][:] = 0.0
        return true


class TakesAnything(WalkBatch):
    def step(self, actions: Sequence[npt.NDArray[Any]]) -> Step:
        fitting = tuple(
            np.resize(np.asarray(a, dtype=np.float64), (self.n_envs, width))
            for a, width in zip(np.resize(np.arange(len(actions)), 2), self.spec.action_widths, strict=True)
            for a in [actions[a]]
        )
        return super().step(fitting)


class NoLegalAction(WalkBatch):
    def show(self) -> Any:
        observations, (first, second) = super().show()
        first[self.time == 3] = False
        return observations, (first, second)


class StartsInFloat32(WalkBatch):
    def show(self) -> Any:
        observations, masks = super().show()
        return tuple(o.astype(np.float32) for o in observations), masks


class WrongNumberOfEnvironments(WalkBatch):
    def __init__(self, spec: GameSpec, streams: Streams) -> None:
        super().__init__(spec, streams)
        self.n_envs += 1


class HasNoMasks(WalkBatch):
    def __init__(self, spec: GameSpec, streams: Streams) -> None:
        super().__init__(spec, streams)
        self.masks = None


class OneObservationShort(WalkBatch):
    def show(self) -> Any:
        observations, masks = super().show()
        return observations[:1], masks


def rng() -> np.random.Generator:
    return np.random.default_rng(11)


def test_check_passes_for_the_game_that_does_everything() -> None:
    report = conformance.check(Walk(), n_envs=8, n_episodes=4, rng=rng())
    assert report.game == "walk"
    assert (report.n_envs, report.n_steps) == (8, 20)
    assert report.n_episodes >= 32
    assert len(report.checks) == 8


@pytest.mark.parametrize(
    ("game", "message"),
    [
        (broken(WrongNumberOfEnvironments), "n_envs is 5 after 4 environments were asked for"),
        (broken(OneObservationShort), "observations must be 2 arrays, one an agent, at the start"),
        (broken(StartsInFloat32), "observations of agent 0 are float32 at the start, not float64"),
        (broken(WalkBatch, observation_sizes=(3, 5)), r"observations of agent 1 have shape \(4, 2\) at the start, not"),
        (broken(HasNoMasks), "masks are missing at the start although masked is True"),
        (broken(WalkBatch, masked=False), "masks are present at the start although masked is False"),
        (broken(NoLegalAction), "masks of agent 0 leave no legal action after a step"),
        (broken(with_step(next_masks=lambda _: None)), "next masks are missing after a step although masked is True"),
        (broken(with_step(rewards=lambda s: s.rewards[:, 0])), r"rewards have shape \(4,\) after a step, not \(4, 2\)"),
        (broken(with_step(rewards=lambda s: s.rewards * np.nan)), "rewards are not all finite after a step"),
        (broken(with_step(rewards=lambda s: s.rewards * [1, 2])), "different rewards although common_reward is True"),
        (broken(with_step(terminated=lambda s: s.terminated * 1.0)), "terminated are float64 after a step, not bool"),
        (broken(with_step(terminated=lambda s: s.ended)), "terminated and truncated at once"),
        (
            broken(with_step(next_observations=lambda s: tuple(o[:, :-1] for o in s.next_observations))),
            "next observations of agent 0 have shape",
        ),
        (broken(with_step(measures=lambda s: {"d": s.rewards[:, :1]})), "measure d have shape"),
        (broken(CountsCalls), "steps have different measures"),
        (broken(NeverEnds), "an episode went on after the horizon of 5 steps"),
        (broken(WalkBatch, horizon=4), "an episode went on after the horizon of 4 steps"),
        (broken(NeverRestarts), "an environment still shows the end of its episode"),
        (broken(ShowsOtherSuccessor), "observations of agent 0 differ from the successor where the episode goes on"),
        (broken(OwnRandomness), "differ between two runs from the same generators"),
        (broken(OneStreamForAll), "of a block of environments depend on the block beside it"),
        (broken(FeelsTheCrowd), "rewards of a block of environments depend on the block beside it"),
        (broken(ForgetsTime), "observations of agent 0 differ after a stored state was restored"),
        (broken(RestoresQuietly), "rewards differ in an episode that goes on from a restored state"),
        (broken(StateIsNoCopy), "the stored place changed when later steps were taken"),
        (broken(ReusesRewards), "rewards of a step changed when later steps were taken"),
        (broken(ChangesActions), "the actions that were given were changed"),
        (broken(TakesAnything), "actions of too few agents were taken without a ValueError"),
    ],
)
def test_check_names_the_broken_promise(game: Walk, message: str) -> None:
    with pytest.raises(conformance.ConformanceError, match=f"^walk: .*{message}"):
        conformance.check(game, n_envs=4, n_episodes=3, rng=rng())


def test_check_refuses_a_batch_of_another_game() -> None:
    game, other = Walk(), broken(WalkBatch, name="other")
    game.begin = lambda streams: WalkBatch(other.spec, streams)
    with pytest.raises(conformance.ConformanceError, match="the batch has another specification than the game"):
        conformance.check(game, rng=rng())


def test_conformance_error_is_a_value_error() -> None:
    assert issubclass(conformance.ConformanceError, ValueError)


@pytest.mark.parametrize("n_envs", [0, 3, 2.0])
def test_check_refuses_odd_numbers_of_environments(n_envs: Any) -> None:
    with pytest.raises(ValueError, match="n_envs must be"):
        conformance.check(Walk(), n_envs=n_envs, rng=rng())


def test_check_refuses_no_episodes() -> None:
    with pytest.raises(ValueError, match="n_episodes must be a whole number of at least 1, not 0"):
        conformance.check(Walk(), n_episodes=0, rng=rng())


@pytest.mark.parametrize(
    "name", [n for n, entry in registry.entries().items() if inspect.Parameter.empty not in entry.parameters.values()]
)
def test_every_registered_game_conforms(name: str) -> None:
    report = conformance.check(games.make(name), rng=rng())
    assert report.n_episodes >= report.n_envs
