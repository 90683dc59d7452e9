"""Policies: sampling frequencies by chi-square, masks, hand-computed networks, mixtures, and refusals."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import special, stats

from nashlens.games import catalog
from nashlens.games.core import Box, Choice
from nashlens.games.policy import (
    ConstantPolicy,
    GaussianPolicy,
    MixturePolicy,
    Network,
    NetworkPolicy,
    Policy,
    ScriptedPolicy,
    UniformBoxPolicy,
    best_of,
    check_joint_policy,
    renormalise,
    sample_choice,
    softmax,
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


# --- drawing -------------------------------------------------------------------------------------------------------


def test_sample_choice_frequencies_follow_each_factor_and_factors_are_independent() -> None:
    probabilities = np.tile([0.2, 0.5, 0.3, 0.9, 0.1], (20_000, 1))
    actions = sample_choice(probabilities, TWO_FACTORS, rng=rng(1))
    first, second = counts(actions, slice(0, 3)), counts(actions, slice(3, 5))
    assert stats.chisquare(first, 20_000 * np.array([0.2, 0.5, 0.3])).pvalue > 0.01
    assert stats.chisquare(second, 20_000 * np.array([0.9, 0.1])).pvalue > 0.01
    table = actions[:, :3].T @ actions[:, 3:]
    assert stats.chi2_contingency(table).pvalue > 0.01


def test_sample_choice_draws_one_of_each_factor_and_never_an_impossible_one() -> None:
    probabilities = np.tile([0.0, 1.0, 0.0, 0.0, 1.0], (1000, 1))
    actions = sample_choice(probabilities, TWO_FACTORS, rng=rng(2))
    np.testing.assert_array_equal(actions, probabilities)


@given(hnp.arrays(np.float64, (4, 5), elements=st.floats(0.0, 1e6)), st.integers(0, 2**32 - 1))
def test_sample_choice_gives_one_hot_vectors_of_possible_actions(weights: np.ndarray, seed: int) -> None:
    weights[:, [0, 3]] += 1e-3  # no factor without mass
    actions = sample_choice(weights, TWO_FACTORS, rng=rng(seed))
    assert (actions[:, :3].sum(axis=1) == 1).all()
    assert (actions[:, 3:].sum(axis=1) == 1).all()
    assert (weights[actions == 1] > 0).all()


def test_best_of_takes_the_first_among_equals_of_each_factor() -> None:
    scores = np.array([[1.0, 2.0, 2.0, 0.0, 0.0], [0.0, -1.0, 3.0, -2.0, -1.0]])
    assert best_of(scores, TWO_FACTORS).tolist() == [[0, 1, 0, 1, 0], [0, 0, 1, 0, 1]]


@given(hnp.arrays(np.float64, (3, 5), elements=st.floats(-700, 700)))
def test_softmax_equals_scipy_in_each_factor_and_ignores_constants(logits: np.ndarray) -> None:
    expected = np.concatenate([special.softmax(logits[:, :3], axis=1), special.softmax(logits[:, 3:], axis=1)], axis=1)
    np.testing.assert_allclose(softmax(logits, TWO_FACTORS), expected, atol=1e-12)
    np.testing.assert_allclose(softmax(logits + 5, TWO_FACTORS), expected, atol=1e-9)


def test_softmax_gives_illegal_actions_exactly_nothing() -> None:
    masks = np.array([[True, False, True, False, True]])
    probabilities = softmax(np.array([[0.0, 99.0, 0.0, 99.0, 0.0]]), TWO_FACTORS, masks=masks)
    assert probabilities.tolist() == [[0.5, 0, 0.5, 0, 1]]


def test_renormalise_rescales_legal_mass_and_is_uniform_where_none_is_left() -> None:
    probabilities = np.array([[0.2, 0.3, 0.5, 1.0, 0.0]])
    masks = np.array([[True, True, False, False, True]])
    np.testing.assert_allclose(renormalise(probabilities, TWO_FACTORS, masks), [[0.4, 0.6, 0, 0, 1]], atol=1e-15)
    masks = np.array([[True, True, False, True, True]])
    gone = np.array([[0.0, 0.0, 1.0, 1.0, 0.0]])
    np.testing.assert_allclose(renormalise(gone, TWO_FACTORS, masks), [[0.5, 0.5, 0, 1, 0]], atol=1e-15)


# --- simple policies -----------------------------------------------------------------------------------------------


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


# --- networks ------------------------------------------------------------------------------------------------------

# Input 2 plus an index of 1; one hidden layer of 2; output 2.
NETWORK = Network(
    weights=(np.array([[1.0, -1.0], [2.0, 0.0], [0.5, 1.0]]), np.array([[1.0, 0.0], [0.0, 2.0]])),
    biases=(np.array([0.0, 1.0]), np.array([0.5, -1.0])),
    index=(2.0,),
)


def test_network_equals_a_computation_by_hand() -> None:
    # input (1, -3, 2): hidden (1 - 6 + 1, -1 + 2) + (0, 1) = (-4, 2) -> (0, 2); output (0 + .5, 4 - 1) = (.5, 3)
    # input (1, 1, 2): hidden (1 + 2 + 1, -1 + 2) + (0, 1) = (4, 2); output (4.5, 3)
    np.testing.assert_array_equal(NETWORK(np.array([[1.0, -3.0], [1.0, 1.0]])), [[0.5, 3.0], [4.5, 3.0]])
    assert NETWORK(np.ones((1, 2), dtype=np.float32)).dtype == np.float64


def test_network_of_one_layer_is_linear() -> None:
    linear = Network(weights=(np.array([[2.0], [-1.0]]),), biases=(np.array([1.0]),))
    np.testing.assert_array_equal(linear(np.array([[1.0, 5.0]])), [[-2.0]])


@pytest.mark.parametrize(
    ("weights", "biases", "message"),
    [
        ((), (), "weights and biases must be one a layer, not 0 and 0"),
        ((np.ones((1, 1)),), (), "weights and biases must be one a layer, not 1 and 0"),
        ((np.ones((1, 2)), np.ones((3, 1))), (np.ones(2), np.ones(1)), "layers must fit one another"),
        ((np.ones(2),), (np.ones(2),), "layers must fit one another"),
        ((np.ones((1, 2)),), (np.ones(1),), "biases must have one entry an output"),
    ],
)
def test_network_refuses_layers_that_do_not_fit(weights: Any, biases: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Network(weights=weights, biases=biases)


def hard_policy(**options: Any) -> NetworkPolicy:
    return NetworkPolicy(NETWORK, action_space=Choice((2,)), observation_size=2, **options)


def test_network_policy_probabilities_equal_a_computation_by_hand() -> None:
    # logits (4.5, 3): probability of the first is 1/(1 + e^-1.5)
    first = 1 / (1 + np.exp(-1.5))
    np.testing.assert_allclose(hard_policy().probabilities(np.array([[1.0, 1.0]])), [[first, 1 - first]], atol=1e-15)
    assert hard_policy().mode(np.array([[1.0, 1.0], [1.0, -3.0]])).tolist() == [[1, 0], [0, 1]]


def test_network_policy_sample_frequencies_follow_the_softmax() -> None:
    first = 1 / (1 + np.exp(-1.5))
    actions = hard_policy().sample(seen(10_000, 2), rng=rng(6))
    assert stats.chisquare(counts(actions, slice(0, 2)), [10_000 * first, 10_000 * (1 - first)]).pvalue > 0.01


def test_soft_network_policy_draws_gumbel_softmax_points() -> None:
    # the larger coordinate follows the softmax, whatever the temperature; each point lies on the simplex
    policy = hard_policy(soft=True, temperature=0.5)
    points = policy.sample(seen(10_000, 2), rng=rng(7))
    np.testing.assert_allclose(points.sum(axis=1), 1, atol=1e-12)
    assert ((points > 0) & (points < 1)).mean() > 0.9
    first = 1 / (1 + np.exp(-1.5))
    winners = np.bincount(points.argmax(axis=1), minlength=2)
    assert stats.chisquare(winners, [10_000 * first, 10_000 * (1 - first)]).pvalue > 0.01
    # with two actions the log-odds are logistic around 1.5, divided by the temperature
    assert stats.kstest(np.diff(np.log(points[:, ::-1]), axis=1)[:, 0] * 0.5, stats.logistic(1.5).cdf).pvalue > 0.01
    np.testing.assert_allclose(policy.mode(seen(1, 2)), policy.probabilities(seen(1, 2)))


def test_soft_network_policy_keeps_to_legal_actions() -> None:
    masks = np.tile([False, True], (5, 1))
    assert hard_policy(soft=True).sample(seen(5, 2), masks=masks, rng=rng()).tolist() == [[0, 1]] * 5
    assert hard_policy(soft=True).mode(seen(5, 2), masks=masks).tolist() == [[0, 1]] * 5
    assert hard_policy().sample(seen(5, 2), masks=masks, rng=rng()).tolist() == [[0, 1]] * 5


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_network_policy_refuses_other_temperatures(temperature: float) -> None:
    with pytest.raises(ValueError, match="temperature must be above 0, not"):
        hard_policy(temperature=temperature)


def test_policies_refuse_networks_of_other_sizes() -> None:
    with pytest.raises(ValueError, match="network must have 3 inputs beside its index and 2 outputs, not 2 and 2"):
        NetworkPolicy(NETWORK, action_space=Choice((2,)), observation_size=3)
    with pytest.raises(ValueError, match="network must have 2 inputs beside its index and 5 outputs, not 2 and 2"):
        NetworkPolicy(NETWORK, action_space=TWO_FACTORS, observation_size=2)
    with pytest.raises(ValueError, match="network must have 2 inputs beside its index and 4 outputs, not 2 and 2"):
        GaussianPolicy(NETWORK, action_space=BOX, observation_size=2)


def gaussian(outputs: list[float]) -> GaussianPolicy:
    network = Network(weights=(np.zeros((1, 4)),), biases=(np.array(outputs),))
    return GaussianPolicy(network, action_space=BOX, observation_size=1)


def test_gaussian_policy_moments_equal_a_computation_by_hand() -> None:
    # box [-1, 1] x [0, 4]: middles 0 and 2, half widths 1 and 2; outputs (0, 1, ln .5, ln .25)
    mean, std = gaussian([0.0, 1.0, np.log(0.5), np.log(0.25)]).moments(seen(1))
    np.testing.assert_allclose(mean, [[0, 2 + 2 * np.tanh(1)]], atol=1e-15)
    np.testing.assert_allclose(std, [[0.5, 0.5]], atol=1e-15)


def test_gaussian_policy_width_is_held_within_its_range() -> None:
    _, std = gaussian([0.0, 0.0, -99.0, 99.0]).moments(seen(1))
    np.testing.assert_allclose(std, [[np.exp(-5), 2 * np.exp(1)]])


def test_gaussian_policy_draws_from_its_moments_and_clips_to_the_box() -> None:
    narrow = gaussian([0.2, -0.3, -3.0, -3.0])
    mean, std = narrow.moments(seen(1))
    draws = narrow.sample(seen(10_000), rng=rng(8))
    for column in range(2):
        law = stats.norm(mean[0, column], std[0, column])
        assert stats.kstest(draws[:, column], law.cdf).pvalue > 0.01
    wide = gaussian([0.0, 0.0, 1.0, 1.0]).sample(seen(1000), rng=rng(9))
    assert wide.min(axis=0).tolist() == list(BOX.low)
    assert wide.max(axis=0).tolist() == list(BOX.high)
    np.testing.assert_array_equal(narrow.mode(seen(1)), mean)


# --- mixtures ------------------------------------------------------------------------------------------------------


def test_mixture_draws_its_member_by_the_weights_and_keeps_to_it() -> None:
    mixture = MixturePolicy([ConstantPolicy(row) for row in np.eye(3)], weights=[0.2, 0.5, 0.3])
    memory = mixture.initial_memory(10_000, rng=rng(10))
    drawn = np.bincount(memory[:, 0].astype(int))
    assert stats.chisquare(drawn, [2000, 5000, 3000]).pvalue > 0.01
    for _ in range(3):
        memory = mixture.next_memory(seen(10_000), memory)
        actions = mixture.sample(seen(10_000), memory=memory, rng=rng(11))
        np.testing.assert_array_equal(actions.argmax(axis=1), memory[:, 0])
    np.testing.assert_array_equal(
        mixture.probabilities(seen(10_000), memory=memory), np.eye(3)[memory[:, 0].astype(int)]
    )


def test_mixture_without_memory_is_the_first_step_of_an_episode() -> None:
    members = [ConstantPolicy([0.9, 0.1]), ConstantPolicy([0.3, 0.7])]
    mixture = MixturePolicy(members, weights=[0.25, 0.75])
    np.testing.assert_allclose(mixture.probabilities(seen(1)), [[0.45, 0.55]], atol=1e-15)  # .225 + .225, .025 + .525
    actions = mixture.sample(seen(10_000), rng=rng(12))
    assert stats.chisquare(counts(actions, slice(0, 2)), [4500, 5500]).pvalue > 0.01
    assert mixture.mode(seen(1)).tolist() == [[0, 1]]  # the likeliest member's likeliest action


def test_mixture_asks_each_member_with_its_own_rows_and_masks() -> None:
    rule = scripted()
    mixture = MixturePolicy([rule, ConstantPolicy([0.5, 0.5])])
    observations = np.array([[0.1], [0.2], [0.3]])
    masks = np.array([[True, True], [True, False], [True, True]])
    memory = np.array([[0.0], [1.0], [0.0]])
    expected = [[0.1, 0.9], [1.0, 0.0], [0.3, 0.7]]
    np.testing.assert_allclose(mixture.probabilities(observations, masks=masks, memory=memory), expected, atol=1e-15)
    assert mixture.mode(observations, masks=masks, memory=memory).tolist() == [[0, 1], [1, 0], [0, 1]]


def test_mixture_of_box_policies_has_the_moments_of_its_draws() -> None:
    # means -.5 and .5 (in the first coordinate, tanh(∓.5493) = ∓.5), both with deviation d: variance d² + .25
    members = [gaussian([place, 0.0, -4.0, -4.0]) for place in (-np.arctanh(0.5), np.arctanh(0.5))]
    mixture = MixturePolicy(members)
    mean, std = mixture.moments(seen(1))
    np.testing.assert_allclose(mean, [[0, 2]], atol=1e-12)
    np.testing.assert_allclose(std[0, 0], np.sqrt(np.exp(-8) + 0.25), atol=1e-12)
    draws = mixture.sample(seen(20_000), rng=rng(13))
    np.testing.assert_allclose(draws.std(axis=0), std[0], rtol=0.02)
    kept = mixture.moments(seen(2), memory=np.array([[1.0], [0.0]]))[0]
    np.testing.assert_allclose(kept[:, 0], [0.5, -0.5], atol=1e-12)


@pytest.mark.parametrize(
    ("members", "weights", "message"),
    [
        ([], None, "members must be one or more policies over one action space"),
        ([ConstantPolicy([1.0]), ConstantPolicy([0.5, 0.5])], None, "members must be one or more policies over one"),
        (
            [uniform_policy(TWO_FACTORS), uniform_policy(TWO_FACTORS, observation_size=2)],
            None,
            "must read equally much",
        ),
        ([MixturePolicy([ConstantPolicy([1.0])])], None, "members must be policies without memory"),
        ([ConstantPolicy([1.0])] * 2, [0.5, 0.6], "weights must be 2 probabilities that sum to 1"),
        ([ConstantPolicy([1.0])] * 2, [1.5, -0.5], "weights must be 2 probabilities that sum to 1"),
        ([ConstantPolicy([1.0])] * 2, [np.nan, 1.0], "weights must be 2 probabilities that sum to 1"),
        ([ConstantPolicy([1.0])] * 2, [1.0], "weights must be 2 probabilities that sum to 1"),
    ],
)
def test_mixture_refuses_what_does_not_fit(members: list[Policy], weights: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        MixturePolicy(members, weights=weights)


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
