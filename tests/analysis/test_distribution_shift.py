"""On and off distribution: exact sum, coverage, what is missing, the combined ledger."""

import numpy as np
import pytest

from nashlens.analysis.distribution_shift import combined_ledger, distribution_shift
from nashlens.analysis.lag_ledger import lag_ledger
from nashlens.analysis.mode_ledger import mode_ledger
from nashlens.analysis.results import Result


def test_distribution_shift_is_the_difference_of_the_means():
    found = distribution_shift([3.0, 5.0] * 5, [1.0, 2.0, 3.0] * 3, rng=np.random.default_rng(0))
    assert (found.fresh.value, found.buffer.value, found.shift.value) == (4.0, 2.0, 2.0)
    assert found.shift.low < 2.0 < found.shift.high
    assert isinstance(found, Result)
    assert [row["metric"] for row in found.to_records()][-1] == "distribution_shift_shift"


def test_distribution_shift_draws_from_its_generator_only():
    first, second = (
        distribution_shift(np.arange(9.0), np.arange(7.0), rng=np.random.default_rng(3)).shift for _ in range(2)
    )
    assert first == second


def test_distribution_shift_covers_with_whole_episodes():
    # 30 episodes of 2 equal observations on both sides, no shift. A percentile bootstrap covers a little below its
    # level; the standard deviation of 200 hits is .015.
    source = np.random.default_rng(1)
    labels = np.repeat(np.arange(30), 2)
    hits = []
    for _ in range(200):
        fresh, buffer = (np.repeat(source.normal(size=30), 2) for _ in range(2))
        found = distribution_shift(
            fresh, buffer, fresh_episodes=labels, buffer_episodes=labels, n_resamples=400, rng=source
        )
        hits.append(found.shift.low <= 0 <= found.shift.high)
    assert 0.88 < np.mean(hits) < 0.99


def test_distribution_shift_of_a_buffer_of_two_policies_weighs_them_and_keeps_their_shares():
    # The older policies' part is (2 · 1 + 6 · 3) / 8 = 2.5, the buffer half of that and half of 4: 3.25. Every episode
    # of a policy is like the others, so that nothing is uncertain, however far the policies are apart.
    found = distribution_shift(
        [4.0] * 6,
        [1.0] * 8 + [3.0] * 8,
        buffer_policies=[0] * 8 + [1] * 8,
        buffer_weights=[1.0] * 8 + [3.0] * 8,
        fresh_share=0.5,
        rng=np.random.default_rng(0),
    )
    assert (found.fresh.value, found.buffer.value, found.shift.value) == (4.0, 3.25, 0.75)
    assert found.shift.low == pytest.approx(0.75, abs=1e-12)
    assert found.shift.high == pytest.approx(0.75, abs=1e-12)
    assert found.shift.n == 6


def test_distribution_shift_interval_has_the_width_of_its_standard_error():
    # 400 single observations of spread 1 each: the shift is (1 − s)(m_0 − Σ w_k m_k), its variance
    # (1 − s)² (1 + Σ w_k²) / 400, with w = (1/4, 3/4) and s = 1/5. Drawn for both sides apart, fresh ones too, it would
    # be (1 + s² + (1 − s)² Σ w_k²) / 400, an interval 1.18 times as wide.
    source = np.random.default_rng(2)
    fresh, first, second = (source.normal(size=400) for _ in range(3))
    fresh, first, second = ((each - each.mean()) / each.std() for each in (fresh, first, second))
    shift = distribution_shift(
        fresh + 1.0,
        np.concatenate([first, second + 5.0]),
        buffer_policies=np.repeat([0, 1], 400),
        buffer_weights=np.repeat([1.0, 3.0], 400),
        fresh_share=0.2,
        rng=source,
    ).shift
    assert shift.value == pytest.approx(0.8 * (1 - 0.75 * 5))
    expected = 2 * 1.96 * 0.8 * np.sqrt((1 + 0.25**2 + 0.75**2) / 400)
    assert shift.high - shift.low == pytest.approx(expected, rel=0.07)  # quantiles of 2,000 draws: 2.5 % each


def test_distribution_shift_does_not_heed_what_has_no_weight():
    rng = np.random.default_rng(0)
    shift = distribution_shift([1.0] * 5, [np.inf, *[1.0] * 5], buffer_weights=[0.0, *[1.0] * 5], rng=rng).shift
    assert (shift.value, shift.low, shift.high, shift.reason) == (0.0, 0.0, 0.0, "")


def test_distribution_shift_covers_where_the_buffer_holds_fresh_episodes():
    # No shift: three policies of the same divergence, 20 episodes of 2 equal observations each. As above.
    source = np.random.default_rng(5)
    labels = np.repeat(np.arange(20), 2)
    hits = []
    for _ in range(200):
        sets = [np.repeat(source.exponential(size=20), 2) for _ in range(3)]
        shift = distribution_shift(
            sets[0],
            np.concatenate(sets[1:]),
            fresh_episodes=labels,
            buffer_episodes=np.tile(labels, 2),
            buffer_policies=np.repeat([1, 2], 40),
            buffer_weights=np.repeat([1.0, 2.0], 40),
            fresh_share=0.4,
            n_resamples=400,
            rng=source,
        ).shift
        hits.append(shift.low <= 0 <= shift.high)
    assert 0.86 < np.mean(hits) < 0.99


