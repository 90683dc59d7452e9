"""Variance by source: hand-worked levels, known components, the law of total variance, coverage, bad input."""

import numpy as np
import pytest

from nashlens.analysis.results import Result
from nashlens.analysis.variance_sources import variance_sources


def nested(rng, sizes, sds, d=1):
    """Return samples whose levels have the given standard deviations."""
    total = np.zeros((*sizes, d))
    for level, sd in enumerate(sds):
        total = total + sd * rng.normal(size=(*sizes[: level + 1], *(1,) * (len(sizes) - level - 1), d))
    return total


def test_variance_sources_worked_by_hand():
    # Three states with two draws each: means 1, 3, 8; within variances 2, 2, 8, of mean 4.
    # Between: variance of the means 13, of which half of 4 is noise: 13 − 2 = 11.
    samples = np.array([[0.0, 2.0], [2.0, 4.0], [6.0, 10.0]])[:, :, None]
    found = variance_sources(samples, sources=("state", "own_action"))
    np.testing.assert_allclose(found.components.values, [11.0, 4.0])
    np.testing.assert_allclose(found.shares.values, [11 / 15, 4 / 15])
    assert found.total == pytest.approx(15)


def test_variance_sources_recover_all_four_levels():
    # 9, 4, 1, .25 in each of 5 dimensions. The state's component has a standard error of about √(2/2000)·10·5 = 1.6.
    samples = nested(np.random.default_rng(0), (400, 3, 2, 2), (3, 2, 1, 0.5), d=5)
    found = variance_sources(samples)
    np.testing.assert_allclose(found.components.values / 5, [9, 4, 1, 0.25], rtol=0.1)
    assert found.shares.values.sum() == pytest.approx(1)
    assert found.sources == ("state", "own_action", "others_actions", "critic")


def test_variance_sources_of_a_level_that_does_nothing_are_0_on_average():
    # Without a state effect the component has mean 0, and is negative about as often as not.
    rng = np.random.default_rng(1)
    found = [variance_sources(nested(rng, (6, 3), (0, 1)), sources=("state", "noise")) for _ in range(400)]
    states = np.array([f.components.values[0] for f in found])
    assert abs(states.mean()) < 5 * states.std() / 20
    assert (states < 0).mean() > 0.3


def test_variance_sources_of_proposition_one_split_own_and_others():
    # N = 3, score × R: decentralised 4p² = .0625 is the own action's part, the others' .375 (T25).
    rng = np.random.default_rng(2)
    own = rng.random((4000, 1)) < 0.5
    others = (rng.random((4000, 8, 2)) < 0.5).all(axis=2)
    samples = (2.0 * (own & others))[:, :, None]
    found = variance_sources(samples, sources=("own_action", "others_actions"))
    assert found.components.low[0] < 0.0625 < found.components.high[0]
    np.testing.assert_allclose(found.components.values, [0.0625, 0.375], atol=0.02)


def test_variance_sources_jackknife_equals_leaving_states_out():
    samples = nested(np.random.default_rng(3), (5, 2, 3), (1, 1, 1), d=2)
    names = ("state", "own_action", "others_actions")
    whole = variance_sources(samples, sources=names, level=0.9)
    parts = [variance_sources(np.delete(samples, k, axis=0), sources=names).shares.values for k in range(5)]
    spread = np.sqrt(4 / 5 * ((np.array(parts) - np.mean(parts, axis=0)) ** 2).sum(axis=0))
    np.testing.assert_allclose(whole.shares.high - whole.shares.values, 2.131847 * spread, rtol=1e-6)  # t_4 at .95


def test_intervals_cover_the_components():
    # 60 states, components 1, 1, 1 in 4 dimensions, nominal .9; 400 sets: binomial standard deviation .015, and .02
    # for the skewness of a variance.
    rng = np.random.default_rng(4)
    hits = np.zeros(3)
    for _ in range(400):
        samples = nested(rng, (60, 2, 2), (1, 1, 1), d=4)
        found = variance_sources(samples, sources=("a", "b", "c"), level=0.9).components
        hits += (found.low <= 4) & (found.high >= 4)
    np.testing.assert_allclose(hits / 400, 0.9, atol=4 * 0.015 + 0.02)


def test_variance_sources_do_not_move_with_the_mean():
    samples = nested(np.random.default_rng(5), (6, 2), (1, 1), d=2)
    one, two = (variance_sources(s, sources=("a", "b")).components.values for s in (samples, samples + 1e6))
    np.testing.assert_allclose(one, two, rtol=1e-6)


def test_variance_sources_keep_the_contract_of_results():
    found = variance_sources(np.random.default_rng(6).normal(size=(4, 2, 1)), sources=("state", "critic"))
    assert isinstance(found, Result)
    assert [(r["metric"], r["source"]) for r in found.to_records()][::2] == [
        ("gradient_variance_component", "state"),
        ("gradient_variance_share", "state"),
    ]


@pytest.mark.parametrize(
    ("shape", "message"),
    [
        ((4, 2), "samples must have one axis for each of state, critic"),
        ((2, 2, 1), "samples must hold at least 3 draws of state, not 2"),
        ((4, 1, 1), "samples must hold at least 2 draws of critic, not 1"),
    ],
)
def test_variance_sources_say_what_does_not_fit(shape, message):
    with pytest.raises(ValueError, match=message):
        variance_sources(np.ones(shape), sources=("state", "critic"))


def test_variance_sources_must_be_finite():
    with pytest.raises(ValueError, match="samples must be finite"):
        variance_sources(np.full((4, 2, 1), np.inf), sources=("state", "critic"))


def test_variance_shares_are_covered_by_their_intervals():
    # 32 states, 3 actions, 3 of the others, 2 critics, as in reports; of 300 replications four standard errors are 0.05
    rng, sds = np.random.default_rng(5), np.array([2, 1, 1.5, 0.5])
    true = sds**2 / (sds**2).sum()
    found = [variance_sources(nested(rng, (32, 3, 3, 2), sds, d=4)).shares for _ in range(300)]
    coverage = np.mean([(each.low <= true) & (true <= each.high) for each in found], axis=0)
    assert (np.abs(coverage - 0.95) < 0.05).all()
