"""Mode against tail, agreement against disagreement: closed forms and exact sums."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.analysis.mode_ledger import agreement_ledger, mode_ledger


def test_mode_ledger_of_three_actions():
    # T20: p = (.7, .2, .1), q = (.3, .3, .4): .338919 + .034467 = .373386.
    found = mode_ledger([[0.7, 0.2, 0.1]], [[0.3, 0.3, 0.4]])
    assert found.parts["mode"][0] == pytest.approx(0.338919, abs=5e-7)
    assert found.parts["tail"][0] == pytest.approx(0.034467, abs=5e-7)


@given(st.integers(0, 2**32 - 1), st.integers(1, 6), st.booleans())
def test_mode_ledgers_sum_exactly_and_are_not_negative(seed, n, pure):
    source = np.random.default_rng(seed)
    p, q = source.dirichlet(np.ones(n), size=(2, 6))
    p = np.eye(n)[source.integers(n, size=6)] if pure else p
    for ledger in (mode_ledger, agreement_ledger):
        found = ledger(p, q)
        assert found.error < 1e-9
        assert all((part >= 0).all() for part in found.parts.values())


def test_mode_ledger_of_a_pure_policy_has_no_tail():
    found = mode_ledger([[1.0, 0.0]], [[0.25, 0.75]])
    assert found.parts["mode"][0] == pytest.approx(np.log(4))
    assert found.parts["tail"][0] == 0


def test_agreement_ledger_sorts_probes_by_what_both_prefer():
    found = agreement_ledger([[0.7, 0.3], [0.7, 0.3]], [[0.6, 0.4], [0.4, 0.6]])
    assert (found.parts["agree"] > 0).tolist() == [True, False]
    assert (found.parts["disagree"] > 0).tolist() == [False, True]


@pytest.mark.parametrize("ledger", [mode_ledger, agreement_ledger])
def test_mode_ledgers_where_supports_differ_are_infinite_until_floored(ledger):
    found = ledger([[0.5, 0.3, 0.2]], [[1.0, 0.0, 0.0]])
    assert found.total[0] == np.inf
    assert np.isnan(np.concatenate(list(found.parts.values()))).all()
    assert ledger([[0.5, 0.3, 0.2]], [[1.0, 0.0, 0.0]], floor=1e-3).error < 1e-9
    with pytest.raises(ValueError, match="true must be finite and non-negative"):
        ledger([[-0.5, 1.5]], [[0.5, 0.5]])
