"""Bounds from trained deviations: closed forms, games with known gains, coverage, controls, bad input."""

import numpy as np
import pytest
from scipy import stats

from nashlens.analysis.approximate_response import approximate_response, limit_over_seeds
from nashlens.analysis.quadratic_game import QuadraticGame, quadratic_nash_conv
from nashlens.analysis.results import Result
from nashlens.analysis.selection_bias import selection_bias


def quadratic_game(b=0.5, c=(1.0, -1.0)):
    """Return the game u_i = −(a_i − c_i)² + b a_i a_j, less the constant −c_i²."""
    quadratic = [[[-1, b], [0, 0]], [[0, 0], [b, -1]]]
    return QuadraticGame(linear=2 * np.diag(c), quadratic=quadratic)


def test_approximate_response_of_three_paired_episodes():
    # Gains 1, 2, 3: mean 2, s = 1, one-sided t quantile of 2 degrees of freedom at .95 is 2.919986.
    found = approximate_response([[[1.0], [3.0], [6.0]]], [[[0.0], [1.0], [3.0]]], names=["prey"])
    gain = found.gains[0]
    assert gain.value == 2.0
    assert gain.low == pytest.approx(2 - 2.919986 / np.sqrt(3), abs=1e-6)
    assert (gain.high, gain.unit, gain.n, gain.bound) == (np.inf, "episode", 3, "lower")
    assert found.certified.tolist() == [pytest.approx(gain.low)]


def test_approximate_response_over_seeds_is_the_one_sided_limit_of_their_means():
    # Seeds that differ by far more than their episodes leave open: Student's t of the seeds' means.
    source = np.random.default_rng(0)
    new, old = source.normal(size=(2, 4, 50, 2))
    new = new + 10 * source.normal(size=(4, 1, 1))
    found = approximate_response([new], [old], level=0.9).gains[0]
    means = (new - old).sum(axis=2).mean(axis=1)
    assert found.value == pytest.approx(means.mean(), abs=1e-12)
    assert found.low == pytest.approx(means.mean() - stats.t.ppf(0.9, 3) * stats.sem(means), abs=1e-12)
    assert (found.unit, found.n, found.method) == ("seed", 4, "one-sided floored student-t")


def test_approximate_response_of_seeds_that_agree_is_floored_at_the_errors_of_their_episodes():
    # Gains −1 and 3 in both seeds: means 1 and 1, s = 0; each mean's squared error is 8 / 2 = 4, that of both 4 / 2.
    new = np.array([[[-1.0], [3.0]], [[3.0], [-1.0]]])
    found = approximate_response([new, new], [np.zeros_like(new)] * 2)
    quantile = stats.t.ppf(0.95, 1)
    assert found.gains[0].low == pytest.approx(1 - quantile * np.sqrt(2))
    assert found.total.low == pytest.approx(2 - quantile * 2)  # of two deviators, in independent episodes
    one_each = approximate_response([new[:, :1]], [np.zeros((2, 1, 1))]).gains[0]
    assert one_each.method == "one-sided student-t"  # of one episode no error is known


def test_limit_over_seeds_is_students_where_errors_are_unknown_and_never_nearer_to_the_mean():
    gains, errors = np.array([0.5, 1.0, 3.0, 2.0]), np.array([0.1, 0.2, np.nan, 0.1])
    student = gains.mean() - stats.t.ppf(0.95, 3) * stats.sem(gains)
    for unknown in (None, errors):
        assert limit_over_seeds(gains, unknown).low == pytest.approx(student)
        assert limit_over_seeds(gains, unknown).method == "one-sided student-t"
    assert limit_over_seeds(gains, np.full(4, 0.1)).low == pytest.approx(student)
    assert limit_over_seeds(gains, np.full(4, 5.0)).low == pytest.approx(gains.mean() - stats.t.ppf(0.95, 3) * 2.5)


def test_limit_over_seeds_that_are_too_few_or_failed_has_a_reason():
    assert limit_over_seeds([1.0], [0.1]).reason == "n = 1 seed; a limit needs at least 2"
    assert limit_over_seeds([1.0, np.nan], [0.1, 0.1]).reason == "1 of 2 seeds have no finite value"
    assert limit_over_seeds([], []).reason == "there is no seed"


@pytest.mark.parametrize("between", [0.0, 0.5, 3.0])
def test_limit_over_five_seeds_covers_at_least_at_its_level(between):
    # True gain 0, errors of 1: the limit lies below it in 95% or more of 4,000 repetitions (standard deviation .0034).
    source = np.random.default_rng(8)
    gains = between * source.normal(size=(4000, 5)) + source.normal(size=(4000, 5))
    hits = np.mean([limit_over_seeds(each, np.ones(5)).low <= 0 for each in gains])
    assert hits >= 0.95 - 4 * 0.0034


