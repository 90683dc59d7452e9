"""Trees by hand and Kuhn poker: structure, values, and the tree as an environment."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.games import play
from nashlens.games.behaviour import BehaviouralProfile, check_behaviour
from nashlens.games.core import Choice
from nashlens.games.game_tree import CHANCE, TERMINAL, GameTree, InformationSets
from nashlens.games.open_spiel import from_open_spiel
from nashlens.games.sequential import SequentialGame, reach_probabilities
from nashlens.games.tabular_policy import to_policies
from nashlens.games.tree_observations import ObservationIndex, TreeObservations, remembered

# Chance picks left (1/4) or right (3/4); agent 0 does not see which and chooses a or b; after right and b, agent 1
# chooses a or b. Agent 0 gets 1 on reaching agent 1's history, and the ends pay as below.
#   0 chance -> 1, 2 (agent 0, one information set) -> 3, 4, 5 (ends), 6 (agent 1) -> 7, 8 (ends)
BY_HAND: dict[str, Any] = {
    "players": [CHANCE, 0, 0, TERMINAL, TERMINAL, TERMINAL, 1, TERMINAL, TERMINAL],
    "parents": [-1, 0, 0, 1, 1, 2, 2, 6, 6],
    "actions": [-1, 0, 1, 0, 1, 0, 1, 0, 1],
    "chance": [1, 0.25, 0.75, 1, 1, 1, 1, 1, 1],
    "information_sets": [-1, 0, 0, -1, -1, -1, 0, -1, -1],
    "rewards": [[0, 0], [0, 0], [0, 0], [4, 0], [0, 8], [2, 2], [1, 0], [0, 5], [-1, 1]],
    "agents": (
        InformationSets(labels=("hidden",), legal=np.array([[True, True]])),
        InformationSets(labels=("reply",), legal=np.array([[True, True]])),
    ),
}


def by_hand(**changes: Any) -> GameTree:
    return GameTree(**(BY_HAND | changes))


def test_tree_by_hand_has_the_levels_children_returns_and_sequences_of_the_drawing() -> None:
    tree = by_hand()
    assert tree.levels == (slice(0, 1), slice(1, 3), slice(3, 7), slice(7, 9))
    assert tree.depths.tolist() == [0, 1, 1, 2, 2, 2, 2, 3, 3]
    assert [tree.children(h).tolist() for h in range(9)] == [[1, 2], [3, 4], [5, 6], [], [], [], [7, 8], [], []]
    assert tree.terminals.tolist() == [3, 4, 5, 7, 8]
    assert tree.returns.tolist() == [[4, 0], [0, 8], [2, 2], [1, 5], [0, 1]]
    # Agent 0's sequences are 0 (a) and 1 (b); agent 1's likewise, and only below history 6.
    assert tree.last_sequences.tolist() == [
        [-1, -1], [-1, -1], [-1, -1], [0, -1], [1, -1], [0, -1], [1, -1], [1, 0], [1, 1],
    ]  # fmt: skip
    assert tree.has_perfect_recall
    assert tree.previous_sequences(1).tolist() == [-1]
    assert tree.own_depths(0).tolist() == [0]
    assert tree.members(0).tolist() == [1, 2]


def test_values_by_hand_equal_the_sum_over_ends() -> None:
    # a with 0.4, then a with 0.1:  agent 0: .25(.4·4 + .6·0) + .75(.4·2 + .6(.1·1 + .9·0)) = .4 + .6 + .045 = 1.045
    #                               agent 1: .25·.6·8 + .75(.4·2 + .6(.1·5 + .9·1)) = 1.2 + .6 + .63 = 2.43
    game = SequentialGame(by_hand())
    profile = BehaviouralProfile([[[0.4, 0.6]], [[0.1, 0.9]]])
    np.testing.assert_allclose(game.values(profile), [1.045, 2.43], rtol=0, atol=1e-12)


def test_reach_without_an_agent_leaves_its_own_moves_out() -> None:
    tree = by_hand()
    strategies = [np.array([[[0.4, 0.6]]]), np.array([[[0.1, 0.9]]])]
    reach = reach_probabilities(tree, strategies)[:, 0]
    np.testing.assert_allclose(reach, [1, 0.25, 0.75, 0.1, 0.15, 0.3, 0.45, 0.045, 0.405], atol=1e-12)
    without = reach_probabilities(tree, strategies, without=0)[:, 0]
    np.testing.assert_allclose(without, [1, 0.25, 0.75, 0.25, 0.25, 0.75, 0.75, 0.075, 0.675], atol=1e-12)


def kuhn_nash(alpha: float) -> list[dict[str, float]]:
    """Return each agent's probability to bet by OpenSpiel's label, in Kuhn's family of equilibria."""
    first = {"0": alpha, "1": 0, "2": 3 * alpha, "0pb": 0, "1pb": alpha + 1 / 3, "2pb": 1}
    second = {"0p": 1 / 3, "1p": 0, "2p": 1, "0b": 0, "1b": 1 / 3, "2b": 1}
    return [first, second]


