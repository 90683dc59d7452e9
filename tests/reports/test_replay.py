from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest

from nashlens import games
from nashlens.agents.records import ActorSnapshots, TrainingRun
from nashlens.games.particle.recording import Recording, record
from nashlens.games.particle.world import ParticleWorld
from nashlens.games.randomness import child
from nashlens.reports.animation import said, to_gif
from nashlens.reports.episode_drawings import agent_colours, episode_words, paths_panel
from nashlens.reports.replay import EDGE, MAX_STEPS, about_world, item, n_numbers, once, replay, window


def still_run(name: str, *, seed: int = 0, **parameters: object) -> TrainingRun:
    """Return a run whose every actor has weights and biases of 0: it prefers nothing."""
    spec = games.make(name, **parameters).spec
    actors = tuple(
        ActorSnapshots(
            weights=(np.zeros((1, size, space.width), dtype=np.float32),),
            biases=(np.zeros((1, space.width), dtype=np.float32),),
        )
        for size, space in zip(spec.observation_sizes, spec.action_spaces, strict=True)
    )
    return TrainingRun(
        spec=spec,
        seed=seed,
        algorithm={side: {"kind": "maddpg"} for side in spec.sides},
        n_steps=0,
        n_updates=0,
        status="done",
        reason="",
        snapshot_steps=np.array([0]),
        actors=actors,
        episode_steps=np.array([], dtype=np.int64),
        episode_returns=np.zeros((0, spec.n_agents), dtype=np.float32),
        evaluation_returns=np.full((1, spec.n_agents), np.nan),
        n_evaluation_episodes=0,
        explored=False,
        losses={},
        update_steps=np.array([], dtype=np.int64),
        parameter_hash="0" * 64,
    )


def recording_of(name: str, policy: str = "random", **parameters: object) -> Recording:
    world = games.make(name, **parameters)
    assert isinstance(world, ParticleWorld)
    return record(world, games.anchor_policies(world)[policy], explore=True, rng=np.random.default_rng(0))


def test_replay_is_the_episode_of_that_number_and_begins_alike_in_every_run() -> None:
    run, other = still_run("simple_spread"), still_run("simple_spread", seed=7)
    found = replay(run, episode=2)
    world = games.make("simple_spread", **run.spec.parameters)
    assert isinstance(world, ParticleWorld)
    expected = record(world, run.policies(), explore=False, rng=child(2, "replay"))
    np.testing.assert_array_equal(found.positions, expected.positions)
    np.testing.assert_array_equal(replay(other, episode=2).positions[0], found.positions[0])
    assert not np.array_equal(replay(run, episode=3).positions[0], found.positions[0])


def test_replay_refuses_what_is_no_particle_world(make_run: Callable[..., TrainingRun]) -> None:
    half = [[0.5, 0.5]]
    with pytest.raises(ValueError, match="run must be in a particle world to be replayed; matching_pennies is none"):
        replay(make_run([half, half]))


def test_replay_refuses_an_episode_before_the_first() -> None:
    with pytest.raises(ValueError, match="at least 0, not -1"):
        replay(still_run("simple_spread"), episode=-1)


def test_item_holds_the_episode_in_whole_thousandths() -> None:
    recording = recording_of("simple_speaker_listener")
    found = item(recording)
    shown = np.array(found["positions"]).reshape(26, -1, 2) / 1000
    np.testing.assert_allclose(shown, recording.positions, rtol=0, atol=5.1e-4)
    np.testing.assert_allclose(np.array(found["rewards"]) / 1000, recording.rewards, rtol=0, atol=5.1e-4)
    assert [moment[1] for moment in found["messages"]] == [0] * 26  # the listener cannot speak
    assert sum(found["messages"][1][0]) == 1000  # one of three signals
    assert found["facts"] == {"goal": [int(recording.facts["goal"][0])]}
    assert np.array(found["targets"]).tolist() == [recording.targets[0].astype(int).tolist()]


