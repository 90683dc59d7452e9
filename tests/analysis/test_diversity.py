"""System Neural Diversity: the values of T23, intervals over episodes, bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.analysis.diversity import system_neural_diversity
from nashlens.analysis.policy_distances import deterministic_distances, gaussian_distances
from nashlens.analysis.results import Result


def snd(distances, **settings):
    return system_neural_diversity(distances, rng=np.random.default_rng(0), **settings)


def points(*places):
    return deterministic_distances(np.array(places, dtype=float)[:, None, None])


@pytest.mark.parametrize(
    ("places", "expected"),
    [((0, 1, 2), 4 / 3), ((0, 0, 1, 1), 2 / 3), ((0, 1), 1.0), ((5, 5, 5), 0.0)],
)
def test_diversity_of_points(places, expected):
    # T23: Mean over unordered pairs: (1 + 2 + 1)/3; four of six pairs are 1 apart; copies lower it.
    assert snd(points(*places)).diversity.value == pytest.approx(expected, abs=1e-12)


def test_diversity_of_gaussians_is_5():
    found = snd(gaussian_distances([[[0.0]], [[3.0]]], [[[1.0]], [[5.0]]]), diameter=10)
    assert found.diversity.value == 5
    assert found.normalised.value == 0.5
    np.testing.assert_array_equal(found.distances, [[0, 5], [5, 0]])


# By powers of two the numbers scale without rounding, and the resamples tie where they tied.
@given(st.integers(-6, 6).map(lambda k: 2.0**k))
def test_diversity_scales_with_actions_and_its_share_does_not(scale):
    actions = np.random.default_rng(1).normal(size=(3, 8, 2))
    one = snd(deterministic_distances(actions), diameter=4.0, n_resamples=100)
    two = snd(deterministic_distances(scale * actions), diameter=4.0 * scale, n_resamples=100)
    assert two.diversity.value == pytest.approx(scale * one.diversity.value)
    assert two.normalised.high == pytest.approx(one.normalised.high)


def test_diversity_averages_over_observations_of_unequal_episodes():
    # Five episodes with 1 to 5 observations of distance 1 to 5: Σ k² / Σ k = 55/15.
    lengths = np.repeat(np.arange(1, 6), np.arange(1, 6))
    found = snd(points(0, 1) * lengths[:, None, None], episodes=lengths)
    assert found.diversity.value == pytest.approx(55 / 15)
    assert (found.diversity.n, found.diversity.unit) == (5, "episode")
    assert found.diversity.low < 55 / 15 < found.diversity.high


def test_interval_over_episodes_covers_and_one_over_observations_would_not():
    # 20 episodes of 10 observations that share the episode's distance: nominal .9; 300 sets: standard deviation .0173.
    # The bootstrap of 20 units covers a few hundredths short.
    rng = np.random.default_rng(2)
    hits = np.zeros(2)
    for _ in range(300):
        each = np.repeat(1 + rng.normal(scale=0.2, size=20), 10)
        distances = points(0, 1) * each[:, None, None]
        for k, episodes in enumerate((np.repeat(np.arange(20), 10), None)):
            found = system_neural_diversity(distances, episodes=episodes, level=0.9, n_resamples=400, rng=rng)
            hits[k] += found.diversity.low <= 1 <= found.diversity.high
    assert hits[0] / 300 == pytest.approx(0.88, abs=4 * 0.0173)
    assert hits[1] / 300 < 0.6


def test_diversity_of_few_episodes_has_a_value_and_a_reason():
    found = snd(np.repeat(points(0, 1), 4, axis=0), episodes=[0, 0, 1, 1])
    assert found.diversity.value == 1
    assert found.diversity.reason == "n = 2 episodes; an interval needs at least 5"
    assert found.normalised.reason == "no diameter of the action space was given"
    assert isinstance(found, Result)
    assert [row["metric"] for row in found.to_records()] == [
        "system_neural_diversity",
        "normalised_diversity",
        "policy_distance",
    ]


@pytest.mark.parametrize(
    ("distances", "settings", "message"),
    [
        (np.zeros((3, 1, 1)), {}, r"distances must be \[P, N, N\] with N at least 2"),
        (np.full((1, 2, 2), np.nan), {}, "distances must be finite, symmetric"),
        (np.ones((1, 2, 2)), {}, "0 on the diagonal"),
        (np.zeros((3, 2, 2)), {"episodes": [0, 1]}, "episodes must name one episode for each of 3 observations"),
        (np.zeros((3, 2, 2)), {"diameter": 0.0}, "diameter must be positive and finite"),
    ],
)
def test_diversity_says_what_does_not_fit(distances, settings, message):
    with pytest.raises(ValueError, match=message):
        snd(distances, **settings)