@pytest.mark.parametrize(
    ("gains", "errors", "level", "message"),
    [
        ([[1.0]], None, 0.95, r"gains must be one row of numbers \[S\]"),
        ([1.0, 2.0], [1.0], 0.95, "errors must be 2 numbers, one a seed, not 1"),
        ([1.0, 2.0], [1.0, -1.0], 0.95, "errors must be at least 0"),
        ([1.0, 2.0], [1.0, 1.0], 0.0, "level must be inside"),
    ],
)
def test_limit_over_seeds_says_what_does_not_fit(gains, errors, level, message):
    with pytest.raises(ValueError, match=message):
        limit_over_seeds(gains, errors, level=level)


def test_approximate_response_recovers_the_whole_gain_where_the_best_responses_are_played():
    # u_i = −(a_i − c_i)² + a_i a_j / 2, c = (1, −1), a = (.3, .2): NashConv 1.828125; the noise is common to both.
    game, actions = quadratic_game(), np.array([0.3, 0.2])
    exact = quadratic_nash_conv(game, actions)
    assert exact.nash_conv == pytest.approx(1.828125)
    best = game.best_replies(actions)
    noise = np.random.default_rng(1).normal(size=(30, 1))
    new, old = [], []
    for i in range(2):
        deviated = actions.copy()
        deviated[i] = best[i]
        new.append(game.payoffs(deviated)[i] + noise)
        old.append(game.payoffs(actions)[i] + noise)
    found = approximate_response(new, old, exact=exact.gains)
    assert found.total.value == pytest.approx(1.828125)
    assert found.recovery.tolist() == pytest.approx([1, 1])
    assert found.recovery_total == pytest.approx(1)
    assert found.certified_total == pytest.approx(1.828125)  # paired differences have no spread here


def test_approximate_response_of_half_the_way_recovers_three_quarters():
    # The payoff is quadratic in the own action: half the way to the best reply leaves a quarter of the gain.
    game, actions = quadratic_game(), np.array([0.3, 0.2])
    best, exact = game.best_replies(actions), quadratic_nash_conv(game, actions)
    half = actions.copy()
    half[0] = (actions[0] + best[0]) / 2
    new, old = (np.full((5, 1), game.payoffs(a)[0]) for a in (half, actions))
    assert approximate_response([new], [old], exact=exact.gains[:1]).recovery[0] == pytest.approx(0.75)


def test_approximate_response_limit_covers_and_is_not_clipped():
    # True gain 0: the limit lies below it in 95% of 1000 repetitions (binomial, standard deviation .0069).
    source = np.random.default_rng(2)
    found = [approximate_response([source.normal(size=(20, 1))], [np.zeros((20, 1))]) for _ in range(1000)]
    values, lows = (np.array([getattr(f.gains[0], name) for f in found]) for name in ("value", "low"))
    assert abs(np.mean(lows <= 0) - 0.95) < 4 * 0.0069
    # Negative gains stay: about half of them, mean 0 within four standard errors of .0071.
    assert 0.4 < np.mean(values < 0) < 0.6
    assert abs(values.mean()) < 4 * 0.0071
    assert min(f.certified[0] for f in found) == 0


def test_approximate_response_reported_where_it_was_chosen_is_biased_upwards():
    # Best of 5 equally good restarts on n = 100 episodes of spread 1: + c_5/√100 = .1163 where chosen, 0 on fresh ones.
    source = np.random.default_rng(3)
    chosen, fresh = [], []
    for _ in range(1500):
        restarts = source.normal(size=(5, 100, 1))
        best = restarts[restarts.mean(axis=(1, 2)).argmax()]
        chosen.append(approximate_response([best], [np.zeros((100, 1))]).gains[0].value)
        fresh.append(approximate_response([source.normal(size=(100, 1))], [np.zeros((100, 1))]).gains[0].value)
    expected = selection_bias(5, standard_error=0.1).bias
    assert np.mean(chosen) == pytest.approx(expected, abs=4 * 0.067 / np.sqrt(1500))
    assert np.mean(fresh) == pytest.approx(0, abs=4 * 0.1 / np.sqrt(1500))


def test_approximate_response_of_an_untrained_deviator_certifies_nothing():
    # The negative control: the same policy in the same games gains exactly 0.
    returns = np.random.default_rng(4).normal(size=(3, 40, 2))
    found = approximate_response([returns], [returns])
    assert (found.gains[0].value, found.gains[0].low, found.certified[0]) == (0.0, 0.0, 0.0)


