"""Distributions at probes: what is taken, what is turned away, and floors."""

import numpy as np
import pytest

from nashlens.analysis.probes import checked_action_values, checked_distributions, checked_pair, floored


def test_checked_distributions_of_one_row_is_one_probe():
    assert checked_distributions([0.25, 0.75], name="true").tolist() == [[0.25, 0.75]]


def test_checked_distributions_divides_single_precision_out():
    found = checked_distributions([[0.5 + 4e-7, 0.5]], name="true")
    assert found.sum() == pytest.approx(1, abs=1e-15)


def test_checked_distributions_multiplies_factors_first_slowest():
    found = checked_distributions([[0.25, 0.75, 0.1, 0.9]], name="true", factors=(2, 2))
    np.testing.assert_allclose(found, [[0.025, 0.225, 0.075, 0.675]], rtol=0, atol=1e-15)


def test_floored_rows_stay_distributions_and_say_how_much_was_raised():
    # (1, 0, 0) raised to .01: sums to 1.02, two entries of three.
    raised, share = floored(np.array([[1.0, 0.0, 0.0]]), 0.01)
    np.testing.assert_allclose(raised, [[1 / 1.02, 0.01 / 1.02, 0.01 / 1.02]], rtol=0, atol=1e-15)
    assert share == pytest.approx(2 / 3)
    kept, none = floored(np.array([[0.5, 0.5]]), 0.0)
    assert (kept.tolist(), none) == ([[0.5, 0.5]], 0.0)


def test_checked_action_values_of_one_row_stand_for_all_probes():
    assert checked_action_values([1.0, 2.0], (3, 2)).tolist() == [[1.0, 2.0]] * 3


@pytest.mark.parametrize(
    ("values", "factors", "message"),
    [
        (np.ones((1, 1, 1)), None, r"true must be probabilities \[P, A\], not shape \(1, 1, 1\)"),
        ([], None, "true must be probabilities"),
        ([[np.nan, 1.0]], None, "true must be finite and non-negative, not nan"),
        ([[1.5, -0.5]], None, "true must be finite and non-negative, not -0.5"),
        ([[0.5, 0.4]], None, r"true must sum to 1 within 1e-06 at each probe; sums run from 0\.9 to 0\.9"),
        ([[0.5, 0.5]], (1, 2), r"factors must add to the 2 columns of true, not \(1, 2\)"),
        (["a"], None, "true must be a full array of numbers"),
    ],
)
def test_checked_distributions_says_what_does_not_fit(values, factors, message):
    with pytest.raises(ValueError, match=message):
        checked_distributions(values, name="true", factors=factors)


def test_probes_of_another_shape_are_turned_away():
    with pytest.raises(
        ValueError, match=r"model must have the shape \(1, 2\) of true, probes by actions, not \(1, 3\)"
    ):
        checked_pair([[0.5, 0.5]], [[0.2, 0.3, 0.5]])
    with pytest.raises(ValueError, match=r"q_values must be finite, of shape \(1, 2\) or \(2,\), not \(3,\)"):
        checked_action_values([1.0, 2.0, 3.0], (1, 2))
    with pytest.raises(ValueError, match="q_values must be finite"):
        checked_action_values([[1.0, np.inf]], (1, 2))
    with pytest.raises(ValueError, match=r"floor must be at least 0 and below 1/2, not 0\.5"):
        floored(np.array([[0.5, 0.5]]), 0.5)
