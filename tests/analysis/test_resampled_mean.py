"""Means with their resamples: whole episodes, policies apart, mixtures, and what is missing."""

import numpy as np
import pytest

from nashlens.analysis.resampled_mean import observation_weights, resampled_mean


def mean_of(values, *, seed=0, **given):
    return resampled_mean(values, name="set", n_resamples=2000, rng=np.random.default_rng(seed), **given)


def test_resampled_mean_draws_whole_episodes():
    # Two observations an episode, of opposite sign: every episode's mean is 0, and so is every resample's.
    found = mean_of([1.0, -1.0] * 6, episodes=np.repeat(np.arange(6), 2))
    np.testing.assert_allclose(found.drawn, 0.0, atol=1e-12)
    assert found.n == 6
    assert mean_of([1.0, -1.0] * 6).drawn.std() == pytest.approx(1 / np.sqrt(12), rel=0.05)


def test_resampled_mean_of_episodes_that_are_long_weighs_them_by_their_observations():
    assert mean_of([1.0, 1.0, 1.0, 5.0], episodes=[0, 0, 0, 1]).value == 2.0


def test_resampled_mean_keeps_each_policys_share():
    found = mean_of([0.0] * 5 + [1.0] * 5, policies=[0] * 5 + [1] * 5, weights=[1.0] * 5 + [4.0] * 5)
    assert found.value == pytest.approx(0.8)
    np.testing.assert_allclose(found.drawn, 0.8)


def test_resampled_mean_takes_episodes_of_two_policies_for_two():
    found = mean_of(np.arange(10.0), episodes=np.tile(np.arange(5), 2), policies=np.repeat([0, 1], 5))
    assert (found.n, found.reason) == (5, "")


def test_resampled_mean_mixed_is_the_mean_of_the_mixture():
    first, second = mean_of(np.arange(5.0)), mean_of(np.arange(10.0, 15.0), seed=1)
    mixed = first.mixed(second, share=0.25)
    assert mixed.value == pytest.approx(0.75 * 2 + 0.25 * 12)
    np.testing.assert_allclose(mixed.drawn, 0.75 * first.drawn + 0.25 * second.drawn)
    lacking = first.mixed(mean_of([1.0]), share=0.5).estimate(0.95)
    assert lacking.reason == "set: n = 1 episodes of one policy; an interval needs at least 5"
    assert np.isnan(lacking.low)


def test_observation_weights_are_equal_unless_given():
    assert observation_weights(None, 3, name="w").tolist() == [1, 1, 1]
    assert observation_weights([], 0, name="w").tolist() == []
    with pytest.raises(ValueError, match="w must be one number for each of 2 observations"):
        observation_weights([1.0], 2, name="w")
    with pytest.raises(ValueError, match="w must be finite, not negative and not all 0"):
        observation_weights([0.0], 1, name="w")
