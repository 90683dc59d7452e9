"""Suites that keep critics store them; others ask for runs of other ids, which say that they have none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from nashlens.reports.refusals import SuiteError
from nashlens.reports.store import Store
from nashlens.reports.suite import parse_suite, suite_from_json
from nashlens.reports.training_job import Job, train_job


def test_a_suite_that_keeps_critics_stores_them(tmp_path: Path, suite_text: str) -> None:
    store = Store.create(tmp_path / "out")
    plain, keeping = parse_suite(suite_text), parse_suite("keep_critics = true\n" + suite_text)
    assert suite_from_json(keeping.to_json()) == keeping
    pairs = list(zip(plain.runs, keeping.runs, strict=True))
    assert all(a.run_id != b.run_id for a, b in pairs)
    without, withal = pairs[0]
    for spec in (without, withal):
        assert train_job(Job(root=str(store.root), label="one", runs=(spec,))).failed == {}
    run = store.read(withal.run_id)
    # matching pennies: each agent observes one number and has two actions
    value = run.critic(0)(np.ones((1, 2)), np.array([[1.0, 0.0, 0.0, 1.0]]))
    assert np.isfinite(value).all()
    assert run.parameter_hash == store.read(without.run_id).parameter_hash
    with pytest.raises(ValueError, match="this run kept no critics"):
        store.read(without.run_id).critic(0)


def test_a_word_that_is_no_truth_value_is_refused(suite_text: str) -> None:
    with pytest.raises(SuiteError, match=r"line 1: keep_critics is 1: .*boolean"):
        parse_suite("keep_critics = 1\n" + suite_text)
