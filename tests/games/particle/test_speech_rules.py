"""Rules of thumb for agents that speak: the conventions by hand, secrecy of the pad, what silence and noise mean."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest

from nashlens import games
from nashlens.games import anchor_policies, play
from nashlens.games.core import Choice
from nashlens.games.particle.simple_reference import COLORS as REFERENCE_COLORS
from nashlens.games.particle.simple_speaker_listener import COLORS
from nashlens.games.particle.speech_rules import meant_place, simple_crypto, simple_reference, simple_speaker_listener

LANDMARKS = np.array([[[0.9, 0.0], [0.0, 0.6], [-0.3, -0.3]]])


def said(intent: Any) -> np.ndarray:
    assert intent.said is not None
    return np.asarray(intent.said)


def test_speakers_name_the_landmark_by_its_number() -> None:
    speaker: Any = games.make("simple_speaker_listener")
    np.testing.assert_array_equal(said(simple_speaker_listener(speaker, 0)(COLORS)), np.eye(3))
    both: Any = games.make("simple_reference")
    seen = np.concatenate([np.zeros((3, 8)), REFERENCE_COLORS, np.zeros((3, 10))], axis=1)
    np.testing.assert_array_equal(said(simple_reference(both, 0)(seen)), np.eye(10)[:3])


@pytest.mark.parametrize(
    ("heard", "expected"),
    [
        ([1.0, 0.0, 0.0], [0.9, 0.0]),
        ([0.2, 0.5, 0.3], [0.0, 0.6]),
        ([0.0, 0.0, 1.0, 0.0], [-0.3, -0.3]),
        ([0.0, 0.0, 0.0], [0.2, 0.1]),
        ([0.0, 0.0, 0.0, 1.0], [0.2, 0.1]),
    ],
)
def test_meant_place_by_hand(heard: list[float], expected: list[float]) -> None:
    np.testing.assert_allclose(meant_place(LANDMARKS, np.array([heard])), [expected], atol=1e-15)


@pytest.mark.parametrize("n", [2, 3, 4])
def test_bob_reads_what_alice_says_and_eve_learns_nothing(n: int) -> None:
    world: Any = games.make("simple_crypto", n_messages=n)
    eve, bob, alice = (simple_crypto(world, agent) for agent in range(3))
    pairs = np.array(list(product(range(n), repeat=2)))
    messages, keys = np.eye(4)[pairs[:, 0]], np.eye(4)[pairs[:, 1]]
    cipher = said(alice(np.concatenate([messages, keys], axis=1)))
    np.testing.assert_array_equal(said(bob(np.concatenate([keys, cipher], axis=1))), messages)
    # Over all keys every message is sent as every signal once: signal and message are independent.
    np.testing.assert_array_equal(messages.T @ cipher, np.pad(np.ones((n, n)), (0, 4 - n)))
    np.testing.assert_allclose(said(eve(cipher)), np.tile(np.pad(np.full(n, 1 / n), (0, 4 - n)), (n * n, 1)))
    # To silence and to signals beyond the n of the pad Bob has no answer.
    silence = np.concatenate([keys[:1], np.zeros((1, 4))], axis=1)
    np.testing.assert_allclose(said(bob(silence)), [np.pad(np.full(n, 1 / n), (0, 4 - n))])


def test_crypto_has_the_success_that_its_rules_imply() -> None:
    # Bob guesses 1 of 2 at the first of 25 steps and knows afterwards; Eve guesses throughout.
    game = games.make("simple_crypto")
    episodes = play(game, anchor_policies(game)["heuristic"], n_episodes=4000, rng=np.random.default_rng(0))
    bob, eve = episodes.measures["bob_success"], episodes.measures["eve_success"]
    assert abs(bob.mean() - 24.5 / 25) < 4 * 0.5 / 25 / np.sqrt(4000)
    assert bob.min() >= 24 / 25
    assert abs(eve.mean() - 0.5) < 4 * 0.5 / np.sqrt(4000 * 25)


@pytest.mark.parametrize("name", ["simple_speaker_listener", "simple_reference"])
def test_listening_is_worth_much(name: str) -> None:
    # 4000 episodes (seed 7), one agent's return, random, uninformed and heuristic: -40.77 (0.53), -15.56 (0.17), -7.65
    # (0.13); in the other world -28.43 (0.15), -17.47 (0.09), -7.93 (0.06).
    game = games.make(name)
    found = anchor_policies(game)
    returns = {
        anchor: play(game, found[anchor], n_episodes=500, rng=np.random.default_rng(5)).returns.mean(axis=1)
        for anchor in ("random", "uninformed", "heuristic")
    }
    means = {anchor: each.mean() for anchor, each in returns.items()}
    assert means["heuristic"] - means["uninformed"] > 4
    assert means["uninformed"] - means["random"] > 8


def test_uninformed_agents_move_alike_whatever_they_hear() -> None:
    game = games.make("simple_reference")
    policy = anchor_policies(game)["uninformed"][0]
    seen = np.random.default_rng(6).normal(size=(20, 21))
    other = np.concatenate([seen[:, :11], np.random.default_rng(7).uniform(size=(20, 10))], axis=1)
    assert isinstance(policy.action_space, Choice)
    np.testing.assert_array_equal(policy.probabilities(seen), policy.probabilities(other))
