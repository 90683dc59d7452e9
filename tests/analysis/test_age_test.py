"""The age test on samples: agreement with the exact information, valid p-values, power, contexts, bad input."""

import numpy as np
import pytest
from scipy import stats

from nashlens.analysis.age_test import age_test
from nashlens.analysis.results import Result


def xor_sample(n, *, source, ones=(0.1, 0.9)):
    ages, own = source.integers(2, size=(2, n))
    other = (source.random(n) < np.take(ones, ages)).astype(int)
    return ages, own, other


def test_age_test_finds_the_information_of_the_xor_game_and_none_given_both_actions():
    # .368064 nats exactly; the plug-in's standard deviation at n = 4000 is about .01.
    source = np.random.default_rng(0)
    ages, own, other = xor_sample(4000, source=source)
    found = age_test(ages, own ^ other, contexts=own, n_permutations=199, rng=source)
    assert found.excess == pytest.approx(0.368064, abs=0.04)
    assert found.p == 1 / 200
    control = age_test(ages, own ^ other, contexts=np.stack([own, other], axis=1), n_permutations=199, rng=source)
    assert (control.information, control.p) == (0.0, 1.0)
    fingerprinted = age_test(ages, own ^ other, contexts=np.stack([own, ages], axis=1), rng=source, n_permutations=9)
    assert np.isnan(fingerprinted.p)
    assert fingerprinted.reason == "no context holds more than one age"


def test_age_test_p_values_are_uniform_where_the_world_stands_still():
    # 200 p-values, each a multiple of 1/100; discrete, so slightly above uniform: tested for being too small.
    source = np.random.default_rng(1)
    found = []
    for _ in range(200):
        ages, own, other = xor_sample(60, source=source, ones=(0.4, 0.4))
        found.append(age_test(ages, own ^ other, contexts=own, n_permutations=99, rng=source).p)
    assert stats.kstest(found, "uniform", alternative="greater").pvalue > 0.01
    assert np.mean(np.array(found) <= 0.05) <= 0.05 + 4 * np.sqrt(0.05 * 0.95 / 200)


def test_age_test_is_not_misled_by_states_that_tell_the_age():
    # Outcome follows the state, the state follows the age: dependent, but not given the state.
    source = np.random.default_rng(2)
    ages = source.integers(2, size=1000)
    states = (source.random(1000) < np.where(ages == 0, 0.2, 0.8)).astype(int)
    outcomes = (source.random(1000) < np.where(states == 0, 0.2, 0.8)).astype(int)
    without = age_test(ages, outcomes, contexts=np.zeros(1000), n_permutations=99, rng=source)
    given_state = age_test(ages, outcomes, contexts=states, n_permutations=99, rng=source)
    assert without.p == 0.01
    assert given_state.p > 0.05


def test_age_test_of_four_transitions_by_hand():
    # Two ages, one context, outcome equal to age: I = ln 2. Of six arrangements two reach it: p is near a third.
    found = age_test(
        ["a", "a", "b", "b"], [0, 0, 1, 1], contexts=[0] * 4, n_permutations=2000, rng=np.random.default_rng(3)
    )
    assert found.information == pytest.approx(np.log(2))
    assert found.p == pytest.approx(1 / 3, abs=4 * np.sqrt(2 / 9 / 2000))
    # The other four arrangements have no information: the floor is ln 2 / 3.
    assert found.floor == pytest.approx(np.log(2) / 3, abs=0.05)


def test_age_test_floor_is_the_bias_of_counting():
    # Given independence the plug-in's expectation is about (K − 1)(Y − 1) C / 2n: (2 · 2 · 4) / 1000.
    source = np.random.default_rng(4)
    found = age_test(
        source.integers(3, size=500),
        source.integers(3, size=500),
        contexts=source.integers(4, size=500),
        n_permutations=300,
        rng=source,
    )
    assert found.floor == pytest.approx(0.016, rel=0.1)
    assert isinstance(found, Result)
    row = found.to_records()[0]
    assert (row["value"], row["n"], row["n_contexts"]) == (pytest.approx(found.excess), 500, 4)


def test_age_test_draws_from_its_generator_only_and_does_not_heed_names_or_order():
    source = np.random.default_rng(5)
    ages, own, other = xor_sample(100, source=source)
    first, second = (
        age_test(ages, own ^ other, contexts=own, n_permutations=50, rng=np.random.default_rng(6)) for _ in range(2)
    )
    assert first == second
    order = source.permutation(100)
    named = age_test(np.array(["new", "old"])[ages][order], 5 - (own ^ other)[order], contexts=own[order], rng=source)
    assert named.information == pytest.approx(first.information, abs=1e-12)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ages": [0, 0]}, "ages must hold two or more different ages to compare, not one"),
        ({"ages": []}, r"ages must be one label or row of labels for each transition, not shape \(0,\)"),
        ({"outcomes": [0]}, "ages, outcomes and contexts must be of one length, not 2, 1 and 2"),
        ({"contexts": np.zeros((2, 1, 1))}, "contexts must be one label"),
        ({"n_permutations": 0}, "n_permutations must be at least 1, not 0"),
        ({"level": 1.5}, "level must be inside"),
    ],
)
def test_age_test_says_what_does_not_fit(changes, message):
    given = {"ages": [0, 1], "outcomes": [0, 1], "contexts": [0, 0], **changes}
    with pytest.raises(ValueError, match=message):
        age_test(given.pop("ages"), given.pop("outcomes"), rng=np.random.default_rng(0), **given)
