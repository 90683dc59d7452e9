"""Holm and Benjamini-Hochberg: hand-worked families, parity with SciPy, false rejections by simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from nashlens.analysis.multiple_comparisons import benjamini_hochberg, holm


def test_holm_of_four_p_values():
    # T29: By hand: .005 · 4, .01 · 3, .03 · 2, and .04 · 1 lifted to the .06 before it.
    assert holm([0.005, 0.01, 0.03, 0.04]).adjusted.tolist() == pytest.approx([0.02, 0.03, 0.06, 0.06])


def test_benjamini_hochberg_of_four_p_values():
    # T29: By hand: .005 · 4/1, .01 · 4/2, .03 · 4/3 lowered to the .04 · 4/4 after it.
    assert benjamini_hochberg([0.005, 0.01, 0.03, 0.04]).adjusted.tolist() == pytest.approx([0.02, 0.02, 0.04, 0.04])


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_benjamini_hochberg_agrees_with_scipy(p):
    np.testing.assert_allclose(benjamini_hochberg(p).adjusted, stats.false_discovery_control(p), rtol=1e-12, atol=0)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8), st.randoms())
def test_adjusted_p_values_do_not_depend_on_the_order(p, random):
    order = list(range(len(p)))
    random.shuffle(order)
    for adjust in (holm, benjamini_hochberg):
        np.testing.assert_array_equal(adjust([p[k] for k in order]).adjusted, adjust(p).adjusted[order])
        assert (adjust(p).adjusted >= np.array(p) - 1e-15).all()
    assert (holm(p).adjusted >= benjamini_hochberg(p).adjusted - 1e-12).all()


def test_holm_keeps_the_chance_of_any_false_rejection():
    # Five true null hypotheses: P(any rejection) = 1 − (1 − .05/5)^5 = .0490; 4,000 families, standard deviation .0034.
    families = np.random.default_rng(0).random((4000, 5))
    any_rejected = np.mean([holm(p).rejected(0.05).any() for p in families])
    assert abs(any_rejected - 0.0490) < 4 * 0.0034


def test_adjusted_p_values_of_no_test_are_none():
    assert holm([]).to_records() == []
    assert benjamini_hochberg([]).adjusted.shape == (0,)


def test_adjusted_p_values_to_records_keep_the_order_given():
    rows = holm([0.04, 0.01]).to_records()
    assert [(row["index_0"], row["p"], row["value"]) for row in rows] == [(0, 0.04, 0.04), (1, 0.01, 0.02)]


@pytest.mark.parametrize("p", [[0.5, np.nan], [1.2], [-0.1], [[0.5]]])
@pytest.mark.parametrize("adjust", [holm, benjamini_hochberg])
def test_adjustment_rejects_what_is_no_p_value(adjust, p):
    with pytest.raises(ValueError, match=r"p_values must be one row of numbers in \[0, 1\]"):
        adjust(p)
