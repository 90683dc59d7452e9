"""The law of total variance: a centralised critic adds the others' variance to a score gradient, and nothing else."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nashlens.analysis.results import Result
from nashlens.analysis.score_variance import score_variance

NUMBER = st.floats(-5, 5).map(lambda x: round(x, 3))
WEIGHT = st.floats(0.05, 1).map(lambda x: round(x, 3))


@given(
    arrays(np.float64, (3, 4), elements=NUMBER),
    arrays(np.float64, 3, elements=WEIGHT),
    arrays(np.float64, 4, elements=WEIGHT),
    arrays(np.float64, (3, 2), elements=NUMBER),
)
def test_centralised_variance_is_decentralised_plus_the_others_share(values, own, others, scores):
    # Var(g_C) = Var(g_D) + E[‖∇ln π‖² Var(Q|a_i)]: the three are computed apart, each by its own enumeration.
    for given_scores in (scores, None):
        found = score_variance(values, own / own.sum(), others=others / others.sum(), scores=given_scores)
        assert found.centralised == pytest.approx(found.decentralised + found.excess, rel=1e-9, abs=1e-9)
        assert found.excess >= 0


def test_score_variance_of_proposition_one_for_three_agents():
    # R = 1 at all ones, θ = ½, score ±2: centralised 4p(1 − p) = .4375, decentralised 4p² = .0625 (T25, N = 3).
    values = np.array([[0, 0, 0, 0], [0, 0, 0, 1.0]])
    found = score_variance(values, [0.5, 0.5], others=np.full(4, 0.25), scores=[[-2.0], [2.0]])
    assert (found.centralised, found.decentralised, found.excess) == pytest.approx((0.4375, 0.0625, 0.375))
    assert found.mean[0] == pytest.approx(0.25)  # g = 2p


def test_score_variance_is_alike_where_others_do_not_matter():
    found = score_variance([[1.0, 1.0], [3.0, 3.0]], [0.3, 0.7], others=[0.5, 0.5])
    assert found.excess == 0
    assert found.centralised == pytest.approx(found.decentralised)
    assert isinstance(found, Result)
    assert len(found.to_records()) == 3


@pytest.mark.parametrize(
    ("values", "own", "others", "scores", "message"),
    [
        ([[1.0]], [0.5, 0.5], [1.0], None, r"values must be finite, of shape \(2, 1\)"),
        ([[1.0], [2.0]], [0.5, 0.6], [1.0], None, "own must be non-negative and sum to 1"),
        ([[1.0], [2.0]], [0.5, 0.5], [0.9], None, "others must be non-negative and sum to 1"),
        ([[1.0], [2.0]], [0.5, 0.5], [1.0], [[1.0]], r"scores must be finite, of shape \(2, d\)"),
    ],
)
def test_score_variance_says_what_does_not_fit(values, own, others, scores, message):
    with pytest.raises(ValueError, match=message):
        score_variance(values, own, others=others, scores=scores)
