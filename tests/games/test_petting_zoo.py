"""PettingZoo environments as games: real ones side by side with themselves, and small ones of every kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from gymnasium import spaces
from mpe2 import simple_spread_v3, simple_tag_v3
from pettingzoo.classic.connect_four import connect_four
from pettingzoo.classic.rps import rps
from pettingzoo.classic.tictactoe import tictactoe

from nashlens.games import conformance, from_petting_zoo
from nashlens.games.core import Box, Choice
from nashlens.games.petting_zoo_spaces import AgentSpaces
from tests.games.changing_environment import Changing


def made(environment: type[Changing]) -> tuple[Any, list[Changing]]:
    """Return a game of one kind of environment, and the list of copies it will have made."""
    copies: list[Changing] = []

    def factory() -> Changing:
        copies.append(environment())
        return copies[-1]

    return from_petting_zoo(factory, max_steps=10), copies


FACTORIES: dict[str, tuple[Callable[[], Any], dict[str, Any]]] = {
    "spread": (simple_spread_v3.parallel_env, {}),
    "spread_turns": (lambda: simple_spread_v3.env(continuous_actions=True, max_cycles=8), {}),
    "tag": (simple_tag_v3.parallel_env, {}),
    "rps": (rps.parallel_env, {}),
    "connect_four": (connect_four.env, {"max_steps": 42}),
    "tictactoe_cut": (tictactoe.env, {"max_steps": 5}),
    "changing": (Changing, {"max_steps": 10}),
    "changing_cut": (Changing, {"max_steps": 3}),
}


@pytest.mark.parametrize("name", FACTORIES)
def test_game_keeps_the_contract(name: str) -> None:
    factory, arguments = FACTORIES[name]
    found = conformance.check(from_petting_zoo(factory, **arguments), n_envs=4, rng=np.random.default_rng(0))
    assert found.n_episodes >= 8


@pytest.mark.parametrize("factory", [simple_spread_v3.parallel_env, simple_tag_v3.parallel_env, rps.parallel_env])
def test_parallel_environment_plays_as_it_does_by_hand(factory: Callable[[], Any]) -> None:
    game = from_petting_zoo(factory)
    batch = game.start(2, rng=np.random.default_rng(3))
    rng = np.random.default_rng(4)
    environment = factory()
    state = batch.state()
    observations, _ = environment.reset(seed=int(state["seeds"][1]))
    for _ in range(game.spec.horizon):
        for i, agent in enumerate(game.spec.agents):
            expected = spaces.flatten(environment.observation_space(agent), observations[agent])
            np.testing.assert_array_equal(batch.observations[i][1], expected.astype(np.float64))
        picks = [int(rng.integers(width)) for width in game.spec.action_widths]
        step = batch.step([np.tile(np.eye(w)[k], (2, 1)) for w, k in zip(game.spec.action_widths, picks, strict=True)])
        observations, rewards, terminated, truncated, _ = environment.step(
            dict(zip(game.spec.agents, picks, strict=True))
        )
        np.testing.assert_array_equal(step.rewards[1], [rewards[agent] for agent in game.spec.agents])
    assert not environment.agents
    assert bool(step.truncated[1]) == all(truncated.values())
    assert bool(step.terminated[1]) == all(terminated.values())


def test_connect_four_waits_in_turn_and_ends_with_four_in_a_column() -> None:
    # player_0 drops into column 0, player_1 into column 1; player_0's fourth is a win: +1 and -1.
    game = from_petting_zoo(connect_four.env, max_steps=42)
    assert game.spec.action_spaces == (Choice((8,)), Choice((8,)))
    assert game.spec.observation_sizes == (84, 84)
    batch = game.start(1, rng=np.random.default_rng(0))
    for k in range(7):
        mover = k % 2
        assert batch.masks is not None
        assert batch.masks[mover][0].tolist() == [True] * 7 + [False]
        assert batch.masks[1 - mover][0].tolist() == [False] * 7 + [True]
        step = batch.step([np.eye(8)[[i if i == mover else 7]] for i in range(2)])
        assert bool(step.terminated[0]) == (k == 6)
    assert step.rewards[0].tolist() == [1, -1]
    with pytest.raises(ValueError, match="actions of player_0 must not be to wait"):
        batch.step([np.eye(8)[[7]]] * 2)


def test_full_column_is_masked() -> None:
    batch = from_petting_zoo(connect_four.env, max_steps=42).start(1, rng=np.random.default_rng(0))
    for k in range(6):
        batch.step([np.eye(8)[[0 if i == k % 2 else 7]] for i in range(2)])
    assert batch.masks is not None
    assert batch.masks[0][0].tolist() == [False] + [True] * 6 + [False]


def test_spaces_of_every_kind_are_flattened_and_decoded() -> None:
    game, copies = made(Changing)
    assert game.spec.observation_sizes == (3, 4, 6)
    assert game.spec.action_spaces == (Choice((3,)), Choice((2, 4)), Box((-1.0, 0.0), (1.0, 2.0)))
    batch = game.start(1, rng=np.random.default_rng(0))
    world = copies[-1]
    np.testing.assert_array_equal(batch.observations[0][0], [1, 0, 0])
    np.testing.assert_allclose(batch.observations[1][0], [world.offset, world.offset, 1, 0], atol=1e-7)
    actions = [np.array([[0.1, 0.7, 0.2]]), np.array([[0.0, 1.0, 0.0, 0.0, 0.0, 1.0]]), np.array([[5.0, 0.5]])]
    batch.step(actions)
    batch.step(actions)
    first, second = world.received
    assert first.keys() == {"early", "stays"}
    assert first["early"] == 6
    assert first["stays"].tolist() == [1, 3]
    assert second["late"].tolist() == [1.0, 0.5]  # clipped to the box


def test_agents_that_appear_and_die_see_zeros_and_get_nothing_while_away() -> None:
    game, _ = made(Changing)
    batch = game.start(1, rng=np.random.default_rng(0))
    actions = [np.array([[1.0, 0, 0]]), np.array([[1.0, 0, 1, 0, 0, 0]]), np.array([[0.0, 1.0]])]
    steps = [batch.step(actions) for _ in range(4)]
    assert [s.rewards[0].tolist() for s in steps] == [[1, 1, 0], [2, 2, 2], [0, 3, 3], [0, 4, 4]]
    assert [bool(s.terminated[0]) for s in steps] == [False, False, False, True]
    shown = [[bool(o.any()) for o in s.next_observations] for s in steps]
    # `early` still sees its last observation in the step in which it dies, and `late` its first when it appears.
    assert shown == [[True, True, True], [True, True, True], [False, True, True], [False, True, True]]
    assert batch.observations[2].tolist() == [[0.0] * 6]  # a new episode, in which `late` is not there yet


def test_limit_cuts_an_episode_that_is_not_over() -> None:
    game = from_petting_zoo(Changing, max_steps=3)
    batch = game.start(1, rng=np.random.default_rng(0))
    actions = [np.zeros((1, w)) for w in game.spec.action_widths]
    steps = [batch.step(actions) for _ in range(3)]
    assert [bool(s.truncated[0]) for s in steps] == [False, False, True]
    assert not any(s.terminated[0] for s in steps)
    assert steps[2].next_observations[1].any()


def test_horizon_is_the_argument_then_max_cycles_then_a_thousand() -> None:
    assert from_petting_zoo(simple_spread_v3.parallel_env, max_steps=7).spec.horizon == 7
    assert from_petting_zoo(lambda: simple_spread_v3.parallel_env(max_cycles=9)).spec.horizon == 9
    assert from_petting_zoo(tictactoe.env).spec.horizon == 1000


def test_names_and_sides_are_the_arguments_or_the_environments_own() -> None:
    spec = from_petting_zoo(simple_tag_v3.parallel_env, name="chase", sides=["predators"] * 3 + ["prey"]).spec
    assert (spec.name, spec.members("predators")) == ("chase", (0, 1, 2))
    assert from_petting_zoo(simple_tag_v3.parallel_env).spec.name == "simple_tag_v3"


class Masked(Changing):
    """The mask of `early` stands in its info."""

    def reset(self, seed: int | None = None, options: Any = None) -> Any:
        shown, infos = super().reset(seed)
        infos["early"]["action_mask"] = np.array([0, 1, 0], dtype=np.int8)
        return shown, infos


def test_mask_in_the_info_is_used_and_the_absent_have_a_single_action() -> None:
    game = from_petting_zoo(Masked, max_steps=10)
    assert game.spec.masked
    batch = game.start(2, rng=np.random.default_rng(0))
    assert batch.masks is not None
    assert [m[1].astype(int).tolist() for m in batch.masks] == [[0, 1, 0], [1] * 6, [1, 1]]
    actions = [np.zeros((2, w)) for w in game.spec.action_widths]
    for _ in range(2):
        batch.step(actions)
    assert batch.masks[0][0].tolist() == [True, False, False]  # `early` is dead


def test_masks_of_several_factors_may_come_as_a_tuple() -> None:
    space = AgentSpaces("a", actions=spaces.MultiDiscrete([2, 3]), observations=spaces.Discrete(2), waits=False)
    given = (np.array([1, 0], dtype=np.int8), np.array([0, 1, 1], dtype=np.int8))
    assert space.mask(0, {"action_mask": given}).astype(int).tolist() == [1, 0, 0, 1, 1]
    assert space.waiting_mask.astype(int).tolist() == [1, 0, 1, 0, 0]
