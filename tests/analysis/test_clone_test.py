"""The clone test: pure anti-coordination, no gain by chance, exact p-values, missing seeds, bad input."""

import numpy as np
import pytest
from scipy import stats

from nashlens.analysis.clone_test import clone_test
from nashlens.analysis.results import Result


def rng():
    return np.random.default_rng(0)


def test_clone_test_of_pure_anti_coordination_is_1():
    # (0, 1) gets 1, copies of either get 0: clone loss 1, where the swap loss is 0.
    found = clone_test(np.ones((6, 4)), np.zeros((6, 2, 4)), rng=rng())
    assert found.loss.values == 1
    assert found.p_value.p == found.p_value.smallest == 2.0**-5  # six seeds of one sign


def test_clone_test_of_one_agent_that_is_best_everywhere():
    clones = np.stack([np.full((3, 4), 2.0), np.full((3, 4), 5.0)], axis=1)
    found = clone_test(np.full((3, 4), 4.0), clones, rng=rng())
    assert found.loss.values == -1
    assert (found.chosen == 1).all()


def test_clone_test_does_not_gain_from_choosing():
    # Ten equal clones of mean 0 and a joint policy of mean 0, 8 episodes: the best of ten means on the episodes that
    # chose it is 1.53875/√8 = .544 too large (T30); on the other half it is not. 2,000 seeds: deviation .0112.
    source = np.random.default_rng(1)
    joint, clones = source.normal(size=(2000, 8)), source.normal(size=(2000, 10, 8))
    naive = (joint.mean(axis=1) - clones.mean(axis=2).max(axis=1)).mean()
    assert naive == pytest.approx(-0.544, abs=5 * 0.0112)
    assert clone_test(joint, clones, rng=source).loss.values == pytest.approx(0, abs=5 * 0.0112)


def test_loss_of_seeds_that_agree_is_as_uncertain_as_their_episodes():
    # Losses 0, 0, 4, 4 in both seeds: means 2 and 2, variance 16/3 over 4 episodes, of both seeds together 2/3.
    joint = np.array([[0.0, 0.0, 4.0, 4.0]] * 2)
    loss = clone_test(joint, np.zeros((2, 1, 4)), rng=rng()).loss.at()
    assert (loss.value, loss.method) == (2.0, "floored student-t")
    assert loss.high - 2 == pytest.approx(stats.t.ppf(0.975, 1) * np.sqrt(2 / 3))
    one = clone_test(joint[:1], np.zeros((1, 1, 4)), unit="episode", rng=rng()).loss.at()
    assert (one.n, one.method) == (4, "student-t")


def test_interval_covers():
    # Ten seeds whose loss is 1: nominal .9; 500 sets: deviation .0134.
    source = np.random.default_rng(2)
    hits = 0
    for _ in range(500):
        seeds = source.normal(size=(10, 1))
        joint = 1 + seeds + source.normal(size=(10, 6))
        clones = (source.normal(size=(10, 6)) - 0.0)[:, None]
        found = clone_test(joint, np.concatenate([clones, clones - 5], axis=1), level=0.9, rng=source).loss
        hits += found.low <= 1 <= found.high
    assert hits / 500 == pytest.approx(0.9, abs=4 * 0.0134)


def test_one_seed_has_no_test_over_seeds_but_one_over_episodes():
    joint, clones = np.ones((1, 8)), np.zeros((1, 2, 8))
    over_seeds = clone_test(joint, clones, rng=rng())
    assert (over_seeds.p_value.p, over_seeds.p_value.smallest) == (1.0, 1.0)
    assert over_seeds.loss.at().reason == "n = 1 seed; an interval needs at least 2"
    over_episodes = clone_test(joint, clones, unit="episode", rng=rng())
    assert (over_episodes.p_value.p, over_episodes.p_value.unit) == (2.0**-7, "episode")


def test_clone_test_of_a_failed_seed_has_a_reason():
    joint = np.ones((3, 4))
    joint[1, 2] = np.nan
    found = clone_test(joint, np.zeros((3, 2, 4)), rng=rng())
    assert found.loss.at().reason == "1 of 3 seeds have no finite value"
    assert found.p_value.reason == "1 of 3 seeds have no finite value"
    assert isinstance(found, Result)
    assert [row["metric"] for row in found.to_records()] == ["clone_loss", "clone_p_value"]


@pytest.mark.parametrize(
    ("joint", "clones", "unit", "message"),
    [
        (np.ones((2, 4)), np.ones((2, 2, 5)), "seed", r"joint and clones must be \[S, E\] and \[S, N, E\]"),
        (np.ones((2, 1)), np.ones((2, 2, 1)), "seed", "joint must have two episodes or more"),
        (np.ones((2, 4)), np.ones((2, 2, 4)), "run", "unit must be seed or episode, not 'run'"),
        (np.ones((2, 4)), np.ones((2, 2, 4)), "episode", "unit can be episode for one seed only, not for 2"),
    ],
)
def test_clone_test_says_what_does_not_fit(joint, clones, unit, message):
    with pytest.raises(ValueError, match=message):
        clone_test(joint, clones, unit=unit, rng=rng())
