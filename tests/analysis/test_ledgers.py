"""Ledgers: shares, errors, what is infinite, and models made comparable."""

import numpy as np
import pytest

from nashlens.analysis.ledgers import Ledger, comparable, split_divergence


def test_ledger_error_sees_parts_that_do_not_add():
    good = Ledger(name="l", total=np.array([1.0, 2.0]), parts={"a": np.array([0.25, 1.0]), "b": np.array([0.75, 1.0])})
    assert good.error == 0
    assert good.shares == {"a": pytest.approx(1.25 / 3), "b": pytest.approx(1.75 / 3)}
    bad = Ledger(name="l", total=np.array([1.0, 2.0]), parts={"a": np.array([0.25, 1.0]), "b": np.array([0.75, 1.5])})
    assert bad.error == 0.5
    assert {row["error"] for row in bad.to_records() if "error" in row} == {0.5}


def test_split_divergence_has_no_parts_where_the_total_is_infinite():
    found = split_divergence(
        "l", np.array([np.inf, 1.0]), parts={"a": np.array([3.0, 1.0])}, details={"d": np.array([5.0, 6.0])}
    )
    assert np.isnan(found.parts["a"][0])
    assert found.error == 0
    rows = {row["metric"]: row for row in found.to_records()}
    assert np.isnan(rows["l_a"]["value"])
    assert np.isnan(rows["l_a"]["share"])
    assert (rows["l_d_median"]["value"], rows["l_d_median"]["reason"]) == (6.0, "1 of 2 probes have no finite value")
    with pytest.raises(ValueError, match="read-only"):
        found.total[0] = 0


def test_comparable_stands_the_policy_in_for_models_that_rule_it_out():
    p, q = np.array([[0.5, 0.5], [1.0, 0.0]]), np.array([[1.0, 0.0], [1.0, 0.0]])
    _, model, finite, clipped = comparable(p, q, 0.0)
    assert finite.tolist() == [False, True]
    assert model.tolist() == p.tolist()
    assert clipped == 0
    _, raised, finite, clipped = comparable(p, q, 0.1)
    assert finite.all()
    assert (raised > 0).all()
    assert clipped == 0.5
