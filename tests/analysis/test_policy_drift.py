"""Policy drift: closed forms, metric properties of paths, factors, probes, bad input."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.analysis.policy_drift import gaussian_policy_drift, policy_drift
from nashlens.analysis.results import Result
from nashlens.games import Profile


def softmax(logits):
    weights = np.exp(logits)
    return weights / weights.sum(axis=-1, keepdims=True)


def test_policy_drift_of_two_bernoulli_policies():
    # Total variation .4; KL(Bern .9 ‖ Bern .5) = .368064, the reverse .510826.
    found = policy_drift([[[0.5, 0.5], [0.9, 0.1]]])
    assert found.distances["tv"][0, 0] == pytest.approx(0.4)
    assert found.distances["kl_new_old"][0, 0] == pytest.approx(0.368064, abs=5e-7)
    assert found.distances["kl_old_new"][0, 0] == pytest.approx(0.510826, abs=5e-7)


def test_policy_drift_of_softmax_policies_that_differ_by_a_constant_is_zero():
    logits = np.random.default_rng(0).normal(size=(1, 20, 5))
    found = policy_drift([softmax(np.concatenate([logits, logits + 3.0]))])
    assert all(abs(values[0, 0]) < 1e-15 for values in found.distances.values())


def test_policy_drift_averages_over_probes():
    # Total variation .4 at one probe and 0 at the other.
    found = policy_drift([[[[0.5, 0.5], [0.3, 0.7]], [[0.9, 0.1], [0.3, 0.7]]]])
    assert found.distances["tv"][0, 0] == pytest.approx(0.2)
    assert found.n_probes == 2


def test_policy_drift_around_a_triangle_comes_home():
    # Between pure strategies total variation is 1: the path grows by 1, the straight distance ends at 0.
    found = policy_drift([np.eye(3)[[0, 1, 2, 0]]])
    assert found.path.ravel().tolist() == [1.0, 2.0, 3.0]
    assert found.straight.ravel().tolist() == [1.0, 1.0, 0.0]
    assert found.tortuosity.ravel().tolist() == [1.0, 2.0, np.inf]
    assert policy_drift([np.eye(3)[[0, 1, 2, 0]]], against="first").distances["tv"].ravel().tolist() == [1, 1, 0]


def test_policy_drift_that_has_not_moved_has_no_tortuosity():
    assert np.isnan(policy_drift([np.eye(2)[[0, 0]]]).tortuosity[0, 0])


@given(st.integers(0, 2**32 - 1), st.integers(2, 6), st.integers(1, 4), st.integers(1, 4))
@settings(deadline=None)
def test_policy_drift_paths_are_never_shorter_than_the_straight_line(seed, n_snapshots, n_probes, n_actions):
    source = np.random.default_rng(seed)
    p = source.dirichlet(np.ones(n_actions), size=(n_snapshots, n_probes))
    found = policy_drift([p, p[::-1]])
    assert (found.path >= found.straight - 1e-12).all()
    assert (found.distances["tv"] <= 1).all()
    assert all((values >= 0).all() for values in found.distances.values())
    means = source.normal(size=(n_snapshots, n_probes, 2))
    gaussian = gaussian_policy_drift([means], [np.abs(means) + 0.1])
    assert (gaussian.path >= gaussian.straight - 1e-12).all()


def test_policy_drift_in_a_straight_line_has_tortuosity_1():
    p = np.linspace(0.1, 0.9, 9)
    found = policy_drift([np.stack([p, 1 - p], axis=-1)])
    np.testing.assert_allclose(found.tortuosity, 1.0, rtol=0, atol=1e-12)


def test_policy_drift_of_factors_is_that_of_their_product():
    source = np.random.default_rng(1)
    first, second = source.dirichlet(np.ones(2), size=(2, 4)), source.dirichlet(np.ones(3), size=(2, 4))
    found = policy_drift([np.concatenate([first, second], axis=-1)], factors=[(2, 3)])
    product = np.einsum("tpa,tpb->tpab", first, second).reshape(2, 4, 6)
    for name, values in policy_drift([product]).distances.items():
        assert found.distances[name][0, 0] == pytest.approx(values[0, 0], abs=1e-12)
    alone = policy_drift([first, second])
    assert found.distances["kl_new_old"][0, 0] == pytest.approx(alone.distances["kl_new_old"].sum(), abs=1e-12)
    assert alone.joint_kl_new_old[0] == pytest.approx(alone.distances["kl_new_old"].sum(), abs=1e-15)


def test_policy_drift_rates_divide_by_the_steps_between():
    found = policy_drift([[[0.5, 0.5], [0.9, 0.1], [0.9, 0.1]]], steps=[0, 100, 300], against="first")
    assert found.rates["tv"].ravel().tolist() == pytest.approx([0.004, 0.4 / 300])


def test_policy_drift_takes_a_profile_of_snapshots():
    profile = Profile([[[1.0, 0.0], [0.5, 0.5]], [[0.2, 0.8], [0.2, 0.8]]])
    assert policy_drift(profile).distances["tv"].tolist() == [[0.5, 0.0]]


def test_policy_drift_forgives_single_precision():
    p = softmax(np.random.default_rng(2).normal(size=(3, 10, 5))).astype(np.float32)
    assert (policy_drift([p]).distances["tv"] > 0).all()
    # Sums that are off by as much as single precision allows are divided out, not counted as drift.
    assert policy_drift([[[0.5, 0.5], [0.5 + 4e-7, 0.5 + 4e-7]]]).distances["tv"][0, 0] == pytest.approx(0, abs=1e-15)


def test_gaussian_policy_drift_of_one_spread():
    # Δ = .1, σ = .05: KL 2 nats, total variation .68269, W2 .1.
    found = gaussian_policy_drift([[[[0.0]], [[0.1]]]], [[[[0.05]], [[0.05]]]])
    assert {name: round(float(values[0, 0]), 5) for name, values in found.distances.items()} == {
        "w2": 0.1,
        "tv": 0.68269,
        "kl_new_old": 2.0,
        "kl_old_new": 2.0,
    }


def test_gaussian_policy_drift_of_deterministic_policies_is_their_distance():
    found = gaussian_policy_drift([[[0.0, 0.0], [3.0, 4.0]]], [np.zeros((2, 2))])
    assert found.distances["w2"][0, 0] == 5.0
    assert found.distances["kl_new_old"][0, 0] == np.inf


def test_policy_drift_is_a_result_with_named_rows():
    found = policy_drift([np.eye(2)[[0, 1]]], steps=[0, 50])
    assert isinstance(found, Result)
    rows = {row["metric"]: row for row in found.to_records()}
    assert set(rows) == {
        "policy_drift_tv",
        "policy_drift_kl_new_old",
        "policy_drift_kl_old_new",
        "policy_tv_path",
        "policy_tortuosity",
    }
    assert (rows["policy_drift_tv"]["value"], rows["policy_drift_tv"]["step"]) == (1.0, 50.0)


@pytest.mark.parametrize(
    ("strategies", "options", "message"),
    [
        ([], {}, "strategies must be one or more arrays"),
        ([[[1.0]]], {}, "two snapshots or more to compare, not 1"),
        ([[0.5, 0.5]], {}, r"strategies of agent 0 must be probabilities \[T, …, A_i\], not shape \(2,\)"),
        ([[[0.5, 0.5]] * 2, [[np.nan, 0.5]] * 2], {}, "strategies of agent 1 must be probabilities"),
        ([[[1.5, -0.5]] * 2], {}, "strategies of agent 0 must be probabilities"),
        ([[[0.5, 0.4]] * 2], {}, r"must sum to 1 within 1e-06 in each factor; their sums run from 0\.9"),
        ([[[1.0]] * 2, [[1.0]] * 3], {}, r"the same number of snapshots, not \[2, 3\]"),
        ([[[1.0]] * 2], {"steps": [1.0, 1.0]}, "steps must be 2 rising numbers"),
        ([[[1.0]] * 2], {"steps": [1.0]}, "steps must be 2 rising numbers"),
        ([[[1.0]] * 2], {"factors": [(1,), (1,)]}, "factors must have one entry for each of the 1 agents, not 2"),
        ([[[1.0]] * 2], {"factors": [(2,)]}, "factors of agent 0 must add to 1"),
        ([[[1.0]] * 2], {"against": "last"}, "against must be"),
    ],
)
def test_policy_drift_says_what_does_not_fit(strategies, options, message):
    with pytest.raises(ValueError, match=message):
        policy_drift(strategies, **options)


def test_gaussian_policy_drift_says_what_does_not_fit():
    with pytest.raises(ValueError, match="stds must be 1 arrays, one an agent, not 2"):
        gaussian_policy_drift([np.zeros((2, 1))], [np.zeros((2, 1))] * 2)
    with pytest.raises(ValueError, match="means and stds of agent 0 must be finite, of one shape"):
        gaussian_policy_drift([np.zeros((2, 1))], [np.zeros((2, 2))])
    with pytest.raises(ValueError, match="no std below 0"):
        gaussian_policy_drift([np.zeros((2, 1))], [-np.ones((2, 1))])
