"""The bootstrap over runs of several groups: coverage, who may take whose place, reasons, bad input."""

import numpy as np
import pytest

from nashlens.analysis.grouped_bootstrap import grouped_bootstrap


def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize(("runs", "coverage"), [(5, 0.86), (10, 0.92)])
def test_grouped_bootstrap_covers_as_its_page_says(runs, coverage):
    # Two groups of normal runs, one apart in the mean. Nominal .95; 250 samples here and 400 behind each number:
    # standard deviation of the difference at most .028.
    source = np.random.default_rng(1)
    hits = 0
    for _ in range(250):
        values = np.concatenate([source.normal(1.0, size=runs), source.normal(size=runs)])

        def apart(drawn, values=values):
            return np.array([values[drawn[:runs]].mean() - values[drawn[runs:]].mean()])

        found = grouped_bootstrap(["a"] * runs + ["b"] * runs, apart, n_resamples=100, rng=source)
        hits += found.low[0] <= 1 <= found.high[0]
    assert hits / 250 == pytest.approx(coverage, abs=3 * 0.028)


def test_each_run_is_replaced_by_one_of_its_own_group():
    groups = ["a", "b", "a", "b", "a", "b", "a", "b", "a", "b"]
    seen = []

    def statistic(drawn):
        seen.append(drawn)
        return np.zeros(1)

    grouped_bootstrap(groups, statistic, n_resamples=100, rng=rng())
    np.testing.assert_array_equal(seen[0], np.arange(10))
    assert (np.stack(seen) % 2 == np.arange(10) % 2).all()
    assert {tuple(np.unique(each)) for each in seen[1:]} != {tuple(range(10))}  # with replacement


def test_few_runs_in_one_group_leave_no_interval_and_a_reason():
    found = grouped_bootstrap(["a"] * 6 + ["b"], lambda drawn: drawn[:2].astype(float), rng=rng())
    assert found.values.tolist() == [0.0, 1.0]
    assert np.isnan(found.low).all()
    assert set(found.reasons) == {"n = 1 run; a bootstrap interval needs at least 5"}


def test_a_statistic_that_is_hardly_ever_defined_has_no_interval():
    # Defined where run 0 is drawn into place 0 only: one draw in six.
    def statistic(drawn):
        return np.array([1.0 if drawn[0] == 0 else np.nan, 2.0])

    found = grouped_bootstrap(["a"] * 6, statistic, n_resamples=300, rng=rng())
    assert "of 300 resamples only" in found.reasons[0]
    assert (found.low[1], found.high[1], found.reasons[1]) == (2.0, 2.0, "")


def test_grouped_bootstrap_says_what_does_not_fit():
    with pytest.raises(ValueError, match="groups must name the group of one run or more"):
        grouped_bootstrap([], lambda drawn: drawn.astype(float), rng=rng())
    with pytest.raises(ValueError, match="level must be inside"):
        grouped_bootstrap(["a"], lambda drawn: drawn.astype(float), level=0.0, rng=rng())
    with pytest.raises(ValueError, match="n_resamples must be at least 100"):
        grouped_bootstrap(["a"], lambda drawn: drawn.astype(float), n_resamples=5, rng=rng())
