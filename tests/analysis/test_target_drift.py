"""Target drift: exact splits, parts that vanish, lags against simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.analysis.target_drift import replay_lag, target_drift, tracking_lag


def batch(seed, n=6):
    return np.random.default_rng(seed).normal(size=(4, n))


@given(st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_target_drift_adds_up_exactly(seed, discount):
    before, new_critic, new_policy, after = batch(seed)
    found = target_drift(before, new_critic, new_policy=new_policy, after=after, discount=discount)
    np.testing.assert_allclose(found.critic + found.policy + found.interaction, found.total, rtol=0, atol=1e-12)
    np.testing.assert_allclose(found.total, discount * (after - before), rtol=0, atol=1e-12)


def test_target_drift_of_a_frozen_critic_is_all_policy():
    before, _, new_policy, _ = batch(0)
    found = target_drift(before, before, new_policy=new_policy, after=new_policy, discount=0.95)
    assert not found.critic.any()
    assert not found.interaction.any()
    np.testing.assert_array_equal(found.policy, found.total)


def test_target_drift_of_frozen_policies_is_all_critic():
    before, new_critic, _, _ = batch(0)
    found = target_drift(before, new_critic, new_policy=before, after=new_critic, discount=0.95)
    assert not found.policy.any()
    np.testing.assert_array_equal(found.critic, found.total)


def test_target_drift_without_bootstrapping_is_zero():
    before, new_critic, new_policy, after = batch(0)
    free = target_drift(before, new_critic, new_policy=new_policy, after=after, discount=0.0)
    over = target_drift(
        before, new_critic, new_policy=new_policy, after=after, discount=0.95, terminated=np.ones(6, bool)
    )
    for found in (free, over):
        assert not any(part.any() for part in (found.critic, found.policy, found.interaction, found.total))


def test_target_drift_by_hand():
    # γ = .5; critic +2, policy −4, both +8: parts 1, −2, 5.
    found = target_drift([1.0], [3.0], new_policy=[-3.0], after=[9.0], new_others=[0.0], discount=0.5)
    assert [found.critic[0], found.policy[0], found.interaction[0], found.total[0]] == [1.0, -2.0, 5.0, 4.0]
    assert found.others is not None
    assert found.others[0] == -0.5
    rows = {row["metric"]: (row["value"], row["mean"]) for row in found.to_records()}
    assert rows["target_drift_policy"] == (2.0, -2.0)
    assert rows["target_drift_others"] == (0.5, -0.5)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"discount": 1.5}, r"discount must be in \[0, 1\], not 1.5"),
        ({"after": [1.0]}, "after must be one row of finite numbers as long as before"),
        ({"new_policy": [np.nan, 1.0]}, "new_policy must be one row of finite numbers"),
        ({"terminated": [True]}, "terminated must have shape"),
    ],
)
def test_target_drift_says_what_does_not_fit(options, message):
    settings = {"new_policy": [0.0, 0.0], "after": [0.0, 0.0], "discount": 0.9} | options
    with pytest.raises(ValueError, match=message):
        target_drift([0.0, 0.0], [0.0, 0.0], **settings)


def test_tracking_lag_is_what_a_follower_settles_at():
    # T07: δ / α = 1e-3 / .05 = .02.
    target = follower = 0.0
    for _ in range(2000):
        follower += 0.05 * (target - follower)
        target += 1e-3
    assert tracking_lag(1e-3, step_size=0.05).lag == pytest.approx(0.02, abs=1e-15)
    assert target - follower == pytest.approx(0.02, abs=1e-12)


def test_replay_lag_is_the_mean_age_of_its_targets():
    # T07: δ (B − 1) / 2 = 1e-3 · 999 / 2 = .4995.
    targets = 1e-3 * np.arange(5000)
    assert replay_lag(1e-3, buffer_size=1000).lag == pytest.approx(0.4995, abs=1e-15)
    assert targets[-1] - targets[-1000:].mean() == pytest.approx(0.4995, abs=1e-12)
    assert replay_lag(1e-3, buffer_size=1).lag == 0.0
    assert replay_lag(1e-3, buffer_size=1000).to_records()[0]["cause"] == "replay"


def test_lags_say_what_does_not_fit():
    with pytest.raises(ValueError, match=r"step_size must be in \(0, 1\], not 0"):
        tracking_lag(1e-3, step_size=0)
    with pytest.raises(ValueError, match="buffer_size must be at least 1, not 0"):
        replay_lag(1e-3, buffer_size=0)