def test_distribution_shift_says_why_there_is_no_interval():
    few = distribution_shift([1.0, 2.0], [1.0] * 9, rng=np.random.default_rng(0)).shift
    assert (few.value, few.reason) == (0.5, "fresh: n = 2 episodes of one policy; an interval needs at least 5")
    alone = distribution_shift([1.0], [1.0] * 9, rng=np.random.default_rng(0))
    assert alone.shift.reason == "fresh: n = 1 episodes of one policy; an interval needs at least 5"
    assert np.isfinite([alone.buffer.low, alone.buffer.high]).all()
    infinite = distribution_shift([1.0, np.inf], [1.0] * 9, rng=np.random.default_rng(0)).shift
    assert (infinite.value, infinite.reason) == (np.inf, "fresh: 1 of 2 observations have no finite value")
    nothing = distribution_shift([], [1.0] * 9, rng=np.random.default_rng(0)).shift
    assert np.isnan(nothing.value)
    assert nothing.reason == "fresh: there is no episode"
    both = distribution_shift([np.inf], [np.inf], rng=np.random.default_rng(0)).shift
    assert np.isnan(both.value)
    assert both.reason == "fresh: 1 of 1 observations have no finite value"
    thin = distribution_shift(
        [1.0] * 9, [1.0] * 9, buffer_policies=[0] * 5 + [1] * 4, rng=np.random.default_rng(0)
    ).shift
    assert thin.reason == "buffer: n = 4 episodes of one policy; an interval needs at least 5"


def test_combined_ledger_adds_the_shift_to_lag_fit_and_interaction():
    # Fresh 1.0; on the buffer .550661 = .368064 + .020411 + .162186.
    lag = lag_ledger([[0.1, 0.9]], [[0.6, 0.4]], snapshots=[[[0.9, 0.1]], [[0.1, 0.9]]])
    found = combined_ledger([0.5, 1.5], lag)
    assert found.total[0] == 1.0
    assert found.parts["shift"][0] == pytest.approx(1 - 0.550661, abs=1e-6)
    assert found.error < 1e-9
    lost = lag_ledger([[0.5, 0.5]], [[1.0, 0.0]], snapshots=[[[0.5, 0.5]]])
    assert combined_ledger([0.5], lost).to_records()[0]["reason"].startswith("infinite")
    off = combined_ledger([np.inf], lag)
    assert off.total[0] == np.inf
    assert np.isnan(off.parts["shift"][0])
    assert off.parts["lag"][0] == pytest.approx(0.368064, abs=1e-6)


def test_combined_ledger_weighs_both_sides_and_is_the_shift_of_the_same_weights():
    # Fresh 1/4 · 0.5 + 3/4 · 1.5 = 1.25. On the buffer .550661 weighs 2 and 0 weighs 1, and what is infinite nothing.
    lag = lag_ledger(
        [[0.1, 0.9], [0.5, 0.5], [0.5, 0.5]],
        [[0.6, 0.4], [0.5, 0.5], [1.0, 0.0]],
        snapshots=[[[0.9, 0.1], [0.5, 0.5], [0.5, 0.5]], [[0.1, 0.9], [0.5, 0.5], [0.5, 0.5]]],
    )
    weights = [2.0, 1.0, 0.0]
    found = combined_ledger([0.5, 1.5], lag, fresh_weights=[1.0, 3.0], lag_weights=weights)
    assert found.total[0] == 1.25
    assert found.parts["lag"][0] == pytest.approx(2 / 3 * 0.368064, abs=1e-6)
    assert found.parts["shift"][0] == pytest.approx(1.25 - 2 / 3 * 0.550661, abs=1e-6)
    assert found.error < 1e-9
    same = distribution_shift([0.5, *[1.5] * 3], lag.total, buffer_weights=weights, rng=np.random.default_rng(0))
    assert same.shift.value == pytest.approx(found.parts["shift"][0], abs=1e-12)


def test_distribution_shift_says_what_does_not_fit():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="fresh must be one row of numbers"):
        distribution_shift([[1.0]], [1.0], rng=rng)
    with pytest.raises(ValueError, match="fresh_episodes must be one label for each of 1 observations"):
        distribution_shift([1.0], [1.0], fresh_episodes=[0, 1], rng=rng)
    with pytest.raises(ValueError, match="buffer_policies must be one label for each of 1 observations"):
        distribution_shift([1.0], [1.0], buffer_policies=[0, 1], rng=rng)
    with pytest.raises(ValueError, match="buffer_weights must be one number for each of 1 observations"):
        distribution_shift([1.0], [1.0], buffer_weights=[0.5, 0.5], rng=rng)
    with pytest.raises(ValueError, match="buffer_weights must be finite, not negative and not all 0"):
        distribution_shift([1.0], [1.0], buffer_weights=[0.0], rng=rng)
    with pytest.raises(ValueError, match="fresh_share must be at least 0 and below 1, not 1"):
        distribution_shift([1.0], [1.0], fresh_share=1.0, rng=rng)
    with pytest.raises(ValueError, match="n_resamples must be at least 100, not 5"):
        distribution_shift([1.0], [1.0], n_resamples=5, rng=rng)
    with pytest.raises(ValueError, match="level must be inside"):
        distribution_shift([1.0], [1.0], level=2.0, rng=rng)
    with pytest.raises(ValueError, match="lag must be the result of lag_ledger, not of mode_ledger"):
        combined_ledger([1.0], mode_ledger([[1.0]], [[1.0]]))
    lag = lag_ledger([[1.0]], [[1.0]], snapshots=[[[1.0]]])
    with pytest.raises(ValueError, match="fresh must hold one observation or more"):
        combined_ledger([], lag)
    with pytest.raises(ValueError, match="fresh_weights must be one number for each of 1 observations"):
        combined_ledger([1.0], lag, fresh_weights=[1.0, 1.0])
    with pytest.raises(ValueError, match="lag_weights must be finite, not negative"):
        combined_ledger([1.0], lag, lag_weights=[-1.0])
