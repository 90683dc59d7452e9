from __future__ import annotations

import numpy as np
import pytest

from nashlens import games
from nashlens.games.particle.recording import record
from nashlens.games.particle.scenarios import entries
from nashlens.games.particle.world import ParticleWorld

NAMES = [entry.name for entry in entries()]


def world_of(name: str, **parameters: object) -> ParticleWorld:
    world = games.make(name, **parameters)
    assert isinstance(world, ParticleWorld)
    return world


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("explore", [True, False])
def test_record_is_the_episode_that_play_plays(name: str, explore: bool) -> None:
    world = world_of(name)
    policies = games.anchor_policies(world)["heuristic"]
    recording = record(world, policies, explore=explore, rng=np.random.default_rng(3))
    played = games.play(world, policies, n_episodes=1, explore=explore, rng=np.random.default_rng(3))
    np.testing.assert_allclose(recording.rewards.sum(axis=0), played.returns[0], rtol=0, atol=1e-9)
    assert recording.n_steps == played.lengths[0]


@pytest.mark.parametrize("name", NAMES)
def test_record_has_one_more_moment_than_steps_and_nothing_jumps_at_the_end(name: str) -> None:
    world = world_of(name)
    policies = games.anchor_policies(world)["random"]
    recording = record(world, policies, explore=True, rng=np.random.default_rng(0))
    n_steps, n, landmarks = recording.n_steps, world.n_agents, world.n_landmarks
    assert recording.positions.shape == (n_steps + 1, n + landmarks, 2)
    assert recording.messages.shape == (n_steps + 1, n, world.n_signals)
    assert recording.standing.shape == recording.targets.shape == (n_steps + 1, landmarks)
    assert recording.sizes.shape == (n + landmarks,)
    assert all(len(values) == n_steps + 1 for values in recording.facts.values())
    # An agent moves by its velocity times 0.1 a step; a restart in the square would move it by about 1.
    moved = np.abs(np.diff(recording.positions[:, :n], axis=0)).max(initial=0.0)
    assert moved < 0.6


def test_record_of_speaker_listener_marks_the_goal_and_the_speaker() -> None:
    world = world_of("simple_speaker_listener")
    policies = games.anchor_policies(world)["heuristic"]
    recording = record(world, policies, explore=False, rng=np.random.default_rng(1))
    goal = int(recording.facts["goal"][0])
    expected = np.zeros((26, 3), dtype=np.bool_)
    expected[:, goal] = True
    np.testing.assert_array_equal(recording.targets, expected)
    assert recording.speaks.tolist() == [True, False]
    assert not recording.messages[0].any()
    np.testing.assert_array_equal(recording.messages[1:, 0].sum(axis=1), np.ones(25))
    # The reward is -d² of the listener (agent 1) from the goal after the step: the page of the world.
    away = recording.positions[1:, 1] - recording.positions[1:, 2 + goal]
    np.testing.assert_allclose(recording.rewards[:, 0], -(away**2).sum(axis=1), rtol=0, atol=1e-12)


def test_record_in_reference_marks_both_goals() -> None:
    world = world_of("simple_reference")
    policies = games.anchor_policies(world)["random"]
    recording = record(world, policies, explore=True, rng=np.random.default_rng(2))
    goals = {int(goal) for goal in recording.facts["goal"][0]}
    assert set(np.flatnonzero(recording.targets[0]).tolist()) == goals


def test_record_in_collect_treasure_shows_treasures_that_are_gone() -> None:
    world = world_of("collect_treasure")
    policies = games.anchor_policies(world)["heuristic"]
    recording = record(world, policies, explore=False, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(recording.standing, recording.facts["alive"])
    assert not recording.standing.all()


def test_record_is_read_only_and_the_same_again() -> None:
    world = world_of("simple_tag")
    policies = games.anchor_policies(world)["random"]
    first, second = (record(world, policies, explore=True, rng=np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first.positions, second.positions)
    with pytest.raises(ValueError, match="read-only"):
        first.positions[0] = 0.0


def test_record_refuses_policies_of_another_game() -> None:
    world = world_of("simple_tag")
    with pytest.raises(ValueError, match="polic"):
        record(world, games.anchor_policies(world)["random"][:1], explore=True, rng=np.random.default_rng(0))


@pytest.mark.parametrize("name", NAMES)
def test_what_was_said_is_known_in_every_world(name: str) -> None:
    world = world_of(name)
    recording = record(world, games.anchor_policies(world)["random"], explore=True, rng=np.random.default_rng(1))
    said = recording.said
    assert said.shape == (recording.n_steps + 1, world.n_agents)
    assert (said[:, ~recording.speaks] == -1).all()
    assert (said[0] == -1).all()  # nobody has said anything yet
    told = recording.messages[1:, recording.speaks]
    if told.size:
        np.testing.assert_array_equal(said[1:, recording.speaks], told.argmax(axis=2))
    assert (said < max(world.n_signals, 1)).all()
