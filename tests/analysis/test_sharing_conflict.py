"""Conflict and cancellation under sharing: known pairs and their limits."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from nashlens.analysis.results import Result
from nashlens.analysis.sharing_conflict import sharing_conflict


@pytest.mark.parametrize(
    ("gradients", "cosine", "rate", "cancellation"),
    [
        ([[1, 0], [-1, 0]], -1, 1, 1),
        ([[1, 0], [0, 1]], 0, 0, 1 - np.sqrt(2) / 2),  # .292893
        ([[2, 0], [5, 0]], 1, 0, 0),
        # Anti-coordination J = 2θ(1 − θ) at shared θ = .6: both agents' gradients are 1 − 2θ = −.2.
        ([[1 - 2 * 0.6], [1 - 2 * 0.6]], 1, 0, 0),
    ],
)
def test_sharing_conflict_of_known_pairs(gradients, cosine, rate, cancellation):
    found = sharing_conflict(gradients)
    assert found.cosines[0, 1] == pytest.approx(cosine, abs=1e-12)
    assert found.conflict_rate.values == rate
    assert found.cancellation.values == pytest.approx(cancellation, abs=1e-12)


def test_sharing_conflict_of_nothing_is_no_conflict():
    # Anti-coordination at θ = ½: all gradients are 0, while the homogeneity gap is largest.
    found = sharing_conflict([[0.0], [0.0]])
    assert np.isnan(found.cosines[0, 1])
    assert np.isnan(found.conflict_rate.values)
    assert found.cancellation.values == 0


def test_sharing_conflict_over_samples_has_intervals():
    rng = np.random.default_rng(0)
    found = sharing_conflict(rng.normal(size=(200, 3, 400)))
    # Random directions in 400 dimensions: half of the pairs conflict, and ‖Σ‖/Σ‖·‖ is about 1/√3.
    assert found.conflict_rate.low < 0.5 < found.conflict_rate.high
    assert found.cancellation.values == pytest.approx(1 - 1 / np.sqrt(3), abs=0.01)
    assert found.bound == "estimate"


def test_sharing_conflict_intervals_cover():
    # Two unit gradients at a uniform angle: half of them conflict, and ‖g₁ + g₂‖/2 = |cos(angle/2)| has mean 2/π.
    # 16 minibatches, as reports take; nominal .95. The count of conflicts is binomial of 16: Student's interval holds
    # its half for 5 to 11, probability .9232. 2,000 sets: standard deviation at most .006.
    angles = np.random.default_rng(1).uniform(0, 2 * np.pi, size=(2000, 16, 2))
    hits = np.zeros(2)
    for gradients in np.stack([np.cos(angles), np.sin(angles)], axis=-1):
        found = sharing_conflict(gradients)
        for k, (interval, true) in enumerate(((found.conflict_rate, 1 / 2), (found.cancellation, 1 - 2 / np.pi))):
            hits[k] += interval.low <= true <= interval.high
    np.testing.assert_allclose(hits / 2000, [0.9232, 0.95], atol=4 * 0.006)


@given(arrays(np.float64, (4, 3), elements=st.floats(-5, 5).map(lambda x: round(x, 3))), st.floats(1e-3, 1e3))
def test_sharing_conflict_does_not_depend_on_scale_or_order(gradients, scale):
    one, two = sharing_conflict(gradients), sharing_conflict(scale * gradients[::-1])
    np.testing.assert_allclose(one.cancellation.values, two.cancellation.values, atol=1e-9)
    np.testing.assert_allclose(one.cosines, two.cosines[::-1, ::-1], atol=1e-9)
    assert -1e-12 <= one.cancellation.values <= 1 + 1e-12


def test_sharing_conflict_keeps_the_contract_of_results():
    found = sharing_conflict([[1.0, 0.0], [0.0, 1.0], [1.0, 1.0]])
    assert isinstance(found, Result)
    assert len(found.to_records()) == 3 + 2


@pytest.mark.parametrize("gradients", [[[1.0, 2.0]], [1.0, 2.0], [[np.nan], [1.0]], np.ones((0, 2, 2))])
def test_sharing_conflict_says_what_does_not_fit(gradients):
    with pytest.raises(ValueError, match=r"gradients must be finite, \[M, N, d\] with N at least 2"):
        sharing_conflict(gradients)
