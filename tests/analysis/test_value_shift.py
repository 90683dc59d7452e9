"""Value shift: the XOR game by hand, exact additivity, Shapley axioms, bad input."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.analysis.markov_game import MarkovGame
from nashlens.analysis.results import Result
from nashlens.analysis.value_shift import corner_values, split_value_shift, value_shift
from nashlens.games import NormalFormGame, Profile


def xor_game():
    kernel = np.zeros((2, 2, 2, 2))
    for a, b in np.ndindex(2, 2):
        kernel[:, a, b, a ^ b] = 1.0
    return MarkovGame(kernel=kernel, rewards=np.broadcast_to(kernel[..., 1], (2, 2, 2, 2)))


def policies(p_1, p_2):
    return Profile([np.tile([1 - p, p], (2, 1)) for p in (p_1, p_2)])


@pytest.mark.parametrize(
    ("before", "after", "values", "parts"),
    # V = (p_1 (1 − p_2) + (1 − p_1) p_2) / (1 − γ), γ = .9, at old/old, new/old, old/new, new/new.
    [
        ((0.9, 0.2), (0.8, 0.6), (7.4, 6.8, 4.2, 4.4), (-0.6, -3.2, 0.8, -3.0)),
        ((0.5, 0.2), (0.8, 0.6), (5.0, 6.8, 5.0, 4.4), (1.8, 0.0, -2.4, -0.6)),  # own mixing at ½ hides the other
    ],
)
def test_value_shift_in_the_xor_game(before, after, values, parts):
    # T03
    args = (xor_game(), policies(*before), policies(*after))
    corners = corner_values(*args, discount=0.9)[..., 0]
    assert [corners[c] for c in ((0, 0), (1, 0), (0, 1), (1, 1))] == pytest.approx(values)
    found = value_shift(*args, discount=0.9)
    assert [found.own[0], found.others[0], found.interaction[0], found.total[0]] == pytest.approx(parts, abs=1e-12)


@st.composite
def cases(draw):
    source = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    n_agents, n_states = draw(st.integers(1, 4)), draw(st.integers(1, 3))
    n_actions = [draw(st.integers(1, 3)) for _ in range(n_agents)]
    game = MarkovGame(
        kernel=source.dirichlet(np.ones(n_states), size=(n_states, *n_actions)),
        rewards=source.normal(size=(n_agents, n_states, *n_actions)),
    )
    before, after = (Profile([source.dirichlet(np.ones(n), size=(2, n_states)) for n in n_actions]) for _ in range(2))
    return game, before, after


@given(cases(), st.floats(0, 0.9))
@settings(deadline=None, max_examples=40)
def test_value_shift_adds_up_exactly(case, discount):
    found = value_shift(*case, discount=discount)
    np.testing.assert_allclose(found.own + found.others + found.interaction, found.total, rtol=0, atol=1e-10)
    np.testing.assert_allclose(found.shapley.sum(axis=-1), found.total, rtol=0, atol=1e-10)
    back = value_shift(case[0], case[2], case[1], discount=discount)
    np.testing.assert_allclose(back.shapley, -found.shapley, rtol=0, atol=1e-10)


@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
@settings(deadline=None, max_examples=20)
def test_value_shift_shapley_is_the_average_over_all_orders(seed, n_agents):
    corners = np.random.default_rng(seed).normal(size=(*(2,) * n_agents, n_agents))
    expected = np.zeros((n_agents, n_agents))
    orders = list(permutations(range(n_agents)))
    for order in orders:
        corner = [0] * n_agents
        for j in order:
            old = corners[tuple(corner)]
            corner[j] = 1
            expected[:, j] += (corners[tuple(corner)] - old) / len(orders)
    np.testing.assert_allclose(split_value_shift(corners).shapley, expected, rtol=0, atol=1e-12)


def test_value_shift_of_an_agent_that_did_not_move_has_no_share():
    game = NormalFormGame(np.random.default_rng(0).normal(size=(3, 2, 2, 2)))
    before = Profile([[0.5, 0.5]] * 3)
    found = value_shift(game, before, Profile([[0.9, 0.1], [0.5, 0.5], [0.2, 0.8]]), discount=0.5)
    np.testing.assert_allclose(found.shapley[:, 1], 0.0, rtol=0, atol=1e-14)
    assert found.own[1] == pytest.approx(0.0, abs=1e-14)


def test_value_shift_of_two_agents_splits_the_interaction_in_halves():
    found = value_shift(xor_game(), policies(0.9, 0.2), policies(0.8, 0.6), discount=0.9)
    assert found.shapley[0].tolist() == pytest.approx([-0.6 + 0.4, -3.2 + 0.4])


def test_value_shift_starts_where_it_is_told():
    # The state never changes and pays its number: only the start decides.
    kernel = np.zeros((2, 1, 1, 2))
    kernel[[0, 1], 0, 0, [0, 1]] = 1
    game = MarkovGame(kernel=kernel, rewards=np.array([0.0, 1.0]).reshape(1, 2, 1, 1).repeat(2, axis=0))
    still = Profile([np.ones((2, 1))] * 2)
    assert corner_values(game, still, still, discount=0.5)[0, 0].tolist() == [1.0, 1.0]
    assert corner_values(game, still, still, discount=0.5, start=[0.0, 1.0])[0, 0].tolist() == [2.0, 2.0]


def test_value_shift_of_batches_is_that_of_its_entries():
    source = np.random.default_rng(1)
    game = NormalFormGame(source.normal(size=(2, 3, 2)))
    before, after = (Profile([source.dirichlet(np.ones(n), size=(4, 2)) for n in (3, 2)]) for _ in range(2))
    whole = value_shift(game, before, after, discount=0.9)
    assert whole.shapley.shape == (4, 2, 2, 2)
    one = value_shift(game, Profile([s[3, 1] for s in before]), Profile([s[3, 1] for s in after]), discount=0.9)
    np.testing.assert_allclose(whole.shapley[3, 1], one.shapley, rtol=0, atol=1e-12)
    np.testing.assert_allclose(whole.own[3, 1], one.own, rtol=0, atol=1e-12)


def test_value_shift_of_played_corners_is_labelled_an_estimate():
    found = split_value_shift(np.zeros((2, 2, 2)), bound="estimate")
    assert isinstance(found, Result)
    assert {row["bound"] for row in found.to_records()} == {"estimate"}
    assert len(found.to_records()) == 2 * (4 + 2)


def test_value_shift_says_what_does_not_fit():
    game, one = xor_game(), policies(0.5, 0.5)
    two = Profile([s[None].repeat(2, axis=0) for s in one])
    with pytest.raises(ValueError, match="after must have the leading axes"):
        value_shift(game, one, two, discount=0.9)
    with pytest.raises(ValueError, match="start must be a distribution over 2 states"):
        value_shift(game, one, one, discount=0.9, start=[1.0])
    with pytest.raises(ValueError, match="must be non-negative and sum to 1"):
        value_shift(game, one, one, discount=0.9, start=[1.0, 1.0])
    with pytest.raises(ValueError, match="discount must be in"):
        value_shift(game, one, one, discount=1.0)
    with pytest.raises(ValueError, match="profile must hold"):
        value_shift(game, Profile.uniform(2, 2), one, discount=0.9)
    with pytest.raises(ValueError, match=r"corners must be \[2, …, 2, …, N\]"):
        split_value_shift(np.zeros((2, 3, 2)))
    many = NormalFormGame(np.zeros((13, *(1,) * 13)))
    with pytest.raises(ValueError, match=r"at most 12 agents for 2\^N corners, not 13"):
        value_shift(many, Profile.uniform(*(1,) * 13), Profile.uniform(*(1,) * 13), discount=0.0)
