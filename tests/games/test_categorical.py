"""Categorical distributions: draws by chi-square, softmax beside SciPy, masks."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import special, stats

from nashlens.games.categorical import best_of, renormalise, sample_choice, softmax
from nashlens.games.core import Choice

TWO_FACTORS = Choice((3, 2))


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def counts(actions: np.ndarray, part: slice) -> np.ndarray:
    return actions[:, part].sum(axis=0)


def test_sample_choice_frequencies_follow_each_factor_and_factors_are_independent() -> None:
    probabilities = np.tile([0.2, 0.5, 0.3, 0.9, 0.1], (20_000, 1))
    actions = sample_choice(probabilities, TWO_FACTORS, rng=rng(1))
    first, second = counts(actions, slice(0, 3)), counts(actions, slice(3, 5))
    assert stats.chisquare(first, 20_000 * np.array([0.2, 0.5, 0.3])).pvalue > 0.01
    assert stats.chisquare(second, 20_000 * np.array([0.9, 0.1])).pvalue > 0.01
    table = actions[:, :3].T @ actions[:, 3:]
    assert stats.chi2_contingency(table).pvalue > 0.01


def test_sample_choice_draws_one_of_each_factor_and_never_an_impossible_one() -> None:
    probabilities = np.tile([0.0, 1.0, 0.0, 0.0, 1.0], (1000, 1))
    actions = sample_choice(probabilities, TWO_FACTORS, rng=rng(2))
    np.testing.assert_array_equal(actions, probabilities)


@given(hnp.arrays(np.float64, (4, 5), elements=st.floats(0.0, 1e6)), st.integers(0, 2**32 - 1))
def test_sample_choice_gives_one_hot_vectors_of_possible_actions(weights: np.ndarray, seed: int) -> None:
    weights[:, [0, 3]] += 1e-3  # no factor without mass
    actions = sample_choice(weights, TWO_FACTORS, rng=rng(seed))
    assert (actions[:, :3].sum(axis=1) == 1).all()
    assert (actions[:, 3:].sum(axis=1) == 1).all()
    assert (weights[actions == 1] > 0).all()


def test_best_of_takes_the_first_among_equals_of_each_factor() -> None:
    scores = np.array([[1.0, 2.0, 2.0, 0.0, 0.0], [0.0, -1.0, 3.0, -2.0, -1.0]])
    assert best_of(scores, TWO_FACTORS).tolist() == [[0, 1, 0, 1, 0], [0, 0, 1, 0, 1]]


@given(hnp.arrays(np.float64, (3, 5), elements=st.floats(-700, 700)))
def test_softmax_equals_scipy_in_each_factor_and_ignores_constants(logits: np.ndarray) -> None:
    expected = np.concatenate([special.softmax(logits[:, :3], axis=1), special.softmax(logits[:, 3:], axis=1)], axis=1)
    np.testing.assert_allclose(softmax(logits, TWO_FACTORS), expected, atol=1e-12)
    np.testing.assert_allclose(softmax(logits + 5, TWO_FACTORS), expected, atol=1e-9)


def test_softmax_gives_illegal_actions_exactly_nothing() -> None:
    masks = np.array([[True, False, True, False, True]])
    probabilities = softmax(np.array([[0.0, 99.0, 0.0, 99.0, 0.0]]), TWO_FACTORS, masks=masks)
    assert probabilities.tolist() == [[0.5, 0, 0.5, 0, 1]]


def test_renormalise_rescales_legal_mass_and_is_uniform_where_none_is_left() -> None:
    probabilities = np.array([[0.2, 0.3, 0.5, 1.0, 0.0]])
    masks = np.array([[True, True, False, False, True]])
    np.testing.assert_allclose(renormalise(probabilities, TWO_FACTORS, masks), [[0.4, 0.6, 0, 0, 1]], atol=1e-15)
    masks = np.array([[True, True, False, True, True]])
    gone = np.array([[0.0, 0.0, 1.0, 1.0, 0.0]])
    np.testing.assert_allclose(renormalise(gone, TWO_FACTORS, masks), [[0.5, 0.5, 0, 1, 0]], atol=1e-15)