def kuhn_profile(game: SequentialGame, bets: list[dict[str, float]]) -> BehaviouralProfile:
    return BehaviouralProfile(
        [[[1 - b[x], b[x]] for x in sets.labels] for sets, b in zip(game.tree.agents, bets, strict=True)]
    )


def test_values_of_kuhn_poker_equal_the_published_ones() -> None:
    # Uniform play: 1/8 to the first agent (OpenSpiel's exploitability tests). The equilibria of Kuhn (1950): -1/18.
    game = from_open_spiel("kuhn_poker")
    profiles = [kuhn_profile(game, kuhn_nash(alpha)) for alpha in (0, 0.1, 1 / 3)]
    values = game.values(BehaviouralProfile.stack([game.uniform_profile(), *profiles]))
    np.testing.assert_allclose(values[:, 0], [0.125, -1 / 18, -1 / 18, -1 / 18], rtol=0, atol=1e-12)
    np.testing.assert_allclose(values[:, 1], -values[:, 0], rtol=0, atol=1e-12)
    # If both always pass, the higher of two cards wins the antes: by symmetry 0.
    passes = kuhn_profile(game, [dict.fromkeys(b, 0.0) for b in kuhn_nash(0)])
    np.testing.assert_allclose(game.values(passes), [0, 0], atol=1e-12)


def test_values_of_batches_have_their_leading_axes_and_match_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    game = from_open_spiel("kuhn_poker(players=3)")
    rng = np.random.default_rng(0)
    strategies = [rng.dirichlet([1, 1], size=(2, 3, len(sets))) for sets in game.tree.agents]
    batch = game.values(BehaviouralProfile(strategies))
    assert batch.shape == (2, 3, 3)
    one = [[game.values(BehaviouralProfile([s[a, b] for s in strategies])) for b in range(3)] for a in range(2)]
    np.testing.assert_allclose(batch, one, rtol=0, atol=1e-12)
    monkeypatch.setattr("nashlens.games.sequential.SWEEP_ENTRIES", 1)  # one profile a part
    np.testing.assert_allclose(game.values(BehaviouralProfile(strategies)), one, rtol=0, atol=1e-12)
    assert game.values(BehaviouralProfile([s[:0, 0] for s in strategies])).shape == (0, 3)


@given(st.integers(0, 2**32 - 1))
def test_values_are_linear_in_one_agents_mixture_and_zero_sum(seed: int) -> None:
    game = from_open_spiel("kuhn_poker")
    rng = np.random.default_rng(seed)
    one, two = ([rng.dirichlet([1, 1], size=6) for _ in range(2)] for _ in range(2))
    values = game.values(BehaviouralProfile.stack([BehaviouralProfile(one), BehaviouralProfile([two[0], one[1]])]))
    np.testing.assert_allclose(values.sum(axis=1), 0, atol=1e-12)
    # Linear in the move at a single information set: halfway between two strategies that differ there only.
    changed = one[0].copy()
    changed[3] = two[0][3]
    half = (one[0] + changed) / 2
    three = game.values(BehaviouralProfile.stack([BehaviouralProfile([x, one[1]]) for x in (one[0], changed, half)]))
    np.testing.assert_allclose(three[2], (three[0] + three[1]) / 2, atol=1e-12)


