"""Rules of thumb as policies: on every side of every world, in every action mode, they beat random play by far."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from nashlens import games
from nashlens.games import Box, anchor_policies, play
from nashlens.games.particle.heuristics import RULES, SteeredPolicy, heuristic, heuristics
from nashlens.games.particle.scenarios import entries
from nashlens.games.policy import check_joint_policy

# Mean return of one agent of the side over 4000 episodes (seed 7, one_hot) when the side plays at random and when it
# follows the rules of thumb, with standard errors, while the other side follows them.
RETURNS = {
    ("simple", "team"): (-39.75, -7.34),  # (0.52) (0.13)
    ("simple_spread", "team"): (-26.55, -9.14),  # (0.13) (0.06)
    ("simple_line", "team"): (-22.58, -6.46),  # (0.10) (0.03)
    ("simple_formation", "team"): (-18.64, -5.47),  # (0.08) (0.03)
    ("simple_adversary", "adversary"): (-28.20, -16.47),  # (0.20) (0.09)
    ("simple_adversary", "agents"): (-4.43, 7.70),  # (0.17) (0.10)
    ("simple_push", "adversary"): (-20.89, -3.17),  # (0.21) (0.10)
    ("simple_push", "agents"): (-28.75, -8.18),  # (0.21) (0.08)
    ("simple_speaker_listener", "team"): (-40.77, -7.65),  # (0.53) (0.13)
    ("simple_reference", "team"): (-28.43, -7.93),  # (0.15) (0.06)
    ("simple_crypto", "eve"): (-37.40, -24.86),  # (0.07) (0.08)
    ("simple_crypto", "alice_and_bob"): (-12.59, 23.85),  # (0.10) (0.08)
    ("simple_tag", "predators"): (1.23, 17.94),  # (0.09) (0.28)
    ("simple_tag", "prey"): (-67.54, -22.68),  # (0.48) (0.29)
    ("simple_world_comm", "predators"): (0.52, 17.09),  # (0.09) (0.22)
    ("simple_world_comm", "prey"): (-50.37, -10.71),  # (0.43) (0.17)
    ("collect_treasure", "team"): (-2.40, 34.01),  # (0.12) (0.16)
}
MODES = ("one_hot", "soft", "continuous")


@cache
def made(name: str, mode: str) -> Any:
    return games.make(name, actions=mode)


def gain(name: str, side: str, *, mode: str, others: str) -> float:
    """Return how much a side gains by its rules of thumb over random play, and check that it is no chance."""
    game, n = made(name, mode), 250
    found, members = anchor_policies(game), made(name, mode).spec.members(side)
    returns = []
    for anchor in ("random", "heuristic"):
        joint = [found[anchor if i in members else others][i] for i in range(game.spec.n_agents)]
        episodes = play(game, joint, n_episodes=n, rng=np.random.default_rng(0))
        returns.append(episodes.returns[:, list(members)].mean(axis=1))
    difference = float(returns[1].mean() - returns[0].mean())
    assert difference > 4 * np.hypot(*(each.std() / np.sqrt(n) for each in returns))
    return difference


def test_every_world_and_every_side_has_rules() -> None:
    assert set(RULES) == {entry.name for entry in entries()}
    assert set(RETURNS) == {(name, side) for name in RULES for side in made(name, "one_hot").spec.sides}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize(("name", "side"), RETURNS)
def test_rules_of_thumb_beat_random_play_by_far(name: str, side: str, mode: str) -> None:
    low, high = RETURNS[name, side]
    # Crypto pays less for a soft guess than for a hard one: errors are squared.
    share = 0.25 if name == "simple_crypto" else 0.6
    assert gain(name, side, mode=mode, others="heuristic") > share * (high - low)


@pytest.mark.parametrize(("name", "side"), [key for key in RETURNS if key[1] != "team"])
def test_rules_of_thumb_beat_random_play_against_random_play(name: str, side: str) -> None:
    gain(name, side, mode="one_hot", others="random")


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("name", RULES)
def test_policies_fit_and_play_actions_of_their_space(name: str, mode: str) -> None:
    game = made(name, mode)
    joint = heuristics(game)
    assert joint is not None
    check_joint_policy(game.spec, joint)
    batch = game.start(40, rng=np.random.default_rng(1))
    rng = np.random.default_rng(2)
    for _ in range(8):
        actions = [policy.sample(seen, rng=rng) for policy, seen in zip(joint, batch.observations, strict=True)]
        for space, action in zip(game.spec.action_spaces, actions, strict=True):
            assert ((action >= 0) & (action <= 1)).all()
            if isinstance(space, Box):
                continue
            for part in space.slices:
                np.testing.assert_allclose(action[:, part].sum(axis=1), 1, atol=1e-12)
                assert mode == "soft" or set(np.unique(action[:, part])) <= {0.0, 1.0}
        batch.step(actions)


@pytest.mark.parametrize("name", RULES)
def test_policies_read_one_observation_at_a_time(name: str) -> None:
    game = made(name, "soft")
    batch = game.start(12, rng=np.random.default_rng(3))
    for policy, seen in zip(heuristics(game) or (), batch.observations, strict=True):
        together = policy.mode(seen)
        assert policy.memory_size == 0
        for row in (0, 7):
            np.testing.assert_allclose(policy.mode(seen[[row]])[0], together[row], atol=1e-12)


def test_steered_policy_is_certain() -> None:
    box = heuristic(made("simple", "continuous"), 0)
    seen = np.array([[0.0, 0.0, 0.9, -0.05]])
    mean, std = box.moments(seen)
    assert isinstance(box, SteeredPolicy)
    np.testing.assert_array_equal(mean, box.sample(seen, rng=np.random.default_rng()))
    np.testing.assert_array_equal(mean, box.mode(seen))
    np.testing.assert_array_equal(std, np.zeros((1, 5)))
    soft = heuristic(made("simple", "soft"), 0)
    np.testing.assert_array_equal(soft.probabilities(seen), soft.mode(seen))


def test_steered_policy_names_the_question_it_cannot_answer() -> None:
    seen = np.zeros((1, 4))
    with pytest.raises(ValueError, match="probabilities are defined for Choice actions, not Box"):
        heuristic(made("simple", "continuous"), 0).probabilities(seen)
    with pytest.raises(ValueError, match="moments are defined for Box actions, not Choice"):
        heuristic(made("simple", "soft"), 0).moments(seen)


def test_heuristic_refuses_what_it_does_not_know() -> None:
    other: Any = games.make("stag_hunt")
    with pytest.raises(ValueError, match="world must be a particle world, not NormalFormGame"):
        heuristic(other, 0)
    with pytest.raises(ValueError, match="agent must be a number from 0 to 2, not 3"):
        heuristic(made("simple_spread", "one_hot"), 3)
    assert heuristics(made("simple", "one_hot"), listening=False) is None
