"""Noise floors of sampled policies: the known null expectation, valid p-values, power."""

import numpy as np
import pytest
from scipy import stats

from nashlens.analysis.noise_floor import sampled_policy_drift


def test_noise_floor_of_a_uniform_policy_is_the_known_bias():
    # E[TV] at the null is about Σ √(p(1 − p) / (π n)) = .0798 for five equal actions and n = 200 on both sides.
    # 40 probes: the shuffled average has its own spread of about .025 / √40 around the pooled counts' expectation.
    source = np.random.default_rng(0)
    new, old = source.multinomial(200, np.full(5, 0.2), size=(2, 40))
    found = sampled_policy_drift(new, old, rng=source)
    assert found.floor == pytest.approx(0.0798, abs=0.002)
    assert found.tv == pytest.approx(0.0798, abs=5 * 0.025 / np.sqrt(40))
    assert found.p > 0.001
    assert found.floor < found.floor_high


def test_noise_floor_of_unequal_samples_is_the_known_bias():
    # Each frequency's difference is nearly normal with variance p(1 − p)(1/n + 1/m), whose mean size is √(2/π) of its
    # deviation: ½ · 5 · √(2/π · .16 · (1/50 + 1/150)) = .1303 for five equal actions.
    source = np.random.default_rng(3)
    new, old = (source.multinomial(n, np.full(5, 0.2), size=60) for n in (50, 150))
    assert sampled_policy_drift(new, old, rng=source).floor == pytest.approx(0.1303, abs=0.004)


def test_noise_floor_has_uniform_p_values_when_nothing_changed():
    # Different policies at different probes, the same on both sides. 200 p-values against the uniform distribution.
    source = np.random.default_rng(1)
    policies = source.dirichlet(np.ones(4), size=6)
    p = []
    for _ in range(200):
        new, old = (np.stack([source.multinomial(30, policy) for policy in policies]) for _ in range(2))
        p.append(sampled_policy_drift(new, old, n_permutations=99, rng=source).p)
    assert stats.kstest(p, "uniform").pvalue > 0.001


def test_noise_floor_lies_far_below_a_real_change():
    # P .5 → .9 in every probe: total variation .4.
    source = np.random.default_rng(2)
    new, old = source.multinomial(100, [0.9, 0.1], size=10), source.multinomial(100, [0.5, 0.5], size=10)
    found = sampled_policy_drift(new, old, rng=source)
    assert found.p == 1 / 1000
    assert found.tv == pytest.approx(0.4, abs=0.1)
    assert found.excess > 0.25


def test_noise_floor_of_equal_counts_is_above_them():
    found = sampled_policy_drift([5, 5], [5, 5], rng=np.random.default_rng(0))
    assert (found.tv, found.p) == (0.0, 1.0)
    assert found.excess < 0


def test_noise_floor_repeats_with_the_same_generator():
    args = ([[3, 4], [5, 6]], [[6, 2], [1, 9]])
    first = sampled_policy_drift(*args, rng=np.random.default_rng(7))
    assert first == sampled_policy_drift(*args, rng=np.random.default_rng(7))
    assert first.to_records()[0]["floor"] == first.floor


@pytest.mark.parametrize(
    ("new", "old", "options", "message"),
    [
        ([1, 2], [1, 2, 3], {}, r"counts_old must have the shape \(1, 2\)"),
        ([0.5, 0.5], [1, 2], {}, "counts_new must be whole numbers"),
        ([1, 2], [-1, 2], {}, "counts_old must be whole numbers"),
        ([[1, 2], [0, 0]], [[1, 2], [1, 0]], {}, "at least one action at every probe; probe 1 has none"),
        ([1, 2], [1, 2], {"n_permutations": 0}, "n_permutations must be at least 1, not 0"),
        ([1, 2], [1, 2], {"level": 1.0}, "level must be inside"),
    ],
)
def test_noise_floor_says_what_does_not_fit(new, old, options, message):
    with pytest.raises(ValueError, match=message):
        sampled_policy_drift(new, old, rng=np.random.default_rng(0), **options)
