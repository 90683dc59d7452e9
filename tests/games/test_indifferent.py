"""A game that one agent's choice does not change: the contract, the law of what is played, what cannot be gained."""

import numpy as np
import pytest
from scipy import stats

from nashlens import games
from nashlens.games import conformance, play
from nashlens.games.anchors import anchor_policies, random_policy
from nashlens.games.core import Box, Choice
from nashlens.games.indifferent import Indifferent, is_even
from nashlens.games.mixture_policy import MixturePolicy
from nashlens.games.policy import ConstantPolicy, UniformBoxPolicy

HEADS, TAILS = ConstantPolicy([1.0, 0.0]), ConstantPolicy([0.0, 1.0])


@pytest.mark.parametrize("name", ["simple_tag", "kuhn_poker", "volunteers_dilemma", "bilinear"])
def test_indifferent_keeps_the_contract_of_games(name):
    game = games.make(name)
    conformance.check(Indifferent(game, random_policy(game.spec, 1), agent=1), rng=np.random.default_rng(0))


@pytest.mark.parametrize("choice", [HEADS, TAILS, ConstantPolicy([0.5, 0.5])])
def test_what_is_played_follows_the_given_policy_whatever_the_agent_does(choice):
    # Matching pennies against heads: the first gets 1 with heads, which the given policy plays with .7. The share of
    # 10,000 episodes has a standard deviation of .0046.
    game = Indifferent(games.make("matching_pennies"), ConstantPolicy([0.7, 0.3]), agent=0)
    won = play(game, [choice, HEADS], n_episodes=10_000, rng=np.random.default_rng(0)).returns[:, 0] > 0
    assert won.mean() == pytest.approx(0.7, abs=4 * 0.0046)


def test_ways_to_play_differ_in_episodes_and_not_in_law():
    # Episodes of two ways to play share their numbers: they differ where the two draws do, with 2 · .7 · .3 = .42.
    game = Indifferent(games.make("matching_pennies"), ConstantPolicy([0.7, 0.3]), agent=0)
    first, second = (
        play(game, [choice, HEADS], n_episodes=10_000, rng=np.random.default_rng(1)).returns[:, 0]
        for choice in (HEADS, TAILS)
    )
    assert (first != second).mean() == pytest.approx(0.42, abs=4 * np.sqrt(0.42 * 0.58 / 10_000))
    assert abs(stats.ttest_rel(first, second).statistic) < 4


def test_a_chasing_predator_gains_nothing_where_it_has_no_say():
    # In tag against random play the rule of thumb of a predator earns more touches; where random play holds its place
    # it earns what random play earns, up to the noise of 800 episodes.
    world = games.make("simple_tag")
    anchors = anchor_policies(world)
    everyone, rules = anchors["random"], anchors["heuristic"]
    chasing = (rules[0], *everyone[1:])

    def gain(game):
        new, old = (
            play(game, joint, n_episodes=800, rng=np.random.default_rng(2)).returns[:, 0]
            for joint in (chasing, everyone)
        )
        return (new - old).mean() / stats.sem(new - old)

    assert gain(world) > 4
    assert abs(gain(Indifferent(world, everyone[0], agent=0))) < 4


def test_members_of_a_mixture_are_drawn_once_an_episode():
    # Heads or tails for a whole game of two rounds: both rounds pay the same, whatever the agent does.
    stage = games.make("repeated", stage="matching_pennies", rounds=2)
    size = stage.spec.observation_sizes[0]
    members = [ConstantPolicy(p, observation_size=size) for p in ([1.0, 0.0], [0.0, 1.0])]
    other = ConstantPolicy([1.0, 0.0], observation_size=stage.spec.observation_sizes[1])
    chooser = random_policy(stage.spec, 0)
    found = play(
        Indifferent(stage, MixturePolicy(members), agent=0),
        [chooser, other],
        n_episodes=200,
        rng=np.random.default_rng(3),
    ).returns[:, 0]
    assert set(np.abs(found)) == {np.abs(found).max()}
    assert 60 < (found > 0).sum() < 140


def test_evenness_of_actions():
    one_hot = np.eye(3)
    assert is_even(one_hot, Choice((3,))).tolist() == [True, False, True]
    assert is_even(np.array([[-0.5, 9.0], [0.5, -9.0]]), Box((-1.0, -9.0), (1.0, 9.0))).tolist() == [True, False]


def test_agents_and_policies_that_do_not_fit_are_refused():
    game = games.make("matching_pennies")
    with pytest.raises(ValueError, match="agent must be a number from 0 to 1, not 2"):
        Indifferent(game, HEADS, agent=2)
    with pytest.raises(ValueError, match="the policy of agent_1 must act in"):
        Indifferent(game, UniformBoxPolicy(Box((0.0,), (1.0,))), agent=1)
    with pytest.raises(ValueError, match="the policy of agent_1 must read 1 numbers"):
        Indifferent(game, ConstantPolicy([0.5, 0.5], observation_size=3), agent=1)
    with pytest.raises(ValueError, match="actions must be 2 arrays"):
        Indifferent(game, HEADS, agent=0).start(2, rng=np.random.default_rng(0)).step([])
