"""Self-play against cross-play: joint-policy correlation (T28), conventions, coverage, empty cells."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.analysis.results import Result
from nashlens.analysis.self_play import self_play_gap


def test_joint_policy_correlation_of_the_known_table():
    # T28: [[10, 4], [2, 8]]: D̄ = 9, Ō = 3, (9 − 3)/9 = .6667; the additive form is 6.
    found = self_play_gap(np.array([[10.0, 4.0], [2.0, 8.0]])[:, :, None])
    assert (found.self_play.value, found.cross_play.value, found.gap.value) == (9, 3, 6)
    assert found.correlation.value == pytest.approx(2 / 3)
    assert found.gap.reason == "n = 2 runs; an interval needs at least 3"


@pytest.mark.parametrize(("k", "expected"), [(2, 0.5), (3, 0.3333), (5, 0.2), (10, 0.1)])
def test_zero_shot_gap_of_equivalent_conventions(k, expected):
    # Runs settle on one of K conventions at random; two of them agree with probability 1/K. 200 runs: the share of
    # agreeing pairs has a standard deviation of √(1/K (1 − 1/K) / (200 · 199 / 2)) below .0036, five allowed.
    drawn = np.random.default_rng(0).integers(0, k, size=200)
    found = self_play_gap((drawn[:, None] == drawn[None]).astype(float)[:, :, None])
    assert found.self_play.value == 1
    assert found.cross_play.value == pytest.approx(expected, abs=5 * 0.0036)
    assert found.gap.value == pytest.approx(1 - found.cross_play.value)


def test_zero_shot_gap_of_the_lever_game():
    # Nine levers pay 1 and one pays .9, where all pull the same. 20 runs on each of the nine: another run is on the
    # same lever in 19 of 179 cases, near 1/9 = .111. Runs that all pull the odd lever get .9 with anybody.
    levers = np.repeat(np.arange(9), 20)
    apart = self_play_gap((levers[:, None] == levers[None]).astype(float)[:, :, None])
    assert apart.cross_play.value == pytest.approx(19 / 179)
    together = self_play_gap(np.full((5, 5, 1), 0.9))
    assert (together.cross_play.value, together.gap.value) == pytest.approx((0.9, 0))


def test_correlation_needs_returns_above_0_and_says_so():
    found = self_play_gap(np.array([[-10.0, -4.0], [-2.0, -8.0]])[:, :, None])
    assert np.isnan(found.correlation.value)
    assert found.correlation.reason == "returns are not all above 0: read the gap"
    assert found.gap.value == -6
    assert isinstance(found, Result)
    assert [row["metric"] for row in found.to_records()][2:] == ["zero_shot_gap", "joint_policy_correlation"]


def test_gap_covers_with_row_column_and_pair_effects():
    # Ten runs, gap 1, effects of row, column and pair: nominal .9; 400 sets: deviation .015, and .02 for the jackknife.
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(400):
        table = rng.normal(size=(10, 1)) + rng.normal(size=(1, 10)) + rng.normal(size=(10, 10)) + np.eye(10) + 5
        found = self_play_gap(table[:, :, None], level=0.9).gap
        hits += found.low <= 1 <= found.high
    assert hits / 400 == pytest.approx(0.9, abs=4 * 0.015 + 0.02)


@given(st.integers(0, 10**6), st.floats(-10, 10), st.floats(0.1, 10))
def test_gap_scales_with_returns_and_does_not_move_with_them(seed, shift, scale):
    table = np.random.default_rng(seed).normal(size=(4, 4, 3))
    one, two = self_play_gap(table).gap, self_play_gap(shift + scale * table).gap
    assert (two.value, two.low, two.high) == pytest.approx(
        (scale * one.value, scale * one.low, scale * one.high), abs=1e-8
    )


def test_empty_cells_are_left_out_and_counted():
    table = np.full((3, 3, 2), np.nan)
    table[np.arange(3), np.arange(3)] = 4.0
    table[0, 1] = table[1, 2] = 1.0
    found = self_play_gap(table)
    assert (found.self_play.value, found.cross_play.value, found.n_empty) == (4, 1, 4)
    lonely = self_play_gap(np.where(np.eye(3)[:, :, None] > 0, 4.0, np.nan))
    assert lonely.cross_play.reason == "all cells off the diagonal are empty"
    assert np.isnan(lonely.gap.value)
    one = self_play_gap(np.ones((1, 1, 3)))
    assert one.self_play.value == 1
    assert np.isnan(one.gap.value)


def test_self_play_gap_says_what_does_not_fit():
    with pytest.raises(ValueError, match=r"payoffs must be \[R, R, E\]"):
        self_play_gap(np.ones((2, 3, 1)))
    with pytest.raises(ValueError, match="level must be inside"):
        self_play_gap(np.ones((3, 3, 1)), level=0.0)


def test_correlation_covers_with_row_column_and_pair_effects():
    # Self-play 6 and cross-play 5 in the mean: (6 − 5)/6. Ten runs, nominal .95; 300 sets: deviation .0126, and .02 for
    # the jackknife, which is a little wide.
    rng = np.random.default_rng(2)
    hits = 0
    for _ in range(300):
        effects = rng.normal(size=(10, 1)) + rng.normal(size=(1, 10)) + rng.normal(size=(10, 10))
        found = self_play_gap((5 + 0.5 * effects + np.eye(10))[:, :, None]).correlation
        hits += found.low <= 1 / 6 <= found.high
    assert hits / 300 == pytest.approx(0.95, abs=3 * 0.0126 + 0.02)
