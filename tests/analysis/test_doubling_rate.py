"""Rates of doubling: exact lines, Proposition 1's ratio, coverage, reasons, refusals."""

import numpy as np
import pytest

from nashlens.analysis.doubling_rate import doubling_rate
from nashlens.analysis.results import Result


def test_doubling_rate_of_an_exact_line_has_no_width():
    found = doubling_rate([[3.0, 3.0], [12.0, 12.0]], [[1.0, 1.0]] * 2, at=[2, 4])
    # from 3 to 12 in two steps: two doublings, one a step
    assert found.rate.value == pytest.approx(1)
    assert (found.rate.low, found.rate.high) == pytest.approx((1, 1))
    assert (found.rate.n, found.rate.unit) == (4, "seed")
    assert isinstance(found, Result)
    assert found.to_records()[0]["value"] == pytest.approx(1)


def test_doubling_rate_of_proposition_one_s_ratio():
    # 1/(2^N − 1) at N = 2 … 6: least squares of −log2(2^N − 1) against N gives −1.0931
    n = np.arange(2, 7)
    found = doubling_rate([[1.0, 1.0]] * 5, [[2.0**k - 1] * 2 for k in n], at=n)
    assert found.rate.value == pytest.approx(np.polyfit(n, -np.log2(2.0**n - 1), 1)[0])
    assert found.rate.value == pytest.approx(-1.0931, abs=1e-4)


def test_doubling_rate_covers_the_truth():
    rng = np.random.default_rng(0)
    n = np.arange(2, 7)
    inside = 0
    for _ in range(300):
        above = [2.0**-k * (1 + 0.2 * rng.normal(size=6)) for k in n]
        below = [1 + 0.2 * rng.normal(size=6) for _ in n]
        rate = doubling_rate(above, below, at=n).rate
        inside += rate.low <= -1 <= rate.high
    assert 0.91 <= inside / 300 <= 0.99  # 95% ± 3.2 standard errors of 300 trials


def test_a_ratio_that_is_not_above_0_has_a_reason():
    found = doubling_rate([[1.0, 1.0], [1.0, -2.0]], [[1.0, 1.0]] * 2, at=[1, 2])
    assert np.isnan(found.rate.value)
    assert found.rate.reason == "the ratio is not above 0 at 2"
    with_one = doubling_rate([[1.0, 1.0], [3.0, -1.0]], [[1.0, 1.0]] * 2, at=[1, 2])
    assert with_one.rate.value == pytest.approx(0)
    assert with_one.rate.reason == "a ratio is not above 0 without some seed"
    assert np.isnan(with_one.rate.low)


def test_one_seed_in_a_group_has_a_value_and_no_interval():
    found = doubling_rate([[1.0], [2.0]], [[1.0], [1.0]], at=[1, 2]).rate
    assert found.value == 1
    assert "an interval needs at least 2" in found.reason


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"numerators": [[1.0], [1.0, 2.0]]}, "rows of the same lengths"),
        ({"at": [1, 1]}, "two different ones"),
        ({"at": [1, 2, 3]}, "at must be 2"),
        ({"denominators": [[1.0, np.inf], [1.0, 1.0]]}, "must be finite"),
        ({"level": 1.0}, "level"),
    ],
)
def test_doubling_rate_refuses_what_does_not_fit(change, message):
    given = {"numerators": [[1.0, 2.0]] * 2, "denominators": [[1.0, 2.0]] * 2, "at": [1, 2]} | change
    above, below = given.pop("numerators"), given.pop("denominators")
    with pytest.raises(ValueError, match=message):
        doubling_rate(above, below, **given)
