"""The two-way bootstrap: coverage with shared runs, where resampling cells fails; empty cells, bad input."""

import numpy as np
import pytest

from nashlens.analysis.two_way_bootstrap import cell_mean, two_way_bootstrap


def rng():
    return np.random.default_rng(0)


def test_cell_mean_leaves_empty_cells_out():
    tables = np.array([[[1.0, np.nan], [3.0, 5.0]], [[np.nan] * 2] * 2])
    np.testing.assert_array_equal(cell_mean(tables), [3.0, np.nan])


def test_two_way_bootstrap_covers_where_rows_and_columns_share_runs():
    # 15 × 15 runs with effects of rows and of columns, sd 1 each, and noise: nominal .9. Percentiles of 15 units a
    # side cover about .03 short; resampling the 225 cells as if independent covers about .3. 300 sets: deviation .0173.
    source = np.random.default_rng(1)
    hits = np.zeros(2)
    for _ in range(300):
        table = source.normal(size=(15, 1)) + source.normal(size=(1, 15)) + source.normal(size=(15, 15))
        found = two_way_bootstrap(table, cell_mean, level=0.9, n_resamples=300, rng=source)
        cells = source.choice(table.ravel(), size=(300, 225)).mean(axis=1)
        low, high = np.quantile(cells, [0.05, 0.95])
        hits += [found.low <= 0 <= found.high, low <= 0 <= high]
    assert hits[0] / 300 == pytest.approx(0.88, abs=4 * 0.0173)
    assert hits[1] / 300 < 0.5


@pytest.mark.parametrize(("runs", "coverage"), [(3, 0.87), (5, 0.88), (10, 0.94)])
def test_two_way_bootstrap_of_few_runs_covers_as_its_page_says(runs, coverage):
    # Nominal .95; 400 draws here and 400 behind each number: standard deviation of the difference at most .024.
    source = np.random.default_rng(3)
    hits = 0
    for _ in range(400):
        table = source.normal(size=(runs, 1)) + source.normal(size=(1, runs)) + source.normal(size=(runs, runs))
        found = two_way_bootstrap(table, cell_mean, n_resamples=400, rng=source)
        hits += found.low <= 0 <= found.high
    assert hits / 400 == pytest.approx(coverage, abs=3 * 0.024)


def test_two_way_bootstrap_of_one_run_has_a_value_and_a_reason():
    found = two_way_bootstrap([[1.0, 3.0]], cell_mean, rng=rng()).at()
    assert found.value == 2
    assert np.isnan(found.low)
    assert found.reason == "n = 1 run; an interval needs at least 2 on both sides"


def test_two_way_bootstrap_of_empty_tables_says_so():
    found = two_way_bootstrap(np.full((3, 3), np.nan), cell_mean, rng=rng()).at()
    assert found.reason == "the statistic is not defined; 9 of 9 cells are empty"
    # One cell of nine: a draw holds it unless its row or its column is missing, (1 − (2/3)³)² = .495 of the time.
    single = np.full((3, 3), np.nan)
    single[0, 0] = 1.0
    sparse = two_way_bootstrap(single, cell_mean, n_resamples=2000, rng=rng()).at()
    assert sparse.value == 1
    assert "of 2000 resamples only" in sparse.reason


def test_two_way_bootstrap_is_determined_by_its_generator():
    table = np.random.default_rng(2).normal(size=(4, 5))
    one, two = (two_way_bootstrap(table, cell_mean, rng=rng()).at() for _ in range(2))
    assert (one.low, one.high, one.n) == (two.low, two.high, 4)


@pytest.mark.parametrize(
    ("table", "settings", "message"),
    [
        ([1.0, 2.0], {}, r"table must be \[A, B\] or \[A, B, E\] of finite numbers"),
        ([[1.0, np.inf]], {}, r"table must be \[A, B\] or \[A, B, E\] of finite numbers"),
        ([[1.0, 2.0]], {"level": 0.0}, "level must be inside"),
        ([[1.0, 2.0]], {"n_resamples": 10}, "n_resamples must be at least 100, not 10"),
    ],
)
def test_two_way_bootstrap_says_what_does_not_fit(table, settings, message):
    with pytest.raises(ValueError, match=message):
        two_way_bootstrap(table, cell_mean, rng=rng(), **settings)
