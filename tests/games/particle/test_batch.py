"""Batches of every particle world: the contract, restarts, states, and independence of the number of environments."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import pytest

from nashlens import games
from nashlens.games import Batch, Box
from nashlens.games.conformance import check
from nashlens.games.core import one_hot
from nashlens.games.particle.scenarios import entries

WORLDS = [entry.name for entry in entries()]
LOWE2017: dict[str, Any] = {"physics": "lowe2017", "actions": "soft", "max_cycles": 4}
VARIANTS: list[tuple[str, dict[str, Any]]] = [
    *((name, {"max_cycles": 6}) for name in WORLDS),
    *((name, {"max_cycles": 5, "actions": "soft", "physics": "lowe2017"}) for name in WORLDS),
    *((name, {"max_cycles": 5, "actions": "continuous"}) for name in WORLDS),
    ("simple_spread", {"n_agents": 1, "max_cycles": 4}),
    ("simple_spread", {"n_agents": 9, "max_cycles": 4, "num_agent_neighbors": 3, "team_reward": "sum"}),
    ("simple_spread", {"n_agents": 3, "max_cycles": 4, "local_ratio": 0.0}),
    ("simple_spread", {"n_agents": 3, "max_cycles": 4, "curriculum": True}),
    ("simple_reference", {"max_cycles": 4, "team_reward": "sum"}),
    ("simple_adversary", {"N": 4, "max_cycles": 4, "num_landmark_neighbors": 2}),
    ("simple_tag", {"num_good": 2, "num_obstacles": 0, "num_agent_neighbors": 8, "max_cycles": 4}),
    ("simple_world_comm", {"num_forests": 0, "num_obstacles": 0, "num_adversaries": 1, "max_cycles": 4}),
    ("simple_line", {"n_agents": 7, "max_cycles": 4}),
    ("simple_line", {"n_agents": 1, "terminate_on_success": True, "max_cycles": 40}),
    ("simple_formation", {"n_agents": 8, "max_cycles": 4}),
    # The paper's settings in the environments of 2017, as the pages name them.
    ("simple_spread", {"n_agents": 6, "team_reward": "sum", "self_collision": True, **LOWE2017}),
    ("simple_speaker_listener", {"team_reward": "sum", **LOWE2017}),
    ("simple_adversary", {"N": 4, "squared_adversary_reward": True, **LOWE2017}),
    ("simple_tag", {"num_obstacles": 3, "prey_speedup": 0.3, **LOWE2017}),
    ("simple_tag", {"num_obstacles": 3, "prey_speedup": 1.0, **LOWE2017}),
    ("simple_tag", {"num_adversaries": 4, "num_obstacles": 1, **LOWE2017}),
    ("simple_push", LOWE2017),
    ("simple_crypto", {"n_messages": 2, **LOWE2017}),
    ("simple_reference", {"team_reward": "sum", "squared_distance": True, **LOWE2017}),
    ("collect_treasure", {"num_collectors": 9, "num_deposits": 7, "num_treasures": 30, "max_cycles": 8}),
]


def label(value: object) -> str:
    return "-".join(map(str, value.values())) if isinstance(value, dict) else str(value)


def actions_of(game: games.Game, n_envs: int, *, rng: np.random.Generator) -> list[np.ndarray]:
    """Draw one random joint action in E environments."""
    drawn = []
    for space in game.spec.action_spaces:
        if isinstance(space, Box):
            drawn.append(rng.random((n_envs, space.width)))
        else:
            parts = [one_hot(rng.integers(n, size=n_envs), n) for n in space.factors]
            drawn.append(np.concatenate(parts, axis=1))
    return drawn


@pytest.mark.parametrize(("name", "arguments"), VARIANTS, ids=label)
def test_world_keeps_the_contract(name: str, arguments: dict[str, Any]) -> None:
    report = check(games.make(name, **arguments), rng=np.random.default_rng(1))
    assert report.n_episodes >= 2 * report.n_envs


@pytest.mark.parametrize(
    ("name", "arguments"),
    [*((name, {}) for name in WORLDS), ("simple_spread", {"n_agents": 10}), ("simple_line", {"n_agents": 9})],
    ids=label,
)
def test_trajectory_is_bit_identical_alone_and_among_256(name: str, arguments: dict[str, Any]) -> None:
    game = games.make(name, max_cycles=9, **arguments)
    n_envs, looked_at = 256, (0, 77, 255)
    seeds = np.random.SeedSequence(5).spawn(n_envs)
    together = game.start(n_envs, rng=[np.random.default_rng(s) for s in seeds])
    alone = [game.start(1, rng=np.random.default_rng(seeds[e])) for e in looked_at]
    rng = np.random.default_rng(6)
    for _ in range(20):
        actions = actions_of(game, n_envs, rng=rng)
        step = together.step(actions)
        for e, batch in zip(looked_at, alone, strict=True):
            own = batch.step([a[[e]] for a in actions])
            np.testing.assert_array_equal(own.rewards[0], step.rewards[e])
            for i in range(game.spec.n_agents):
                np.testing.assert_array_equal(own.next_observations[i][0], step.next_observations[i][e])
                np.testing.assert_array_equal(batch.observations[i][0], together.observations[i][e])
            for measure, values in own.measures.items():
                np.testing.assert_array_equal(values[0], step.measures[measure][e])


@pytest.mark.parametrize("name", WORLDS)
def test_soft_world_equals_one_hot_world_on_one_hot_actions(name: str) -> None:
    hard, soft = games.make(name), games.make(name, actions="soft")
    assert dataclasses.replace(soft.spec, parameters=hard.spec.parameters, soft_actions=False) == hard.spec
    batches = [game.start(8, rng=np.random.default_rng(2)) for game in (hard, soft)]
    rng = np.random.default_rng(3)
    for _ in range(30):
        actions = actions_of(hard, 8, rng=rng)
        one, other = (batch.step(actions) for batch in batches)
        np.testing.assert_array_equal(one.rewards, other.rewards)
        for a, b in zip(one.next_observations, other.next_observations, strict=True):
            np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize("name", WORLDS)
def test_time_limit_truncates_and_never_terminates(name: str) -> None:
    game = games.make(name, max_cycles=3)
    batch = game.start(4, rng=np.random.default_rng(0))
    steps = [batch.step(actions_of(game, 4, rng=np.random.default_rng(t))) for t in range(6)]
    assert [bool(step.truncated.all()) for step in steps] == [False, False, True] * 2
    assert [bool(step.truncated.any()) for step in steps] == [False, False, True] * 2
    assert not any(step.terminated.any() for step in steps)


@pytest.mark.parametrize("name", WORLDS)
def test_nothing_handed_out_changes_with_later_steps(name: str) -> None:
    game = games.make(name)
    batch = game.start(1, rng=np.random.default_rng(0))
    first, state = batch.observations, batch.state()
    step = batch.step(actions_of(game, 1, rng=np.random.default_rng(1)))
    kept = [*first, *state.values(), step.rewards, *step.next_observations, *step.measures.values()]
    copies = [array.copy() for array in kept]
    for t in range(40):
        batch.step(actions_of(game, 1, rng=np.random.default_rng(t)))
    for array, copy in zip(kept, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


def spread(n_envs: int = 2, **arguments: Any) -> Batch:
    return games.make("simple_spread", **arguments).start(n_envs, rng=np.random.default_rng(0))


def test_state_has_the_documented_keys_and_shapes() -> None:
    batch = games.make("simple_crypto").start(4, rng=np.random.default_rng(0))
    shapes = {name: values.shape for name, values in batch.state().items()}
    assert shapes == {
        "positions": (4, 5, 2),
        "velocities": (4, 3, 2),
        "messages": (4, 3, 4),
        "clock": (4,),
        "goal": (4,),
        "key": (4,),
    }


def test_state_set_from_outside_is_what_the_batch_goes_on_from() -> None:
    batch = spread(n_agents=1)
    state = batch.state()
    state["positions"][:] = [[[0.5, 0.5], [0.0, 0.0]], [[0, 0], [0, 0]]]
    state["velocities"][:] = [[[1.0, 0.0]], [[0.0, -1.0]]]
    state["clock"][:] = [3, 24]
    batch.restore(state)
    # Velocity, position, landmark relative to the agent.
    np.testing.assert_allclose(batch.observations[0], [[1, 0, 0.5, 0.5, -0.5, -0.5], [0, -1, 0, 0, 0, 0]])
    step = batch.step([one_hot(np.zeros(2, dtype=int), 5)])
    np.testing.assert_allclose(step.next_observations[0][:, 2:4], [[0.6, 0.5], [0, -0.1]])
    np.testing.assert_array_equal(step.truncated, [False, True])


def test_environments_that_end_restart_alone() -> None:
    batch = spread(3, max_cycles=10)
    state = batch.state()
    state["clock"][:] = [0, 9, 4]
    batch.restore(state)
    step = batch.step([one_hot(np.zeros(3, dtype=int), 5)] * 3)
    np.testing.assert_array_equal(step.truncated, [False, True, False])
    np.testing.assert_array_equal(batch.state()["clock"], [1, 0, 5])
    for now, led_to in zip(batch.observations, step.next_observations, strict=True):
        np.testing.assert_array_equal(now[[0, 2]], led_to[[0, 2]])
        assert (now[1] != led_to[1]).any()
        np.testing.assert_array_equal(now[1, :2], 0)


def test_starts_are_uniform_in_the_square() -> None:
    positions = spread(4000).state()["positions"]
    assert np.abs(positions).max() <= 1
    # Mean 0 and variance 1/3 of a uniform number from −1 to 1, within five standard errors of 4,000 draws.
    np.testing.assert_allclose(positions.mean(axis=0), 0, atol=5 * np.sqrt(1 / 3 / 4000))
    np.testing.assert_allclose(positions.var(axis=0), 1 / 3, atol=5 * np.sqrt(4 / 45 / 4000))


def test_restore_names_missing_keys_and_wrong_shapes_and_changes_nothing() -> None:
    batch = spread()
    before = batch.state()
    with pytest.raises(
        ValueError, match=r"state must have the keys \['clock', 'messages', 'positions', 'velocities'\]"
    ):
        batch.restore({"positions": before["positions"]})
    wrong = {**before, "positions": before["positions"] + 1, "velocities": np.zeros((2, 2, 2))}
    with pytest.raises(ValueError, match=r"state\['velocities'\] must have shape \(2, 3, 2\), not \(2, 2, 2\)"):
        batch.restore(wrong)
    np.testing.assert_array_equal(batch.state()["positions"], before["positions"])


@pytest.mark.parametrize(
    ("name", "key", "value", "message"),
    [
        ("simple_spread", "positions", np.nan, r"state\['positions'\] must be finite"),
        ("simple_spread", "clock", 25, r"state\['clock'\] must be from 0 to 24, not \[25 25\]"),
        ("simple_spread", "clock", -1, r"state\['clock'\] must be from 0 to 24"),
        ("simple_speaker_listener", "goal", 3, r"state\['goal'\] must be from 0 to 2, not \[3 3\]"),
        ("simple_reference", "goal", -1, r"state\['goal'\] must be from 0 to 2"),
        ("simple_adversary", "goal", 2, r"state\['goal'\] must be from 0 to 1"),
        ("simple_push", "goal", 2, r"state\['goal'\] must be from 0 to 1"),
        ("simple_crypto", "goal", 2, r"state\['goal'\] must be from 0 to 1"),
        ("simple_crypto", "key", -1, r"state\['key'\] must be from 0 to 1"),
        ("collect_treasure", "holding", 2, r"state\['holding'\] must be from -1 to 1"),
        ("collect_treasure", "kind", 2, r"state\['kind'\] must be from 0 to 1"),
    ],
)
def test_restore_refuses_impossible_values(name: str, key: str, value: float, message: str) -> None:
    batch = games.make(name).start(2, rng=np.random.default_rng(0))
    state = batch.state()
    with pytest.raises(ValueError, match=message):
        batch.restore({**state, key: np.full(state[key].shape, value)})


def test_step_refuses_actions_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match="actions must be 3 arrays"):
        spread().step([np.eye(5)[:2]] * 2)
    with pytest.raises(ValueError, match=r"actions of agent_0 must have shape \(2, 5\), not \(2, 4\)"):
        spread().step([np.eye(4)[:2]] * 3)
