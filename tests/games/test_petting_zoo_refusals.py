from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from gymnasium import spaces
from mpe2 import simple_spread_v3
from pettingzoo.classic.rps import rps

from nashlens.games import from_petting_zoo
from nashlens.games.core import Choice
from nashlens.games.petting_zoo_spaces import AgentSpaces
from tests.games.changing_environment import Changing


class Breaking(Changing):
    """Breaks the contract as `how` says, in its first step."""

    how = ""

    def reset(self, seed: int | None = None, options: Any = None) -> Any:
        shown, infos = super().reset(seed)
        if self.how == "reset observations only":
            return shown
        if self.how == "missing observation":
            shown.pop("stays")
        if self.how == "mask":
            infos["early"]["action_mask"] = np.ones(2)
        if self.how == "mask of nothing":
            infos["early"]["action_mask"] = np.zeros(3)
        return shown, infos

    def step(self, actions: dict[str, Any]) -> Any:
        shown, rewards, ended, cut, infos = super().step(actions)
        if self.how == "four":
            return shown, rewards, ended, infos
        if self.how == "list":
            return [shown, rewards, ended, cut, infos]
        if self.how == "nan":
            rewards["stays"] = float("nan")
        if self.how == "shape":
            shown["stays"]["a"] = np.zeros(3, dtype=np.float32)
        if self.how == "infinite":
            shown["late"] = (np.array([np.inf], dtype=np.float32), np.array([1, 2]))
        if self.how == "stranger":
            self.agents.append("nobody")
        if self.how == "lingers" and self.time == 2:
            self.agents.append("early")
        for label, given in {"rewards": rewards, "terminations": ended, "truncations": cut}.items():
            if self.how == label:
                given.pop("stays")
        return shown, rewards, ended, cut, infos


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("reset observations only", "reset must return two dictionaries, observations and infos, not a dict"),
        ("missing observation", "reset must return observations of every agent; stays is missing"),
        ("mask", "reset: the action mask of early must have 3 entries, not 2"),
        ("mask of nothing", "reset: the action mask of early must allow an action"),
        ("four", "step must return five dictionaries, .* not a tuple of 4"),
        ("list", "step must return five dictionaries, .* not a list"),
        ("nan", "step must return finite rewards; that of stays is nan"),
        ("shape", "step: the observation of stays is not in its space"),
        ("infinite", "step: the observation of late must be finite"),
        ("stranger", "agents after step must be among possible_agents; nobody is not"),
        ("lingers", "agents that ended must leave the environment's agents; early is still there"),
        ("rewards", "step must return rewards of every agent that acted; stays is missing"),
        ("terminations", "step must return terminations of every agent that acted; stays is missing"),
        ("truncations", "step must return truncations of every agent that acted; stays is missing"),
    ],
)
def test_environment_that_breaks_its_contract_is_told_how(how: str, message: str) -> None:
    broken = type("Broken", (Breaking,), {"how": how})
    game = from_petting_zoo(broken, max_steps=10)

    def play() -> None:
        batch = game.start(1, rng=np.random.default_rng(0))
        for _ in range(2):
            batch.step([np.zeros((1, w)) for w in game.spec.action_widths])

    with pytest.raises(ValueError, match=f"changing_v0 breaks PettingZoo's contract: {message}"):
        play()


def test_observation_of_the_wrong_shape_in_a_plain_box_is_refused() -> None:
    space = AgentSpaces("a", actions=spaces.Discrete(2), observations=spaces.Box(0, 1, (3,)), waits=False)
    with pytest.raises(ValueError, match=r"the observation of a has shape \(2,\), its space \(3,\)"):
        space.observe(np.zeros(2))


@pytest.mark.parametrize(
    ("actions", "message"),
    [
        (spaces.Box(-np.inf, np.inf, (2,)), "actions of a must be bounded with low < high"),
        (spaces.Box(0, 255, (2,), dtype=np.uint8), "or a Box of floats"),
        (spaces.Dict({"x": spaces.Discrete(2)}), "actions of a must be Discrete, MultiDiscrete"),
    ],
)
def test_action_space_without_a_counterpart_is_refused(actions: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        AgentSpaces("a", actions=actions, observations=spaces.Discrete(2), waits=False)


def test_other_spaces_are_converted_or_refused() -> None:
    binary = AgentSpaces("a", actions=spaces.MultiBinary(3), observations=spaces.Discrete(2), waits=False)
    assert binary.action_space == Choice((2, 2, 2))
    assert binary.decode(np.array([1.0, 0, 0, 1, 0, 1])).tolist() == [0, 1, 1]
    with pytest.raises(ValueError, match="must be Discrete where agents take turns"):
        AgentSpaces("a", actions=spaces.MultiBinary(3), observations=spaces.Discrete(2), waits=True)
    with pytest.raises(ValueError, match="observations of a must lie in a space of fixed size"):
        AgentSpaces("a", actions=spaces.Discrete(2), observations=spaces.Sequence(spaces.Discrete(2)), waits=False)


class Nameless(Changing):
    """Does not say which agents may appear."""

    def __init__(self) -> None:
        super().__init__()
        del self.possible_agents


@pytest.mark.parametrize(
    ("factory", "message"),
    [
        (7, "factory must be a function"),
        (object, "factory must make a PettingZoo environment, not a object"),
        (Nameless, "lists its possible_agents"),
    ],
)
def test_factory_that_makes_nothing_playable_is_refused(factory: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_petting_zoo(factory)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"max_steps": 0}, "max_steps must be a whole number"),
        ({"common_reward": 1}, "common_reward must be True or False"),
        ({"sides": ["one"]}, "sides must have one entry"),
    ],
)
def test_arguments_that_do_not_fit_are_refused(arguments: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_petting_zoo(rps.parallel_env, **arguments)


def test_common_reward_that_is_belied_is_refused() -> None:
    batch = from_petting_zoo(Changing, max_steps=10, common_reward=True).start(1, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="common_reward must be False"):
        batch.step([np.zeros((1, 3)), np.zeros((1, 6)), np.zeros((1, 2))])


def test_factory_whose_spaces_change_is_refused() -> None:
    sizes = iter([2, 3])
    game = from_petting_zoo(lambda: simple_spread_v3.parallel_env(N=next(sizes)))
    with pytest.raises(ValueError, match="factory must always make the same environment"):
        game.start(1, rng=np.random.default_rng(0))


class Unseeded(Changing):
    """Draws from a generator of its own that reset does not seed."""

    generator = np.random.default_rng(0)

    def reset(self, seed: int | None = None, options: Any = None) -> Any:
        super().reset(seed)
        self.offset = float(self.generator.uniform(-1, 1))
        return {a: self.show(a) for a in self.agents}, {a: {} for a in self.agents}


def test_environment_whose_seed_does_not_decide_cannot_go_back_to_a_state() -> None:
    batch = from_petting_zoo(Unseeded, max_steps=10).start(2, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="cannot go back to a stored state"):
        batch.restore(batch.state())
    seeded = from_petting_zoo(Changing, max_steps=10).start(2, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="must be one of 2 environments, not 3"):
        seeded.restore(seeded.state() | {"seeds": np.zeros(3)})
