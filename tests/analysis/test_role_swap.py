"""The role-swap test: exact p-values by counting, exact zeros, level, missing seeds, bad input."""

from itertools import permutations

import numpy as np
import pytest
from scipy import stats

from nashlens.analysis.results import Result
from nashlens.analysis.role_swap import role_swap

ALL = np.array(list(permutations(range(3))))


def rng():
    return np.random.default_rng(0)


def test_role_swap_of_specialists():
    # In place 6, else 0: the loss is 6, and in place is the best of six in one seed: p = 1/6, of two seeds 1/36.
    returns = np.zeros((2, 6))
    returns[:, 0] = 6.0
    one, two = role_swap(returns[:1], ALL, rng=rng()), role_swap(returns, ALL, rng=rng())
    assert (one.loss.values, one.p, one.smallest_p, one.bound) == (6.0, 1 / 6, 1 / 6, "exact")
    assert two.p == two.smallest_p == 1 / 36
    assert one.loss.at().reason == "n = 1 seed; an interval needs at least 2"


def test_role_swap_of_pure_anti_coordination_is_0():
    # Exchanging 0 and 1 is as good: no role is special, though the agents differ.
    found = role_swap([[1.0, 1.0]], [[0, 1], [1, 0]], rng=rng())
    assert (found.loss.values, found.p) == (0.0, 1.0)


def test_role_swap_of_a_shared_network_is_exactly_0():
    # Common random numbers and one network: every permutation plays the same episodes, bit for bit.
    episodes = np.random.default_rng(1).normal(size=(4, 1, 50)) * 0.1
    found = role_swap(np.repeat(episodes, 6, axis=1), ALL, rng=rng())
    assert (found.loss.values, found.loss.low, found.loss.high, found.p) == (0.0, 0.0, 0.0, 1.0)


def test_role_swap_of_seeds_that_agree_is_as_uncertain_as_their_episodes():
    # Losses 0 and 4 in two episodes of both seeds: means 2 and 2, squared errors 8 / 2 = 4, of both together 4 / 2.
    returns = np.array([[[0.0, 4.0], [0.0, 0.0]]] * 2)
    loss = role_swap(returns, [[0, 1], [1, 0]], rng=rng()).loss.at()
    assert loss.value == 2.0
    assert loss.high - 2 == pytest.approx(stats.t.ppf(0.975, 1) * np.sqrt(2))
    assert loss.method == "floored student-t"
    means = role_swap(returns.mean(axis=2), [[0, 1], [1, 0]], rng=rng()).loss.at()
    assert (means.low, means.high, means.method) == (2.0, 2.0, "student-t")


def test_role_swap_counts_the_place_in_a_single_seed():
    # In place is third of six: p = 3/6.
    found = role_swap([[3.0, 5.0, 4.0, 0.0, 1.0, 2.0]], ALL, rng=rng())
    assert found.p == 0.5
    assert found.loss.values == pytest.approx(3 - 12 / 5)


def test_role_swap_finds_the_row_in_place():
    shuffled = ALL[[3, 0, 1, 2, 4, 5]]
    returns = [[0.0, 6.0, 0, 0, 0, 0]]
    assert role_swap(returns, shuffled, rng=rng()).loss.values == 6.0


def test_role_swap_keeps_its_level():
    # Three exchangeable seeds of two permutations: p is k/8, and P(p ≤ 1/8) = 1/8. 2,000 samples, deviation .0074.
    source = np.random.default_rng(2)
    found = [role_swap(source.normal(size=(3, 2)), [[0, 1], [1, 0]], rng=source).p for _ in range(2000)]
    assert np.mean(np.array(found) <= 0.125) == pytest.approx(0.125, abs=5 * 0.0074)


def test_sampled_p_value_is_close_to_the_counted_one():
    # 6^6 = 46,656 rearrangements are counted, 6^7 sampled: a seventh seed that is flat changes nothing.
    returns = np.random.default_rng(3).normal(size=(6, 6))
    counted = role_swap(returns, ALL, rng=rng())
    sampled = role_swap(np.vstack([returns, np.zeros(6)]), ALL, rng=rng())
    assert (counted.bound, sampled.bound) == ("exact", "estimate")
    assert sampled.p == pytest.approx(counted.p, abs=5 * 0.005)  # √(p(1 − p)/9,999) ≤ .005


def test_role_swap_of_a_failed_seed_has_a_reason():
    found = role_swap([[1.0, 0.0], [np.nan, 0.0]], [[0, 1], [1, 0]], rng=rng())
    assert np.isnan([found.p, found.smallest_p]).all()
    assert found.reason == "1 of 2 seeds have no finite value"
    assert role_swap(np.empty((0, 2)), [[0, 1], [1, 0]], rng=rng()).reason == "there is no seed"
    assert isinstance(found, Result)
    assert [row["metric"] for row in found.to_records()] == ["role_swap_loss", "role_swap_p_value"]


@pytest.mark.parametrize(
    ("returns", "orders", "message"),
    [
        ([[1.0, 2.0, 3.0]], [[0, 1], [1, 0]], r"returns must be \[S, 2\] or \[S, 2, E\]"),
        ([[1.0]], [[0, 1]], "permutations must be whole numbers"),
        ([[1.0, 2.0]], [[0, 1], [0, 0]], "permutations must each hold 0 to 1 once"),
        ([[1.0, 2.0]], [[0, 1], [0, 1]], "permutations must differ"),
        ([[1.0, 2.0]], [[1, 0, 2], [2, 0, 1]], "permutations must hold the one in place"),
        ([[1.0, 2.0]], [[0.0, 1.0], [1.0, 0.0]], "permutations must be whole numbers"),
    ],
)
def test_role_swap_says_what_does_not_fit(returns, orders, message):
    with pytest.raises(ValueError, match=message):
        role_swap(returns, orders, rng=rng())


def test_role_swap_needs_resamples():
    with pytest.raises(ValueError, match="n_resamples must be at least 1, not 0"):
        role_swap([[1.0, 2.0]], [[0, 1], [1, 0]], n_resamples=0, rng=rng())
