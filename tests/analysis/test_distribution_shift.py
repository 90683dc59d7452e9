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


def test_distribution_shift_says_why_there_is_no_interval():
    few = distribution_shift([1.0, 2.0], [1.0] * 9, rng=np.random.default_rng(0)).shift
    assert (few.value, few.reason) == (0.5, "n = 2 episodes on one side; an interval needs at least 5")
    infinite = distribution_shift([1.0, np.inf], [1.0] * 9, rng=np.random.default_rng(0)).shift
    assert (infinite.value, infinite.reason) == (np.inf, "fresh: 1 of 2 observations have no finite value")
    nothing = distribution_shift([], [1.0] * 9, rng=np.random.default_rng(0)).shift
    assert np.isnan(nothing.value)
    assert nothing.reason == "fresh: there is no episode"


def test_combined_ledger_adds_the_shift_to_lag_fit_and_interaction():
    # Fresh 1.0; on the buffer .550661 = .368064 + .020411 + .162186.
    lag = lag_ledger([[0.1, 0.9]], [[0.6, 0.4]], snapshots=[[[0.9, 0.1]], [[0.1, 0.9]]])
    found = combined_ledger([0.5, 1.5], lag)
    assert found.total[0] == 1.0
    assert found.parts["shift"][0] == pytest.approx(1 - 0.550661, abs=1e-6)
    assert found.error < 1e-9
    lost = lag_ledger([[0.5, 0.5]], [[1.0, 0.0]], snapshots=[[[0.5, 0.5]]])
    assert combined_ledger([0.5], lost).to_records()[0]["reason"].startswith("infinite")


def test_distribution_shift_says_what_does_not_fit():
    rng = np.random.default_rng(0)
    with pytest.raises(ValueError, match="fresh must be one row of numbers"):
        distribution_shift([[1.0]], [1.0], rng=rng)
    with pytest.raises(ValueError, match="clusters must be one label"):
        distribution_shift([1.0], [1.0], fresh_episodes=[0, 1], rng=rng)
    with pytest.raises(ValueError, match="n_resamples must be at least 100, not 5"):
        distribution_shift([1.0], [1.0], n_resamples=5, rng=rng)
    with pytest.raises(ValueError, match="level must be inside"):
        distribution_shift([1.0], [1.0], level=2.0, rng=rng)
    with pytest.raises(ValueError, match="lag must be the result of lag_ledger, not of mode_ledger"):
        combined_ledger([1.0], mode_ledger([[1.0]], [[1.0]]))
    lag = lag_ledger([[1.0]], [[1.0]], snapshots=[[[1.0]]])
    with pytest.raises(ValueError, match="fresh must hold one observation or more"):
        combined_ledger([], lag)
