"""Best responses in normal form: hand-worked games, brute force over pure profiles, degenerate shapes."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.analysis.best_response import action_values, best_response, deviation_gains
from nashlens.analysis.results import Result
from nashlens.games import NormalFormGame, Profile

PENNIES = NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])


@st.composite
def games_with_profiles(draw):
    """A random game of one to four agents and a batch of random profiles, pure ones among them."""
    source = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_agents = draw(st.integers(1, 4))
    n_actions = [draw(st.integers(1, 4)) for _ in range(n_agents)]
    payoffs = draw(st.sampled_from([1.0, 1e6, 1e-6])) * source.normal(size=(n_agents, *n_actions))
    batch = draw(st.sampled_from([(), (1,), (3,), (2, 3), (0,)]))
    strategies = []
    for n in n_actions:
        mixed = source.dirichlet(np.ones(n), size=batch)
        pure = np.eye(n)[source.integers(n, size=batch)]
        strategies.append(np.where(source.random((*batch, 1)) < 0.3, pure, mixed))
    return NormalFormGame(payoffs), Profile(strategies)


def expected_payoff(payoffs, strategies):
    """Sum over every pure joint action: the definition, one profile at a time."""
    total = np.zeros(len(payoffs))
    for joint in product(*(range(len(s)) for s in strategies)):
        total += np.prod([s[a] for s, a in zip(strategies, joint, strict=True)]) * payoffs[(slice(None), *joint)]
    return total


def test_action_values_in_matching_pennies_are_1_minus_2q():
    # Against P(heads) = q agent 0 gets 2q − 1 for heads and 1 − 2q for tails; agent 1 the negative at p.
    values = action_values(PENNIES, Profile([[0.9, 0.1], [0.7, 0.3]]))
    assert values[0].tolist() == pytest.approx([0.4, -0.4])
    assert values[1].tolist() == pytest.approx([-0.8, 0.8])


@given(games_with_profiles())
@settings(deadline=None, max_examples=60)
def test_best_response_agrees_with_the_definition_by_enumeration(case):
    game, profile = case
    found = best_response(game, profile)
    scale = np.abs(game.payoffs).max()
    assert found.values.shape == (*profile.batch_shape, game.n_agents)
    for index in np.ndindex(profile.batch_shape):
        strategies = [s[index] for s in profile]
        on_policy = expected_payoff(game.payoffs, strategies)
        np.testing.assert_allclose(found.on_policy[index], on_policy, rtol=0, atol=1e-12 * scale)
        for i, n in enumerate(game.n_actions):
            deviations = [
                expected_payoff(game.payoffs, [*strategies[:i], np.eye(n)[a], *strategies[i + 1 :]])[i]
                for a in range(n)
            ]
            np.testing.assert_allclose(found.action_values[i][index], deviations, rtol=0, atol=1e-12 * scale)
            assert found.values[index][i] == pytest.approx(max(deviations), abs=1e-12 * scale)
            assert deviation_gains(game, profile)[index][i] == pytest.approx(
                max(deviations) - on_policy[i], abs=1e-12 * scale
            )


def test_deviation_gains_of_many_profiles_do_not_depend_on_the_batch(monkeypatch):
    source = np.random.default_rng(0)
    game = NormalFormGame(source.normal(size=(3, 4, 2, 3)))
    profile = Profile([source.dirichlet(np.ones(n), size=50) for n in game.n_actions])
    whole = deviation_gains(game, profile)
    monkeypatch.setattr("nashlens.analysis.best_response._CHUNK", 24 * 7)
    np.testing.assert_allclose(deviation_gains(game, profile), whole, rtol=0, atol=1e-14)


def test_best_response_marks_every_action_within_the_tolerance():
    game = NormalFormGame([[1.0, 1.0 - 1e-10, 0.5]])
    assert best_response(game, Profile.uniform(3)).actions[0].tolist() == [True, True, False]
    assert best_response(game, Profile.uniform(3), tolerance=0).actions[0].tolist() == [True, False, False]
    assert best_response(game, Profile.uniform(3), tolerance=1).actions[0].tolist() == [True, True, True]


def test_best_response_of_a_single_agent_is_its_best_action():
    # 1, 5 and 3 with equal probability: 3; the best is 5.
    found = best_response(NormalFormGame([[1.0, 5.0, 3.0]]), Profile.uniform(3))
    assert (found.values.tolist(), found.on_policy.tolist()) == ([5.0], [3.0])


def test_best_response_is_a_result_with_one_row_for_each_profile_and_agent():
    found = best_response(PENNIES, Profile([[[0.9, 0.1], [0.5, 0.5]], [[0.5, 0.5], [0.2, 0.8]]]))
    assert isinstance(found, Result)
    rows = found.to_records()
    assert [(row["index_0"], row["agent"], row["actions"]) for row in rows] == [
        (0, 0, [0, 1]),
        (0, 1, [1]),
        (1, 0, [1]),
        (1, 1, [0, 1]),
    ]


def test_best_response_says_what_does_not_fit():
    with pytest.raises(ValueError, match=r"profile must have \(2, 2\) actions"):
        best_response(PENNIES, Profile.uniform(2, 3))
    with pytest.raises(ValueError, match="profile must have"):
        deviation_gains(PENNIES, Profile.uniform(2))
    with pytest.raises(ValueError, match="tolerance must be finite and at least 0, not -1"):
        best_response(PENNIES, Profile.uniform(2, 2), tolerance=-1)