def test_specification_adds_waiting_and_counts_the_longest_play() -> None:
    game = from_open_spiel("kuhn_poker")
    assert game.spec.action_spaces == (Choice((3,)),) * 2
    assert game.spec.horizon == 3  # pass, bet, answer
    assert game.spec.masked
    assert not game.spec.common_reward
    assert game.spec.sides == ("agent_0", "agent_1")
    assert game.is_constant_sum()
    team = from_open_spiel("tiny_hanabi")
    assert team.spec.common_reward
    assert team.spec.sides == ("all", "all")
    assert not team.is_constant_sum()


def test_environment_follows_actions_pays_on_the_way_and_restarts() -> None:
    game = SequentialGame(by_hand())
    batch = game.start(1000, rng=np.random.default_rng(1))
    first = batch.state()["histories"]
    assert set(first) == {1, 2}
    assert abs((first == 2).mean() - 0.75) < 0.05  # three standard errors are 0.041
    move_b = [np.tile([0.0, 1.0, 0.0], (1000, 1)), np.tile([0.0, 0.0, 1.0], (1000, 1))]
    step = batch.step(move_b)
    left = first == 1
    np.testing.assert_array_equal(step.terminated, left)
    assert not step.truncated.any()
    np.testing.assert_array_equal(step.rewards[left], np.tile([0.0, 8.0], (left.sum(), 1)))
    np.testing.assert_array_equal(step.rewards[~left], np.tile([1.0, 0.0], ((~left).sum(), 1)))
    # Agent 0 now waits and remembers its information set; at the end it sees zeros.
    np.testing.assert_array_equal(step.next_observations[0][~left][0], [0.0, 1.0])
    np.testing.assert_array_equal(step.next_observations[0][left][0], [0.0, 0.0])
    np.testing.assert_array_equal(step.next_observations[1][~left][0], [1.0, 1.0])
    assert step.next_masks is not None
    assert step.next_masks[0][~left][0].tolist() == [False, False, True]
    assert step.next_masks[1][~left][0].tolist() == [True, True, False]
    after = batch.state()["histories"]
    assert set(after[left]) == {1, 2}
    assert set(after[~left]) == {6}
    assert (batch.observations[0][left] == [1.0, 1.0]).all()


def test_episodes_of_uniform_play_average_to_the_exact_value() -> None:
    game = from_open_spiel("leduc_poker")
    episodes = play(
        game, to_policies(game, game.uniform_profile()), n_episodes=20_000, rng=np.random.default_rng(2)
    )  # fmt: skip
    exact = game.values(game.uniform_profile())
    error = episodes.returns.std(axis=0) / np.sqrt(len(episodes.returns))
    assert (np.abs(episodes.returns.mean(axis=0) - exact) < 4 * error).all()
    assert episodes.lengths.max() <= game.spec.horizon


