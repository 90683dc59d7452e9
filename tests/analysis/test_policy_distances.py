"""Pairwise distances of policies: each kind by hand, metric properties, bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.analysis.divergence import total_variation
from nashlens.analysis.policy_distances import (
    categorical_distances,
    check_metric,
    deterministic_distances,
    full_gaussian_distances,
    gaussian_distances,
)

# Directions of a particle world: stay, right, left, up, down, as unit forces.
FORCES = np.array([[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1.0]])
GROUND = np.linalg.norm(FORCES[:, None] - FORCES, axis=-1)


def test_categorical_distances_under_the_0_1_metric():
    # W1 = TV = .4, W2 = √TV.
    pair = [[[0.5, 0.5]], [[0.9, 0.1]]]
    assert categorical_distances(pair, order=1)[0, 0, 1] == pytest.approx(0.4)
    assert categorical_distances(pair)[0, 0, 1] == pytest.approx(np.sqrt(0.4))
    # The linear programme agrees where the metric is given.
    given_metric = categorical_distances(pair, ground=[[0, 1], [1, 0]], order=1)
    assert given_metric[0, 0, 1] == pytest.approx(0.4)


def test_categorical_distances_of_forces():
    # Pushing right against left is 2 apart, right against staying 1; against ½ right, ½ left: √(½ · 4) by W2.
    policies = np.array([[1, 1, 1], [2, 0, 1]])
    pure = np.eye(5)[policies]
    np.testing.assert_allclose(categorical_distances(pure, ground=GROUND)[:, 0, 1], [2, 1, 0])
    mixed = [[[0, 1.0, 0, 0, 0]], [[0, 0.5, 0.5, 0, 0]]]
    assert categorical_distances(mixed, ground=GROUND)[0, 0, 1] == pytest.approx(np.sqrt(2))
    assert categorical_distances(mixed, ground=GROUND, order=1)[0, 0, 1] == pytest.approx(1)


def test_gaussian_distances_of_the_known_pair():
    # N(0, 1) and N(3, 5²): 5 (T23); the same with full covariances.
    means, stds = [[[0.0]], [[3.0]]], [[[1.0]], [[5.0]]]
    assert gaussian_distances(means, stds)[0, 0, 1] == 5
    full = full_gaussian_distances(means, np.square(stds)[..., None])
    assert full[0, 0, 1] == pytest.approx(5)


def test_deterministic_distances_are_euclidean():
    found = deterministic_distances([[[0.0, 0.0]], [[3.0, 4.0]], [[0.0, 0.0]]])
    np.testing.assert_array_equal(found[0], [[0, 5, 0], [5, 0, 5], [0, 5, 0]])


@given(st.integers(0, 10**6), st.sampled_from([1, 2]))
def test_categorical_distances_are_metrics(seed, order):
    policies = np.random.default_rng(seed).dirichlet(np.ones(5) / 2, size=(3, 2))
    for ground in (None, GROUND):
        d = categorical_distances(policies, ground=ground, order=order)
        assert (d >= 0).all()
        np.testing.assert_array_equal(d, np.swapaxes(d, 1, 2))
        assert (d[:, 0, 1] <= d[:, 0, 2] + d[:, 2, 1] + 1e-6).all()


def test_distances_of_one_network_are_exactly_0():
    # A shared network without an index answers alike.
    rng = np.random.default_rng(0)
    probabilities = np.tile(rng.dirichlet(np.ones(5), size=30), (3, 1, 1))
    assert not categorical_distances(probabilities, ground=GROUND).any()
    moments = np.tile(rng.normal(size=(30, 2)), (3, 1, 1))
    assert not gaussian_distances(moments, np.abs(moments)).any()
    covariances = np.tile(np.array([[2.0, 0.5], [0.5, 1.0]]), (3, 30, 1, 1))
    assert not full_gaussian_distances(moments, covariances).any()
    assert not deterministic_distances(moments).any()


def test_order_1_is_total_variation_at_every_probe():
    policies = np.random.default_rng(1).dirichlet(np.ones(4), size=(2, 20))
    np.testing.assert_allclose(
        categorical_distances(policies, order=1)[:, 0, 1], total_variation(policies[0], policies[1])
    )


@pytest.mark.parametrize(
    ("probabilities", "settings", "message"),
    [
        ([[[0.5, 0.5]]], {}, "probabilities must be finite, with 3 axes"),
        ([[[0.5, 0.6]], [[0.5, 0.5]]], {}, "probabilities must be non-negative and sum to 1"),
        ([[[np.nan, 0.5]], [[0.5, 0.5]]], {}, "probabilities must be finite"),
        ([[[0.5, 0.5]]] * 2, {"order": 3}, "order must be 1 or 2, not 3"),
        ([[[0.5, 0.5]]] * 2, {"ground": [[0, 1]]}, r"ground must be finite distances of shape \(2, 2\)"),
        ([[[0.5, 0.5]]] * 2, {"ground": [[0, 1], [2, 0]]}, "ground must be symmetric and 0 on its diagonal"),
    ],
)
def test_categorical_distances_say_what_does_not_fit(probabilities, settings, message):
    with pytest.raises(ValueError, match=message):
        categorical_distances(probabilities, **settings)


def test_ground_must_keep_the_triangle_inequality():
    with pytest.raises(ValueError, match="there is a shorter way from action 0 to 2"):
        check_metric([[0, 1, 3], [1, 0, 1], [3, 1, 0]], n_actions=3)


def test_other_distances_say_what_does_not_fit():
    with pytest.raises(ValueError, match="stds must have the shape"):
        gaussian_distances(np.ones((2, 3, 1)), -np.ones((2, 3, 1)))
    with pytest.raises(ValueError, match="covariances must have shape"):
        full_gaussian_distances(np.ones((2, 3, 2)), np.ones((2, 3, 2, 1)))
    with pytest.raises(ValueError, match="actions must be finite, with 3 axes"):
        deterministic_distances(np.ones((2, 3)))
