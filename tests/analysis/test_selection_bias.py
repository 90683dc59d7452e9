"""Bias of the best of R: order statistics of the normal distribution."""

import numpy as np
import pytest

from nashlens.analysis.selection_bias import selection_bias


@pytest.mark.parametrize(
    ("n_candidates", "expected"),
    # Expected maxima of R standard normal numbers; c_2 = 1/√π and c_3 = 3/(2√π) in closed form.
    [(1, 0.0), (2, 1 / np.sqrt(np.pi)), (3, 1.5 / np.sqrt(np.pi)), (5, 1.16296), (10, 1.53875), (20, 1.86748)],
)
def test_selection_bias_of_equal_candidates_is_the_expected_maximum(n_candidates, expected):
    # T30
    assert selection_bias(n_candidates).factor == pytest.approx(expected, abs=6e-6)


def test_selection_bias_agrees_with_simulation():
    # 200,000 maxima of 5: standard deviation .67, standard error .0015.
    drawn = np.random.default_rng(0).normal(scale=2.0, size=(200_000, 5)).max(axis=1).mean()
    assert selection_bias(5, standard_error=2.0).bias == pytest.approx(drawn, abs=5 * 2 * 0.0015)


def test_selection_bias_to_records_names_the_candidates():
    row = selection_bias(2, standard_error=0.0).to_records()[0]
    assert (row["metric"], row["value"], row["n_candidates"]) == ("selection_bias", 0.0, 2)


def test_selection_bias_says_what_does_not_fit():
    with pytest.raises(ValueError, match="n_candidates must be at least 1, not 0"):
        selection_bias(0)
    with pytest.raises(ValueError, match="standard_error must be finite and at least 0, not -1"):
        selection_bias(2, standard_error=-1)
