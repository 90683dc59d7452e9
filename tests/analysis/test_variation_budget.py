"""Variation budgets: alternating matching pennies, the XOR game, refinement, bad input."""

import numpy as np
import pytest

from nashlens.analysis.markov_game import MarkovGame
from nashlens.analysis.variation_budget import variation_budget
from nashlens.games import NormalFormGame, Profile

PENNIES = NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])


def snapshots(*ps):
    return [[p, 1 - p] for p in ps]


def test_variation_budget_of_alternating_matching_pennies_is_4_8():
    # |ΔR| = 2 · |Δp| = 1.6 in each of three steps; a game of one state has no transitions to change.
    found = variation_budget(PENNIES, Profile([snapshots(0.7, 0.7, 0.7, 0.7), snapshots(0.1, 0.9, 0.1, 0.9)]))
    assert found.reward.tolist() == pytest.approx([4.8, 0.0])
    assert found.kernel.tolist() == [0.0, 0.0]
    assert (found.n_snapshots, found.spacing) == (4, 1.0)


def test_variation_budget_of_transitions_is_in_l1_distance():
    # XOR: total variation |Δp| = .4, L1 distance .8.
    kernel = np.zeros((2, 2, 2, 2))
    for a, b in np.ndindex(2, 2):
        kernel[:, a, b, a ^ b] = 1.0
    game = MarkovGame(kernel=kernel, rewards=np.zeros((2, 2, 2, 2)))
    other = np.array(snapshots(0.5, 0.9))[:, None].repeat(2, axis=1)
    assert variation_budget(game, Profile([np.full((2, 2, 2), 0.5), other])).kernel.tolist() == pytest.approx([0.8, 0])


def test_variation_budget_never_falls_when_snapshots_are_added():
    p = np.random.default_rng(0).random(9)
    fine = variation_budget(PENNIES, Profile([snapshots(*[0.5] * 9), snapshots(*p)]), steps=np.arange(9) * 10)
    coarse = variation_budget(PENNIES, Profile([snapshots(*[0.5] * 3), snapshots(*p[::4])]), steps=[0, 40, 80])
    assert fine.reward[0] >= coarse.reward[0]
    assert (fine.spacing, coarse.spacing) == (10.0, 40.0)


def test_variation_budget_to_records_states_the_spacing():
    rows = variation_budget(PENNIES, Profile([snapshots(0.5, 0.5), snapshots(0.1, 0.9)]), steps=[0, 7]).to_records()
    assert [(row["metric"], row["agent"], row["spacing"]) for row in rows] == [
        ("variation_budget_reward", 0, 7.0),
        ("variation_budget_reward", 1, 7.0),
        ("variation_budget_kernel", 0, 7.0),
        ("variation_budget_kernel", 1, 7.0),
    ]


def test_variation_budget_says_what_does_not_fit():
    good = Profile([snapshots(0.5, 0.5), snapshots(0.1, 0.9)])
    with pytest.raises(ValueError, match="steps must be 2 rising numbers"):
        variation_budget(PENNIES, good, steps=[3, 3])
    with pytest.raises(ValueError, match="two snapshots or more"):
        variation_budget(PENNIES, Profile([s[:1] for s in good]))
