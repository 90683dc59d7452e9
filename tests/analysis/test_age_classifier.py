"""Telling ages by classifiers: the XOR game, Gaussian shifts, worlds that stand still, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from nashlens.analysis.age_classifier import age_classifier

RNG = np.random.default_rng


def test_age_classifier_of_the_xor_game() -> None:
    # metrics T06: two ages with p_2 = .1 and .9, a_1 even, s' = a_1 ⊕ a_2: ln 2 − H(.1) = .368064 nats given the own
    # action, 0 given both, which tell the outcome
    rng = RNG(0)
    ages, first = rng.integers(2, size=(2, 3000))
    second = (rng.random(3000) < np.where(ages == 0, 0.1, 0.9)).astype(int)
    own = age_classifier(ages, first ^ second, contexts=np.eye(2)[first], rng=rng)
    assert own.information == pytest.approx(0.368064, abs=0.03)
    assert own.p == 1 / 1000
    assert own.information > own.floor_high
    assert own.accuracy == pytest.approx(0.9, abs=0.02)
    assert own.accuracy_context == pytest.approx(0.5, abs=0.05)
    joint = age_classifier(ages, first ^ second, contexts=np.eye(4)[2 * first + second], rng=rng)
    assert (joint.information, joint.p, joint.n_parts) == (0.0, 1.0, 0)


def test_age_classifier_of_a_gaussian_shift_is_the_divergence() -> None:
    # y = c + age + noise: I = E log p(y|age) / p(y), a mixture of two Gaussians one spread apart: by quadrature .1115
    def integrand(y: float) -> float:
        one, other = stats.norm.pdf(y), stats.norm.pdf(y, 1.0)
        return float(one * np.log(2 * one / (one + other)))

    exact = integrate.quad(integrand, -12, 12)[0]
    assert exact == pytest.approx(0.1115, abs=5e-4)
    rng = RNG(1)
    ages, contexts = rng.integers(2, size=4000), rng.normal(size=(4000, 3))
    outcomes = contexts[:, 0] + ages + rng.normal(size=4000)
    found = age_classifier(ages, outcomes, contexts=contexts, rng=rng)
    assert found.information == pytest.approx(exact, abs=0.02)
    assert found.information == pytest.approx(float(found.gains.mean()))


def test_age_classifier_finds_what_shows_in_products_alone() -> None:
    # the outcome follows the context's sign at one age and goes against it at the other: its mean says nothing
    rng = RNG(2)
    ages, contexts = rng.integers(2, size=1500), rng.normal(size=(1500, 2))
    outcomes = np.where(ages == 1, 1, -1) * np.sign(contexts[:, 0]) + 0.3 * rng.normal(size=1500)
    assert age_classifier(ages, outcomes, contexts=contexts, rng=rng).information > 0.4


def test_age_classifier_is_not_misled_by_states_that_change_with_age() -> None:
    # contexts tell the age, through a curve that no line follows; outcomes follow contexts alone, through another
    found = []
    for seed in range(25):
        rng = RNG(seed)
        contexts = rng.normal(size=(300, 2))
        ages = rng.random(300) < 1 / (1 + np.exp(-2 * np.sin(2 * contexts[:, 0])))
        outcomes = np.stack([contexts[:, 0] ** 2, contexts[:, 1]], axis=1) + 0.3 * rng.normal(size=(300, 2))
        episodes = np.repeat(np.arange(30), 10)
        found.append(age_classifier(ages, outcomes, contexts=contexts, episodes=episodes, n_permutations=99, rng=rng))
    # binomial(25, .05) is at most 4 with .993; gains are below 0 on average, as there is nothing but luck to fit
    assert sum(each.p <= 0.05 for each in found) <= 4
    assert np.mean([each.information for each in found]) < 0.005


def test_age_classifier_tells_more_than_two_ages_and_keeps_its_range() -> None:
    rng = RNG(3)
    ages, contexts = rng.integers(3, size=1200), rng.normal(size=(1200, 2))
    found = age_classifier(ages, 5.0 * ages, contexts=contexts, rng=rng)
    assert found.n_ages == 3
    assert 0.9 * np.log(3) < found.information <= np.log(3) + 0.05  # what the context alone wrongly bets may add
    (row,) = found.to_records()
    assert (row["metric"], row["bound"], row["n"]) == ("age_classifier", "lower", 1200)


def test_age_classifier_is_the_same_twice() -> None:
    rng = RNG(4)
    ages, contexts, outcomes = rng.integers(2, size=200), rng.normal(size=(200, 2)), rng.normal(size=200)
    one, other = (age_classifier(ages, outcomes, contexts=contexts, rng=RNG(5)) for _ in range(2))
    assert (one.gains == other.gains).all()
    assert one.p == other.p


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"ages": [0, 0, 0, 0]}, "ages must hold two or more different ages to compare, not one"),
        ({"ages": [0, 1]}, "ages, outcomes and contexts must be of one length, not 2, 4 and 4"),
        ({"ages": [[0, 1]]}, r"ages must be one label for each transition, not shape \(1, 2\)"),
        ({"outcomes": [0.0, 1.0, np.nan, 0.0]}, "outcomes must be finite numbers"),
        ({"contexts": np.zeros((4, 1, 1))}, r"contexts must be finite numbers \[n, d\], not shape \(4, 1, 1\)"),
        ({"episodes": [0, 1]}, "episodes must be 4 labels, one a transition, not 2"),
        ({"n_folds": 5}, "n_folds must be from 2 to the 4 episodes, not 5"),
        ({"max_parts": 0}, "max_parts and n_permutations must be at least 1, not 0 and 999"),
        ({"level": 1.0}, "level must be"),
    ],
)
def test_age_classifier_refuses_what_does_not_fit(changes: dict[str, object], message: str) -> None:
    given: dict[str, object] = {"ages": [0, 1, 0, 1], "outcomes": [0.0, 1.0, 2.0, 3.0], "contexts": np.zeros((4, 1))}
    options = given | changes
    with pytest.raises(ValueError, match=message):
        age_classifier(options.pop("ages"), options.pop("outcomes"), **options, rng=RNG(0))
