"""Tabular policies: tables to policies and back, averages that keep the realised play, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.games import play
from nashlens.games.behaviour import BehaviouralProfile
from nashlens.games.core import Array, BoolArray, Choice
from nashlens.games.mixture_policy import MixturePolicy
from nashlens.games.open_spiel import from_open_spiel
from nashlens.games.policy import ChoicePolicy, uniform_policy
from nashlens.games.sequential import SequentialGame
from nashlens.games.tabular_policy import (
    TabularPolicy,
    average_strategy,
    realisation_weights,
    to_behaviour,
    to_policies,
)

KUHN = from_open_spiel("kuhn_poker")


def random_profile(game: SequentialGame, seed: int) -> BehaviouralProfile:
    rng = np.random.default_rng(seed)
    strategies = []
    for sets in game.tree.agents:
        weights = rng.random(sets.legal.shape) * sets.legal
        strategies.append(weights / weights.sum(axis=1, keepdims=True))
    return BehaviouralProfile(strategies)


@given(st.integers(0, 2**32 - 1), st.sampled_from(["kuhn_poker", "tiny_hanabi", "nim(pile_sizes=1;2)"]))
def test_to_policies_and_back_is_the_same_profile(seed: int, text: str) -> None:
    game = from_open_spiel(text)
    profile = random_profile(game, seed)
    for before, after in zip(profile, to_behaviour(game, to_policies(game, profile)), strict=True):
        np.testing.assert_allclose(before, after, rtol=0, atol=1e-15)


def test_uniform_policy_becomes_uniform_over_legal_actions() -> None:
    # Over 4 alternatives of which one (waiting) is illegal: what is left is uniform over the legal ones.
    game = from_open_spiel("leduc_poker")
    policies = [
        uniform_policy(space, observation_size=size)
        for space, size in zip(game.spec.action_spaces, game.spec.observation_sizes, strict=True)
        if isinstance(space, Choice)
    ]
    for table, expected in zip(to_behaviour(game, policies), game.uniform_profile(), strict=True):
        np.testing.assert_allclose(table, expected, rtol=0, atol=1e-15)


def test_probabilities_wait_where_others_move_and_know_every_information_set() -> None:
    policy = TabularPolicy(KUHN, 1, strategy=random_profile(KUHN, 0)[1])
    batch = KUHN.start(50, rng=np.random.default_rng(0))
    np.testing.assert_array_equal(policy.probabilities(batch.observations[1]), np.tile([0.0, 0.0, 1.0], (50, 1)))
    rows = policy.probabilities(KUHN.acting_observations(1))
    np.testing.assert_array_equal(rows[:, :2], policy.strategy)
    assert (rows[:, 2] == 0).all()
    assert policy.probabilities(np.zeros((0, 12))).shape == (0, 3)


def test_observation_of_another_game_is_refused() -> None:
    policy = TabularPolicy(KUHN, 0, strategy=KUHN.uniform_profile()[0])
    seen = KUHN.acting_observations(0).copy()
    seen[2, 4] += 0.5
    with pytest.raises(ValueError, match="observations of agent_0 must be those of open_spiel; row 2"):
        policy.probabilities(seen)


def test_strategy_and_agent_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="must have shapes"):
        TabularPolicy(KUHN, 0, strategy=np.full((5, 2), 0.5))
    with pytest.raises(ValueError, match="agent must be from 0 to 1, not 2"):
        TabularPolicy(KUHN, 2, strategy=np.full((6, 2), 0.5))
    with pytest.raises(ValueError, match="leading axes"):
        TabularPolicy(KUHN, 0, strategy=np.full((3, 6, 2), 0.5))
    batch = BehaviouralProfile.stack([KUHN.uniform_profile()] * 2)
    with pytest.raises(ValueError, match="must be one profile"):
        to_policies(KUHN, batch)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=30)
def test_mixture_drawn_once_an_episode_has_the_value_of_its_behavioural_average(seed: int) -> None:
    # Kuhn's theorem: with perfect recall the two reach every end with the same probability. The value of the mixture
    # is the mean of its members' values, which needs no average at all.
    game = from_open_spiel("kuhn_poker(players=3)")
    members = [random_profile(game, seed + k) for k in range(3)]
    weights = np.random.default_rng(seed).dirichlet(np.ones(3))
    base = members[0]
    for agent in range(3):
        stacked = np.stack([m[agent] for m in members])
        average = average_strategy(game.tree, agent, stacked, weights=weights)
        each = game.values(BehaviouralProfile.stack([base.replace(agent, m[agent]) for m in members]))
        np.testing.assert_allclose(game.values(base.replace(agent, average)), weights @ each, rtol=0, atol=1e-12)


def test_mixture_policy_becomes_the_average_that_episodes_show() -> None:
    # One member always passes, one always bets. After an opening pass the first agent is the passer for certain, so
    # the average passes again; the plain average of the tables would bet with 1/2.
    passer, bettor = (np.tile(row, (6, 1)) for row in ([1.0, 0.0], [0.0, 1.0]))
    mixture = MixturePolicy([TabularPolicy(KUHN, 0, strategy=s) for s in (passer, bettor)], weights=[0.5, 0.5])
    other = TabularPolicy(KUHN, 1, strategy=KUHN.uniform_profile()[1])
    table = to_behaviour(KUHN, [mixture, other])[0]
    labels = KUHN.tree.agents[0].labels
    expected = {"0": 0.5, "1": 0.5, "2": 0.5, "0pb": 0.0, "1pb": 0.0, "2pb": 0.0}
    assert {label: row[1] for label, row in zip(labels, table.tolist(), strict=True)} == expected
    exact = KUHN.values(to_behaviour(KUHN, [mixture, other]))
    episodes = play(KUHN, [mixture, other], n_episodes=20_000, rng=np.random.default_rng(1)).returns
    assert abs(episodes[:, 0].mean() - exact[0]) < 4 * episodes[:, 0].std() / np.sqrt(20_000)


def test_realisation_weights_of_kuhn_are_the_products_of_own_moves() -> None:
    strategies = random_profile(KUHN, 3)[0][None]
    labels = KUHN.tree.agents[0].labels
    weights = realisation_weights(KUHN.tree, 0, strategies)[0]
    passing = {label: row[0] for label, row in zip(labels, strategies[0].tolist(), strict=True)}
    expected = [passing[label[0]] if label.endswith("pb") else 1.0 for label in labels]
    np.testing.assert_allclose(weights, expected, rtol=0, atol=1e-15)


def test_average_where_no_member_leads_is_the_plain_average() -> None:
    bettors = np.tile([0.0, 1.0], (2, 6, 1))
    bettors[1, [KUHN.tree.agents[0].labels.index("0pb")]] = [1.0, 0.0]
    average = average_strategy(KUHN.tree, 0, bettors, weights=[0.25, 0.75])
    np.testing.assert_allclose(average[KUHN.tree.agents[0].labels.index("0pb")], [0.75, 0.25], atol=1e-15)


class _Remembers(ChoicePolicy):
    memory_size = 1
    action_space = Choice((3,))
    observation_size = 12

    def probabilities(
        self, observations: Array, *, masks: BoolArray | None = None, memory: Array | None = None
    ) -> Array:
        return np.full((len(observations), 3), 1 / 3)

    def initial_memory(self, n_envs: int, *, rng: np.random.Generator) -> Array:
        return rng.random((n_envs, 1))


def test_policies_with_other_memories_and_averages_without_recall_are_refused() -> None:
    other = TabularPolicy(KUHN, 1, strategy=KUHN.uniform_profile()[1])
    with pytest.raises(ValueError, match="policy of agent_0 must begin with an empty memory"):
        to_behaviour(KUHN, [_Remembers(), other])
    forgets = from_open_spiel("goofspiel(num_cards=4)")
    assert not forgets.has_perfect_recall
    with pytest.raises(ValueError, match="perfect recall"):
        average_strategy(forgets.tree, 0, forgets.uniform_profile()[0][None], weights=[1.0])
