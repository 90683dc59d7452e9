import numpy as np
import pytest

from nashlens import games
from nashlens.agents import config
from nashlens.agents.best_response import best_response
from nashlens.agents.training import train
from nashlens.games.policy import ConstantPolicy

LEARNER = config.DDPG(
    hidden=(16,),
    batch_size=64,
    estimator="straight_through",
    rollout=config.Rollout(n_envs=8, warmup_steps=128, update_every_steps=8),
)


def test_trained_best_response_finds_the_exact_gain_in_a_matrix_game():
    # Matching pennies against heads with probability 0.9: the second agent's best response gains 0.8 over its value
    # under (0.5, 0.5), which is 0 (metrics: a gain of |2p − 1|).
    game = games.make("matching_pennies")
    found = best_response(
        game, [ConstantPolicy([0.9, 0.1]), ConstantPolicy([0.5, 0.5])], [1], LEARNER, steps=2000, seed=0
    )
    assert found.agents == (1,)
    assert found.gains.shape == (400,)
    error = found.gains.std() / 20
    assert abs(found.gains.mean() - 0.8) < 4 * error
    assert found.policies[0].probabilities(np.ones((1, 1)))[0, 1] > 0.95
    assert found.validation_returns.shape == (3, 11)
    assert found.validation_returns[found.restart, found.snapshot] == found.validation_returns.max()


def test_a_side_deviates_together():
    # Role assignment for two: both free, they can always differ; the uniform profile differs half the time.
    game = games.make("role_assignment", n_agents=2)
    found = best_response(game, [ConstantPolicy([0.5, 0.5])] * 2, [0, 1], LEARNER, steps=3000, seed=1)
    assert found.deviation_returns.shape == (400, 2)
    assert found.deviation_returns.mean() > 0.9


def test_warm_start_begins_at_the_examined_policies():
    game = games.make("matching_pennies")
    run = train(game, LEARNER, seeds=[0], steps=800)[0]
    found = best_response(
        game, run.policies(), [0], LEARNER, steps=8, restarts=1, n_snapshots=2, warm_start=run, seed=0
    )
    chances = [each[0].probabilities(np.ones((1, 1))) for each in (found.policies, run.policies())]
    np.testing.assert_allclose(*chances)
    assert found.warm
    # Nothing was learned, so the deviation gains nothing beyond chance: the interval covers 0.
    assert abs(found.gains.mean()) < 4 * max(found.gains.std() / 20, 1e-12) + 1e-12


def test_greedy_candidates_and_smaller_budgets_are_tested_on_the_same_fresh_episodes():
    # As above: tails always gains exactly 0.8 in expectation against heads with 0.9; without noise all of it is found.
    game = games.make("matching_pennies")
    victims = [ConstantPolicy([0.9, 0.1]), ConstantPolicy([0.5, 0.5])]
    found = best_response(
        game, victims, [1], LEARNER, steps=2000, n_snapshots=5, shares=(0.25, 0.5, 1.0), try_greedy=True, seed=0
    )
    assert found.policies[0].probabilities(np.ones((1, 1)))[0, 1] > 0.99
    assert abs(found.gains.mean() - 0.8) < 4 * found.gains.std() / 20
    np.testing.assert_allclose(found.budgets, np.array([0.25, 0.5, 1.0]) * found.n_steps)
    assert found.budget_gains.shape == (3, 400)
    np.testing.assert_allclose(found.budget_gains[-1], found.gains)
    assert found.validation_returns.shape == (3, 5)


def test_a_snapshot_without_noise_may_beat_all_sampled_ones():
    # Nothing is learned in 8 steps: sampled, every restart is mixed; without noise one of six plays tails always.
    game = games.make("matching_pennies")
    victims = [ConstantPolicy([0.9, 0.1]), ConstantPolicy([0.5, 0.5])]
    found = best_response(game, victims, [1], LEARNER, steps=8, restarts=6, n_snapshots=2, try_greedy=True, seed=0)
    assert found.greedy
    assert found.policies[0].probabilities(np.ones((1, 1))).tolist() == [[0.0, 1.0]]
    assert abs(found.gains.mean() - 0.8) < 4 * found.gains.std() / 20


def test_a_smaller_budget_never_sees_a_later_snapshot():
    # Heads with 0.9 again. Warmup lasts to step 128: within 3 percent of 4,000 steps nothing has been learned, and of
    # T = 41 snapshots only the first two may be chosen, both untrained; so the sampled gain is that of a fresh actor.
    game = games.make("matching_pennies")
    victims = [ConstantPolicy([0.9, 0.1]), ConstantPolicy([0.5, 0.5])]
    found = best_response(game, victims, [1], LEARNER, steps=4000, n_snapshots=41, shares=(0.025, 1.0), seed=0)
    assert found.budget_gains[0].mean() < 0.6 < found.budget_gains[1].mean()


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"restarts": 0}, "restarts must be"),
        ({"validation_episodes": 0}, "validation_episodes"),
        ({"shares": (0.5,)}, "shares must rise"),
        ({"shares": (1.0, 0.5, 1.0)}, "shares must rise"),
        ({"shares": ()}, "shares must rise"),
    ],
)
def test_budgets_that_are_none_are_refused(wrong, message):
    game = games.make("matching_pennies")
    with pytest.raises(ValueError, match=message):
        best_response(game, [ConstantPolicy([0.5, 0.5])] * 2, [0], LEARNER, steps=10, seed=0, **wrong)


def test_warm_start_refuses_other_networks_other_agents_and_other_seeds():
    game = games.make("matching_pennies")
    run = train(game, LEARNER, seeds=[0], steps=8)[0]
    with pytest.raises(ValueError, match="warm_start: layer 0 of"):
        train(game, LEARNER.model_copy(update={"hidden": (8,)}), seeds=[0], steps=8, warm_start={0: run})
    with pytest.raises(ValueError, match="warm_start must name seeds"):
        train(game, LEARNER, seeds=[0], steps=8, warm_start={1: run})
    with pytest.raises(ValueError, match="warm_start: the run has no agent"):
        train(games.make("volunteers_dilemma", n_agents=3), LEARNER, seeds=[0], steps=8, warm_start={0: run})


def test_q_learning_finds_the_best_response_too():
    # As above: heads with probability 0.9, so tails always gains 0.8; with ε = 0.05 it is played with 0.975, and the
    # expected gain is 0.8 · (0.975 − 0.025) = 0.76.
    learner = config.DQN(
        hidden=(16,),
        batch_size=64,
        exploration=config.Exploration(decay_steps=1000),
        rollout=config.Rollout(n_envs=8, warmup_steps=128, update_every_steps=8),
    )
    game = games.make("matching_pennies")
    found = best_response(
        game, [ConstantPolicy([0.9, 0.1]), ConstantPolicy([0.5, 0.5])], [1], learner, steps=2000, seed=0
    )
    assert found.policies[0].mode(np.ones((1, 1))).tolist() == [[0.0, 1.0]]
    assert abs(found.gains.mean() - 0.76) < 4 * found.gains.std() / 20
