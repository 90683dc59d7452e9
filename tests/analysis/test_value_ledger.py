"""Ledgers against action values: the table's numbers, exact sums, supports that differ, bad input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.analysis.results import Result
from nashlens.analysis.value_ledger import continuous_value_ledger, nested_ledger, value_ledger

SWAPPED = [[0.85, 0.05, 0.05, 0.05]], [[0.05, 0.85, 0.05, 0.05]]


def random_case(seed, n, *, pure=False):
    source = np.random.default_rng(seed)
    p, q = source.dirichlet(np.ones(n), size=(2, 6))
    if pure:
        p = np.eye(n)[source.integers(n, size=6)]
    return p, q, source.integers(-3, 4, size=(6, n)) * 10.0 ** source.integers(-4, 5)


@pytest.mark.parametrize(
    ("q_values", "relevant", "irrelevant", "delta"),
    # KL 2.266571 in all; a Q that does not tell the swapped actions apart has no relevant part.
    [
        ([1, 1, 0, 0], 0.0, 2.266571, 0.0),
        ([1, 0, 0, 0], 2.131357, 0.135213, 0.8),
        ([1, 0.5, 0, 0], 1.724520, 0.542051, 0.4),
    ],
)
def test_value_ledger_of_two_swapped_actions(q_values, relevant, irrelevant, delta):
    # T20
    found = value_ledger(*SWAPPED, q_values=q_values)
    assert found.total[0] == pytest.approx(2.266571, abs=5e-7)
    assert found.parts["relevant"][0] == pytest.approx(relevant, abs=5e-7)
    assert found.parts["irrelevant"][0] == pytest.approx(irrelevant, abs=5e-7)
    assert found.details["delta_q"][0] == pytest.approx(delta, abs=1e-12)


def test_value_ledger_names_the_tilt():
    # T20
    assert value_ledger(*SWAPPED, q_values=[1, 0, 0, 0]).details["eta"][0] == pytest.approx(4.679040, abs=5e-7)
    # The bound chain's example: .0855775 + .2878086 = .373386, η = 1.174142.
    found = value_ledger([[0.7, 0.2, 0.1]], [[0.3, 0.3, 0.4]], q_values=[1, 0, 0.8])
    assert found.parts["relevant"][0] == pytest.approx(0.0855775, abs=5e-8)
    assert found.parts["irrelevant"][0] == pytest.approx(0.2878086, abs=5e-8)
    assert found.details["eta"][0] == pytest.approx(1.174142, abs=5e-7)


def test_nested_ledger_of_four_actions():
    # T20: KL .208622 = .079956 + .086663 + .042003.
    found = nested_ledger([[0.6, 0.2, 0.15, 0.05]], [[0.4, 0.1, 0.3, 0.2]], q_values=[1, 0, 0.5, -1])
    assert found.total[0] == pytest.approx(0.208622, abs=5e-7)
    assert [float(found.parts[k][0]) for k in ("value", "temperature", "residual")] == pytest.approx(
        [0.079956, 0.086663, 0.042003], abs=5e-7
    )
    assert found.error < 1e-12


@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.booleans())
def test_value_ledger_sums_exactly_and_is_bounded(seed, n, pure):
    # T20
    p, q, values = random_case(seed, n, pure=pure)
    found = value_ledger(p, q, q_values=values)
    assert found.error < 1e-9
    assert all((part >= 0).all() for part in found.parts.values())
    span = np.ptp(values, axis=1)
    least = 2 * (found.details["delta_q"] / np.where(span > 0, span, 1)) ** 2
    assert (found.parts["relevant"] >= least - 1e-9).all()


@given(st.integers(0, 2**32 - 1), st.integers(2, 5), st.booleans())
@settings(max_examples=30)
def test_nested_ledger_sums_exactly_and_refines_the_value_ledger(seed, n, pure):
    p, q, values = random_case(seed, n, pure=pure)
    found = nested_ledger(p, q, q_values=values)
    assert found.error < 1e-9
    assert all((part >= 0).all() for part in found.parts.values())
    relevant = value_ledger(p, q, q_values=values).parts["relevant"]
    np.testing.assert_allclose(found.parts["value"], relevant, rtol=0, atol=1e-12)


@given(st.integers(0, 2**32 - 1), st.floats(1e-3, 1e3), st.floats(-10, 10))
def test_value_ledger_does_not_heed_the_units_of_value(seed, scale, shift):
    p, q, values = random_case(seed, 4)
    plain = value_ledger(p, q, q_values=values).parts["relevant"]
    moved = value_ledger(p, q, q_values=scale * values + shift * scale * np.abs(values).max()).parts["relevant"]
    np.testing.assert_allclose(moved, plain, rtol=0, atol=1e-9)


@pytest.mark.parametrize("gap", [1e-3, 1e-6, 1e-9, 1e-13])
def test_value_ledger_of_values_that_nearly_tie_still_sums_exactly(gap):
    # The policy mixes two actions that are almost equally good; the tilt that keeps its mean is of the order of 1/gap.
    found = value_ledger([[0.6, 0.4, 0.0]], [[0.1, 0.2, 0.7]], q_values=[1 + gap, 1.0, 0.0])
    assert found.error < 1e-9
    # Any gap leaves nothing to explain beyond the value: with two actions the mean fixes both. Ties leave the split.
    expected = 0.0 if gap > 1e-12 else 0.6 * np.log(0.6 * 3) + 0.4 * np.log(0.4 * 1.5)
    assert found.parts["irrelevant"][0] == pytest.approx(expected, abs=1e-6)


def test_value_ledger_is_locally_half_the_squared_error_over_the_variance():
    # For q near p the relevant part is about ΔQ² / 2 Var_q Q.
    q, values = np.array([[0.5, 0.3, 0.2]]), np.array([[1.0, 0.0, 2.0]])
    p = q + 1e-4 * np.array([[1.0, -2.0, 1.0]])
    found = value_ledger(p, q, q_values=values)
    variance = (q * values**2).sum() - (q * values).sum() ** 2
    expected = found.details["delta_q"][0] ** 2 / (2 * variance)
    assert found.parts["relevant"][0] == pytest.approx(expected, rel=1e-3)


def test_value_ledger_at_the_largest_value_has_an_infinite_tilt():
    # A deterministic policy on the best action: r is that action too, and all of −ln q is relevant.
    found = value_ledger([[1.0, 0.0, 0.0]], [[0.2, 0.5, 0.3]], q_values=[1.0, 0.0, 0.5])
    assert found.details["eta"][0] == np.inf
    assert found.parts["relevant"][0] == pytest.approx(-np.log(0.2))
    assert found.parts["irrelevant"][0] == 0


@pytest.mark.parametrize("ledger", [value_ledger, nested_ledger])
def test_value_ledgers_where_supports_differ_say_so_and_split_the_rest(ledger):
    found = ledger([[0.5, 0.5], [0.5, 0.5]], [[1.0, 0.0], [0.4, 0.6]], q_values=[1.0, 0.0])
    assert found.total[0] == np.inf
    assert all(np.isnan(part[0]) and np.isfinite(part[1]) for part in found.parts.values())
    assert found.split.tolist() == [False, True]
    rows = found.to_records()
    assert rows[0]["reason"] == "infinite at 1 of 2 probes, whose supports differ"
    assert rows[0]["value"] == np.inf
    floored = ledger([[0.5, 0.5]], [[1.0, 0.0]], q_values=[1.0, 0.0], floor=1e-6)
    assert np.isfinite(floored.total[0])
    assert floored.error < 1e-9
    assert (floored.floor, floored.clipped) == (1e-6, 0.5)


def test_continuous_value_ledger_splits_along_and_across_the_gradient():
    # T20: Δ = (.06, .08), g = (0, 5), σ = .05: 2 = .08²/.005 + .06²/.005 = 1.28 + .72, and g · Δ = .4.
    found = continuous_value_ledger([[0.06, 0.08]], [[0.0, 0.0]], gradients=[[0.0, 5.0]], noise=0.05)
    assert found.total[0] == pytest.approx(2.0)
    assert found.parts["relevant"][0] == pytest.approx(1.28)
    assert found.parts["irrelevant"][0] == pytest.approx(0.72)
    assert found.details["delta_q"][0] == pytest.approx(0.4)
    flat = continuous_value_ledger([[0.06, 0.08]], [[0.0, 0.0]], gradients=[[0.0, 0.0]], noise=0.05)
    assert flat.parts["relevant"][0] == 0


@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_continuous_value_ledger_sums_exactly(seed, width):
    a, b, g = np.random.default_rng(seed).normal(size=(3, 5, width))
    assert continuous_value_ledger(a, b, gradients=g, noise=0.3).error < 1e-9


def test_value_ledger_records_parts_with_their_shares():
    found = value_ledger([[0.7, 0.2, 0.1]], [[0.3, 0.3, 0.4]], q_values=[1, 0, 0.8])
    assert isinstance(found, Result)
    rows = {row["metric"]: row for row in found.to_records()}
    assert rows["value_ledger_relevant"]["share"] == pytest.approx(0.0855775 / 0.373386, abs=1e-5)
    assert rows["value_ledger_irrelevant"]["error"] < 1e-12
    assert rows["value_ledger_delta_q_median"]["value"] == pytest.approx(0.16)
    same = value_ledger([[0.5, 0.5]], [[0.5, 0.5]], q_values=[1.0, 0.0])
    assert np.isnan(same.shares["relevant"])


def test_value_ledgers_say_what_does_not_fit():
    with pytest.raises(ValueError, match="true must sum to 1"):
        value_ledger([[0.5, 0.4]], [[0.5, 0.5]], q_values=[1.0, 0.0])
    with pytest.raises(ValueError, match="q_values must be finite, of shape"):
        nested_ledger([[0.5, 0.5]], [[0.5, 0.5]], q_values=[1.0])
    with pytest.raises(ValueError, match="noise must be finite and above 0, not -1"):
        continuous_value_ledger([[0.0]], [[0.0]], gradients=[[1.0]], noise=-1)
    with pytest.raises(ValueError, match=r"gradients must have the shape \(1, 1\) of actions, not \(1, 2\)"):
        continuous_value_ledger([[0.0]], [[0.0]], gradients=[[1.0, 0.0]], noise=1)
    with pytest.raises(ValueError, match="actions must be finite"):
        continuous_value_ledger([[np.inf]], [[0.0]], gradients=[[1.0]], noise=1)
