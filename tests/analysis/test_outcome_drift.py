"""Drift of sampled outcomes: closed forms of both distances, floors that hold, and input that does not fit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from nashlens.analysis.outcome_drift import outcome_drift
from nashlens.analysis.transport import wasserstein


def test_outcome_drift_of_certain_outcomes_is_their_distance() -> None:
    # Diracs at (0, 0) and (3, 4): |X − Y| = 5 always and 0 within a sample, so energy = 2 · 5 and W2 = 5.
    old = np.zeros((4, 3, 2))
    found = outcome_drift(old + np.array([3.0, 4.0]), old, rng=np.random.default_rng(0))
    assert found.energy == pytest.approx(10.0)
    assert found.wasserstein == pytest.approx(5.0)
    assert found.energy_floor < found.energy_floor_high < found.energy
    assert found.wasserstein_floor < found.wasserstein
    assert found.excess == found.wasserstein - found.wasserstein_floor


def test_outcome_drift_of_equal_certain_outcomes_is_zero_with_p_one() -> None:
    found = outcome_drift(np.ones((2, 4, 1)), np.ones((2, 4, 1)), rng=np.random.default_rng(0))
    assert (found.energy, found.wasserstein, found.energy_floor_high, found.p) == (0.0, 0.0, 0.0, 1.0)


def test_outcome_drift_of_two_points_by_hand() -> None:
    # X = {0, 1}, Y = {0, 3}: E|X − Y| = (0 + 3 + 1 + 2) / 4 = 1.5; |X − X'| = 1 and |Y − Y'| = 3 over different pairs;
    # energy = 3 − 1 − 3 = −1. W2: 0 to 0 and 1 to 3, √((0 + 4) / 2) = √2.
    found = outcome_drift([[[0.0], [1.0]]], [[[0.0], [3.0]]], rng=np.random.default_rng(0))
    assert found.energy == pytest.approx(-1.0)
    assert found.wasserstein == pytest.approx(np.sqrt(2.0))


def test_outcome_drift_of_the_exclusive_or_world_is_unbiased() -> None:
    # s' = a_1 ⊕ a_2 with a_1 = 0 and P(a_2 = 1) from .5 to .9: outcomes are Bernoulli, for which
    # E|X − Y| = p + q − 2pq and E|X − X'| = 2p(1 − p), so energy = 2(p − q)² = 2 · .4² = .32, twice the square of the
    # exact total variation .4 (metrics: T01). 4,000 probes of 8: the standard error is about .005.
    rng = np.random.default_rng(3)
    new, old = (rng.random((4000, 8, 1)) < p for p in (0.9, 0.5))
    found = outcome_drift(new, old, n_permutations=19, rng=rng)
    assert found.energy == pytest.approx(0.32, abs=0.02)
    assert found.energy_floor == pytest.approx(0.0, abs=0.02)
    assert found.p == 0.05  # 1 / (1 + 19), the least there can be


def test_outcome_drift_agrees_with_the_transport_of_point_masses() -> None:
    rng = np.random.default_rng(5)
    new, old = rng.normal(size=(2, 1, 5, 2))
    points = np.concatenate([new[0], old[0]])
    table = np.linalg.norm(points[:, None] - points[None], axis=-1)
    mass = np.repeat(np.eye(2), 5, axis=1) / 5
    expected = wasserstein(mass[:1], mass[1:], distances=table)[0]
    found = outcome_drift(new, old, rng=rng)
    assert found.wasserstein == pytest.approx(expected)


def test_outcome_drift_under_no_drift_has_uniform_p_values() -> None:
    # Draws of one law on both sides: the p-values of 200 samples must pass a Kolmogorov-Smirnov test.
    rng = np.random.default_rng(11)
    p_values = [outcome_drift(*rng.normal(size=(2, 3, 6, 2)), n_permutations=199, rng=rng).p for _ in range(200)]
    assert stats.kstest(p_values, "uniform").pvalue > 0.01


@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), scale=st.floats(0.1, 10.0))
def test_outcome_drift_scales_and_does_not_care_where_the_origin_is(seed: int, scale: float) -> None:
    new, old = np.random.default_rng(seed).normal(size=(2, 2, 4, 3))
    plain = outcome_drift(new, old, rng=np.random.default_rng(0))
    moved = outcome_drift(scale * new + 7.0, scale * old + 7.0, rng=np.random.default_rng(0))
    assert moved.energy == pytest.approx(scale * plain.energy, abs=1e-9)
    assert moved.wasserstein == pytest.approx(scale * plain.wasserstein, abs=1e-9)
    swapped = outcome_drift(old, new, rng=np.random.default_rng(0))
    assert swapped.energy == pytest.approx(plain.energy)
    assert swapped.wasserstein == pytest.approx(plain.wasserstein)


def test_outcome_drift_is_the_same_from_the_same_generator() -> None:
    new, old = np.random.default_rng(0).normal(size=(2, 3, 4, 2))
    assert outcome_drift(new, old, rng=np.random.default_rng(1)) == outcome_drift(
        new, old, rng=np.random.default_rng(1)
    )


def test_outcome_drift_records_say_what_they_are() -> None:
    rows = outcome_drift(np.ones((2, 4, 1)), np.zeros((2, 4, 1)), rng=np.random.default_rng(0)).to_records()
    assert [row["metric"] for row in rows] == ["outcome_energy", "outcome_wasserstein"]
    assert {(row["n"], row["unit"], row["bound"], row["n_samples"]) for row in rows} == {
        (2, "observation", "estimate", 4)
    }


@pytest.mark.parametrize(
    ("new", "old", "options", "message"),
    [
        (np.zeros((2, 1, 1)), np.zeros((2, 1, 1)), {}, r"new must be \[P, M, d\] with at least 2 outcomes a probe"),
        (np.zeros((2, 3)), np.zeros((2, 3)), {}, r"new must be \[P, M, d\]"),
        (np.zeros((0, 3, 1)), np.zeros((0, 3, 1)), {}, r"new must be \[P, M, d\]"),
        (np.zeros((2, 3, 1)), np.zeros((2, 4, 1)), {}, r"old must have the shape \(2, 3, 1\) of new"),
        (np.full((2, 3, 1), np.nan), np.zeros((2, 3, 1)), {}, "new and old must be finite"),
        (np.zeros((2, 3, 1)), np.zeros((2, 3, 1)), {"n_permutations": 0}, "n_permutations and n_floors must be at le"),
        (np.zeros((2, 3, 1)), np.zeros((2, 3, 1)), {"n_floors": 0}, "n_permutations and n_floors must be at least 1"),
        (np.zeros((2, 3, 1)), np.zeros((2, 3, 1)), {"level": 1.0}, "level must be"),
    ],
)
def test_outcome_drift_refuses_what_does_not_fit(new, old, options, message) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=message):
        outcome_drift(new, old, rng=np.random.default_rng(0), **options)
