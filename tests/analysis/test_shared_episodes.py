"""Shared episodes: closed forms, what exact tables keep, coverage where all cells share episodes, empty cells."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.analysis.ensemble_gain import ensemble_gain
from nashlens.analysis.robustness import robustness
from nashlens.analysis.self_play import self_play_gap
from nashlens.analysis.shared_episodes import (
    cell_means,
    influences,
    reweighted_means,
    shared_error,
    with_shared_episodes,
)
from nashlens.analysis.statistics import student_t
from nashlens.analysis.two_way_bootstrap import cell_mean, two_way_bootstrap


def rng():
    return np.random.default_rng(0)


def crossed(source, *, runs, episodes=16, shared):
    """Return ``[R, R, E]`` of mean 0 with effects of row, column, pair and cell, sd 1, and of shared episodes."""
    effects = source.normal(size=(runs, 1, 1)) + source.normal(size=(1, runs, 1)) + source.normal(size=(runs, runs, 1))
    return effects + shared * source.normal(size=episodes) + source.normal(size=(runs, runs, episodes))


def test_shared_error_of_one_shared_effect_is_its_standard_error():
    # The same 8 numbers in all of 3 × 3 cells: s/√8, and half of it where half of the number is made of them.
    shared = rng().normal(size=8)
    moves = influences(np.tile(shared, (3, 3, 1))).mean(axis=(0, 1))
    assert shared_error(moves) == pytest.approx(shared.std(ddof=1) / np.sqrt(8))
    assert shared_error(moves / 2) == pytest.approx(shared.std(ddof=1) / np.sqrt(8) / 2)


def test_influences_heed_which_episodes_were_played():
    # 1 and 5 of three episodes: s/√2 = 2, the third moves nothing; one episode alone tells no error.
    found = influences(np.array([[1.0, np.nan, 5.0], [3.0, np.nan, np.nan], [np.nan] * 3]))
    np.testing.assert_allclose(found[0], [-np.sqrt(2), 0, np.sqrt(2)])
    assert np.isnan(found[1:]).all()
    assert (influences(np.full((2, 7), 0.1)) == 0).all()


def test_reweighted_means_are_those_of_the_episodes_drawn():
    table = rng().normal(size=(2, 3, 5))
    table[0, 1] = np.nan
    table[1, 2, 3:] = np.nan
    drawn = np.array([[0, 0, 2, 3, 4], [3, 3, 3, 4, 4]])
    weights = np.stack([np.bincount(each, minlength=5) for each in drawn]).astype(float)
    expected = [cell_means(table[:, :, each], ~np.isnan(table[:, :, each])) for each in drawn]
    np.testing.assert_allclose(reweighted_means(table, weights), expected)
    assert np.isnan(expected[1][1, 2])  # none of its episodes was drawn


def test_intervals_of_runs_that_agree_are_students_over_episodes():
    # Nothing between runs: v = 0, ν = E − 1, and the interval is that of the 10 episodes.
    shared = rng().normal(size=10)
    table = np.tile(shared, (4, 4, 1))
    own, known = self_play_gap(table).self_play, student_t(shared).at()
    assert (own.low, own.high) == pytest.approx((known.low, known.high))
    assert (own.method, own.n, own.unit) == ("crossed jackknife", 4, "run")
    held = robustness(table)
    mean = held.mean.at()
    assert (mean.low, mean.high) == pytest.approx((known.low, known.high))
    assert held.mean.method == "crossed student-t"
    # Halves of 5, each with weight ½: the variance is (s₀²/5 + s₁²/5)/4.
    halves = [shared[::2].var(ddof=1) / 5, shared[1::2].var(ddof=1) / 5]
    worst = held.worst_case.at()
    assert (worst.high - worst.low) / (mean.high - mean.low) == pytest.approx(
        np.sqrt(sum(halves)) / 2 / (shared.std(ddof=1) / np.sqrt(10))
    )


@given(st.integers(0, 10**6), st.floats(0, 5))
def test_intervals_with_shared_episodes_are_never_narrower(seed, error):
    found = student_t(np.random.default_rng(seed).normal(size=4))
    wide = with_shared_episodes(found, error, n_episodes=64)
    assert wide.low <= found.low
    assert wide.high >= found.high
    assert wide.values == found.values


def test_errors_that_are_0_or_unknown_leave_intervals_as_they_are():
    found = student_t(rng().normal(size=(5, 3)))
    assert with_shared_episodes(found, [0.0, np.nan, 0.0], n_episodes=64) is found
    one = with_shared_episodes(found, [0.0, np.nan, 1.0], n_episodes=64)
    np.testing.assert_array_equal(one.low[:2], found.low[:2])
    assert one.low[2] < found.low[2]
    assert with_shared_episodes(found, [1.0, 1.0, 1.0], n_episodes=1) is found
    none = student_t([1.0]).at()
    assert with_shared_episodes(none, 1.0, n_episodes=64) is none


def test_differences_keep_the_benefit_of_shared_episodes():
    # What an episode gives to all cells alike moves no gap, however much it is: the intervals are the same.
    table = crossed(rng(), runs=5, shared=0)
    moved = table + 100 * rng().normal(size=16)
    for one, two in zip(
        (self_play_gap(table).gap, robustness(table, trained_with=np.eye(5, dtype=bool)).generalisation_gap.at()),
        (self_play_gap(moved).gap, robustness(moved, trained_with=np.eye(5, dtype=bool)).generalisation_gap.at()),
        strict=True,
    ):
        assert (one.low, one.high) == pytest.approx((two.low, two.high), abs=1e-8)

    def apart(cells):
        return cells[..., 0, :].mean(axis=-1) - cells[..., 1, :].mean(axis=-1)

    one, two = (two_way_bootstrap(each, apart, rng=rng()).at() for each in (table, moved))
    assert (one.low, one.high) == pytest.approx((two.low, two.high), abs=1e-8)


def test_three_way_bootstrap_of_one_shared_effect_has_its_variance():
    # Drawing 64 of 64 episodes: the mean of a draw has variance σ̂²/64, σ̂² with divisor 64. Its .025 and .975
    # quantiles are 1.96 of that away, and 4,000 draws leave 2.5% of the width open; four times that is allowed.
    shared = rng().normal(size=64)
    found = two_way_bootstrap(np.tile(shared, (3, 4, 1)), cell_mean, n_resamples=4000, rng=rng()).at()
    assert found.value == pytest.approx(shared.mean())
    assert (found.high - found.low) / (2 * 1.96) == pytest.approx(shared.std() / 8, rel=0.1)
    assert found.method == "three-way-bootstrap"


@pytest.mark.parametrize("episodes", [1, 2, 7])
def test_tables_of_expectations_keep_their_intervals_to_the_byte(episodes):
    cells = rng().normal(size=(5, 5))
    cells[1, 3] = np.nan
    table = np.repeat(cells[:, :, None], episodes, axis=2)
    exact = cell_means(table, ~np.isnan(table))
    one, two = (two_way_bootstrap(each, cell_mean, rng=rng()).at() for each in (exact, table))
    assert repr(one) == repr(two)
    single, several = (self_play_gap(each) for each in (exact[:, :, None], table))
    assert repr(single) == repr(several)
    assert several.gap.method == "jackknife"
    assert robustness(table).mean.method == "student-t"
    if episodes > 1:
        found = robustness(table)
        for k, name in enumerate(("mean", "worst_case", "cvar")):
            known = student_t(found.runs[:, k], unit="run").at()
            assert repr(getattr(found, name).at()) == repr(known)


def test_empty_cells_stay_empty_and_draws_are_those_of_the_seed():
    table = crossed(rng(), runs=4, shared=2)
    table[np.arange(4), np.arange(4)] = np.nan
    one, two = (two_way_bootstrap(table, cell_mean, rng=rng()).at() for _ in range(2))
    assert (one.low, one.high) == (two.low, two.high)
    assert one.value == pytest.approx(np.nanmean(table))
    assert one.low < one.value < one.high
    found = self_play_gap(table)
    assert found.self_play.reason == "the diagonal is empty"
    assert found.cross_play.method == "crossed jackknife"
    assert np.isfinite(found.cross_play.low)
    assert np.isfinite(robustness(table).worst_case.at().low)


@pytest.mark.parametrize(("runs", "before"), [(5, 0.81), (10, 0.83)])
def test_three_way_bootstrap_covers_where_cells_share_episodes(runs, before):
    # The shared effect as large as those of rows and columns together. Nominal .95; 300 sets: deviation .0142. Of 1,000
    # sets .933 (five runs) and .940 (ten), and .808 and .826 if only rows and columns are drawn.
    source = np.random.default_rng(1)
    hits = np.zeros(2)
    for _ in range(300):
        table = crossed(source, runs=runs, shared=np.sqrt(16 * 2 / runs))
        for k, given_table in enumerate((table, table.mean(axis=2))):
            found = two_way_bootstrap(given_table, cell_mean, n_resamples=300, rng=source)
            hits[k] += found.low <= 0 <= found.high
    assert hits[0] / 300 == pytest.approx(0.935, abs=3 * 0.0142)
    assert hits[1] / 300 == pytest.approx(before, abs=3 * 0.024)


def test_self_play_covers_where_cells_share_episodes():
    # Five runs, sixteen episodes of a shared effect with sd 4, 1 in the mean. Nominal .95; 300 sets: deviation .0126.
    source = np.random.default_rng(2)
    hits = dict.fromkeys(("self_play", "cross_play", "gap"), 0)
    alone = 0
    for _ in range(300):
        table = crossed(source, runs=5, shared=4)
        found = self_play_gap(table)
        for name in hits:
            estimate = getattr(found, name)
            hits[name] += estimate.low <= 0 <= estimate.high
        over_runs = self_play_gap(table.mean(axis=2, keepdims=True)).self_play
        alone += over_runs.low <= 0 <= over_runs.high
    assert min(hits.values()) / 300 == pytest.approx(0.95, abs=3 * 0.0126)
    assert alone / 300 < 0.9


def test_robustness_covers_where_cells_share_episodes():
    # Four opponents of −5, −2, 1 and 4, far enough apart that halves agree: mean −.5, worst −5, worst half −3.5. Five
    # runs, sd 1 of their own and .3 of pairs; a shared effect of .5 in the mean over 16 episodes, and one as large of
    # each opponent, which rows share. Nominal .95; 300 sets: deviation .0126.
    source = np.random.default_rng(3)
    truth = {"mean": -0.5, "worst_case": -5.0, "cvar": -3.5}
    hits, alone = dict.fromkeys(truth, 0), dict.fromkeys(truth, 0)
    for _ in range(300):
        cells = np.array([-5.0, -2.0, 1.0, 4.0]) + source.normal(size=(5, 1)) + 0.3 * source.normal(size=(5, 4))
        shared = 2 * source.normal(size=(1, 1, 16)) + 2 * source.normal(size=(1, 4, 16))
        found = robustness(cells[:, :, None] + shared + source.normal(size=(5, 4, 16)), share=0.5)
        for k, (name, value) in enumerate(truth.items()):
            estimate, over_runs = getattr(found, name).at(), student_t(found.runs[:, k]).at()
            hits[name] += estimate.low <= value <= estimate.high
            alone[name] += over_runs.low <= value <= over_runs.high
    for name, count in hits.items():
        assert count / 300 == pytest.approx(0.95, abs=3 * 0.0126)
        assert alone[name] < count


def test_worst_case_of_a_mixture_moves_with_its_episodes():
    # Opponents far apart, so that adding to one episode changes no choice: the number moves by 1/E of what is added to
    # all cells of the episode, and `moves` is that slope times (x − x̄) E/√(n (n − 1)) in halves of n.
    source = rng()
    ours, theirs = (source.normal(size=(3, 4, 8)) + 20 * np.arange(4)[:, None] for _ in range(2))
    found = ensemble_gain(ours, theirs)
    half = ours[:, 0, ::2].mean(axis=0)  # the first opponent is the worst to all
    expected = (half - half.mean()) / np.sqrt(4 * 3) / 2
    for name in ("mixture_worst", "mean_single_worst"):
        np.testing.assert_allclose(found.moves[name][::2], expected)
    np.testing.assert_allclose(found.moves["mixing_gain"], 0, atol=1e-12)
    both = source.normal(size=8) * 50
    moved = ensemble_gain(ours + both, theirs + both)
    np.testing.assert_allclose(moved.moves["training_gain"], found.moves["training_gain"], atol=1e-10)
    assert ensemble_gain(ours.mean(axis=2)).moves == {}
    assert np.isnan(ensemble_gain(ours).moves["training_gain"]).all()
