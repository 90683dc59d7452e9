"""Sampled overlap of Gaussians, against closed forms and numerical integration."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from nashlens.analysis.gaussian_overlap import gaussian_overlap, log_density


def rng() -> np.random.Generator:
    return np.random.default_rng(0)


def test_equal_spreads_have_the_closed_form() -> None:
    # TV = 2 Φ(d/2) − 1 with d the distance of the means in standard deviations: here √(0.6² + 0.8²) = 1
    found = gaussian_overlap(
        [[0.6, 1.6]], [[1.0, 2.0]], model_mean=[[0, 0]], model_std=[[1, 2]], n_draws=40_000, rng=rng()
    )
    assert found.tv[0] == pytest.approx(2 * stats.norm.cdf(0.5) - 1, abs=5e-3)


def test_unequal_spreads_agree_with_an_integral() -> None:
    def p(x: float) -> float:
        return float(stats.norm.pdf(x, 0.3, 0.1))

    def q(x: float) -> float:
        return float(stats.norm.pdf(x, 0.45, 0.3))

    def half_js(x: float) -> float:
        middle = (p(x) + q(x)) / 2
        return sum(f * np.log(f / middle) / 2 for f in (p(x), q(x)) if f > 1e-300)

    tv = integrate.quad(lambda x: abs(p(x) - q(x)) / 2, -2, 3, points=[0.3, 0.45], limit=200)[0]
    js = integrate.quad(half_js, -2, 3, points=[0.3, 0.45], limit=200)[0]
    found = gaussian_overlap([[0.3]], [[0.1]], model_mean=[[0.45]], model_std=[[0.3]], n_draws=40_000, rng=rng())
    assert found.tv[0] == pytest.approx(tv, abs=5e-3)
    assert found.js[0] == pytest.approx(js, abs=5e-3)


def test_the_same_twice_overlaps_wholly_and_far_ones_not_at_all() -> None:
    same = gaussian_overlap([[1.0]], [[2.0]], model_mean=[[1.0]], model_std=[[2.0]], rng=rng())
    assert same.tv[0] == 0
    assert same.js[0] == pytest.approx(0, abs=1e-12)
    far = gaussian_overlap([[0.0]], [[1.0]], model_mean=[[100.0]], model_std=[[1.0]], rng=rng())
    assert far.tv[0] == pytest.approx(1)
    assert far.js[0] == pytest.approx(np.log(2))
    assert [row["metric"] for row in far.to_records()] == ["opponent_tv", "opponent_js"]
    assert far.to_records()[0]["value"] == pytest.approx(1)


def test_log_densities_are_scipys() -> None:
    points = rng().normal(size=(5, 2))
    wanted = stats.norm.logpdf(points, [0.1, 0.2], [1.0, 3.0]).sum(axis=1)
    np.testing.assert_allclose(log_density(points, np.array([0.1, 0.2]), np.array([1.0, 3.0])), wanted)


def test_bad_input_is_refused() -> None:
    with pytest.raises(ValueError, match="n_draws must be at least 1, not 0"):
        gaussian_overlap([[0.0]], [[1.0]], model_mean=[[0.0]], model_std=[[1.0]], n_draws=0, rng=rng())
    with pytest.raises(ValueError, match="model_std must be above 0"):
        gaussian_overlap([[0.0]], [[1.0]], model_mean=[[0.0]], model_std=[[0.0]], rng=rng())
    with pytest.raises(ValueError, match=r"model_mean must have the shape \(1, 1\) of mean"):
        gaussian_overlap([[0.0]], [[1.0]], model_mean=[[0.0, 1.0]], model_std=[[1.0]], rng=rng())
