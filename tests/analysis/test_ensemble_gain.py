"""Ensemble gain: rock, paper, scissors (T27), the inequality, no gain without diversity, empty cells."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nashlens.analysis.ensemble_gain import ensemble_gain
from nashlens.analysis.results import Result
from nashlens.analysis.statistics import student_t

RPS = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])


@pytest.mark.parametrize(("members", "worst"), [([0], -1), ([0, 1], -0.5), ([0, 1, 2], 0)])
def test_ensemble_gain_of_rock_paper_scissors(members, worst):
    # T27: {R, P} gets ½, −½, 0 against R, P, S.
    found = ensemble_gain(RPS[members])
    assert found.mixture_worst == pytest.approx(worst)
    assert (found.single_worst == -1).all()
    assert found.mixing_gain == pytest.approx(worst + 1)


@given(arrays(np.float64, (3, 4), elements=st.floats(-5, 5).map(lambda x: round(x, 3))))
def test_mixing_never_lowers_the_worst_case_on_average(table):
    found = ensemble_gain(table)
    assert found.mixture_worst >= found.mean_single_worst - 1e-9
    assert found.best_single_worst >= found.mean_single_worst - 1e-9


def test_copies_gain_nothing():
    row = np.random.default_rng(0).normal(size=5)
    assert ensemble_gain(np.tile(row, (4, 1))).mixing_gain == pytest.approx(0, abs=1e-12)


def test_an_ensemble_must_beat_mixing_afterwards():
    # Both mixtures are {R, P, S}: the ensemble is more robust than a member by 1, and not more than mixing.
    found = ensemble_gain(RPS, RPS[::-1])
    assert (found.mixing_gain, found.training_gain) == (1, 0)
    assert ensemble_gain(RPS, RPS[:2]).training_gain == pytest.approx(0.5)


def test_episodes_gain_nothing_by_chance():
    # Four members and six opponents alike, 10 episodes: read off means, the minimum of a member is 1.26721 σ/√10 too
    # low and that of the mixture half of it, a gain of .2004 from nothing (c_6 = 1.26721). Chosen on the other half it
    # is 0; 1,000 tables, each with a standard deviation below .45.
    rng = np.random.default_rng(1)
    tables = rng.normal(size=(1000, 4, 6, 10))
    naive = [ensemble_gain(t.mean(axis=2)).mixing_gain for t in tables]
    assert np.mean(naive) == pytest.approx(1.26721 / np.sqrt(10) / 2, abs=5 * 0.45 / np.sqrt(1000))
    split = [ensemble_gain(t).mixing_gain for t in tables]
    assert np.mean(split) == pytest.approx(0, abs=5 * 0.45 / np.sqrt(1000))


def test_episodes_without_noise_give_the_exact_values():
    found = ensemble_gain(np.repeat(RPS[:, :, None], 4, axis=2), np.repeat(RPS[:2, :, None], 4, axis=2))
    assert (found.mixture_worst, found.post_hoc_worst, found.bound) == (0, -0.5, "estimate")


def test_one_episode_cannot_choose_and_report():
    with pytest.raises(ValueError, match="every column has an empty cell"):
        ensemble_gain(RPS[:, :, None])


def test_opponents_with_empty_cells_are_left_out_and_counted():
    holed = RPS.copy()
    holed[0, 1] = np.nan
    found = ensemble_gain(holed)
    assert (found.n_opponents, found.n_left_out) == (2, 1)
    assert found.mixture_worst == 0
    rows = {row["metric"]: row for row in found.to_records()}
    assert rows["ensemble_post_hoc_worst"]["reason"] == "no policies trained apart were given"
    assert rows["ensemble_mixing_gain"]["reason"] == ""
    assert isinstance(found, Result)


@pytest.mark.parametrize(
    ("ensemble", "apart", "message"),
    [
        ([1.0, 2.0], None, r"ensemble must be \[K, B\] or \[K, B, E\]"),
        ([[np.inf]], None, r"ensemble must be .* of finite numbers"),
        ([[1.0, 2.0]], [[1.0]], "apart must meet the 2 opponents of ensemble, not 1"),
        ([[np.nan, 1.0]], [[1.0, np.nan]], "must have met one opponent in common"),
    ],
)
def test_ensemble_gain_says_what_does_not_fit(ensemble, apart, message):
    with pytest.raises(ValueError, match=message):
        ensemble_gain(ensemble, apart)


@pytest.mark.parametrize(("size", "coverage"), [(2, 0.92), (3, 0.90)])
def test_training_gain_over_seeds_covers_less_where_mixtures_share_policies(size, coverage):
    # Ten seeds whose ensembles have a worst case of 0 and policies trained apart one of −1, each of which serves in K
    # mixtures, as in reports: Student's intervals of the mean gain, nominal .95, take the mixtures for independent.
    # 300 sets here and 400 behind each number: standard deviation of the difference at most .024.
    source = np.random.default_rng(2)
    opponents = np.array([0.0, 3.0, 5.0])[:, None]
    hits = 0
    for _ in range(300):
        apart = opponents - [[1], [0], [0]] + source.normal(size=(10, 1, 1)) + source.normal(size=(10, 3, 8))
        gains = [
            ensemble_gain(
                opponents + source.normal() + source.normal(size=(size, 3, 8)),
                apart[[(k + j) % 10 for j in range(size)]],
            ).training_gain
            for k in range(10)
        ]
        found = student_t(gains).at()
        hits += found.low <= 1 <= found.high
    assert hits / 300 == pytest.approx(coverage, abs=3 * 0.024)