def test_approximate_total_adds_deviators_within_each_seed():
    source = np.random.default_rng(5)
    new, old = ([source.normal(size=(4, m, 1)) for m in (30, 50)] for _ in range(2))
    found = approximate_response(new, old)
    sums = sum((a - b).mean(axis=(1, 2)) for a, b in zip(new, old, strict=True))
    assert found.total.value == pytest.approx(sums.mean())
    assert found.total.low == pytest.approx(sums.mean() - stats.t.ppf(0.95, 3) * stats.sem(sums))
    assert found.total.value == pytest.approx(sum(g.value for g in found.gains))


def test_approximate_total_of_one_seed_has_welchs_degrees_of_freedom():
    source = np.random.default_rng(6)
    a, b = source.normal(size=(10, 1)), 3 * source.normal(size=(25, 1))
    found = approximate_response([a, b], [np.zeros((10, 1)), np.zeros((25, 1))]).total
    welch = stats.ttest_ind(a.ravel(), -b.ravel(), equal_var=False).confidence_interval(0.9)
    assert found.low == pytest.approx(welch.low, abs=1e-10)


def test_approximate_response_of_one_episode_or_a_failed_seed_has_no_limit_but_a_reason():
    one = approximate_response([[[2.0]]], [[[1.0]]])
    assert (one.gains[0].value, one.gains[0].reason) == (1.0, "n = 1 episode; a limit needs at least 2")
    assert np.isnan([one.certified[0], one.certified_total, one.gains[0].high]).all()
    new = np.ones((3, 4, 1))
    new[1] = np.nan
    failed = approximate_response([new], [np.zeros((3, 4, 1))])
    assert failed.gains[0].reason == "1 of 3 seeds have no finite value"
    assert np.isnan(failed.total.value)


def test_approximate_response_normalises_and_names_its_rows():
    found = approximate_response(
        [np.ones((3, 1)), np.ones((3, 1))], [np.zeros((3, 1))] * 2, names=["a", "b"], scale=[4.0, 0.0], n_steps=500
    )
    assert isinstance(found, Result)
    assert found.bound == "lower"
    assert found.normalised[0] == 0.25
    assert np.isnan(found.normalised[1])
    rows = found.to_records()
    assert [(row["metric"], row.get("deviator"), row["n_steps"]) for row in rows] == [
        ("approximate_gain", "a", 500),
        ("approximate_gain", "b", 500),
        ("approximate_nash_conv", None, 500),
    ]
    assert np.isnan(rows[0]["recovery"])
    zero = approximate_response([np.ones((3, 1))], [np.zeros((3, 1))], exact=[0.0])
    assert np.isnan([zero.recovery[0], zero.recovery_total]).all()


@pytest.mark.parametrize(
    ("new", "old", "options", "message"),
    [
        ([], [], {}, "original_returns must have one entry for each of 0 deviators, one at least"),
        ([np.ones((2, 1))], [], {}, "original_returns must have one entry for each of 1 deviators"),
        ([np.ones((2, 1))], [np.ones((3, 1))], {}, r"must be of one shape, \[S, M, n\] or \[M, n\], not \(2, 1\)"),
        ([np.ones(2)], [np.ones(2)], {}, "must be of one shape"),
        ([np.ones((2, 2, 1)), np.ones((3, 2, 1))], [np.ones((2, 2, 1)), np.ones((3, 2, 1))], {}, "the same seeds"),
        ([np.ones((2, 1))], [np.ones((2, 1))], {"names": ["a", "b"]}, "names must be 1, one a deviator, not 2"),
        ([np.ones((2, 1))], [np.ones((2, 1))], {"exact": [1, 2]}, r"exact must be 1 numbers, one a deviator"),
        ([np.ones((2, 1))], [np.ones((2, 1))], {"scale": 1.0}, "scale must be 1 numbers"),
        ([np.ones((2, 1))], [np.ones((2, 1))], {"level": 1.0}, "level must be inside"),
    ],
)
def test_approximate_response_says_what_does_not_fit(new, old, options, message):
    with pytest.raises(ValueError, match=message):
        approximate_response(new, old, **options)


def test_approximate_total_of_one_seed_covers_with_unequal_deviators():
    # 10 episodes of spread 1 and 25 of spread 3, each of gain 1: the limit lies below 2 in 95% of 1000 repetitions.
    source = np.random.default_rng(7)
    hits = 0
    for _ in range(1000):
        gains = [source.normal(1.0, 1.0, size=(10, 1)), source.normal(1.0, 3.0, size=(25, 1))]
        hits += approximate_response(gains, [np.zeros_like(each) for each in gains]).total.low <= 2
    assert hits / 1000 == pytest.approx(0.95, abs=4 * 0.0069)
