"""Policies: sampling frequencies by chi-square, masks, memory, and refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from nashlens.games import catalog
from nashlens.games.core import Box, Choice
from nashlens.games.policy import (
    ConstantPolicy,
    Policy,
    ScriptedPolicy,
    UniformBoxPolicy,
    check_joint_policy,
    uniform_for,
    uniform_policy,
)

TWO_FACTORS = Choice((3, 2))
BOX = Box((-1.0, 0.0), (1.0, 4.0))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def counts(actions: np.ndarray, part: slice) -> np.ndarray:
    return actions[:, part].sum(axis=0)


def seen(n: int, size: int = 1) -> np.ndarray:
    return np.ones((n, size))


def test_constant_policy_plays_its_strategy_everywhere_and_leaves_the_given_array_alone() -> None:
    given_ = np.array([0.25, 0.75])
    policy = ConstantPolicy(given_)
    given_[:] = 0.5
    assert policy.probabilities(seen(2)).tolist() == [[0.25, 0.75]] * 2
    assert policy.mode(seen(1)).tolist() == [[0, 1]]
    actions = policy.sample(seen(10_000), rng=rng(3))
    assert stats.chisquare(counts(actions, slice(0, 2)), [2500, 7500]).pvalue > 0.01


def test_constant_policy_keeps_to_legal_actions() -> None:
    policy = ConstantPolicy([0.5, 0.3, 0.2])
    masks = np.tile([False, True, True], (2000, 1))
    np.testing.assert_allclose(policy.probabilities(seen(1), masks=masks[:1]), [[0, 0.6, 0.4]], atol=1e-15)
    assert policy.sample(seen(2000), masks=masks, rng=rng(4))[:, 0].sum() == 0


def test_constant_policy_takes_what_a_profile_may_be_off_by() -> None:
    policy = ConstantPolicy([1 + 5e-10, -5e-10])
    assert policy.probabilities(seen(1)).min() == 0


@pytest.mark.parametrize(
    "vector", [[0.5, 0.6], [1.5, -0.5], [np.nan, 1.0], [np.inf, 0.0], [0.5, 0.5 + 1e-6], [[0.5, 0.5]], 0.5, [1e-3]]
)
def test_constant_policy_refuses_what_is_no_distribution(vector: Any) -> None:
    with pytest.raises(ValueError, match="probabilities must"):
        ConstantPolicy(vector)


def test_constant_policy_sums_are_checked_factor_by_factor() -> None:
    ConstantPolicy([0.5, 0.25, 0.25, 0.1, 0.9], action_space=TWO_FACTORS)
    with pytest.raises(ValueError, match="sum to 1 in each factor"):
        ConstantPolicy([0.5, 0.25, 0.35, 0.0, 0.9], action_space=TWO_FACTORS)
    with pytest.raises(ValueError, match=r"probabilities must have shape \(5,\), not \(2,\)"):
        ConstantPolicy([0.5, 0.5], action_space=TWO_FACTORS)


def test_uniform_policy_is_uniform_in_each_factor() -> None:
    policy = uniform_policy(TWO_FACTORS, observation_size=7)
    np.testing.assert_allclose(policy.probabilities(seen(1, 7)), [[1 / 3] * 3 + [1 / 2] * 2])
    assert policy.observation_size == 7


def scripted() -> ScriptedPolicy:
    """Return the policy that takes its observation for the probability of its first action."""
    return ScriptedPolicy(
        lambda o: np.column_stack([o[:, 0], 1 - o[:, 0]]), action_space=Choice((2,)), observation_size=1
    )


def test_scripted_policy_asks_its_rule_and_keeps_to_legal_actions() -> None:
    policy = scripted()
    observations = np.array([[0.25], [1.0]])
    assert policy.probabilities(observations).tolist() == [[0.25, 0.75], [1, 0]]
    masks = np.array([[True, True], [False, True]])
    assert policy.probabilities(observations, masks=masks).tolist() == [[0.25, 0.75], [0, 1]]


def test_scripted_policy_refuses_an_answer_of_another_shape() -> None:
    policy = ScriptedPolicy(lambda _: np.array([0.5, 0.5]), action_space=Choice((2,)), observation_size=1)
    with pytest.raises(ValueError, match=r"rule must return probabilities of shape \(3, 2\), not \(2,\)"):
        policy.probabilities(seen(3))


def test_uniform_box_policy_has_the_moments_of_its_draws() -> None:
    policy = UniformBoxPolicy(BOX)
    actions = policy.sample(seen(20_000), rng=rng(5))
    for column, (low, high) in enumerate(zip(BOX.low, BOX.high, strict=True)):
        assert stats.kstest(actions[:, column], stats.uniform(low, high - low).cdf).pvalue > 0.01
    mean, std = policy.moments(seen(2))
    assert mean.tolist() == [[0, 2]] * 2
    np.testing.assert_allclose(std[0], [2 / np.sqrt(12), 4 / np.sqrt(12)])
    assert policy.mode(seen(1)).tolist() == [[0, 2]]


def test_uniform_for_fits_any_space() -> None:
    assert isinstance(uniform_for(BOX), UniformBoxPolicy)
    assert uniform_for(TWO_FACTORS, observation_size=3).observation_size == 3


def test_policies_name_the_question_they_cannot_answer() -> None:
    with pytest.raises(ValueError, match="moments are defined for Box actions, not Choice"):
        uniform_policy(TWO_FACTORS).moments(seen(1))
    with pytest.raises(ValueError, match="probabilities are defined for Choice actions, not Box"):
        UniformBoxPolicy(BOX).probabilities(seen(1))


def test_policy_without_memory_carries_nothing() -> None:
    policy: Policy = uniform_policy(TWO_FACTORS)
    memory = policy.initial_memory(4, rng=rng())
    assert memory.shape == (4, 0)
    assert policy.next_memory(seen(4), memory) is memory


def test_check_joint_policy_returns_a_tuple_or_says_what_does_not_fit() -> None:
    spec = catalog.stag_hunt().spec
    two, three = uniform_policy(Choice((2,))), uniform_policy(Choice((3,)))
    assert check_joint_policy(spec, [two, two]) == (two, two)
    with pytest.raises(ValueError, match="policies must be 2, one an agent of stag_hunt, not 3"):
        check_joint_policy(spec, [two, two, two])
    with pytest.raises(ValueError, match=r"the policy of agent_1 must act in Choice\(factors=\(2,\)\), not Choice"):
        check_joint_policy(spec, [two, three])
    with pytest.raises(ValueError, match="the policy of agent_0 must read 1 numbers, not 9"):
        check_joint_policy(spec, [uniform_policy(Choice((2,)), observation_size=9), two])
