"""Shares of several models in the error in value: exact sums, both orders by hand, bad input."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.analysis.joint_value_error import joint_value_error
from nashlens.analysis.results import Result


@given(st.integers(0, 2**32 - 1))
def test_joint_value_error_shares_add_to_the_whole(seed):
    source = np.random.default_rng(seed)
    p, q = ([source.dirichlet(np.ones(n)) for n in (2, 3, 2)] for _ in range(2))
    values = source.normal(size=(2, 3, 2))
    whole = np.einsum("abc,a,b,c->", values, *p) - np.einsum("abc,a,b,c->", values, *q)
    found = joint_value_error(p, q, q_values=values)
    assert found.total == pytest.approx(whole, abs=1e-12)
    assert found.shares.sum() == pytest.approx(whole, abs=1e-12)


def test_joint_value_error_averages_over_both_orders():
    # Q = 1 where both match. From (½, ½)² (value ½) to pure (1, 1) (value 1): the first to swap changes nothing, the
    # second ½; over both orders each has ¼.
    found = joint_value_error([[1, 0], [1, 0]], [[0.5, 0.5], [0.5, 0.5]], q_values=[[1, 0], [0, 1]])
    np.testing.assert_allclose(found.shares, [0.25, 0.25], rtol=0, atol=1e-15)
    assert isinstance(found, Result)
    assert [row["value"] for row in found.to_records()] == pytest.approx([0.5, 0.25, 0.25])


def test_joint_value_error_says_what_does_not_fit():
    with pytest.raises(ValueError, match="q_values, true and model must agree on the actions"):
        joint_value_error([[1.0]], [[1.0]], q_values=[1.0, 2.0])
    with pytest.raises(ValueError, match="sum to 1"):
        joint_value_error([[0.5, 0.4]], [[0.5, 0.5]], q_values=[1.0, 2.0])
