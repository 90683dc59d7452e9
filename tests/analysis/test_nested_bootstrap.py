"""Nested bootstrap: coverage over both levels, determinism, what is missing, bad input."""

import numpy as np
import pytest

from nashlens.analysis.nested_bootstrap import nested_bootstrap


def test_nested_bootstrap_covers_with_noise_on_both_levels():
    # 20 seeds (sd 1) of 10 episodes (sd 2), mean 0; 150 intervals: a percentile interval may lack a little.
    source = np.random.default_rng(0)
    hits = []
    for _ in range(150):
        values = source.normal(size=(20, 1)) + 2 * source.normal(size=(20, 10))
        found = nested_bootstrap(values, n_resamples=300, rng=source)
        hits.append(found.low <= 0 <= found.high)
    assert 0.88 < np.mean(hits) <= 1.0


def test_nested_bootstrap_width_without_episode_noise_is_that_of_the_seeds():
    # Bootstrap standard deviation of a mean of 30 seeds: s/√30 · √(29/30); the interval is ±1.96 of it, within 10%.
    means = np.random.default_rng(1).normal(size=30)
    found = nested_bootstrap(np.repeat(means[:, None], 8, axis=1), rng=np.random.default_rng(2))
    assert found.high - found.low == pytest.approx(2 * 1.96 * means.std() / np.sqrt(30), rel=0.1)
    assert found.value == pytest.approx(means.mean())
    assert (found.n, found.unit, found.method) == (30, "seed", "nested bootstrap")


def test_nested_bootstrap_of_equal_seeds_still_has_their_episodes_spread():
    values = np.repeat(np.array([[0.0, 1.0, 2.0, 3.0]]), 6, axis=0)
    found = nested_bootstrap(values, rng=np.random.default_rng(0))
    assert found.low < 1.5 < found.high


def test_nested_bootstrap_draws_from_its_generator_only():
    values = np.random.default_rng(3).normal(size=(6, 4))
    first, second = (nested_bootstrap(values, rng=np.random.default_rng(4)) for _ in range(2))
    assert first == second


def test_nested_bootstrap_says_why_there_is_no_interval():
    rng = np.random.default_rng(0)
    one = nested_bootstrap([[1.0, 2.0]], rng=rng)
    assert (one.value, one.reason) == (1.5, "n = 1 seed; an interval needs at least 5")
    assert np.isnan(one.low)
    bad = nested_bootstrap([[1.0], [np.nan], [2.0]], rng=rng)
    assert bad.reason == "1 of 3 seeds have no finite value"
    assert not nested_bootstrap([[1.0], [2.0]], min_units=2, rng=rng).reason


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        ([1.0, 2.0], {}, r"values must be \[S, M\], a row of episodes for each seed, not shape \(2,\)"),
        (np.zeros((3, 0)), {}, r"values must be \[S, M\]"),
        ([[1.0]], {"min_units": 1}, "min_units must be at least 2, not 1"),
        ([[1.0]], {"n_resamples": 10}, "n_resamples must be at least 100"),
        ([[1.0]], {"level": 1.0}, "level must be inside"),
    ],
)
def test_nested_bootstrap_says_what_does_not_fit(values, options, message):
    with pytest.raises(ValueError, match=message):
        nested_bootstrap(values, rng=np.random.default_rng(0), **options)
