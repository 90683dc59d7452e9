"""Policies with memory as behavioural strategies: what was seen by hand, and what play says."""

import numpy as np
import pytest

from nashlens.games import from_open_spiel, play
from nashlens.games.categorical import softmax
from nashlens.games.policy import ChoicePolicy
from nashlens.games.recurrent_policy import RecurrentNetwork, RecurrentPolicy
from nashlens.games.tabular_policy import TabularPolicy, to_behaviour

KUHN = from_open_spiel("kuhn_poker")


def recurrent(game, agent, *, memory=5, seed=0):
    rng = np.random.default_rng(seed)
    space, n_inputs = game.spec.action_spaces[agent], game.spec.observation_sizes[agent]
    shapes = [(n_inputs, 6), (6, 3 * memory), (memory, 3 * memory), (memory, space.width)]
    network = RecurrentNetwork(
        weights=tuple(1.5 * rng.normal(size=shape) for shape in shapes),
        biases=tuple(rng.normal(size=shape[1]) for shape in shapes),
    )
    return RecurrentPolicy(network, action_space=space, observation_size=n_inputs)


class Counting(ChoicePolicy):
    """Remembers how many observations it was given; the more, the likelier the first action."""

    memory_size = 1

    def __init__(self, game, agent):
        self.action_space, self.observation_size = game.spec.action_spaces[agent], game.spec.observation_sizes[agent]

    def probabilities(self, observations, *, masks=None, memory=None):
        logits = np.zeros((len(observations), self.action_space.width))
        logits[:, 0] = memory[:, 0]
        return softmax(logits, self.action_space, masks=masks)

    def next_memory(self, observations, memory):
        return memory + 1


def test_in_kuhn_poker_an_information_set_is_seen_after_as_many_moves_as_its_betting_tells():
    # The first agent acts at its first observation, or, after pass and bet, at its third; the second always at its
    # second. So the odds of the first action against the other are exp(1) or exp(3), and exp(2).
    strategies = to_behaviour(KUHN, [Counting(KUHN, i) for i in range(2)])
    odds = [strategy[:, 0] / strategy[:, 1] for strategy in strategies]
    np.testing.assert_allclose(np.sort(np.log(odds[0])), [1, 1, 1, 3, 3, 3])
    np.testing.assert_allclose(np.log(odds[1]), 2)


@pytest.mark.parametrize("name", ["kuhn_poker", "leduc_poker", "tiny_hanabi"])
def test_values_of_the_table_are_what_playing_the_policies_gives(name):
    # 20,000 episodes: within five standard errors of the exact value.
    game = from_open_spiel(name)
    policies = [recurrent(game, i, seed=i) for i in range(2)]
    exact = game.values(to_behaviour(game, policies))
    returns = play(game, policies, n_episodes=20_000, rng=np.random.default_rng(0)).returns
    error = returns.std(axis=0) / np.sqrt(len(returns))
    assert (np.abs(returns.mean(axis=0) - exact) < 5 * error + 1e-12).all()
    # The table plays the same game without the memory.
    again = [TabularPolicy(game, i, strategy=strategy) for i, strategy in enumerate(to_behaviour(game, policies))]
    np.testing.assert_allclose(game.values(to_behaviour(game, again)), exact, atol=1e-12)


def test_what_was_seen_before_decides():
    # The same policy, its memory cut before every observation, plays otherwise where something was seen before.
    policy = recurrent(KUHN, 0)
    table = to_behaviour(KUHN, [policy, recurrent(KUHN, 1)])[0]
    seen = KUHN.acting_observations(0)
    masks = KUHN.acting_masks(0)
    cut = policy.probabilities(seen, masks=masks, memory=policy.next_memory(seen, np.zeros((len(seen), 5))))[:, :-1]
    sequences = KUHN.view_sequences(0)
    first = sequences.lengths[sequences.of_sets] == 1
    np.testing.assert_allclose(table[first], cut[first], atol=1e-12)
    assert (np.abs(table[~first] - cut[~first]).max(axis=1) > 1e-6).all()


def test_sequences_come_after_what_they_go_on_from():
    sequences = from_open_spiel("leduc_poker").view_sequences(0)
    assert (sequences.previous < np.arange(len(sequences.previous))).all()
    begun = sequences.previous < 0
    assert (sequences.lengths[begun] == 1).all()
    np.testing.assert_array_equal(sequences.lengths[~begun], sequences.lengths[sequences.previous[~begun]] + 1)


def test_an_agent_that_forgets_what_it_saw_has_no_table_with_memory():
    forgets = from_open_spiel("goofspiel(num_cards=4)")
    assert not forgets.has_perfect_recall
    agent = next(i for i in range(2) if forgets.view_sequences(i) is None)
    policies = [recurrent(forgets, i) for i in range(2)]
    with pytest.raises(ValueError, match=f"policy of agent_{agent} must have no memory: its information sets do not"):
        to_behaviour(forgets, policies)
