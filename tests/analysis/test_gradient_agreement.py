"""Agreement with a disjoint reference: a Gaussian case in closed form, the null, inflation by sharing, coverage."""

import numpy as np
import pytest
from scipy import special

from nashlens.analysis.gradient_agreement import gradient_agreement
from nashlens.analysis.results import Result


def test_gradient_agreement_of_a_gaussian():
    # ĝ ~ N(g, I_100), ‖g‖ = 1: ⟨ĝ, g⟩ ~ N(1, 1), so P = Φ(1) = .8413; E cos ≈ .0995. 20,000 samples: standard
    # deviations √(.8413 · .1587 / 20,000) = .0026 and .1/√20,000 = .0007.
    rng = np.random.default_rng(0)
    g = np.eye(100)[0]
    found = gradient_agreement(rng.normal(size=(20_000, 100)) + g, g)
    assert found.sign_agreement.value == pytest.approx(special.ndtr(1.0), abs=5 * 0.0026)
    assert found.sign_opposition.value == pytest.approx(1 - special.ndtr(1.0), abs=5 * 0.0026)
    assert found.mean_cosine.value == pytest.approx(0.0995, abs=5 * 0.0007)


def test_gradient_agreement_of_component_signs():
    # Each component of N(g, 1) with g_k = ½ agrees with probability Φ(½) = .6915.
    rng = np.random.default_rng(1)
    found = gradient_agreement(rng.normal(size=(2000, 50)) + 0.5, np.full(50, 0.5))
    assert found.component_agreement.value == pytest.approx(special.ndtr(0.5), abs=5 * np.sqrt(0.25 / 100_000))


def test_gradient_agreement_of_random_directions_is_one_half():
    rng = np.random.default_rng(2)
    found = gradient_agreement(rng.normal(size=(4000, 50)), rng.normal(size=(30, 50)))
    assert found.sign_agreement.value == pytest.approx(0.5, abs=5 * np.sqrt(0.25 / 4000))
    assert abs(found.mean_cosine.value) < 5 / np.sqrt(50 * 4000)
    assert found.n_reference == 30


def test_samples_in_their_own_reference_agree_too_often():
    # Ten samples of noise: each is a tenth of the mean that it is compared with.
    rng = np.random.default_rng(3)
    samples = rng.normal(size=(10, 50))
    assert gradient_agreement(samples, samples.copy()).sign_agreement.value > 0.9
    with pytest.raises(ValueError, match="reference must be disjoint from samples"):
        gradient_agreement(samples, samples[:5])
    assert gradient_agreement(samples[:5], samples[5:]).sign_agreement.value < 0.9


def test_silent_samples_count_for_neither_side():
    found = gradient_agreement([[0.0, 0.0], [1.0, 0.0], [-1.0, 0.0], [0.0, 1.0]], [1.0, 0.0])
    assert (found.sign_agreement.value, found.sign_opposition.value, found.mean_cosine.value) == (0.25, 0.25, 0.0)


def test_intervals_cover():
    # 80 samples, P = Φ(.5); Wilson at nominal .95 over 800 sets: binomial standard deviation .0077, and Wilson's own
    # discreteness of about .01.
    rng = np.random.default_rng(4)
    hits = 0
    for _ in range(800):
        found = gradient_agreement(rng.normal(size=(80, 4)) + 0.5 * np.eye(4)[0], [1.0, 0, 0, 0]).sign_agreement
        hits += found.low <= special.ndtr(0.5) <= found.high
    assert hits / 800 == pytest.approx(0.95, abs=4 * 0.0077 + 0.01)


def test_one_sample_has_no_interval_of_the_cosine():
    found = gradient_agreement([[1.0, 1.0]], [1.0, 0.0])
    assert found.mean_cosine.reason == "n = 1 episode; an interval needs at least 2"
    assert isinstance(found, Result)
    assert len(found.to_records()) == 4


@pytest.mark.parametrize(
    ("reference", "message"),
    [
        ([0.0, 0.0], "reference must not be 0"),
        ([1.0], "reference must have the 2 columns of samples, not 1"),
        ([np.nan, 1.0], "reference must be finite"),
        (np.ones((0, 2)), r"reference must be \[M, d\]"),
    ],
)
def test_gradient_agreement_says_what_does_not_fit(reference, message):
    with pytest.raises(ValueError, match=message):
        gradient_agreement([[1.0, 1.0]], reference)
