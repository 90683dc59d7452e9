"""Action payoffs against explicit sums over pure profiles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.analysis.action_payoffs import (
    action_payoffs,
    expected_payoffs,
    normalised_payoffs,
    pair_payoffs,
    strategic_scale,
    unilateral_gains,
)

shapes = st.lists(st.integers(1, 3), min_size=1, max_size=4).map(tuple)


def random_point(shape: tuple[int, ...], seed: int) -> tuple[np.ndarray, list[np.ndarray]]:
    rng = np.random.default_rng(seed)
    return rng.normal(size=(len(shape), *shape)), [rng.dirichlet(np.ones(n)) for n in shape]


@given(shapes, st.integers(0, 10_000))
def test_expected_payoffs_random_game_equals_sum_over_profiles(shape: tuple[int, ...], seed: int) -> None:
    payoffs, strategies = random_point(shape, seed)
    total = np.zeros(len(shape))
    for actions in np.ndindex(shape):
        total += payoffs[(slice(None), *actions)] * np.prod([s[a] for s, a in zip(strategies, actions, strict=True)])
    assert expected_payoffs(payoffs, strategies) == pytest.approx(total, abs=1e-12)


@given(shapes, st.integers(0, 10_000))
def test_pair_payoffs_random_game_contract_to_action_payoffs(shape: tuple[int, ...], seed: int) -> None:
    payoffs, strategies = random_point(shape, seed)
    values = action_payoffs(payoffs, strategies)
    pairs = pair_payoffs(payoffs, strategies)
    for i in range(len(shape)):
        for j in range(len(shape)):
            if i == j:
                assert (pairs[i][j] == 0).all()
            else:
                assert pairs[i][j] @ strategies[j] == pytest.approx(values[i], abs=1e-12)


def test_action_payoffs_batch_equals_one_at_a_time() -> None:
    rng = np.random.default_rng(0)
    payoffs = rng.normal(size=(3, 2, 3, 4))
    batch = [rng.dirichlet(np.ones(n), size=(5, 2)) for n in (2, 3, 4)]
    together = action_payoffs(payoffs, batch)
    for index in np.ndindex(5, 2):
        alone = action_payoffs(payoffs, [s[index] for s in batch])
        for i in range(3):
            assert together[i].shape == (5, 2, payoffs.shape[1 + i])
            assert together[i][index] == pytest.approx(alone[i], abs=1e-14)


def test_normalised_payoffs_shift_by_others_and_positive_factor_change_nothing() -> None:
    rng = np.random.default_rng(1)
    payoffs = rng.normal(size=(2, 3, 4))
    moved = np.stack([7.0 * payoffs[0] + rng.normal(size=(1, 4)), 0.25 * payoffs[1] + rng.normal(size=(3, 1))])
    assert normalised_payoffs(moved) == pytest.approx(normalised_payoffs(payoffs), abs=1e-12)
    assert normalised_payoffs(payoffs).max() == 0
    assert normalised_payoffs(payoffs).min() == -1


def test_strategic_scale_constant_own_payoff_is_zero_even_with_rounding() -> None:
    # Agent 0 gets 1e12 / 3 whatever it does; adding and subtracting 0.1 leaves rounding only.
    constant = np.full((2, 2), 1e12 / 3)
    constant[1] = constant[1] + 0.1 - 0.1
    assert strategic_scale(np.stack([constant, np.array([[0.0, 2.0], [0.0, 1.0]])])).tolist() == [0.0, 2.0]


def test_unilateral_gains_prisoners_dilemma_cooperation_is_two_each() -> None:
    # From (C, C) with T = 5, R = 3 each gains 5 − 3.
    payoffs = np.array([[[3.0, 0], [5, 1]], [[3, 5], [0, 1]]])
    assert unilateral_gains(payoffs, [np.array([1.0, 0]), np.array([1.0, 0])]).tolist() == [2.0, 2.0]
