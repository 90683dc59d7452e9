"""Compiling OpenSpiel's games: names, parameters, limits, and what is refused."""

from __future__ import annotations

import dataclasses
import subprocess
import sys
from typing import Any

import numpy as np
import pyspiel
import pytest
from open_spiel.python import policy as spiel_policy

from nashlens.games import conformance, make
from nashlens.games.behaviour import BehaviouralProfile
from nashlens.games.game_tree import GameTree
from nashlens.games.open_spiel import from_open_spiel, turn_based
from nashlens.games.open_spiel_policy import from_tabular, to_open_spiel
from nashlens.games.sequential import SequentialGame
from nashlens.games.sequential_catalog import GAMES, entries

# Sizes as the literature and OpenSpiel's documentation give them: Kuhn poker 12 information sets (48 with three
# agents, 160 with four), Leduc 936 with 9457 histories, liar's dice with one die each 24576.
SIZES = {
    "kuhn_poker": (58, 12),
    "kuhn_poker(players=3)": (617, 48),
    "kuhn_poker(players=4)": (7886, 160),
    "leduc_poker": (9457, 936),
    "liars_dice": (294883, 24576),
}


@pytest.mark.parametrize(("text", "sizes"), SIZES.items())
def test_sizes_of_known_games(text: str, sizes: tuple[int, int]) -> None:
    tree = from_open_spiel(text).tree
    assert (tree.n_histories, sum(len(sets) for sets in tree.agents)) == sizes
    assert tree.has_perfect_recall


def test_game_object_and_name_with_parameters_compile_alike() -> None:
    one = from_open_spiel("kuhn_poker(players=3)")
    two = from_open_spiel(pyspiel.load_game("kuhn_poker", {"players": 3}))
    np.testing.assert_array_equal(one.tree.players, two.tree.players)
    assert one.spec.parameters == two.spec.parameters
    assert one.spec.parameters["game"] == "kuhn_poker(players=3)"


