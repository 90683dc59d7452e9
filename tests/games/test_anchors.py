"""Anchors: which there are, how random play is distributed, and the paper's scale of speaker and listener."""

from __future__ import annotations

import numpy as np
import pytest

from nashlens import games
from nashlens.games import anchor_policies, play, random_policy
from nashlens.games.core import Choice
from nashlens.games.particle.scenarios import entries
from nashlens.games.policy import check_joint_policy


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


WORLDS = [entry.name for entry in entries()]


@pytest.mark.parametrize("name", [*WORLDS, "stag_hunt", "repeated", "kuhn_poker"])
def test_anchors_of_a_game_fit_it(name: str) -> None:
    game = games.make(name)
    found = anchor_policies(game)
    for joint in found.values():
        check_joint_policy(game.spec, joint)
    expected = {"random"} | ({"heuristic"} if name in WORLDS else set())
    assert set(found) == expected | (
        {"uninformed"} if name in {"simple_speaker_listener", "simple_reference"} else set()
    )


def test_random_play_stays_legal_where_actions_are_masked() -> None:
    game = games.make("kuhn_poker")
    returns = play(game, anchor_policies(game)["random"], n_episodes=4000, rng=rng()).returns
    # Kuhn poker under uniform play: the first agent gets 1/8. Betting or passing at random, cards being fair, each of
    # the 3 endings with a showdown is worth 0 to either; it wins 1 by bet and fold (1/2 · 1/2), loses 1 by pass, bet
    # and fold (1/2 · 1/2 · 1/2): 1/4 - 1/8.
    standard_error = returns[:, 0].std() / np.sqrt(len(returns))
    assert abs(returns[:, 0].mean() - 0.125) < 4 * standard_error
    np.testing.assert_allclose(returns.sum(axis=1), 0, atol=1e-12)


def test_random_policy_of_a_soft_game_draws_gumbel_softmax_points() -> None:
    policy = random_policy(games.make("simple", actions="soft").spec, 0)
    points = policy.sample(np.zeros((20_000, 4)), rng=rng(1))
    np.testing.assert_allclose(points.sum(axis=1), 1, atol=1e-12)
    assert (points.max(axis=1) < 0.999).mean() > 0.9
    # By symmetry every coordinate has mean 1/5; the logarithm of a ratio of two is standard logistic, variance π²/3.
    np.testing.assert_allclose(points.mean(axis=0), 0.2, atol=0.01)
    np.testing.assert_allclose(np.var(np.log(points[:, 0] / points[:, 1])), np.pi**2 / 3, rtol=0.03)


def test_random_policy_of_other_games_is_uniform() -> None:
    one_hot = random_policy(games.make("simple_reference").spec, 0)
    assert isinstance(one_hot.action_space, Choice)
    np.testing.assert_allclose(one_hot.probabilities(np.zeros((1, 21)))[0], [0.2] * 5 + [0.1] * 10)
    box = random_policy(games.make("simple", actions="continuous").spec, 0)
    mean, std = box.moments(np.zeros((1, 4)))
    np.testing.assert_allclose(mean, 0.5)
    np.testing.assert_allclose(std, 1 / np.sqrt(12))


@pytest.mark.parametrize("agent", [-1, 1, 7])
def test_random_policy_refuses_an_agent_that_is_not_there(agent: int) -> None:
    with pytest.raises(ValueError, match=f"agent must be a number from 0 to 0, not {agent}"):
        random_policy(games.make("simple").spec, agent)


@pytest.mark.parametrize(
    ("anchor", "expected", "expected_error"),
    [
        # Returns of an independent simulation of the environments of 2017 over 20 000 episodes, on the scale of the
        # paper's figures (the sum of both agents' rewards); its standard errors are those of as many episodes here.
        # Our means at 20 000 episodes, seed 1: -70.62 (0.41), -29.26 (0.15), -12.84 (0.10).
        ("random", -70.4, 0.41),
        ("uninformed", -29.3, 0.15),
        # That simulation's listener knew the target at the first step, before anything can be heard; it also had
        # another hand-made controller. Ours, told at the first step, gets -12.68 (0.10).
        ("heuristic", -12.5, 0.10),
    ],
)
def test_speaker_and_listener_have_the_paper_s_scale(anchor: str, expected: float, expected_error: float) -> None:
    game = games.make("simple_speaker_listener", actions="soft", physics="lowe2017", team_reward="sum")
    returns = play(game, anchor_policies(game)[anchor], n_episodes=10_000, rng=rng(2)).returns[:, 0]
    standard_error = returns.std() / np.sqrt(len(returns))
    assert abs(returns.mean() - expected) < 3.5 * np.hypot(standard_error, expected_error)
