from __future__ import annotations

import numpy as np
import pytest

from nashlens.games.core import Choice
from nashlens.games.network_policy import Network, NetworkPolicy
from nashlens.reports.instruments.inference_values import alternatives, joint_probabilities
from nashlens.reports.instruments.played_actions import gumbel_noise, mean_played
from tests.reports.inferring_runs import MakeRun, inferring, last_numbers


def test_a_critic_of_log_probabilities_has_an_error_but_no_value_of_alternatives(make_run: MakeRun) -> None:
    found = last_numbers(inferring(make_run, fed_as="log_probabilities"), "agent_0 of agent_1")
    # 3 · (ln 0.7 − ln 0.4), with the logarithms that the critic reads
    assert found["inference_delta_q_direct"] == pytest.approx(3 * np.log(0.7 / 0.4), abs=1e-5)
    assert "inference_relevant" not in found
    assert "inference_delta_q" not in found


def test_alternatives_of_two_factors_are_their_product() -> None:
    space = Choice((2, 3))
    assert alternatives(space).shape == (6, 5)
    joint = joint_probabilities(np.array([[0.9, 0.1, 0.5, 0.3, 0.2]]), space)
    np.testing.assert_allclose(joint, [[0.45, 0.27, 0.18, 0.05, 0.03, 0.02]])
    np.testing.assert_allclose(joint @ alternatives(space), [[0.9, 0.1, 0.5, 0.3, 0.2]])


def test_soft_points_of_two_alternatives_have_a_known_mean() -> None:
    # With two alternatives at temperature 1 a soft point is the logistic function of logit and logistic noise; its mean
    # is r / (r − 1) − r ln r / (r − 1)², r = e^logit, by integration (1/2 at logit 0).
    logit = 2.0
    policy = NetworkPolicy(
        Network(weights=(np.zeros((1, 2)),), biases=(np.array([logit, 0.0]),)),
        action_space=Choice((2,)),
        observation_size=1,
        soft=True,
    )
    noise = gumbel_noise(20_000, 2, rng=np.random.default_rng(0))
    ratio = np.exp(logit)
    expected = ratio / (ratio - 1) - ratio * np.log(ratio) / (ratio - 1) ** 2
    assert mean_played(policy, np.ones((1, 1)), noise=noise)[0, 0] == pytest.approx(
        expected, abs=8e-3
    )  # four standard errors
    hard = NetworkPolicy(policy.network, action_space=Choice((2,)), observation_size=1)
    np.testing.assert_array_equal(mean_played(hard, np.ones((1, 1)), noise=noise), hard.probabilities(np.ones((1, 1))))
