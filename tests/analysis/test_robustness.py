"""Robustness: each measure by hand, no loss by chance (T30), empty cells, bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.analysis.results import Result
from nashlens.analysis.robustness import robustness, worst_share


def test_robustness_worked_by_hand():
    # Four opponents 4, 1, 2, 9, the last trained with: held-out mean 7/3, worst 1; the worst half of three is
    # (1 + ½ · 2)/1.5 = 4/3; gap 9 − 7/3.
    payoffs = np.repeat(np.array([[4.0, 1.0, 2.0, 9.0]])[:, :, None], 2, axis=2)
    trained = np.array([[False, False, False, True]])
    found = robustness(payoffs, trained_with=trained, share=0.5)
    np.testing.assert_allclose(found.runs, [[7 / 3, 1, 4 / 3, 9 - 7 / 3]])
    assert found.worst_case.at().value == 1
    assert found.worst_case.at().reason == "n = 1 run; an interval needs at least 2"


def test_worst_case_is_not_too_low_by_chance():
    # Ten equal opponents of mean 0, 8 episodes: the least of ten means is −1.53875/√8 = −.544 (T30); chosen on the
    # other half it is 0. 1,500 rows: standard deviation of the mean below .5/√1500 = .013.
    payoffs = np.random.default_rng(0).normal(size=(1500, 10, 8))
    assert payoffs.mean(axis=2).min(axis=1).mean() == pytest.approx(-0.544, abs=5 * 0.013)
    found = robustness(payoffs, share=0.3)
    assert found.worst_case.values == pytest.approx(0, abs=5 * 0.013)
    assert found.cvar.values == pytest.approx(0, abs=5 * 0.013)


def test_worst_case_is_found_where_there_is_one():
    payoffs = np.random.default_rng(1).normal(size=(200, 6, 20))
    payoffs[:, 4] -= 5
    found = robustness(payoffs)
    assert found.worst_case.values == pytest.approx(-5, abs=5 / np.sqrt(200 * 20))
    assert {row["bound"] for row in found.to_records()} == {"upper", "estimate"}


@given(st.integers(1, 20), st.floats(0.01, 1))
def test_worst_share_weighs_the_worst_first(n, share):
    weights = worst_share(n, share)
    assert weights.sum() == pytest.approx(1)
    assert (np.diff(weights) <= 1e-12).all()
    assert worst_share(n, 1.0) == pytest.approx(np.full(n, 1 / n))


def test_share_of_all_opponents_is_the_mean_and_a_small_one_the_worst_case():
    payoffs = np.random.default_rng(2).normal(size=(5, 4, 6))
    np.testing.assert_allclose(robustness(payoffs, share=1.0).runs[:, 2], payoffs.mean(axis=(1, 2)))
    small = robustness(payoffs, share=0.2).runs
    np.testing.assert_allclose(small[:, 2], small[:, 1])


def test_empty_cells_are_left_out_and_counted():
    payoffs = np.ones((2, 3, 4))
    payoffs[0, 1] = np.nan
    payoffs[1] = np.nan
    found = robustness(payoffs)
    assert found.n_empty == 4
    assert found.runs[0, :3].tolist() == [1, 1, 1]
    assert np.isnan(found.runs[1]).all()
    assert found.mean.at().reason == "1 of 2 runs have no finite value"
    assert np.isnan(found.runs[0, 3])  # no training opponent is named
    assert isinstance(found, Result)
    assert all(row["n_empty"] == 4 for row in found.to_records())


def test_one_episode_cannot_choose_and_report():
    found = robustness(np.ones((3, 2, 1)))
    assert found.mean.values == 1
    assert np.isnan(found.worst_case.values)


@pytest.mark.parametrize(
    ("payoffs", "settings", "message"),
    [
        (np.ones((2, 2)), {}, r"payoffs must be \[runs_A, runs_B, episodes\]"),
        (np.ones((2, 2, 2)), {"share": 0.0}, r"share must be inside \(0, 1\], not 0.0"),
        (np.ones((2, 2, 2)), {"trained_with": [[0, 1], [1, 0]]}, "trained_with must be True or False of shape"),
    ],
)
def test_robustness_says_what_does_not_fit(payoffs, settings, message):
    with pytest.raises(ValueError, match=message):
        robustness(payoffs, **settings)


def test_intervals_cover_mean_worst_case_and_worst_share():
    # Four opponents of −5, −2, 1 and 4, far enough apart that the halves agree on their order: mean −.5, worst −5,
    # worst half −3.5. Five runs with effects of their own, sd 1, and of pairs, sd .3. Nominal .95; 400 sets: deviation
    # .0109.
    source = np.random.default_rng(3)
    truth = {"mean": -0.5, "worst_case": -5.0, "cvar": -3.5}
    hits = dict.fromkeys(truth, 0)
    for _ in range(400):
        cells = np.array([-5.0, -2.0, 1.0, 4.0]) + source.normal(size=(5, 1)) + 0.3 * source.normal(size=(5, 4))
        found = robustness(cells[:, :, None] + source.normal(size=(5, 4, 16)), share=0.5)
        for name, value in truth.items():
            estimate = getattr(found, name).at()
            hits[name] += estimate.low <= value <= estimate.high
    for count in hits.values():
        assert count / 400 == pytest.approx(0.95, abs=4 * 0.0109)
