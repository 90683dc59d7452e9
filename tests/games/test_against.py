import numpy as np
import pytest

from nashlens import games
from nashlens.games import conformance
from nashlens.games.against import Against
from nashlens.games.policy import ConstantPolicy, uniform_for


def uniform(game):
    spec = game.spec
    return [
        uniform_for(space, observation_size=size)
        for space, size in zip(spec.action_spaces, spec.observation_sizes, strict=True)
    ]


@pytest.mark.parametrize("name", ["simple_tag", "kuhn_poker", "volunteers_dilemma"])
def test_against_keeps_the_contract_of_games(name):
    game = games.make(name)
    conformance.check(Against(game, uniform(game), free=[1]), rng=np.random.default_rng(0))


def test_free_agent_meets_the_fixed_policies():
    # Matching pennies, the second agent plays heads for sure: heads pays the first 1, tails −1.
    game = games.make("matching_pennies")
    against = Against(game, [ConstantPolicy([0.5, 0.5]), ConstantPolicy([1.0, 0.0])], free=[0])
    batch = against.start(6, rng=np.random.default_rng(0))
    rewards = batch.step([np.repeat(np.eye(2), 3, axis=0)]).rewards
    np.testing.assert_array_equal(rewards[:, 0], [1, 1, 1, -1, -1, -1])
    assert against.spec.agents == (game.spec.agents[0],)


def test_fixed_policies_draw_from_their_own_blocks_generator():
    game = games.make("matching_pennies")
    against = Against(game, uniform(game), free=[0])

    def rewards(generators, n_envs):
        batch = against.start(n_envs, rng=generators)
        return np.stack([batch.step([np.tile([1.0, 0.0], (n_envs, 1))]).rewards[:, 0] for _ in range(5)])

    among = rewards([np.random.default_rng(1), np.random.default_rng(2)], 8)[:, 4:]
    np.testing.assert_array_equal(among, rewards([np.random.default_rng(2)], 4))


def test_without_exploration_fixed_policies_play_their_mode():
    game = games.make("matching_pennies")
    against = Against(game, [ConstantPolicy([0.5, 0.5]), ConstantPolicy([0.4, 0.6])], free=[0], explore=False)
    rewards = against.start(50, rng=np.random.default_rng(0)).step([np.tile([1.0, 0.0], (50, 1))]).rewards
    assert (rewards == -1).all()


@pytest.mark.parametrize("free", [[], [0, 0], [2], [-1]])
def test_agents_that_are_not_there_are_refused(free):
    game = games.make("matching_pennies")
    with pytest.raises(ValueError, match="free must name one or more of the agents 0 to 1"):
        Against(game, uniform(game), free=free)


def test_policies_that_do_not_fit_and_missing_actions_are_refused():
    game = games.make("matching_pennies")
    with pytest.raises(ValueError, match="policies must be 2"):
        Against(game, uniform(game)[:1], free=[0])
    with pytest.raises(ValueError, match="actions must be 1"):
        Against(game, uniform(game), free=[0]).start(2, rng=np.random.default_rng(0)).step([])
