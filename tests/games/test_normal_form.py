"""Profiles and normal-form games: what they hold, how they play, and what they refuse."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nashlens.games import catalog
from nashlens.games.core import one_hot
from nashlens.games.normal_form import NormalFormGame, Profile


def test_profile_uniform_and_pure() -> None:
    assert [s.tolist() for s in Profile.uniform(2, 4)] == [[0.5, 0.5], [0.25] * 4]
    assert [s.tolist() for s in Profile.pure((1, 0), (2, 3))] == [[0, 1], [1, 0, 0]]


def test_profile_holds_a_batch_and_its_own_read_only_copies() -> None:
    given_ = np.array([[0.5, 0.5], [1.0, 0.0]])
    profile = Profile([given_, np.full((2, 3), 1 / 3)])
    given_[0] = [0.0, 1.0]
    assert profile.batch_shape == (2,)
    assert profile[0].tolist() == [[0.5, 0.5], [1, 0]]
    assert profile[0].dtype == np.float64
    with pytest.raises(ValueError, match="read-only"):
        profile[0][0, 0] = 1.0


def test_profile_takes_what_rounding_leaves() -> None:
    assert Profile([[1 / 3 + 3e-10, 1 / 3, 1 / 3], [1 + 5e-10, -5e-10]]).batch_shape == ()


@given(hnp.arrays(np.float64, (3, 4), elements=st.floats(0.01, 1e3)))
def test_profile_takes_any_normalised_weights(weights: np.ndarray) -> None:
    assert Profile([weights / weights.sum(axis=1, keepdims=True)]).batch_shape == (3,)


@pytest.mark.parametrize(
    ("strategies", "message"),
    [
        ([], "strategies must be one or more arrays"),
        ([[0.5, 0.5], [0.4, 0.4]], "the strategy of agent 1 must be non-negative and sum to 1 within 1e-09"),
        ([[1.5, -0.5]], "the strategy of agent 0 must be non-negative and sum to 1 .* its smallest entry is -0.5"),
        ("ab", "strategies must be arrays of numbers, one an agent: could not convert string to float: 'a'"),
        (3, "strategies must be arrays of numbers, one an agent: 'int' object is not iterable"),
        ([[1.0, 2e-9]], "the strategy of agent 0 must be non-negative and sum to 1"),
        ([[np.nan, 1.0]], "the strategy of agent 0 must be finite"),
        ([[np.inf, -np.inf]], "the strategy of agent 0 must be finite"),
        ([0.5], r"strategies must share their leading axes; agent 0 has shape \(\)"),
        ([[]], r"strategies must share their leading axes; agent 0 has shape \(0,\)"),
        ([[0.5, 0.5], [[0.5, 0.5]]], r"agent 1 has shape \(1, 2\), agent 0 has \(2,\)"),
    ],
)
def test_profile_refuses_what_is_no_distribution(strategies: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Profile(strategies)


@pytest.mark.parametrize("actions", [(2, 0), (-1, 0), (0,), (0, 0, 0), (0.5, 0)])
def test_profile_pure_refuses_actions_out_of_range(actions: Any) -> None:
    with pytest.raises(ValueError, match="actions must be one of 0 to n - 1 an agent"):
        Profile.pure(actions, (2, 2))


def test_game_knows_its_size_spans_and_names() -> None:
    game = NormalFormGame(
        [[[1, 2, 3], [4, 5, 9]], [[0, 0, 0], [0, 0, 0.5]]], name="toy", action_names=[("u", "d"), ("l", "m", "r")]
    )
    assert game.n_agents == 2
    assert game.n_actions == (2, 3)
    assert game.spans.tolist() == [8, 0.5]
    assert game.action_names == (("u", "d"), ("l", "m", "r"))
    assert game.spec.agents == ("agent_0", "agent_1")
    assert game.spec.sides == ("agent_0", "agent_1")
    assert game.spec.action_widths == (2, 3)
    assert not game.spec.common_reward


def test_game_of_one_agent_and_game_of_unequal_actions() -> None:
    assert NormalFormGame([[3, 1, 2]]).n_actions == (3,)
    assert NormalFormGame(np.zeros((3, 1, 2, 4))).n_actions == (1, 2, 4)


def test_game_keeps_its_own_read_only_payoffs() -> None:
    given_ = np.zeros((2, 2, 2))
    game = NormalFormGame(given_)
    given_[:] = 1
    assert game.payoffs.max() == 0
    with pytest.raises(ValueError, match="read-only"):
        game.payoffs[0, 0, 0] = 1


def test_game_with_equal_payoffs_is_one_side_unless_told() -> None:
    team = np.arange(4).reshape(2, 2)
    assert NormalFormGame([team, team]).spec.sides == ("all", "all")
    assert NormalFormGame([team, team]).spec.common_reward
    assert NormalFormGame([team, team], sides=["x", "y"]).spec.sides == ("x", "y")


@pytest.mark.parametrize(
    ("payoffs", "expected"),
    [
        ([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]], True),
        ([[[3, 1], [0, 2]], [[2, 4], [5, 3]]], True),  # every cell adds to 5
        ([[[1, -1], [-1, 1]], [[-1, 1], [1, -0.9]]], False),
        (np.zeros((2, 2, 2)), True),
    ],
)
def test_is_constant_sum(payoffs: Any, expected: bool) -> None:
    assert NormalFormGame(payoffs).is_constant_sum() is expected


def test_is_constant_sum_tolerance_scales_with_the_payoffs() -> None:
    wins = np.array([[1.0, -1.0], [-1.0, 1.0]])
    off = wins.copy()
    off[0, 0] += 1e-8
    assert not NormalFormGame([wins, -off]).is_constant_sum()
    assert NormalFormGame([wins, -off]).is_constant_sum(tolerance=1e-7)
    assert not NormalFormGame([1e6 * wins, -1e6 * off]).is_constant_sum()


@pytest.mark.parametrize(
    ("payoffs", "message"),
    [
        ([[1, 2], [3, 4]], r"payoffs must have N \+ 1 axes for N agents.*shape \(2, 2\) has 2 axes for 2 agents"),
        (3.0, r"shape \(\) has 0 axes for 0 agents"),
        (None, r"shape \(\) has 0 axes for 0 agents"),
        (np.zeros((2, 2, 0)), "payoffs must give every agent at least one action"),
        ([[[1, 2], [3]], [[1, 2], [3, 4]]], "payoffs must be a full tensor"),
        ([[["a", 2]], [[1, 2]]], "payoffs must be a full tensor"),
        ([[[1, np.nan]], [[1, 2]]], r"payoffs must be finite; entry \(0, 0, 1\) is nan"),
        ([[[1, 2]], [[1, -np.inf]]], r"payoffs must be finite; entry \(1, 0, 1\) is -inf"),
    ],
)
def test_game_refuses_payoffs_that_do_not_fit(payoffs: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        NormalFormGame(payoffs)


def test_game_refuses_names_that_do_not_fit() -> None:
    with pytest.raises(ValueError, match=r"action_names must name \[2, 2\] actions, not \[2, 1\]"):
        NormalFormGame(np.zeros((2, 2, 2)), action_names=[("a", "b"), ("a",)])
    with pytest.raises(ValueError, match="agents must be one or more different names"):
        NormalFormGame(np.zeros((2, 2, 2)), agents=["a", "a"])


def test_check_profile_and_to_policies_refuse_what_does_not_fit() -> None:
    game = catalog.stag_hunt()
    with pytest.raises(ValueError, match=r"profile must have \(2, 2\) actions for stag_hunt, not \(2, 3\)"):
        game.check_profile(Profile.uniform(2, 3))
    with pytest.raises(ValueError, match="profile must be one profile, not a batch of shape"):
        game.to_policies(Profile([[[0.5, 0.5]], [[0.5, 0.5]]]))


def test_to_policies_play_the_profile() -> None:
    profile = Profile([[0.2, 0.8], [1.0 + 5e-10, -5e-10]])
    for policy, strategy in zip(catalog.stag_hunt().to_policies(profile), profile, strict=True):
        np.testing.assert_allclose(policy.probabilities(np.ones((1, 1)))[0], strategy, atol=1e-9)


@given(st.data())
def test_batch_pays_the_entry_of_the_joint_action_and_is_over(data: st.DataObject) -> None:
    shape = data.draw(st.lists(st.integers(1, 4), min_size=1, max_size=4))
    payoffs = np.arange(len(shape) * np.prod(shape), dtype=float).reshape(len(shape), *shape)
    joint = [data.draw(st.lists(st.integers(0, n - 1), min_size=3, max_size=3)) for n in shape]
    batch = NormalFormGame(payoffs).start(3, rng=np.random.default_rng(0))
    assert all(o.tolist() == [[1], [1], [1]] for o in batch.observations)
    step = batch.step([one_hot(np.array(a), n) for a, n in zip(joint, shape, strict=True)])
    for env in range(3):
        assert step.rewards[env].tolist() == payoffs[(slice(None), *(a[env] for a in joint))].tolist()
    assert step.terminated.all()
    assert not step.truncated.any()


def test_batch_refuses_actions_that_do_not_fit() -> None:
    batch = catalog.stag_hunt().start(2, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match=r"actions of agent_1 must have shape \(2, 2\), not \(2, 3\)"):
        batch.step([np.ones((2, 2)), np.ones((2, 3))])
