"""Compiled trees against a walk of OpenSpiel's states that shares no code with the compiler."""

from __future__ import annotations

from typing import Any

import numpy as np
import pyspiel
import pytest
from open_spiel.python import policy as spiel_policy
from open_spiel.python.algorithms import expected_game_score

from nashlens.games.behaviour import BehaviouralProfile
from nashlens.games.game_tree import CHANCE, TERMINAL
from nashlens.games.open_spiel import from_open_spiel
from nashlens.games.open_spiel_policy import from_tabular, to_open_spiel
from nashlens.games.sequential import SequentialGame
from nashlens.games.tabular_policy import to_policies

GAMES = (
    "kuhn_poker",
    "kuhn_poker(players=3)",
    "kuhn_poker(players=4)",
    "leduc_poker",
    "liars_dice(dice_sides=4)",
    "goofspiel(num_cards=3)",
    "goofspiel(num_cards=4)",
    "goofspiel(num_cards=3,imp_info=True,points_order=descending)",
    "tiny_bridge_2p",
    "tiny_hanabi",
    "oshi_zumo(coins=3,size=1,horizon=4)",
    "first_sealed_auction(max_value=3)",
    "trade_comm(num_items=2)",
    "lewis_signaling",
    "sheriff(num_rounds=2)",
    "battleship(board_width=2,board_height=2,ship_sizes=[1],ship_values=[1],num_shots=2,allow_repeated_shots=False)",
    "dark_hex(board_size=2)",
    "nim(pile_sizes=1;2;3)",
    "cliff_walking(height=3,width=4,horizon=5)",
    "matching_pennies_3p",
)
# OpenSpiel's own evaluation walks in Python; tiny_bridge_2p has a plainer walk of its own below.
SCORED = tuple(text for text in GAMES if text != "tiny_bridge_2p")


def spiel(text: str) -> Any:
    game = pyspiel.load_game(text)
    simultaneous = game.get_type().dynamics == pyspiel.GameType.Dynamics.SIMULTANEOUS
    return pyspiel.convert_to_turn_based(game) if simultaneous else game


def count(state: Any, found: dict[str, Any], depth: int = 0) -> None:
    """Walk depth first, and count."""
    found["histories"] += 1
    found["depth"] = max(found["depth"], depth)
    if state.is_terminal():
        found["terminals"] += 1
        found["returns"] += np.array(state.returns())
    elif state.is_chance_node():
        found["chance"] += 1
        for outcome, _ in state.chance_outcomes():
            count(state.child(outcome), found, depth + 1)
    else:
        player = state.current_player()
        found["sets"].setdefault((player, state.information_state_string(player)), state.legal_actions())
        for action in state.legal_actions():
            count(state.child(action), found, depth + 1)


@pytest.mark.parametrize("text", GAMES)
def test_tree_against_a_walk_of_states_has_the_same_histories_sets_and_returns(text: str) -> None:
    source = spiel(text)
    n = source.num_players()
    found: dict[str, Any] = {"histories": 0, "terminals": 0, "chance": 0, "depth": 0, "sets": {}}
    found["returns"] = np.zeros(n)
    count(source.new_initial_state(), found)
    tree = from_open_spiel(text).tree
    assert tree.n_histories == found["histories"]
    assert len(tree.terminals) == found["terminals"]
    assert (tree.players == CHANCE).sum() == found["chance"]
    assert (tree.players == TERMINAL).sum() == found["terminals"]
    assert len(tree.levels) == found["depth"] + 1
    np.testing.assert_allclose(tree.returns.sum(axis=0), found["returns"], rtol=1e-9, atol=1e-9)
    compiled = {
        (i, label): np.flatnonzero(legal).tolist()
        for i, sets in enumerate(tree.agents)
        for label, legal in zip(sets.labels, sets.legal, strict=True)
    }
    assert compiled == found["sets"]


