"""Drift of an agent's world: closed forms in XOR and matching pennies, bounds, and the control that is 0."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.analysis.markov_game import MarkovGame, state_values
from nashlens.analysis.nonstationarity import kernel_drift, reward_drift
from nashlens.analysis.results import Result
from nashlens.games import NormalFormGame, Profile

PENNIES = NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])


def xor_game():
    """s' = a_1 ⊕ a_2 and r = 1{s' = 1} for both, whatever the state."""
    kernel = np.zeros((2, 2, 2, 2))
    for a, b in np.ndindex(2, 2):
        kernel[:, a, b, a ^ b] = 1.0
    return MarkovGame(kernel=kernel, rewards=np.broadcast_to(kernel[..., 1], (2, 2, 2, 2)))


def bernoulli(*ps, n_states=2):
    """Snapshots ``[T, S, 2]`` that play action 1 with these probabilities in every state."""
    p = np.repeat(np.array(ps)[:, None], n_states, axis=1)
    return np.stack([1 - p, p], axis=-1)


@pytest.mark.parametrize(("old", "new", "expected"), [(0.5, 0.9, 0.4), (0.1, 0.9, 0.8), (0.3, 0.3, 0.0)])
def test_kernel_drift_in_the_xor_game_is_the_change_of_the_others_probability(old, new, expected):
    # T01: P(s' = 1 | a_1) is p or 1 − p: total variation |p' − p| for both own actions.
    found = kernel_drift(xor_game(), Profile([bernoulli(0.7, 0.7), bernoulli(old, new)]))
    assert found.mean[0].tolist() == pytest.approx([expected, 0.0], abs=1e-15)
    assert found.sup[0].tolist() == pytest.approx([expected, 0.0], abs=1e-15)
    assert found.upper[0].tolist() == pytest.approx([expected, 0.0], abs=1e-15)


def test_kernel_drift_in_the_xor_game_has_the_bernoulli_divergences():
    # KL(Bern .5 ‖ Bern .9) = ½ ln(.25 / .09) = .510826, the reverse .9 ln 1.8 + .1 ln .2 = .368064.
    found = kernel_drift(xor_game(), Profile([bernoulli(0.7, 0.7), bernoulli(0.9, 0.5)]))
    assert found.kl_new_old[0, 0] == pytest.approx(0.510826, abs=5e-7)
    assert found.kl_old_new[0, 0] == pytest.approx(0.368064, abs=5e-7)


def test_kernel_drift_between_deterministic_policies_is_infinite_in_nats_and_1_in_total_variation():
    found = kernel_drift(xor_game(), Profile([bernoulli(0.5, 0.5), bernoulli(0.0, 1.0)]))
    assert found.mean[0, 0] == 1.0
    assert found.kl_new_old[0, 0] == np.inf


def test_reward_drift_in_matching_pennies_is_tight():
    # T02: The opponent's P(heads) .5 → .9: |ΔR| = 2 · .4 for both own actions; the bound, span 2 times .4, is attained.
    found = reward_drift(PENNIES, Profile([[[0.7, 0.3]] * 2, [[0.5, 0.5], [0.9, 0.1]]]))
    assert found.mean[0].tolist() == pytest.approx([0.8, 0.0])
    assert found.sup[0, 0] == pytest.approx(0.8)
    assert found.upper[0, 0] == pytest.approx(0.8)


def test_kernel_drift_of_a_game_in_normal_form_is_zero():
    found = kernel_drift(PENNIES, Profile([[[0.7, 0.3]] * 2, [[0.5, 0.5], [0.9, 0.1]]]))
    assert found.mean.tolist() == [[0.0, 0.0]]


@pytest.mark.parametrize(
    ("n_others", "tv"), [(1, 0.1), (2, 0.11), (3, 0.148), (5, 0.18256)]
)  # Two binomials: total variation between products of Bernoulli .5 and .6, by counting outcomes.
def test_kernel_drift_of_a_world_that_shows_all_others_is_that_of_their_product(n_others, tv):
    # s' is the others' joint action, so that the induced kernel is the product of their policies. Divergences add:
    # KL(Bern .6 ‖ Bern .5) = .0201355 for each; total variation does not, and stays below 1 − Π(1 − .1) ≤ Σ .1.
    n_states = 2**n_others
    kernel = np.zeros((n_states, 1, *(2,) * n_others, n_states))
    for k, joint in enumerate(np.ndindex((2,) * n_others)):
        kernel[(slice(None), 0, *joint, k)] = 1.0
    game = MarkovGame(kernel=kernel, rewards=np.zeros((n_others + 1, *kernel.shape[:-1])))
    found = kernel_drift(
        game, Profile([np.ones((2, n_states, 1)), *[bernoulli(0.5, 0.6, n_states=n_states)] * n_others])
    )
    assert found.mean[0, 0] == pytest.approx(tv, abs=1e-12)
    assert found.kl_new_old[0, 0] == pytest.approx(n_others * 0.0201355, abs=n_others * 5e-8)
    assert found.mean[0, 0] <= 1 - 0.9**n_others + 1e-12
    assert found.upper[0, 0] == pytest.approx(0.1 * n_others)


@st.composite
def cases(draw):
    source = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_agents, n_states = draw(st.integers(1, 3)), draw(st.integers(1, 4))
    n_actions = [draw(st.integers(1, 3)) for _ in range(n_agents)]
    game = MarkovGame(
        kernel=source.dirichlet(np.full(n_states, 0.5), size=(n_states, *n_actions)),
        rewards=source.normal(size=(n_agents, n_states, *n_actions)),
    )
    return game, Profile([source.dirichlet(np.ones(n), size=(4, n_states)) for n in n_actions])


@given(cases(), st.sampled_from(["previous", "first"]))
@settings(deadline=None, max_examples=40)
def test_drift_conditioned_on_the_joint_action_is_exactly_zero(case, against):
    # T01
    game, profile = case
    for measure in (reward_drift, kernel_drift):
        found = measure(game, profile, against=against, conditioning="joint")
        assert not found.mean.any()
        assert not found.sup.any()
        assert found.conditioning == "joint"


@given(cases(), st.sampled_from(["previous", "first"]))
@settings(deadline=None, max_examples=40)
def test_drift_never_exceeds_what_the_others_policies_allow(case, against):
    game, profile = case
    for measure in (reward_drift, kernel_drift):
        found = measure(game, profile, against=against)
        assert found.mean.shape == (3, game.n_agents)
        assert (found.mean <= found.sup + 1e-12).all()
        assert (found.sup <= found.upper + 1e-12).all()


@given(cases(), st.floats(0, 0.9))
@settings(deadline=None, max_examples=40)
def test_drift_bounds_the_value_shift_at_a_fixed_own_policy(case, discount):
    # ‖V' − V‖∞ ≤ (sup|ΔR| + γ sup TV · span V) / (1 − γ), from V' − V = (I − γP')⁻¹[(R' − R) + γ(P' − P)V].
    game, profile = case
    fixed = Profile([np.repeat(profile[0][:1], 4, axis=0), *profile[1:]])
    values = state_values(game, fixed, discount=discount)[:, 0]
    rewards, kernels = reward_drift(game, fixed).sup[:, 0], kernel_drift(game, fixed).sup[:, 0]
    shift = np.abs(np.diff(values, axis=0)).max(axis=1)
    assert (shift <= (rewards + discount * kernels * np.ptp(values[:-1], axis=1)) / (1 - discount) + 1e-9).all()


def test_drift_against_the_first_snapshot_returns_to_zero():
    profile = Profile([[[0.7, 0.3]] * 3, [[0.5, 0.5], [0.9, 0.1], [0.5, 0.5]]])
    assert reward_drift(PENNIES, profile).mean[:, 0].tolist() == pytest.approx([0.8, 0.8])
    assert reward_drift(PENNIES, profile, against="first").mean[:, 0].tolist() == pytest.approx([0.8, 0.0])


def test_drift_weights_choose_where_it_is_measured():
    # The second action's reward does not depend on the opponent.
    game = NormalFormGame([[[1, 0], [0, 0]], [[0, 0], [0, 0]]])
    profile = Profile([[[0.7, 0.3]] * 2, [[0.5, 0.5], [0.9, 0.1]]])
    some = [np.array([[0.25, 0.75]]), np.array([[0.5, 0.5]])]
    assert reward_drift(game, profile, weights=some).mean[0, 0] == pytest.approx(0.1)
    assert reward_drift(game, profile).mean[0, 0] == pytest.approx(0.2)


def test_drift_weights_of_zero_hide_an_infinite_divergence():
    game = xor_game()
    policies = Profile([bernoulli(0.5, 0.5), np.stack([bernoulli(0.5, 0.5)[:, 0], bernoulli(0.0, 1.0)[:, 0]], axis=1)])
    only_first = [np.array([[0.5, 0.5], [0.0, 0.0]])] * 2
    assert kernel_drift(game, policies, weights=only_first).kl_new_old[0, 0] == 0.0
    assert kernel_drift(game, policies).kl_new_old[0, 0] == np.inf


def test_drift_is_a_result_with_one_row_for_each_pair_and_agent():
    found = reward_drift(PENNIES, Profile([[[0.7, 0.3]] * 3, [[0.5, 0.5], [0.9, 0.1], [0.5, 0.5]]]))
    assert isinstance(found, Result)
    rows = found.to_records()
    assert [(row["metric"], row["snapshot"], row["agent"]) for row in rows] == [
        ("reward_drift", 1, 0),
        ("reward_drift", 1, 1),
        ("reward_drift", 2, 0),
        ("reward_drift", 2, 1),
    ]
    assert rows[0]["value"] == pytest.approx(0.8)


GOOD = Profile([[[0.7, 0.3]] * 2, [[0.5, 0.5], [0.9, 0.1]]])


@pytest.mark.parametrize("measure", [reward_drift, kernel_drift])
@pytest.mark.parametrize(
    ("profile", "options", "message"),
    [
        (Profile([[[0.7, 0.3]], [[0.5, 0.5]]]), {}, "two snapshots or more to compare, not 1"),
        (Profile.uniform(2, 2), {}, "one leading axis of T snapshots"),
        (Profile([np.full((2, 3), 1 / 3)] * 2), {}, "profile must have"),
        (GOOD, {"against": "next"}, "against must be 'previous' or 'first', not 'next'"),
        (GOOD, {"conditioning": "all"}, "conditioning must be 'own' or 'joint', not 'all'"),
        (GOOD, {"weights": [np.ones((1, 2)) / 2]}, "weights must have the shapes"),
        (GOOD, {"weights": [np.ones((1, 2))] * 2}, "weights must be non-negative and add to 1"),
        (GOOD, {"weights": [np.ones((1, 2)) / 2] * 2, "conditioning": "joint"}, "weights must be left out"),
    ],
)
def test_drift_says_what_does_not_fit(measure, profile, options, message):
    with pytest.raises(ValueError, match=message):
        measure(PENNIES, profile, **options)
