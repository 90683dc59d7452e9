"""Errors in value and their bounds: the chain's numbers, properties, propagation, supports that differ."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.analysis.results import Result
from nashlens.analysis.value_discrepancy import value_discrepancy

TRUE, MODEL, VALUES = [[0.7, 0.2, 0.1]], [[0.3, 0.3, 0.4]], [1.0, 0.0, 0.8]


def test_value_discrepancy_keeps_the_chain_of_bounds():
    # T19: .16 ≤ .368578 (χ²) ≤ .4 (total variation) ≤ .432080 (Pinsker) ≤ .558212 (Bretagnolle and Huber).
    found = value_discrepancy(TRUE, MODEL, q_values=VALUES)
    chain = [
        float(part[0])
        for part in (found.delta_q, found.chi_square, found.total_variation, found.pinsker, found.bretagnolle_huber)
    ]
    assert chain == pytest.approx([0.16, 0.368578, 0.4, 0.432080, 0.558212], abs=5e-7)
    assert chain == sorted(chain)


@pytest.mark.parametrize(("kl", "tv"), [(0.2, 0.316), (0.5, 0.5), (1.0, 0.707), (1.2, 0.775), (2.0, 0.930)])
def test_value_discrepancy_says_the_most_that_a_divergence_allows(kl, tv):
    # √(KL/2) up to 1.2 nats, √(1 − e^−KL) at 2: a pure policy and a model with −ln q = KL.
    q = np.exp(-kl)
    found = value_discrepancy([[1.0, 0.0]], [[q, 1 - q]], q_values=[1.0, 0.0])
    assert min(found.pinsker[0], found.bretagnolle_huber[0]) == pytest.approx(tv, abs=5e-4)
    assert (found.pinsker[0] < 1) == (kl < 2)


@given(st.integers(0, 2**32 - 1), st.integers(2, 6))
def test_value_discrepancy_never_exceeds_a_bound(seed, n):
    source = np.random.default_rng(seed)
    p, q = source.dirichlet(np.ones(n), size=(2, 6))
    values, points = source.normal(size=(6, n)), source.normal(size=n)
    found = value_discrepancy(p, q, q_values=values, distances=np.abs(points[:, None] - points[None]))
    for name in ("chi_square", "total_variation", "pinsker", "bretagnolle_huber", "transport"):
        assert (np.abs(found.delta_q) <= getattr(found, name) + 1e-7).all(), name


def test_value_discrepancy_relevance_is_the_correlation_near_a_perfect_model():
    # q = p (1 + ε h) with E_p h = 0: |ΔQ| = |corr_p(h, Q)| sd_p(Q) √(2 KL) to first order.
    p, values = np.array([0.5, 0.3, 0.2]), np.array([1.0, 0.0, 2.0])
    h = np.array([1.0, -1.0, -1.0])
    q = p * (1 + 1e-5 * h)
    found = value_discrepancy([p], [q], q_values=values)
    covariance = (p * h * values).sum() - (p * h).sum() * (p * values).sum()
    spread_h = np.sqrt((p * h**2).sum() - (p * h).sum() ** 2)
    assert found.relevance[0] == pytest.approx(abs(covariance) / (spread_h * found.spread[0]), rel=1e-3)


def test_value_discrepancy_of_irrelevant_errors_is_zero():
    found = value_discrepancy([[0.85, 0.05, 0.1]], [[0.05, 0.85, 0.1]], q_values=[1.0, 1.0, 0.0])
    assert found.delta_q[0] == pytest.approx(0, abs=1e-15)
    assert found.relevance[0] == pytest.approx(0, abs=1e-14)


def test_value_discrepancy_where_supports_differ_keeps_the_finite_bounds():
    found = value_discrepancy([[0.5, 0.5]], [[1.0, 0.0]], q_values=[0.0, 2.0], distances=1 - np.eye(2))
    assert (found.delta_q[0], found.total_variation[0]) == (1.0, 1.0)
    assert (found.pinsker[0], found.chi_square[0]) == (np.inf, np.inf)
    assert (found.bretagnolle_huber[0], found.transport[0], found.relevance[0]) == (2.0, 1.0, 0.0)
    flat = value_discrepancy([[0.5, 0.5]], [[1.0, 0.0]], q_values=[3.0, 3.0])
    assert (flat.pinsker[0], flat.chi_square[0]) == (0.0, 0.0)
    assert np.isnan(flat.relevance[0])


def test_value_discrepancy_holds_errors_against_the_spread_of_value():
    # Values 1 and 3 over probes: standard deviation 1. Direct errors .5 and −.5.
    p = [[1.0, 0.0], [0.0, 1.0]]
    found = value_discrepancy(p, [[0.5, 0.5]] * 2, q_values=[1.0, 3.0], encoded_true=[1, 2], encoded_model=[0.5, 2.5])
    assert found.value_spread == 1.0
    assert found.delta_q.tolist() == [-1.0, 1.0]
    assert found.delta_q_direct.tolist() == [0.5, -0.5]
    assert isinstance(found, Result)
    rows = {row["metric"]: row for row in found.to_records()}
    assert (rows["delta_q"]["value"], rows["delta_q"]["mean"], rows["delta_q"]["relative"]) == (1.0, 0.0, 1.0)
    assert (rows["delta_q_direct"]["value"], rows["delta_q_pinsker"]["bound"]) == (0.5, "upper")
    assert rows["relevance"]["reason"] == "2 of 2 probes have no divergence or no spread"


def test_value_discrepancy_propagates_by_the_geometric_series():
    # γ / (1 − γ) = 9 at γ = .9.
    found = value_discrepancy(TRUE, MODEL, q_values=VALUES)
    assert found.propagated(discount=0.9) == pytest.approx(1.44)
    assert found.propagated(discount=0.0) == 0
    with pytest.raises(ValueError, match=r"discount must be in \[0, 1\), not 1"):
        found.propagated(discount=1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"q_values": [1.0]}, "q_values must be finite, of shape"),
        ({"encoded_true": [1.0]}, "encoded_true and encoded_model must be given both, or neither"),
        ({"encoded_true": [1.0], "encoded_model": [1.0, 2.0]}, "encoded_model must be 1 finite values"),
        ({"distances": np.eye(3)}, "distances must be finite, non-negative and symmetric"),
    ],
)
def test_value_discrepancy_says_what_does_not_fit(options, message):
    with pytest.raises(ValueError, match=message):
        value_discrepancy(TRUE, MODEL, **{"q_values": VALUES, **options})
