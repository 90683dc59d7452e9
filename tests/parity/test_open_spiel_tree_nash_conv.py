"""NashConv of game trees against OpenSpiel's Python function: random tabular policies, some of them nearly pure."""

import numpy as np
import pyspiel
import pytest
from open_spiel.python.algorithms import exploitability as spiel

from nashlens.analysis.exploitability import exploitability, nash_conv
from nashlens.games.behaviour import BehaviouralProfile
from nashlens.games.open_spiel import from_open_spiel, turn_based
from nashlens.games.open_spiel_policy import to_open_spiel

GAMES = {
    "kuhn_poker": 5,
    "kuhn_poker(players=3)": 3,
    "kuhn_poker(players=4)": 1,
    "leduc_poker": 2,
    "liars_dice(dice_sides=4)": 1,
    "goofspiel(num_cards=3)": 3,
    "goofspiel(num_cards=3,points_order=descending,imp_info=True)": 3,
    "goofspiel(num_cards=3,players=3)": 1,
    "tiny_bridge_2p": 1,
    "matrix_pd": 3,
    "first_sealed_auction": 2,
}


def random_behaviour(game, n_profiles, rng):
    strategies = []
    for sets in game.tree.agents:
        weights = np.where(sets.legal, rng.gamma(0.3, size=(n_profiles, *sets.legal.shape)) + 1e-12, 0.0)
        strategies.append(weights / weights.sum(axis=-1, keepdims=True))
    return BehaviouralProfile(strategies)


@pytest.mark.parametrize(("name", "n_profiles"), GAMES.items())
def test_nash_conv_of_trees_agrees_with_open_spiel(name, n_profiles):
    source = pyspiel.load_game(name)
    game = from_open_spiel(source)
    profile = random_behaviour(game, n_profiles, np.random.default_rng(0))
    ours = nash_conv(game, profile)
    for k in range(n_profiles):
        table = to_open_spiel(game, BehaviouralProfile([s[k] for s in profile]), source=source)
        theirs = spiel.nash_conv(turn_based(source), table, return_only_nash_conv=False)
        np.testing.assert_allclose(ours.gains[k], theirs.player_improvements, rtol=0, atol=1e-9)


def test_exploitability_of_leduc_poker_agrees_with_open_spiel():
    source = pyspiel.load_game("leduc_poker")
    game = from_open_spiel(source)
    profile = random_behaviour(game, 1, np.random.default_rng(1))
    one = BehaviouralProfile([s[0] for s in profile])
    theirs = spiel.exploitability(source, to_open_spiel(game, one, source=source))
    assert float(exploitability(game, one).exploitability) == pytest.approx(theirs, abs=1e-9)


@pytest.mark.slow
def test_nash_conv_of_liars_dice_agrees_with_open_spiels_compiled_function():
    source = pyspiel.load_game("liars_dice")
    game = from_open_spiel(source)
    one = BehaviouralProfile([s[0] for s in random_behaviour(game, 1, np.random.default_rng(2))])
    table = {
        label: [(int(a), float(strategy[k, a])) for a in np.flatnonzero(sets.legal[k])]
        for sets, strategy in zip(game.tree.agents, one, strict=True)
        for k, label in enumerate(sets.labels)
    }
    theirs = pyspiel.nash_conv(source, pyspiel.TabularPolicy(table))
    assert float(nash_conv(game, one).nash_conv) == pytest.approx(theirs, abs=1e-9)
