"""Sampled divergences: the three estimators' exact expectations, unbiasedness, supports that differ."""

import numpy as np
import pytest

from nashlens.analysis.results import Result
from nashlens.analysis.sampled_divergence import sampled_divergence


def test_sampled_divergence_expectations_in_exact_proportions():
    # T22: q = (.7, .2, .1), p = (.5, .3, .2): seven, two and one samples are q exactly, so that means are expectations.
    # KL(q‖p) = .0851228; k2 expects .0800876; spreads .3911, .0543, .0759.
    times = [7, 2, 1]
    found = sampled_divergence(np.log(np.repeat([0.7, 0.2, 0.1], times)), np.log(np.repeat([0.5, 0.3, 0.2], times)))
    assert [e.value for e in (found.k1, found.k2, found.k3)] == pytest.approx(
        [0.0851228, 0.0800876, 0.0851228], abs=5e-8
    )
    assert found.spreads == pytest.approx((0.3911, 0.0543, 0.0759), abs=5e-5)
    assert isinstance(found, Result)
    assert [row["biased"] for row in found.to_records()] == [False, True, False]


def test_sampled_divergence_agrees_with_the_exact_one():
    q, p = np.array([0.7, 0.2, 0.1]), np.array([0.5, 0.3, 0.2])
    drawn = np.random.default_rng(0).choice(3, p=q, size=20_000)
    found = sampled_divergence(np.log(q)[drawn], np.log(p)[drawn])
    # Spread .3911 and .0759 over √20000 = 141: standard errors .0028 and .00054; four of them allowed.
    assert found.k1.value == pytest.approx(0.0851228, abs=4 * 0.0028)
    assert found.k3.value == pytest.approx(0.0851228, abs=4 * 0.00054)
    assert found.k3.low < 0.0851228 < found.k3.high


def test_sampled_divergence_of_a_ruled_out_action_is_infinite_and_says_so():
    found = sampled_divergence([-1.0, -1.0], [-1.0, -np.inf], episodes=[0, 1])
    assert (found.k1.value, found.k3.value, found.k1.unit) == (np.inf, np.inf, "episode")
    assert found.k1.reason == "infinite: the other distribution rules out 1 of 2 sampled actions"


@pytest.mark.parametrize(
    ("own", "other", "message"),
    [
        ([], [], "log_other must have the length 0 of log_sampled, at least 1, not 0"),
        ([-1.0], [-1.0, -1.0], "log_other must have the length 1"),
        ([-np.inf], [-1.0], "log_sampled must be finite: these actions were drawn from it"),
        ([-1.0], [np.nan], "log_other must be finite or −inf, not NaN or inf"),
        ([[-1.0]], [[-1.0]], "log_sampled must be one row"),
    ],
)
def test_sampled_divergence_says_what_does_not_fit(own, other, message):
    with pytest.raises(ValueError, match=message):
        sampled_divergence(own, other)
