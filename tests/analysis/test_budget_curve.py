"""Budget curves: saturation by the last doubling, validation curves, what is missing, bad input."""

import numpy as np
import pytest

from nashlens.analysis.budget_curve import budget_curve, validation_curve
from nashlens.analysis.results import Result
from nashlens.analysis.statistics import student_t


@pytest.mark.parametrize(
    ("gains", "added", "saturated"),
    [
        ([1.0, 2.0, 2.2], 0.1, True),  # exactly a tenth more is still saturated
        ([1.0, 2.0, 2.3], 0.15, False),
        ([1.0, 2.0, 1.5], -0.25, True),
        ([-1.0, -0.5, 0.5], np.inf, False),
        ([-1.0, -0.5, -0.1], 0.0, True),
    ],
)
def test_budget_curve_is_saturated_if_the_last_doubling_adds_a_tenth_at_most(gains, added, saturated):
    found = budget_curve([250, 500, 1000], [gains, gains], tolerance=0.1 + 1e-12)
    assert found.last_doubling == pytest.approx(added, abs=1e-12)
    assert found.is_saturated == saturated


def test_budget_curve_compares_with_the_largest_budget_of_at_most_half():
    # Of 100, 400, 600, 1000 it is 400, not 600.
    found = budget_curve([100, 400, 600, 1000], [[0.0, 1.0, 2.0, 2.0]])
    assert found.last_doubling == 1.0


def test_budget_curve_intervals_are_students_over_seeds():
    gains = np.random.default_rng(0).normal(size=(5, 3))
    found = budget_curve([1, 2, 4], gains)
    assert (found.gains.low == student_t(gains).low).all()
    assert isinstance(found, Result)
    rows = found.to_records()
    assert [(row["budget"], row["bound"], row["selected"]) for row in rows] == [
        (1.0, "lower", False),
        (2.0, "lower", False),
        (4.0, "lower", False),
    ]
    single = budget_curve([1, 2], [[1.0, 1.0]])
    assert single.gains.at(0).reason == "n = 1 seed; an interval needs at least 2"


def test_budget_curve_with_a_missing_gain_is_not_called_saturated():
    found = budget_curve([1, 2], [[np.nan, 1.0]])
    assert np.isnan(found.last_doubling)
    assert not found.is_saturated


def test_validation_curve_follows_the_best_so_far():
    # Two restarts, original 1: best so far 1, 3, 3, 5, 5 at steps 0, 25, 50, 75, 100; gains 2, 2, 4, 4 after step 0.
    found = validation_curve([[1.0, 3.0, 2.0, 2.0, 2.0], [0.0, 1.0, 1.0, 5.0, 4.0]], 1.0, n_steps=100)
    assert found.gains.values.tolist() == [2.0, 2.0, 4.0, 4.0]
    assert found.budgets.tolist() == [25.0, 50.0, 75.0, 100.0]
    assert found.last_doubling == 1.0  # from 2 at 50 steps to 4 at 100
    assert (found.selected, found.bound, found.is_saturated) == (True, "estimate", False)


def test_validation_curve_goes_on_after_a_restart_failed():
    found = validation_curve([[0.0, 2.0, 2.0], [0.0, np.nan, np.nan]], 0.0, n_steps=10)
    assert found.gains.values.tolist() == [2.0, 2.0]
    assert found.is_saturated
    late = validation_curve([[np.nan, np.nan, 2.0]], 0.0, n_steps=10)
    assert not late.is_saturated


@pytest.mark.parametrize(
    ("budgets", "gains", "options", "message"),
    [
        ([1.0], [[1.0]], {}, "budgets must be two or more rising numbers above 0"),
        ([2.0, 1.0], [[1.0, 1.0]], {}, "budgets must be two or more rising"),
        ([0.0, 1.0], [[1.0, 1.0]], {}, "above 0"),
        ([2.0, 3.0], [[1.0, 1.0]], {}, "budgets must double at least once, not run from 2.0 to 3.0"),
        ([1.0, 2.0], [1.0, 1.0], {}, r"gains must be \[S, B\] for 2 budgets, not shape \(2,\)"),
        ([1.0, 2.0], [[1.0, 1.0]], {"tolerance": -1}, "tolerance must be finite and at least 0, not -1"),
        ([1.0, 2.0], [[1.0, 1.0]], {"level": 1}, "level must be inside"),
    ],
)
def test_budget_curve_says_what_does_not_fit(budgets, gains, options, message):
    with pytest.raises(ValueError, match=message):
        budget_curve(budgets, gains, **options)


def test_validation_curve_says_what_does_not_fit():
    with pytest.raises(ValueError, match=r"validation_returns must be \[R, T\] with 3 snapshots or more"):
        validation_curve([[1.0, 2.0]], 0.0, n_steps=10)
    with pytest.raises(ValueError, match="validation_returns must be"):
        validation_curve([[np.nan] * 3], 0.0, n_steps=10)
    with pytest.raises(ValueError, match="n_steps must be at least 1, not 0"):
        validation_curve([[1.0] * 3], 0.0, n_steps=0)
    with pytest.raises(ValueError, match="original_return must be finite, not nan"):
        validation_curve([[1.0] * 3], np.nan, n_steps=10)