def test_same_generator_gives_the_same_plays_and_blocks_are_independent() -> None:
    game = from_open_spiel("kuhn_poker")

    def histories(sources: list[np.random.Generator], n_envs: int, skip: int = 0) -> np.ndarray:
        batch = game.start(n_envs, rng=sources)
        rng = np.random.default_rng(9)
        seen = [batch.state()["histories"]]
        for _ in range(12):
            assert batch.masks is not None
            choice = rng.random((4, 3))
            rows = np.resize(choice, (n_envs, 3)) if skip == 0 else np.tile(choice, (n_envs // 4, 1))
            batch.step([np.where(mask, rows, -1.0) for mask in batch.masks])
            seen.append(batch.state()["histories"])
        return np.array(seen)

    alone = histories([np.random.default_rng(4)], 4)
    again = histories([np.random.default_rng(4)], 4)
    beside = histories([np.random.default_rng(4), np.random.default_rng(5)], 8, skip=1)
    np.testing.assert_array_equal(alone, again)
    np.testing.assert_array_equal(alone, beside[:, :4])
    assert (alone != beside[:, 4:]).any()


def test_state_and_restore_go_back_to_the_same_place() -> None:
    game = from_open_spiel("leduc_poker")
    batch = game.start(16, rng=np.random.default_rng(0))
    saved, seen = batch.state(), batch.observations
    assert batch.masks is not None
    batch.step([mask.astype(float) for mask in batch.masks])
    assert (batch.state()["histories"] != saved["histories"]).all()
    batch.restore(saved)
    for before, after in zip(seen, batch.observations, strict=True):
        np.testing.assert_array_equal(before, after)
    with pytest.raises(ValueError, match="state must hold 16 histories"):
        batch.restore({"histories": np.zeros(16)})  # the root is a chance history


@pytest.mark.parametrize(("action", "shown"), [([0.0, 0.0, 1.0], "got action 2"), ([1.0, 0.0, 0.0], "got action 0")])
def test_illegal_actions_and_waiting_out_of_turn_are_refused(action: list[float], shown: str) -> None:
    changed = BY_HAND["agents"][0].legal
    tree = by_hand() if action[2] else pruned()
    assert changed.all()
    batch = SequentialGame(tree).start(2, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match=f"actions of agent_0 must be legal.*{shown}.*'hidden'"):
        batch.step([np.tile(action, (2, 1)), np.tile([0.0, 0.0, 1.0], (2, 1))])


def pruned() -> GameTree:
    """Return a tree whose only move is agent 0's action 1."""
    return GameTree(
        players=[0, TERMINAL], parents=[-1, 0], actions=[-1, 1], chance=[1, 1], information_sets=[0, -1],
        rewards=[[0, 0], [1, 1]],
        agents=(
            InformationSets(labels=("hidden",), legal=np.array([[False, True]])),
            InformationSets(labels=(), legal=np.zeros((0, 2), dtype=np.bool_)),
        ),
    )  # fmt: skip


def test_agent_that_never_moves_still_waits_and_has_an_empty_strategy() -> None:
    game = SequentialGame(pruned())
    assert [s.shape for s in game.uniform_profile()] == [(1, 2), (0, 2)]
    assert game.values(game.uniform_profile()).tolist() == [1, 1]
    batch = game.start(3, rng=np.random.default_rng(0))
    assert batch.masks is not None
    assert batch.masks[1].tolist() == [[False, False, True]] * 3


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"parents": [-1, 0, 0, 2, 1, 2, 2, 6, 6]}, "never decrease"),
        ({"parents": [-1, 0, 0, 1, 1, 2, 2, 7, 8]}, "earlier history"),
        ({"players": [CHANCE, 0, 0, TERMINAL, TERMINAL, TERMINAL, TERMINAL, TERMINAL, TERMINAL]}, "history 6 is not"),
        ({"players": [CHANCE, 0, 0, TERMINAL, TERMINAL, TERMINAL, 2, TERMINAL, TERMINAL]}, "agents 0 to 1"),
        ({"chance": [1, 0.25, 0.7, 1, 1, 1, 1, 1, 1]}, "sum to 1"),
        ({"chance": [1, 0.25, 0.75, 0.5, 1, 1, 1, 1, 1]}, "1 after every other"),
        ({"information_sets": [-1, 0, 1, -1, -1, -1, 0, -1, -1]}, "agent 0 must be 0 to 0"),
        ({"actions": [-1, 0, 1, 0, 1, 0, 0, 0, 1]}, "legal ones"),
        ({"rewards": np.full((9, 2), np.nan)}, "finite"),
        ({"chance": [1.0]}, "chance must have shape"),
        ({"agents": ()}, "must not be empty"),
    ],
)
def test_tree_that_is_none_is_refused(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        by_hand(**changes)


def test_information_sets_out_of_order_are_refused() -> None:
    two = InformationSets(labels=("left", "right"), legal=np.ones((2, 2), dtype=np.bool_))
    with pytest.raises(ValueError, match="numbered as the histories first reach them"):
        by_hand(information_sets=[-1, 1, 0, -1, -1, -1, 0, -1, -1], agents=(two, BY_HAND["agents"][1]))


@pytest.mark.parametrize(
    ("labels", "legal", "message"),
    [
        (("a", "a"), [[True], [True]], "unique"),
        (("a",), [[False, False]], "allow an action at 'a'"),
        (("a",), [[True], [True]], "shape"),
    ],
)
def test_information_sets_that_make_no_sense_are_refused(labels: tuple[str, ...], legal: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        InformationSets(labels=labels, legal=np.array(legal))


def forgetful() -> GameTree:
    """Return a tree in which agent 0 moves twice and does not remember its first move."""
    return GameTree(
        players=[0, 0, 0, *[TERMINAL] * 4], parents=[-1, 0, 0, 1, 1, 2, 2], actions=[-1, 0, 1, 0, 1, 0, 1],
        chance=np.ones(7), information_sets=[0, 1, 1, -1, -1, -1, -1], rewards=np.zeros((7, 1)),
        agents=(InformationSets(labels=("first", "second"), legal=np.ones((2, 2), dtype=np.bool_)),),
    )  # fmt: skip


def test_forgetting_ones_own_move_is_not_perfect_recall() -> None:
    tree = forgetful()
    assert not tree.has_perfect_recall
    with pytest.raises(ValueError, match="agent 0 must have perfect recall"):
        tree.previous_sequences(0)


def test_tree_without_a_move_or_that_pays_before_one_cannot_be_played() -> None:
    no_move = GameTree(
        players=[TERMINAL], parents=[-1], actions=[-1], chance=[1], information_sets=[-1], rewards=[[0.0]],
        agents=(InformationSets(labels=(), legal=np.zeros((0, 1), dtype=np.bool_)),),
    )  # fmt: skip
    with pytest.raises(ValueError, match="an agent moves"):
        SequentialGame(no_move)
    rewards = np.array(BY_HAND["rewards"], dtype=float)
    rewards[1, 0] = 1.0
    game = SequentialGame(by_hand(rewards=rewards))
    with pytest.raises(ValueError, match="end or pay before"):
        game.start(1, rng=np.random.default_rng(0))
    # Uniform play of the tree above, and 1 more on the left: .25(1 + 2) + .75(.5·2 + .5(1 - .5)).
    np.testing.assert_allclose(game.values(game.uniform_profile())[0], 0.75 + 0.9375, atol=1e-12)


def test_behavioural_profiles_that_do_not_fit_are_refused() -> None:
    tree = by_hand()
    with pytest.raises(ValueError, match="sum to 1"):
        BehaviouralProfile([[[0.4, 0.4]], [[0.5, 0.5]]])
    with pytest.raises(ValueError, match="non-negative"):
        BehaviouralProfile([[[np.nan, 1.0]], [[0.5, 0.5]]])
    with pytest.raises(ValueError, match="leading axes"):
        BehaviouralProfile([[[0.5, 0.5]], [[[0.5, 0.5]]]])
    with pytest.raises(ValueError, match="one or more arrays"):
        BehaviouralProfile([])
    with pytest.raises(ValueError, match="must have shapes"):
        check_behaviour(tree, BehaviouralProfile([[[0.5, 0.5]]]))
    with pytest.raises(ValueError, match="legal actions only; agent 0 does not at 'hidden'"):
        check_behaviour(pruned(), BehaviouralProfile([[[0.5, 0.5]], np.zeros((0, 2))]))
    with pytest.raises(ValueError, match="profiles must be"):
        BehaviouralProfile.stack([])


def test_observations_that_do_not_fit_are_refused() -> None:
    tree = by_hand()
    right = remembered(tree)
    with pytest.raises(ValueError, match="observations must have rows of 2 agents"):
        SequentialGame(tree, observations=TreeObservations(rows=right.rows[:1], index=right.index, kind="one_hot"))
    with pytest.raises(ValueError, match="row k at information set k"):
        SequentialGame(tree, observations=TreeObservations(rows=right.rows, index=right.index + 1, kind="one_hot"))
    with pytest.raises(ValueError, match="features of agent 0 must be 2 different vectors"):
        remembered(forgetful(), [np.ones((2, 3))])


def test_one_hot_observations_of_too_many_sets_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nashlens.games.tree_observations.MAX_TABLE_ENTRIES", 7)
    with pytest.raises(ValueError, match="one-hot observations of 2 information sets would need 8 numbers"):
        remembered(forgetful())


@given(st.integers(0, 2**32 - 1), st.integers(1, 40), st.integers(1, 6))
def test_observation_index_finds_every_row_and_nothing_else(seed: int, n_rows: int, width: int) -> None:
    rng = np.random.default_rng(seed)
    rows = np.unique(rng.integers(-2, 3, size=(n_rows, width)).astype(float), axis=0)
    index = ObservationIndex(rows)
    order = rng.integers(len(rows), size=50)
    np.testing.assert_array_equal(index.find(rows[order]), order)
    assert (index.find(rows[order] + 0.125) == -1).all()
