"""Gaussian and deterministic policies against models: closed forms, the exact split, bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from nashlens.analysis.gaussian_opponent import deterministic_opponent_divergence, gaussian_opponent_divergence
from nashlens.analysis.results import Result


def test_gaussian_opponent_divergence_splits_into_mean_and_variance():
    # μ = .3, σ = .1, μ̂ = .45, σ̂ = .3: .779168 = .15²/.18 + [ln 3 + 1/18 − ½] = .125 + .654168.
    found = gaussian_opponent_divergence([[0.3]], [[0.1]], model_mean=[[0.45]], model_std=[[0.3]])
    assert found.kl_true_model[0] == pytest.approx(0.779168, abs=5e-7)
    assert found.mean_part[0] == pytest.approx(0.125, abs=1e-12)
    assert found.variance_part[0] == pytest.approx(np.log(3) + 1 / 18 - 0.5, abs=1e-12)


def test_gaussian_opponent_divergence_agrees_with_the_integral():
    p, q = stats.norm(0.3, 0.1), stats.norm(0.45, 0.3)
    by_hand = integrate.quad(lambda x: p.pdf(x) * (p.logpdf(x) - q.logpdf(x)), -1, 1.5)[0]
    found = gaussian_opponent_divergence([[0.3]], [[0.1]], model_mean=[[0.45]], model_std=[[0.3]])
    assert found.kl_true_model[0] == pytest.approx(by_hand, abs=1e-8)


@given(st.integers(0, 2**32 - 1), st.integers(1, 4))
def test_gaussian_parts_add_up_and_are_not_negative(seed, width):
    source = np.random.default_rng(seed)
    mean, model_mean = source.normal(size=(2, 5, width))
    std, model_std = source.uniform(0.05, 2, size=(2, 5, width))
    found = gaussian_opponent_divergence(mean, std, model_mean=model_mean, model_std=model_std)
    assert found.error < 1e-9
    assert (found.mean_part >= 0).all()
    assert (found.variance_part >= -1e-12).all()


def test_deterministic_opponent_divergence_grows_as_the_assumed_noise_shrinks():
    # Δ = .1, σ = .05: 2 nats both ways, total variation 2 Φ(1) − 1 = .68269; at σ = .005 a hundred times as much.
    found = deterministic_opponent_divergence([[0.0]], [[0.1]], noise=0.05)
    assert (found.kl_true_model[0], found.kl_model_true[0]) == pytest.approx((2.0, 2.0))
    assert found.tv[0] == pytest.approx(0.68269, abs=5e-6)
    small = deterministic_opponent_divergence([[0.0]], [[0.1]], noise=0.005)
    assert small.kl_true_model[0] == pytest.approx(200.0)
    assert found.rmse == small.rmse == pytest.approx(0.1)
    assert {row["noise"] for row in small.to_records()} == {0.005}


def test_deterministic_rmse_is_over_probes():
    # Errors of 3 and 4: √((9 + 16) / 2).
    found = deterministic_opponent_divergence([[0.0], [0.0]], [[3.0], [4.0]], noise=1.0)
    assert found.rmse == pytest.approx(np.sqrt(12.5))


def test_gaussian_total_variation_without_closed_form_is_missing_and_says_so():
    found = gaussian_opponent_divergence([[0.0]], [[1.0]], model_mean=[[0.0]], model_std=[[2.0]])
    assert isinstance(found, Result)
    rows = {row["metric"]: row for row in found.to_records()}
    assert np.isnan(rows["opponent_tv"]["value"])
    assert rows["opponent_tv"]["reason"] == "1 of 1 probes have no finite value"
    assert rows["opponent_w2"]["value"] == 1.0


def test_gaussian_opponents_say_what_does_not_fit():
    with pytest.raises(ValueError, match=r"std must be above 0, not 0\.0; compare points with deterministic"):
        gaussian_opponent_divergence([[0.0]], [[0.0]], model_mean=[[0.0]], model_std=[[1.0]])
    with pytest.raises(ValueError, match=r"model_mean must have the shape \(1, 1\) of mean, not \(1, 2\)"):
        gaussian_opponent_divergence([[0.0]], [[1.0]], model_mean=[[0.0, 0.0]], model_std=[[1.0]])
    with pytest.raises(ValueError, match=r"mean must be finite, \[P, D\], not shape \(1, 1\) with 1 other entries"):
        gaussian_opponent_divergence([[np.nan]], [[1.0]], model_mean=[[0.0]], model_std=[[1.0]])
    with pytest.raises(ValueError, match="noise must be finite and above 0, not 0"):
        deterministic_opponent_divergence([[0.0]], [[0.1]], noise=0)
    with pytest.raises(ValueError, match="model_actions must have the shape"):
        deterministic_opponent_divergence([[0.0]], [[0.1, 0.0]], noise=1.0)
    with pytest.raises(ValueError, match="actions must be finite"):
        deterministic_opponent_divergence(np.zeros((0, 1)), np.zeros((0, 1)), noise=1.0)
