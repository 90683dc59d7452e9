"""Divergence of a model from a policy: closed forms, product policies, supports that differ, floors, bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.analysis.opponent_divergence import opponent_divergence
from nashlens.analysis.results import Result


def test_opponent_divergence_of_three_actions():
    # p = (.7, .2, .1), q = (.3, .3, .4): KL .373386, reverse .421968, total variation .4 (the bound chain's example).
    found = opponent_divergence([[0.7, 0.2, 0.1]], [[0.3, 0.3, 0.4]]).distances
    assert found["kl_true_model"][0] == pytest.approx(0.373386, abs=5e-7)
    assert found["kl_model_true"][0] == pytest.approx(0.421968, abs=5e-7)
    assert found["tv"][0] == pytest.approx(0.4, abs=1e-15)
    assert found["agreement"][0] == 0


@pytest.mark.parametrize(("n", "expected"), [(5, 1.6094), (3, 1.0986)])
def test_opponent_divergence_of_a_uniform_guess_is_the_logarithm_of_the_actions(n, expected):
    # ln 5 = 1.6094, ln 3 = 1.0986.
    found = opponent_divergence(np.eye(n), np.full((n, n), 1 / n))
    np.testing.assert_allclose(found.distances["kl_true_model"], expected, rtol=0, atol=5e-5)
    # All policies over probes together are uniform: a guess that ignores the observation has information 0.
    assert found.information == pytest.approx(0, abs=1e-12)


def test_opponent_divergence_of_1_2_nats_puts_a_geometric_mean_of_0_301_on_the_true_action():
    # KL of a deterministic policy is −ln q(a): e^−1.2 = .301.
    q = np.exp(-1.2)
    found = opponent_divergence([[1.0, 0.0]], [[q, 1 - q]])
    assert found.distances["kl_true_model"][0] == pytest.approx(1.2)
    assert q == pytest.approx(0.301, abs=5e-4)


def test_opponent_divergence_where_supports_differ_is_infinite_and_says_so():
    found = opponent_divergence([[1.0, 0.0], [0.5, 0.5]], [[0.5, 0.5], [1.0, 0.0]])
    assert found.distances["tv"].tolist() == [0.5, 0.5]
    assert found.distances["kl_true_model"].tolist() == [pytest.approx(np.log(2)), np.inf]
    assert found.distances["kl_model_true"][0] == np.inf
    assert found.n_infinite["kl_true_model"] == 1
    rows = {row["metric"]: row for row in found.to_records()}
    assert next(iter(rows)) == "opponent_tv"
    assert rows["opponent_kl_true_model"]["reason"] == "infinite at 1 of 2 probes, whose supports differ"
    assert found.interval("kl_true_model").reason == "1 of 2 observations have no finite value"
    assert found.distances["js"].max() <= np.log(2)


def test_opponent_divergence_with_a_floor_is_finite_and_measures_the_floor():
    # A clamp at 1e-8 caps the divergence at −ln 1e-8 = 18.4 nats.
    found = opponent_divergence([[1.0, 0.0]], [[0.0, 1.0]], floor=1e-8)
    assert found.distances["kl_true_model"][0] == pytest.approx(-np.log(1e-8), abs=1e-6)
    assert (found.floor, found.clipped_model, found.clipped_true) == (1e-8, 0.5, 0.5)
    assert found.distances["js"][0] == pytest.approx(np.log(2))
    assert found.distances["tv"][0] == 1


def test_opponent_divergence_of_factors_adds_up_and_is_that_of_the_product():
    source = np.random.default_rng(0)
    parts = [source.dirichlet(np.ones(n), size=(2, 6)) for n in (2, 3)]
    joined = np.concatenate(parts, axis=-1)
    found = opponent_divergence(joined[0], joined[1], factors=(2, 3)).distances["kl_true_model"]
    alone = [opponent_divergence(*part).distances["kl_true_model"] for part in parts]
    np.testing.assert_allclose(found, alone[0] + alone[1], rtol=0, atol=1e-12)


def test_opponent_divergence_measures_how_far_mass_travels_in_the_space_of_actions():
    # Opposite unit forces lie 2 apart, neighbouring ones √2.
    forces = [[1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]]
    found = opponent_divergence(np.eye(3)[[0, 0]], np.eye(3)[[1, 2]], positions=forces)
    np.testing.assert_allclose(found.distances["w2"], [2.0, np.sqrt(2)], rtol=0, atol=1e-9)


def test_opponent_information_of_a_perfect_model_is_1_and_below_0_for_one_worse_than_ignorance():
    p = np.array([[0.9, 0.1], [0.1, 0.9]])
    assert opponent_divergence(p, p).information == 1
    assert opponent_divergence(p, p[::-1]).information < 0
    same = opponent_divergence(p[[0, 0]], p)
    assert np.isnan(same.information)
    assert same.to_records()[-1]["reason"].startswith("the policy ignores its observation")


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.integers(1, 5))
def test_opponent_divergence_keeps_its_ranges_and_does_not_heed_the_actions_order(seed, n_actions, n_probes):
    source = np.random.default_rng(seed)
    p, q = source.dirichlet(np.ones(n_actions), size=(2, n_probes))
    found = opponent_divergence(p, q).distances
    assert all((values >= 0).all() for values in found.values())
    assert (found["tv"] <= 1 + 1e-12).all()
    assert (found["js"] <= np.log(2) + 1e-12).all()
    order = source.permutation(n_actions)
    for name, values in opponent_divergence(p[:, order], q[:, order]).distances.items():
        np.testing.assert_allclose(values, found[name], rtol=0, atol=1e-12)
    back = opponent_divergence(q, p).distances
    np.testing.assert_allclose(back["kl_true_model"], found["kl_model_true"], rtol=0, atol=1e-12)


def test_opponent_divergence_interval_is_over_episodes():
    p = np.random.default_rng(2).dirichlet(np.ones(3), size=12)
    found = opponent_divergence(p, p[::-1])
    estimate = found.interval("tv", episodes=np.repeat(np.arange(4), 3))
    assert (estimate.n, estimate.unit) == (4, "episode")
    assert estimate.value == pytest.approx(found.distances["tv"].mean())
    assert isinstance(found, Result)
    rows = {row["metric"]: row for row in found.to_records()}
    assert rows["opponent_tv"]["median"] in found.distances["tv"]
    with pytest.raises(ValueError, match=r"name must be one of .*, not 'hellinger'"):
        found.interval("hellinger")
    with pytest.raises(ValueError, match="clusters must be one label"):
        found.interval("tv", episodes=[0])


@pytest.mark.parametrize(
    ("model", "options", "message"),
    [
        ([[0.5, 0.4]], {}, "model must sum to 1"),
        ([[0.2, 0.3, 0.5]], {}, "model must have the shape"),
        ([[0.5, 0.5]], {"floor": -1.0}, "floor must be at least 0"),
        ([[0.5, 0.5]], {"positions": [[0.0]]}, "positions must be finite"),
        ([[0.5, 0.5]], {"factors": (3,)}, "factors must add to the 2 columns"),
    ],
)
def test_opponent_divergence_says_what_does_not_fit(model, options, message):
    with pytest.raises(ValueError, match=message):
        opponent_divergence([[0.5, 0.5]], model, **options)
