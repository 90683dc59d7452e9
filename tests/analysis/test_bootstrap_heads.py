"""Bootstrap heads: exact where nothing is uncertain, the ridge's pull, the spread of a mean, refusals."""

import numpy as np
import pytest

from nashlens.analysis.bootstrap_heads import bootstrap_heads


def test_heads_agree_where_the_prior_is_already_right():
    rng = np.random.default_rng(0)
    x = rng.normal(size=(30, 5, 3))
    heads = bootstrap_heads(x, x @ [1.0, -2.0, 0.5], [1.0, -2.0, 0.5], n_heads=4, rng=rng)
    np.testing.assert_allclose(heads, np.tile([1.0, -2.0, 0.5], (4, 1)), atol=1e-12)


def test_a_strong_ridge_holds_heads_at_the_prior_and_a_weak_one_fits():
    rng = np.random.default_rng(1)
    x = rng.normal(size=(50, 4, 2))
    y = x @ [1.0, 1.0]
    held = bootstrap_heads(x, y, [0.0, 0.0], n_heads=3, ridge=1e9, rng=rng)
    free = bootstrap_heads(x, y, [0.0, 0.0], n_heads=3, ridge=1e-12, rng=rng)
    np.testing.assert_allclose(held, 0, atol=1e-6)
    np.testing.assert_allclose(free, 1, atol=1e-6)


def test_heads_of_a_constant_feature_spread_as_the_mean_of_episodes_does():
    # Feature 1, one moment an episode: each head is the mean of a resample, with standard deviation s/√M.
    rng = np.random.default_rng(2)
    y = rng.normal(size=(100, 1))
    heads = bootstrap_heads(np.ones((100, 1, 1)), y, [0.0], n_heads=2000, ridge=1e-9, rng=rng)
    assert heads.std() == pytest.approx(y.std() / 10, rel=0.06)
    assert heads.mean() == pytest.approx(y.mean(), abs=4 * y.std() / 10 / np.sqrt(2000))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"features": np.ones((1, 2, 3))}, "features, returns and prior must be"),
        ({"returns": np.ones((4, 3))}, "features, returns and prior must be"),
        ({"prior": np.ones(2)}, "features, returns and prior must be"),
        ({"returns": np.full((4, 2), np.nan)}, "must be finite"),
        ({"n_heads": 1}, "n_heads must be at least 2"),
        ({"ridge": 0.0}, "ridge above 0"),
    ],
)
def test_heads_refuse_what_does_not_fit(change, message):
    given = {"features": np.ones((4, 2, 3)), "returns": np.ones((4, 2)), "prior": np.ones(3), "n_heads": 2} | change
    features, returns, prior = (given.pop(k) for k in ("features", "returns", "prior"))
    with pytest.raises(ValueError, match=message):
        bootstrap_heads(features, returns, prior, **given, rng=np.random.default_rng(0))
