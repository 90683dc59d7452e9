"""Every recursion against the sums that the textbook writes down, term by term, by brute force."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nashlens.agents.returns import discounted_returns, generalised_advantages, lambda_returns, n_step_returns

GAMMA, TRACE = 0.9, 0.7


def steps_left(ended, t):
    """How many steps there are from t to the end of its episode or of the array."""
    return next((k + 1 for k in range(len(ended) - t) if ended[t + k]), len(ended) - t)


def n_step_by_sum(history, t, n):
    r, v, _, terminated, ended = history
    m = min(n, steps_left(ended, t))
    total = sum(GAMMA**k * r[t + k] for k in range(m))
    return total + (0.0 if terminated[t + m - 1] else GAMMA**m * v[t + m - 1])


def lambda_by_sum(history, t):
    # G^λ = (1 − λ) Σ_{n<m} λ^{n−1} G^{(n)} + λ^{m−1} G^{(m)}, m the steps to the end.
    m = steps_left(history[-1], t)
    parts = [n_step_by_sum(history, t, n) for n in range(1, m + 1)]
    return (1 - TRACE) * sum(TRACE**k * parts[k] for k in range(m - 1)) + TRACE ** (m - 1) * parts[-1]


def advantage_by_sum(history, t):
    r, v, before, terminated, ended = history
    surprise = r + GAMMA * (1 - terminated) * v - before
    return sum((GAMMA * TRACE) ** k * surprise[t + k] for k in range(steps_left(ended, t)))


@st.composite
def histories(draw):
    n_steps = draw(st.integers(1, 9))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    ended = rng.random(n_steps) < 0.3
    terminated = ended & (rng.random(n_steps) < 0.5)
    r, v, before = rng.normal(size=(3, n_steps))
    return r, v, before, terminated.astype(float), ended.astype(float)


def as_tensors(*arrays):
    return [torch.tensor(a) for a in arrays]


@given(histories())
def test_lambda_returns_are_the_weighted_sum_of_n_step_returns(history):
    r, v, _, terminated, ended = history
    found = lambda_returns(*as_tensors(r, v, terminated, ended), gamma=GAMMA, trace=TRACE)
    expected = [lambda_by_sum(history, t) for t in range(len(r))]
    np.testing.assert_allclose(found, expected, atol=1e-12)


@given(histories(), st.integers(1, 12))
def test_n_step_returns_are_the_sum_of_rewards_and_the_value_behind(history, n):
    r, v, _, terminated, ended = history
    found = n_step_returns(*as_tensors(r, v, terminated, ended), gamma=GAMMA, n_steps=n)
    expected = [n_step_by_sum(history, t, n) for t in range(len(r))]
    np.testing.assert_allclose(found, expected, atol=1e-12)


@given(histories())
def test_generalised_advantages_are_the_sum_of_discounted_surprises(history):
    r, v, before, terminated, ended = history
    found = generalised_advantages(*as_tensors(r, before, v, terminated, ended), gamma=GAMMA, trace=TRACE)
    expected = [advantage_by_sum(history, t) for t in range(len(r))]
    np.testing.assert_allclose(found, expected, atol=1e-12)


@given(histories())
def test_advantages_and_values_add_to_lambda_returns_where_values_agree(history):
    # The known identity A^λ + V = G^λ needs V(successor of t) = V(state at t + 1) inside an episode.
    r, v, before, terminated, ended = history
    inside = np.flatnonzero(ended[:-1] == 0)
    v[inside] = before[inside + 1]
    tensors = as_tensors(r, v, terminated, ended)
    advantages = generalised_advantages(tensors[0], torch.tensor(before), *tensors[1:], gamma=GAMMA, trace=TRACE)
    returns = lambda_returns(*tensors, gamma=GAMMA, trace=TRACE)
    np.testing.assert_allclose(advantages + torch.tensor(before), returns, atol=1e-12)


def test_returns_by_hand_on_two_episodes():
    # Rewards 1, 2 | 4, 8 with γ = 1/2: 1 + 2/2 = 2, 2; then 4 + 8/2 = 8, 8.
    rewards, ended = torch.tensor([1.0, 2.0, 4.0, 8.0]), torch.tensor([0.0, 1.0, 0.0, 1.0])
    assert discounted_returns(rewards, ended, gamma=0.5).tolist() == [2.0, 2.0, 8.0, 8.0]


def test_a_value_counts_behind_a_cut_and_not_behind_an_end():
    # One step each, reward 1, successor worth 10, γ = 1/2: cut 1 + 5 = 6, over 1; so with every estimator.
    rewards, values = torch.ones(1, 2), torch.full((1, 2), 10.0)
    terminated, ended = torch.tensor([[0.0, 1.0]]), torch.ones(1, 2)
    how = {"gamma": 0.5}
    assert lambda_returns(rewards, values, terminated, ended, trace=0.3, **how).tolist() == [[6.0, 1.0]]
    assert n_step_returns(rewards, values, terminated, ended, n_steps=4, **how).tolist() == [[6.0, 1.0]]
    zeros = torch.zeros(1, 2)
    found = generalised_advantages(rewards, zeros, values, terminated, ended, trace=0.3, **how)
    assert found.tolist() == [[6.0, 1.0]]


def test_columns_do_not_meet():
    g = torch.Generator().manual_seed(0)
    r, v = torch.rand(2, 6, 3, 4, generator=g, dtype=torch.float64)
    ended = (torch.rand(6, 3, 4, generator=g) < 0.3).double()
    whole = lambda_returns(r, v, 0 * ended, ended, gamma=GAMMA, trace=TRACE)
    for i, j in np.ndindex(3, 4):
        alone = lambda_returns(r[:, i, j], v[:, i, j], 0 * ended[:, i, j], ended[:, i, j], gamma=GAMMA, trace=TRACE)
        assert torch.equal(whole[:, i, j], alone)


def test_wrong_arguments_are_named():
    one, two = torch.ones(1), torch.ones(2)
    with pytest.raises(ValueError, match=r"one shape \[T, …\].*\(2,\)"):
        lambda_returns(one, two, one, one, gamma=0.9, trace=0.5)
    with pytest.raises(ValueError, match="T at least 1"):
        discounted_returns(torch.ones(0), torch.ones(0), gamma=0.9)
    with pytest.raises(ValueError, match=r"gamma must be from 0 to 1, not 1\.5"):
        n_step_returns(one, one, one, one, gamma=1.5, n_steps=1)
    with pytest.raises(ValueError, match=r"trace must be from 0 to 1, not -0\.1"):
        generalised_advantages(one, one, one, one, one, gamma=0.9, trace=-0.1)
    with pytest.raises(ValueError, match="n_steps must be at least 1, not 0"):
        n_step_returns(one, one, one, one, gamma=0.9, n_steps=0)
