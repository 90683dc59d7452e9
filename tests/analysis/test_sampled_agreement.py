"""Sampled agreement: close to the closed form, batches, determinism; and Proposition 1's slope from counts."""

import numpy as np
import pytest

from nashlens.analysis.binomial_trend import binomial_trend
from nashlens.analysis.proposition_one import ESTIMATORS, batch_agreement, proposition_one
from nashlens.analysis.sampled_agreement import sampled_agreement


@pytest.mark.parametrize("reward", ["all_ones", "all_equal"])
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_sampled_agreement_is_close_to_the_exact_one(estimator, reward):
    # 20,000 samples: at most √(.25 / 20,000) = .0035 standard deviations each, five allowed.
    exact = proposition_one(4, theta=0.6, estimator=estimator, reward=reward)
    rng = np.random.default_rng(0)
    found = sampled_agreement(4, theta=0.6, estimator=estimator, reward=reward, n_samples=20_000, rng=rng)
    assert found.values.tolist() == pytest.approx([exact.p_positive, exact.p_negative], abs=5 * 0.0035)


def test_sampled_agreement_of_a_batch_is_that_of_any_sample_heard():
    # Under all_ones a REINFORCE sample is never wrong: P = 1 − (1 − p)^M.
    found = sampled_agreement(3, batch_size=6, n_samples=20_000, rng=np.random.default_rng(1))
    assert found.values[0] == pytest.approx(batch_agreement(0.125, 6), abs=5 * 0.0035)


def test_sampled_agreement_has_the_slope_of_proposition_one():
    n = np.arange(1, 11)
    rng = np.random.default_rng(2)
    counts = [round(sampled_agreement(k, n_samples=20_000, rng=rng).values[0] * 20_000) for k in n]
    slope = binomial_trend(counts, np.full(10, 20_000), at=n, level=0.999).slope
    assert slope.low <= -1 <= slope.high
    assert slope.high - slope.low < 0.05


def test_sampled_agreement_with_a_decentralised_critic_does_not_fall():
    # P = 1 − 2^−N rises to 1: from N = 5 on, log2 P moves by less than .01 for each agent.
    n = np.arange(5, 11)
    rng = np.random.default_rng(3)
    counts = [
        round(sampled_agreement(k, estimator="decentralised_q", n_samples=20_000, rng=rng).values[0] * 20_000)
        for k in n
    ]
    assert abs(binomial_trend(counts, np.full(6, 20_000), at=n).slope.value) < 0.02


def test_sampled_agreement_is_determined_by_its_generator():
    one, two = (sampled_agreement(3, n_samples=500, rng=np.random.default_rng(7)).values for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_sampled_agreement_says_what_does_not_fit():
    with pytest.raises(ValueError, match="n_samples and batch_size must be at least 1, not 0 and 1"):
        sampled_agreement(3, n_samples=0, rng=np.random.default_rng(0))
    with pytest.raises(ValueError, match="theta must be inside"):
        sampled_agreement(3, theta=0.0, rng=np.random.default_rng(0))
