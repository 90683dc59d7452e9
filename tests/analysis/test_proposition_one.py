"""Proposition 1 in closed form (T25), against the table of formulas and against enumeration of all joint actions."""

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.analysis.gradient_enumeration import enumerated_quality
from nashlens.analysis.proposition_one import ESTIMATORS, batch_agreement, proposition_one, samples_needed
from nashlens.games import make

# The expected values are closed forms, derived from ĝ_i = R (a_i/θ − (1 − a_i)/(1 − θ)) with p = 2^−N at θ = ½.


def p_baseline(n):
    p = 2.0**-n
    even = 0 if n % 2 else comb(n, n // 2) * p
    return p + (1 - even) / 2, (1 - even) / 2 - p


TABLE = {
    "reinforce": lambda n, p: (p, 0, 4 * p * (1 - p)),
    "reinforce_baseline": lambda n, p: (*p_baseline(n), 4 * p - 8 * p**2),
    "centralised_q": lambda n, p: (p, 0, 4 * p * (1 - p)),
    "decentralised_q": lambda n, p: (1 - p, 0, 4 * p**2),
    "counterfactual": lambda n, p: ((n + 1) * p, 0, 2 * p - 4 * p**2),
    "all_action": lambda n, p: ((n + 1) * p, 0, 2 * p - 4 * p**2),
    "dpg_replayed": lambda n, p: ((n + 1) * p, 0, 2 * p - 4 * p**2),
    "dpg_reevaluated": lambda n, p: (1, 0, 0),
}


@pytest.mark.parametrize("n", range(1, 11))
@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_proposition_one_all_ones_at_one_half_has_the_closed_forms(estimator, n):
    # T25
    found = proposition_one(n, estimator=estimator)
    positive, negative, variance = TABLE[estimator](n, 2.0**-n)
    assert found.p_positive == pytest.approx(positive, abs=1e-12)
    assert found.p_negative == pytest.approx(negative, abs=1e-12)
    np.testing.assert_allclose(found.variance, variance, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose(found.gradient, 2.0 ** (1 - n), rtol=1e-12)
    np.testing.assert_allclose(found.mean, found.gradient, rtol=1e-9)


@pytest.mark.parametrize(
    ("estimator", "snr"),
    [
        ("reinforce", lambda n: 1 / np.sqrt(2**n - 1)),
        ("reinforce_baseline", lambda n: np.inf if n == 1 else 1 / np.sqrt(2**n - 2)),
        ("decentralised_q", lambda n: 1.0),
        ("counterfactual", lambda n: np.inf if n == 1 else np.sqrt(2 ** (1 - n) / (1 - 2 ** (1 - n)))),
        ("dpg_reevaluated", lambda n: np.inf),
    ],
)
def test_proposition_one_signal_to_noise_has_the_closed_forms(estimator, snr):
    # T25
    for n in range(1, 11):
        assert proposition_one(n, estimator=estimator).component_snr[0] == pytest.approx(snr(n), rel=1e-9)


@pytest.mark.parametrize(
    ("n", "positive", "variance"),
    [
        # reinforce, + baseline, decentralised, counterfactual, each from the formulas above
        (3, (0.125, 0.625, 0.875, 0.5), (0.4375, 0.375, 0.0625, 0.1875)),
        (5, (0.03125, 0.53125, 0.96875, 0.1875), None),
        (10, (9.765625e-4, 0.377930, 0.999023, 0.010742), None),
    ],
)
def test_proposition_one_numbers_for_3_5_and_10_agents(n, positive, variance):
    # T25
    names = ("reinforce", "reinforce_baseline", "decentralised_q", "counterfactual")
    found = [proposition_one(n, estimator=name) for name in names]
    assert [f.p_positive for f in found] == pytest.approx(positive, abs=5e-7)
    if variance is not None:
        assert [f.variance[0] for f in found] == pytest.approx(variance, abs=1e-12)


def test_proposition_one_of_two_agents_is_three_quarters_silent_with_variance_three_quarters():
    found = proposition_one(2)
    assert (found.p_positive, found.variance[0]) == pytest.approx((0.25, 0.75), abs=1e-12)


def test_proposition_one_reinforce_is_never_wrong_and_almost_always_silent():
    # E cos = p; given that it is not silent cos = 1; E‖ĝ − g‖²/‖g‖² = 2^N − 1.
    for n in range(1, 11):
        found = proposition_one(n)
        assert found.mean_cosine == pytest.approx(2.0**-n, abs=1e-12)
        assert found.conditional_accuracy == 1.0
        assert found.normalised_error == pytest.approx(2**n - 1, rel=1e-9)


@pytest.mark.parametrize(("theta", "expected"), [(0.6, (0.216, 0.36, 0.4704)), (0.9, (0.729, 0.81, 0.2439))])
def test_proposition_one_at_other_thetas(theta, expected):
    # N = 3: P = θ^N, g = θ^(N−1), Var = θ^(N−2) − θ^(2N−2).
    found = proposition_one(3, theta=theta)
    assert (found.p_positive, found.gradient[0], found.variance[0]) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("n", range(2, 11))
def test_proposition_one_as_printed_has_no_gradient_at_one_half(n):
    # T25: g = θ^(N−1) − (1 − θ)^(N−1) = 0: every sample is noise, and none can agree.
    for estimator in ESTIMATORS:
        found = proposition_one(n, reward="all_equal", estimator=estimator)
        assert (found.p_positive, found.p_negative, found.gradient[0]) == (0, 0, 0)
    assert proposition_one(n, reward="all_equal").total_variance > 0
    assert np.isnan(found.normalised_error)
    assert found.to_records()[0]["reason"] == "the true gradient is 0"


@pytest.mark.parametrize(("n", "theta", "accuracy"), [(2, 0.6, 0.692308), (3, 0.6, 0.771429), (5, 0.7, 0.985748)])
def test_proposition_one_as_printed_off_one_half(n, theta, accuracy):
    # T25: P(>0) = θ^N, P(<0) = (1 − θ)^N, conditional accuracy θ^N / (θ^N + (1 − θ)^N).
    found = proposition_one(n, theta=theta, reward="all_equal")
    assert found.p_positive == pytest.approx(theta**n, abs=1e-12)
    assert found.p_negative == pytest.approx((1 - theta) ** n, abs=1e-12)
    assert found.gradient[0] == pytest.approx(theta ** (n - 1) - (1 - theta) ** (n - 1), abs=1e-12)
    assert found.conditional_accuracy == pytest.approx(accuracy, abs=5e-7)


# One agent always agrees with itself: for N = 1 the reward of all_equal is constant, and nothing is left but rounding.
@pytest.mark.parametrize(
    ("n", "reward"), [(n, reward) for n in range(1, 11) for reward in ("all_ones", "all_equal")[: 1 + (n > 1)]]
)
def test_proposition_one_equals_enumeration(n, reward):
    # T25: Enumeration knows the 2^N joint actions of the registered game and nothing of counts.
    rewards = make(reward, n_agents=n).payoffs[0] if n > 1 else np.array([0.0, 1.0])
    for theta in (0.5, 0.62, 0.3):
        for estimator in ESTIMATORS:
            ours = proposition_one(n, theta=theta, estimator=estimator, reward=reward)
            other = enumerated_quality(rewards, np.full(n, theta), estimator=estimator)
            for name in ("p_positive", "p_negative", "mean_cosine", "total_variance", "snr", "normalised_error"):
                assert getattr(ours, name) == pytest.approx(getattr(other, name), rel=1e-8, abs=1e-12, nan_ok=True)


@given(st.integers(1, 12), st.floats(0.05, 0.95), st.sampled_from(["all_ones", "all_equal"]))
def test_proposition_one_is_unbiased_and_centralising_never_lowers_variance(n, theta, reward):
    by = {e: proposition_one(n, theta=theta, estimator=e, reward=reward) for e in ESTIMATORS}
    for found in by.values():
        np.testing.assert_allclose(found.mean, found.gradient, rtol=1e-6, atol=1e-10)
        assert 0 <= found.p_positive + found.p_negative <= 1 + 1e-9
    assert by["centralised_q"].total_variance >= by["decentralised_q"].total_variance - 1e-9
    assert by["reinforce_baseline"].total_variance <= by["reinforce"].total_variance + 1e-9


def test_proposition_one_of_many_agents():
    # A decentralised critic has a ratio of 1 for any N, and is silent with probability 2^−N.
    found = proposition_one(200, estimator="decentralised_q")
    assert found.component_snr[0] == pytest.approx(1, rel=1e-9)
    assert proposition_one(200).component_snr[0] == pytest.approx(2.0**-100, rel=1e-9)


def test_samples_needed_for_one_half():
    # ⌈ln ½ / ln(1 − p)⌉
    assert [samples_needed(2.0**-n) for n in (1, 2, 3, 4, 5, 8, 10)] == [1, 3, 6, 11, 22, 178, 710]
    assert samples_needed(1.0) == 1


@given(st.floats(1e-3, 0.99), st.floats(0.01, 0.99))
def test_samples_needed_is_the_first_batch_that_is_large_enough(p, agreement):
    m = samples_needed(p, agreement=agreement)
    assert batch_agreement(p, m) >= agreement - 1e-8
    assert m == 1 or batch_agreement(p, m - 1) < agreement + 1e-8


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"n_agents": 0}, "n_agents must be from 1 to 1000, not 0"),
        ({"n_agents": 1001}, "n_agents must be from 1 to 1000, not 1001"),
        ({"n_agents": 2, "theta": 1.0}, r"theta must be inside \(0, 1\), not 1.0"),
        ({"n_agents": 2, "estimator": "magic"}, "estimator must be one of reinforce"),
        ({"n_agents": 2, "reward": "any"}, "reward must be all_ones or all_equal"),
    ],
)
def test_proposition_one_says_what_does_not_fit(settings, message):
    with pytest.raises(ValueError, match=message):
        proposition_one(**settings)


def test_batches_say_what_does_not_fit():
    with pytest.raises(ValueError, match=r"probability must be inside \[0, 1\]"):
        batch_agreement(1.5, 2)
    with pytest.raises(ValueError, match=r"probability must be inside \(0, 1\]"):
        samples_needed(0.0)