def test_item_cuts_long_episodes_and_says_how_long_they_were() -> None:
    found = item(recording_of("simple_spread", max_cycles=MAX_STEPS + 5))
    assert len(found["positions"]) == MAX_STEPS + 1
    assert len(found["rewards"]) == MAX_STEPS
    assert found["n_steps"] == MAX_STEPS + 5
    assert found["messages"] == []


@pytest.mark.parametrize("name", ["simple_spread", "simple_world_comm", "collect_treasure", "simple_reference"])
def test_n_numbers_is_about_what_an_item_holds(name: str) -> None:
    world = games.make(name)
    assert isinstance(world, ParticleWorld)
    found = item(recording_of(name))

    def count(value: object) -> int:
        return sum(map(count, value)) if isinstance(value, list) else 1

    held = count(found["positions"]) + count(found["rewards"]) + count(found["messages"])
    assert held == pytest.approx(n_numbers(world), rel=0.35)


def test_window_is_the_square_of_the_world_unless_somebody_leaves_it() -> None:
    recording = recording_of("simple_speaker_listener", "heuristic")
    centre, reach = window(recording)
    assert (centre.tolist(), reach) == ([0.0, 0.0], EDGE)
    far = recording.positions.copy()
    far[:, 1] = [5.0, 0.0]
    moved = Recording(**{**{name: getattr(recording, name) for name in Recording.__slots__}, "positions": far})
    centre, reach = window(moved)
    points = far.reshape(-1, 2)
    assert (np.abs(points - centre) <= reach).all()
    assert centre[0] == pytest.approx((5.0 + points[:, 0].min()) / 2)


def test_once_writes_constant_rows_once() -> None:
    assert once(np.array([[True, False], [True, False]])) == [[1, 0]]
    assert once(np.array([[1], [2]])) == [[1], [2]]


def test_about_world_names_agents_sides_and_sizes() -> None:
    world = games.make("simple_tag")
    assert isinstance(world, ParticleWorld)
    about = about_world(world)
    # Sizes of predators, prey and obstacles are those of mpe2's simple_tag_v3.
    assert [(agent["side"], agent["size"]) for agent in about["agents"]] == [("predators", 0.075)] * 3 + [
        ("prey", 0.05)
    ]
    assert about["landmarks"] == [0.2, 0.2]


def test_colours_tell_sides_apart_and_agents_of_one_side() -> None:
    tag, spread = games.make("simple_tag").spec, games.make("simple_spread").spec
    assert len(set(agent_colours(tag))) == 2
    assert len(set(agent_colours(spread))) == 3


def test_paths_panel_is_deterministic_and_says_what_it_shows() -> None:
    recording, spec = recording_of("simple_spread"), games.make("simple_spread").spec
    first, second = (paths_panel(recording, spec, name="p", title="spread") for _ in range(2))
    assert first == second
    words = episode_words(recording, spec)
    assert first.alternative == f"Paths of all agents in spread: {words}."
    assert words.startswith("25 steps with a return of ")


def test_episode_words_say_a_common_return_once() -> None:
    recording, spec = recording_of("simple_speaker_listener"), games.make("simple_speaker_listener").spec
    assert episode_words(recording, spec).endswith(" for every agent")


def test_to_gif_has_a_frame_for_every_moment() -> None:
    from PIL import Image

    recording, spec = recording_of("simple_speaker_listener", max_cycles=4), games.make("simple_speaker_listener").spec
    content = to_gif(recording, spec, title="a $ b_c {")
    with Image.open(io.BytesIO(content)) as image:
        assert image.format == "GIF"
        assert image.n_frames == 5  # type: ignore[attr-defined]


def test_said_names_messages_from_the_first_step_on() -> None:
    recording, spec = recording_of("simple_speaker_listener"), games.make("simple_speaker_listener").spec
    assert said(recording, spec, 0) == ""
    assert said(recording, spec, 1) == f"; speaker_0 says {int(recording.messages[1, 0].argmax())}"
