"""Backup drift: one-shot games, the XOR game by hand, the bound, bad input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.analysis.backup_drift import backup_drift
from nashlens.analysis.markov_game import MarkovGame
from nashlens.games import NormalFormGame, Profile

PENNIES = NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
CHANGE = Profile([[[0.7, 0.3]] * 2, [[0.5, 0.5], [0.9, 0.1]]])


def test_backup_drift_of_a_game_of_one_state_is_the_drift_of_its_rewards():
    # |ΔR| = .8 for both own actions; what follows is the same in both worlds.
    found = backup_drift(PENNIES, CHANGE, q=[[[5.0, 1.0]], [[0.0, 2.0]]], discount=0.9)
    assert found.mean[0].tolist() == pytest.approx([0.8, 0.0])
    assert found.upper[0].tolist() == pytest.approx([0.8, 0.0])


def test_backup_drift_in_the_xor_game_adds_what_follows():
    # r = 0 and Q worth 3 in state 1 and 1 in state 0: γ · |Δp| · 2 = .9 · .4 · 2 = .72, and the bound is attained.
    kernel = np.zeros((2, 2, 2, 2))
    for a, b in np.ndindex(2, 2):
        kernel[:, a, b, a ^ b] = 1.0
    game = MarkovGame(kernel=kernel, rewards=np.zeros((2, 2, 2, 2)))
    other = np.array([[[0.5, 0.5]] * 2, [[0.1, 0.9]] * 2])
    q = np.array([[1.0, 0.0], [2.0, 3.0]])
    found = backup_drift(game, Profile([np.full((2, 2, 2), 0.5), other]), q=[q, q], discount=0.9)
    assert found.sup[0].tolist() == pytest.approx([0.72, 0.0])
    assert found.upper[0].tolist() == pytest.approx([0.72, 0.0])


def test_backup_drift_counts_only_what_has_weight():
    # two states that cannot be left; the other moves in the second alone: |ΔR| = 2 · .4 there, 0 in the first
    kernel = np.zeros((2, 2, 2, 2))
    for s in range(2):
        kernel[s, ..., s] = 1.0
    pennies = np.array(PENNIES.payoffs)
    game = MarkovGame(kernel=kernel, rewards=np.stack([pennies, pennies], axis=1))
    other = np.array([[[0.5, 0.5]] * 2, [[0.5, 0.5], [0.9, 0.1]]])
    profile, q = Profile([np.full((2, 2, 2), 0.5), other]), [np.zeros((2, 2))] * 2
    even = backup_drift(game, profile, q=q, discount=0.9)
    assert even.mean[0, 0] == pytest.approx(0.4)
    first, second = (
        backup_drift(game, profile, q=q, discount=0.9, weights=[np.outer(share, [0.5, 0.5])] * 2).mean[0, 0]
        for share in ([1.0, 0.0], [0.25, 0.75])
    )
    assert (first, second) == (0.0, pytest.approx(0.6))


@given(st.integers(0, 2**32 - 1), st.floats(0, 0.99))
@settings(deadline=None, max_examples=40)
def test_backup_drift_never_exceeds_what_rewards_and_transitions_allow(seed, discount):
    source = np.random.default_rng(seed)
    game = MarkovGame(kernel=source.dirichlet(np.ones(3), size=(3, 2, 3)), rewards=source.normal(size=(2, 3, 2, 3)))
    profile = Profile([source.dirichlet(np.ones(n), size=(4, 3)) for n in (2, 3)])
    found = backup_drift(game, profile, q=[source.normal(size=(3, n)) for n in (2, 3)], discount=discount)
    assert (found.mean <= found.sup + 1e-12).all()
    assert (found.sup <= found.upper + 1e-9).all()


def test_backup_drift_to_records_has_one_row_for_each_pair_and_agent():
    rows = backup_drift(PENNIES, CHANGE, q=[[[5.0, 1.0]], [[0.0, 2.0]]], discount=0.9).to_records()
    assert [(row["snapshot"], row["agent"]) for row in rows] == [(1, 0), (1, 1)]


@pytest.mark.parametrize(
    ("profile", "options", "message"),
    [
        (CHANGE, {"discount": 1.0}, "discount must be in"),
        (CHANGE, {"q": [[[5.0, 1.0]]]}, "q must be finite, of the shapes"),
        (CHANGE, {"q": [[[5.0, np.nan]], [[0.0, 2.0]]]}, "q must be finite, of the shapes"),
        (CHANGE, {"against": "last"}, "against must be"),
        (Profile.uniform(2, 2), {}, "one leading axis of T snapshots"),
        (Profile([s[:1] for s in CHANGE]), {}, "two snapshots or more"),
    ],
)
def test_backup_drift_says_what_does_not_fit(profile, options, message):
    settings = {"q": [[[5.0, 1.0]], [[0.0, 2.0]]], "discount": 0.9} | options
    with pytest.raises(ValueError, match=message):
        backup_drift(PENNIES, profile, **settings)