@pytest.mark.parametrize("text", SCORED)
def test_values_of_a_random_profile_equal_expected_game_score(text: str) -> None:
    game = from_open_spiel(text)
    rng = np.random.default_rng(3)
    profile = random_profile(game, rng)
    lookup = {
        (i, label): strategy[k]
        for i, (sets, strategy) in enumerate(zip(game.tree.agents, profile, strict=True))
        for k, label in enumerate(sets.labels)
    }

    class Played(spiel_policy.Policy):  # type: ignore[misc]
        def action_probabilities(self, state: Any, player_id: int | None = None) -> dict[int, float]:
            player = state.current_player() if player_id is None else player_id
            row = lookup[player, state.information_state_string(player)]
            return {a: float(row[a]) for a in state.legal_actions(player)}

    source = spiel(text)
    played = Played(source, list(range(source.num_players())))
    expected = expected_game_score.policy_value(source.new_initial_state(), [played] * source.num_players())
    np.testing.assert_allclose(game.values(profile), expected, rtol=0, atol=1e-10)


def random_profile(game: SequentialGame, rng: np.random.Generator) -> BehaviouralProfile:
    strategies = []
    for sets in game.tree.agents:
        weights = rng.random(sets.legal.shape) * sets.legal
        strategies.append(weights / weights.sum(axis=1, keepdims=True))
    return BehaviouralProfile(strategies)


def test_values_of_uniform_tiny_bridge_equal_the_walk_of_states() -> None:
    # The walk multiplies probabilities along each path; tiny_bridge's two agents share one reward.
    source = spiel("tiny_bridge_2p")

    def expected(state: Any) -> Any:
        if state.is_terminal():
            return np.array(state.returns())
        if state.is_chance_node():
            return sum(p * expected(state.child(a)) for a, p in state.chance_outcomes())
        legal = state.legal_actions()
        return sum(expected(state.child(a)) for a in legal) / len(legal)

    game = from_open_spiel("tiny_bridge_2p")
    np.testing.assert_allclose(
        game.values(game.uniform_profile()), expected(source.new_initial_state()), rtol=0, atol=1e-9
    )


@pytest.mark.parametrize("text", ["kuhn_poker(players=3)", "leduc_poker", "goofspiel(num_cards=3)", "tiny_hanabi"])
def test_tabular_policy_to_open_spiel_and_back_is_the_same(text: str) -> None:
    game = from_open_spiel(text)
    profile = random_profile(game, np.random.default_rng(8))
    table = to_open_spiel(game, profile, source=text)
    back = from_tabular(game, table)
    for before, after in zip(profile, back, strict=True):
        np.testing.assert_array_equal(before, after)
    source = spiel(text)
    score = expected_game_score.policy_value(source.new_initial_state(), [table] * source.num_players())
    np.testing.assert_allclose(game.values(profile), score, rtol=0, atol=1e-10)


@pytest.mark.parametrize(
    "text", ["kuhn_poker(players=3)", "leduc_poker", "goofspiel(num_cards=3)", "sheriff(num_rounds=1)"]
)
def test_observations_of_plays_are_the_information_state_tensors_of_open_spiel(text: str) -> None:
    """Walk environment and OpenSpiel state side by side, the chance outcomes of the one given to the other."""
    game, source = from_open_spiel(text), spiel(text)
    assert game.observations.kind == "tensor"
    rng = np.random.default_rng(5)
    batch = game.start(1, rng=np.random.default_rng(6))
    policies = to_policies(game, game.uniform_profile())
    for _ in range(20):
        state = source.new_initial_state()
        ended = False
        while not ended:
            follow_chance(game, state, int(batch.state()["histories"][0]))
            mover = state.current_player()
            for i in range(game.n_agents):
                assert batch.observations[i][0, 0] == float(i == mover)
                np.testing.assert_array_equal(
                    batch.observations[i][0, 1:], np.array(state.information_state_tensor(i), dtype=np.float64)
                )
            assert batch.masks is not None
            assert np.flatnonzero(batch.masks[mover][0]).tolist() == state.legal_actions()
            actions = [p.sample(o, rng=rng) for p, o in zip(policies, batch.observations, strict=True)]
            step = batch.step(actions)
            state.apply_action(int(actions[mover][0].argmax()))
            ended = bool(step.ended[0])
            if ended and state.is_terminal():
                np.testing.assert_array_equal(step.rewards[0], state.returns())


def follow_chance(game: SequentialGame, state: Any, history: int) -> None:
    """Apply to `state` the chance moves that lie between it and `history`."""
    path = []
    while history > 0:
        path.append((game.tree.parents[history], game.tree.actions[history]))
        history = int(game.tree.parents[history])
    done = len(state.history())
    for parent, action in path[::-1][done:]:
        assert game.tree.players[parent] == CHANCE
        state.apply_action(state.chance_outcomes()[action][0])