def test_specification_makes_the_game_again() -> None:
    nested = from_open_spiel("restricted_nash_response(game=kuhn_poker())")
    for game in (nested, from_open_spiel("nim(pile_sizes=1;2)"), make("kuhn_poker", players=3), make("goofspiel")):
        again = make(game.spec.name, **game.spec.parameters)
        assert again.spec == game.spec


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("kuhn_pokr", "OpenSpiel has no game 'kuhn_pokr'; did you mean kuhn_poker"),
        ("zzzzzz", "OpenSpiel has no game 'zzzzzz'$"),
        ("kuhn_poker(playrs=3)", "kuhn_poker has no parameter 'playrs'; did you mean players"),
        ("kuhn_poker(zz=3)", "kuhn_poker has no parameter 'zz'; it takes players"),
        ("kuhn_poker(players=x)", r"cannot make 'kuhn_poker\(players=x\)'"),
        ("kuhn_poker(players=3", "cannot make"),
        ("nfg_game", "cannot make 'nfg_game'"),
        ("mfg_garnet", "mean-field"),
        ("crossword", "cannot list the states of crossword"),
        (7, "must be a name or a pyspiel.Game, not int"),
    ],
)
def test_game_that_is_none_is_refused(text: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        from_open_spiel(text)


def test_game_with_sampled_chance_is_refused() -> None:
    sampled = [
        kind.short_name
        for kind in pyspiel.registered_games()
        if kind.chance_mode == pyspiel.GameType.ChanceMode.SAMPLED_STOCHASTIC and kind.default_loadable
    ]
    assert sampled
    with pytest.raises(ValueError, match="only samples its chance moves"):
        from_open_spiel(sampled[0])


def test_game_that_is_too_large_says_how_far_it_was_measured() -> None:
    with pytest.raises(ValueError, match=r"leduc_poker has more than 1000 histories; \d+ were visited to depth \d"):
        from_open_spiel("leduc_poker", max_histories=1000)
    assert from_open_spiel("kuhn_poker", max_histories=58).tree.n_histories == 58
    with pytest.raises(ValueError, match="more than 57 histories"):
        from_open_spiel("kuhn_poker", max_histories=57)
    with pytest.raises(ValueError, match="max_histories: tic_tac_toe has more than 20000"):
        from_open_spiel("tic_tac_toe", max_histories=20_000)


@pytest.mark.parametrize(("name", "value"), [("max_histories", 1), ("max_histories", True), ("perfect_recall", 1)])
def test_arguments_out_of_range_are_refused(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match=f"{name} must be"):
        from_open_spiel("kuhn_poker", **{name: value})


def test_perfect_recall_splits_what_the_game_forgets_and_keeps_the_values() -> None:
    # goofspiel's strings list the cards that are left, not the order in which they went.
    plain = from_open_spiel("goofspiel(num_cards=4)")
    split = from_open_spiel("goofspiel(num_cards=4)", perfect_recall=True)
    assert not plain.has_perfect_recall
    assert split.has_perfect_recall
    assert split.tree.n_histories == plain.tree.n_histories
    assert len(split.tree.agents[0]) > len(plain.tree.agents[0])
    np.testing.assert_array_equal(split.tree.returns, plain.tree.returns)
    # Where nothing is forgotten nothing is split.
    same = from_open_spiel("kuhn_poker", perfect_recall=True)
    np.testing.assert_array_equal(same.tree.information_sets, from_open_spiel("kuhn_poker").tree.information_sets)


def test_coordinator_of_tiny_hanabi_gets_what_the_team_gets() -> None:
    # A coordinator that plans uniformly makes both partners act uniformly, whatever their cards.
    game = from_open_spiel("coop_to_1p")
    assert game.n_agents == 1
    assert game.has_perfect_recall
    np.testing.assert_allclose(
        game.values(game.uniform_profile())[0],
        from_open_spiel("tiny_hanabi").values(from_open_spiel("tiny_hanabi").uniform_profile())[0],
        atol=1e-12,
    )


def test_rewards_on_the_way_add_to_the_returns_of_the_states() -> None:
    # Walking along the cliff costs 1 a step: the returns of cliff_walking count steps, falls cost 100.
    game = from_open_spiel("cliff_walking(height=3,width=4,horizon=3)")
    inner = np.setdiff1d(np.arange(1, game.tree.n_histories), game.tree.terminals)
    assert (game.tree.rewards[inner] == -1).all()
    assert set(game.tree.returns[:, 0]) == {-3.0, -100.0, -101.0, -102.0}


def test_simultaneous_games_take_turns_without_seeing_each_other() -> None:
    game = from_open_spiel("matrix_rps")
    assert [len(sets) for sets in game.tree.agents] == [1, 1]
    assert len(game.tree.terminals) == 9


@pytest.mark.parametrize("name", [n for n in GAMES if n not in {"liars_dice", "tiny_bridge_2p"}])
def test_every_named_game_keeps_the_contract(name: str) -> None:
    game = make(name)
    assert game.spec.name == name
    assert conformance.check(game, n_envs=32, rng=np.random.default_rng(0)).n_episodes >= 32


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        ({"players": 2.5}, "players must be a whole number"),
        ({"players": 1}, "players must be a whole number from 2 to 10, not 1"),
        ({"playerz": 3}, "did you mean players"),
        ({"players": 9}, "max_histories"),
    ],
)
def test_named_game_with_a_bad_parameter_is_refused(parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make("kuhn_poker", **parameters)


def test_named_game_takes_no_syntax_inside_text_or_numbers_for_truth() -> None:
    with pytest.raises(ValueError, match="pile_sizes must be text"):
        make("nim", pile_sizes="1,is_misere=False")
    with pytest.raises(ValueError, match="imp_info must be True or False"):
        make("goofspiel", imp_info=1)


def test_entries_are_unique_and_described() -> None:
    found = entries()
    assert len({e.name for e in found}) == len(found)
    assert all(e.family == "sequential" and e.summary for e in found)


def test_importing_games_does_not_import_open_spiel() -> None:
    code = "import sys, nashlens.games, nashlens.games.open_spiel_policy; sys.exit('pyspiel' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_tables_of_another_game_or_of_a_batch_are_refused() -> None:
    kuhn = from_open_spiel("kuhn_poker")
    three = spiel_policy.TabularPolicy(turn_based("kuhn_poker(players=3)"))
    with pytest.raises(ValueError, match="source must have the 12 information sets"):
        from_tabular(kuhn, three)
    with pytest.raises(ValueError, match="source must have the 12 information sets"):
        to_open_spiel(kuhn, kuhn.uniform_profile(), source="kuhn_poker(players=3)")
    with pytest.raises(ValueError, match="must be one profile"):
        to_open_spiel(kuhn, BehaviouralProfile.stack([kuhn.uniform_profile()]), source="kuhn_poker")


def test_game_whose_agents_share_labels_has_no_open_spiel_table() -> None:
    kuhn = from_open_spiel("kuhn_poker")
    shared = tuple(dataclasses.replace(sets, labels=tuple("abcdef")) for sets in kuhn.tree.agents)
    columns = ("players", "parents", "actions", "chance", "information_sets", "rewards")
    game = SequentialGame(GameTree(**{name: getattr(kuhn.tree, name) for name in columns}, agents=shared))
    with pytest.raises(ValueError, match="share information-state strings"):
        to_open_spiel(game, game.uniform_profile(), source="kuhn_poker")
