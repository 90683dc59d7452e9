"""α-rank: known distributions, and what the definition implies."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.analysis.alpha_rank import alpha_rank, log_fixation, single_population_alpha_rank
from nashlens.games.normal_form import NormalFormGame

DILEMMA = NormalFormGame([[[3, 0], [5, 1]], [[3, 5], [0, 1]]])
BATTLE = NormalFormGame([[[2, 0], [0, 1]], [[1, 0], [0, 2]]])
RPS = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])
# Han et al. 2013 as in OpenSpiel's test: r = 1, t = 2, p = 0, s = −1, δ = 4, ε = 1/4.
HAN = np.array(
    [
        [1 - 0.125, 0.75, 0, 2.75, 0.75],
        [1, 1, -1, -1, -1],
        [0, 2, 0, 0, 0],
        [-2, 2, 0, 0, 0],
        [1, 2, 0, 0, 0],
    ]
)


def test_alpha_rank_matching_pennies_is_a_quarter_each() -> None:
    pennies = NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
    for alpha in (0.1, 10.0, 1e4):
        assert alpha_rank(pennies, alpha=alpha).distribution == pytest.approx(np.full((2, 2), 0.25), abs=1e-12)


def test_alpha_rank_dilemma_known_values() -> None:
    # T16: m = 10, α = 0.1, in the order CC, CD, DC, DD; m = 50, α = 1 leaves mutual defection.
    weak = alpha_rank(DILEMMA, alpha=0.1, population_size=10).distribution.ravel()
    assert weak == pytest.approx([0.03574106, 0.2162208, 0.2162208, 0.53181735], abs=1e-8)
    strong = alpha_rank(DILEMMA, alpha=1.0, population_size=50)
    assert strong.distribution.ravel() == pytest.approx([0, 0, 0, 1], abs=1e-12)
    assert strong.ranking[0] == (1, 1)


def test_alpha_rank_battle_of_the_sexes_known_values() -> None:
    weak = alpha_rank(BATTLE, alpha=0.1, population_size=10).distribution.ravel()
    assert weak == pytest.approx([0.38882236, 0.15808337, 0.0642719, 0.38882236], abs=1e-8)


@pytest.mark.parametrize("alpha", [1.0, 100.0, 1e5])
def test_alpha_rank_battle_of_the_sexes_large_alpha_shares_between_both_conventions(alpha: float) -> None:
    # The trap: an eigenvector of this numerically reducible chain is (1, 0, 0, 0) at m = 50, α = 1.
    found = alpha_rank(BATTLE, alpha=alpha, population_size=50).distribution
    assert found == pytest.approx(np.array([[0.5, 0], [0, 0.5]]), abs=1e-9)


def test_single_population_alpha_rank_rock_paper_scissors_is_a_third_each() -> None:
    for selection in ("local", "global"):
        found = single_population_alpha_rank(RPS, alpha=5.0, selection=selection)
        assert found.distribution == pytest.approx(np.full(3, 1 / 3), abs=1e-12)


def test_single_population_alpha_rank_han_known_values() -> None:
    # T16: m = 20, α = 0.1, payoffs averaged over the population.
    found = single_population_alpha_rank(HAN, alpha=0.1, population_size=20, selection="global")
    assert found.distribution == pytest.approx([0.40966787, 0.07959841, 0.20506998, 0.08505983, 0.2206039], abs=1e-8)


def test_single_population_alpha_rank_constant_sum_selection_kinds_differ_by_the_population() -> None:
    # With payoffs that add to 0, the global advantage is Δ m / (2 (m − 1)) of the local one's Δ (r, s minus s, r = 2x).
    table = np.array([[0.0, 1.0], [-1.0, 0.0]])
    m, alpha = 5, 0.3
    found = single_population_alpha_rank(table, alpha=alpha, population_size=m, selection="global").distribution
    advantage = alpha * m / (m - 1)
    ratio = np.exp(log_fixation(np.array(advantage), m) - log_fixation(np.array(-advantage), m))
    assert found[0] / found[1] == pytest.approx(ratio, rel=1e-9)


@settings(max_examples=30)
@given(st.lists(st.integers(1, 3), min_size=1, max_size=4).map(tuple), st.integers(0, 10_000))
def test_alpha_rank_random_game_balances_the_flow_of_the_definition(shape: tuple[int, ...], seed: int) -> None:
    payoffs = np.random.default_rng(seed).normal(size=(len(shape), *shape))
    alpha, m = 0.7, 6
    mass = alpha_rank(NormalFormGame(payoffs), alpha=alpha, population_size=m).distribution
    assert mass.sum() == pytest.approx(1.0)
    for state in np.ndindex(shape):
        inflow = outflow = 0.0
        for i in range(len(shape)):
            for a in range(shape[i]):
                if a != state[i]:
                    other = (*state[:i], a, *state[i + 1 :])
                    gain = alpha * (payoffs[(i, *other)] - payoffs[(i, *state)])
                    outflow += mass[state] * (1 - np.exp(-gain)) / (1 - np.exp(-m * gain))
                    inflow += mass[other] * (1 - np.exp(gain)) / (1 - np.exp(m * gain))
        assert inflow == pytest.approx(outflow, abs=1e-12)


def test_alpha_rank_other_payoff_unit_scales_alpha() -> None:
    payoffs = np.random.default_rng(0).normal(size=(3, 2, 2, 2))
    one = alpha_rank(NormalFormGame(payoffs), alpha=2.0).distribution
    for scale in (1e-12, 1e12):
        assert alpha_rank(NormalFormGame(payoffs * scale), alpha=2.0 / scale).distribution == pytest.approx(
            one, rel=1e-9
        )


def test_alpha_rank_all_equal_payoffs_are_uniform() -> None:
    assert alpha_rank(NormalFormGame(np.ones((2, 2, 3))), alpha=3.0).distribution == pytest.approx(
        np.full((2, 3), 1 / 6)
    )


def test_alpha_rank_one_profile_has_all_the_mass() -> None:
    assert alpha_rank(NormalFormGame([[[1.0]], [[2.0]]]), alpha=1.0).distribution.tolist() == [[1.0]]


def test_log_fixation_neutral_mutant_is_one_over_the_population() -> None:
    found = np.exp(log_fixation(np.array([0.0, 1e-13, -1e-13, 1e-11]), 50))
    assert found == pytest.approx(np.full(4, 0.02), rel=1e-9)


@given(st.floats(-3, 3), st.integers(2, 60))
def test_log_fixation_equals_the_sum_over_population_sizes(pressure: float, m: int) -> None:
    # 1 / (1 + Σ_{l=1}^{m−1} e^{−l u}).
    expected = 1 / sum(np.exp(-pressure * k) for k in range(m))
    assert float(np.exp(log_fixation(np.array(pressure), m))) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize(("alpha", "m"), [(0.0, 5), (-1.0, 5), (np.inf, 5), (np.nan, 5)])
def test_alpha_rank_bad_alpha_raises(alpha: float, m: int) -> None:
    with pytest.raises(ValueError, match="alpha"):
        alpha_rank(DILEMMA, alpha=alpha, population_size=m)
    with pytest.raises(ValueError, match="alpha"):
        single_population_alpha_rank(RPS, alpha=alpha, population_size=m)


def test_alpha_rank_bad_population_raises() -> None:
    with pytest.raises(ValueError, match="population_size"):
        alpha_rank(DILEMMA, alpha=1.0, population_size=1)


@pytest.mark.parametrize("payoffs", [np.zeros((2, 3)), np.zeros(3), [[np.nan]], np.zeros((0, 0))])
def test_single_population_alpha_rank_bad_payoffs_raise(payoffs: object) -> None:
    with pytest.raises(ValueError, match="payoffs"):
        single_population_alpha_rank(payoffs, alpha=1.0)  # type: ignore[arg-type]


def test_single_population_alpha_rank_unknown_selection_raises() -> None:
    with pytest.raises(ValueError, match="selection"):
        single_population_alpha_rank(RPS, alpha=1.0, selection="strong")  # type: ignore[arg-type]


def test_alpha_rank_records_are_in_the_order_of_the_ranking() -> None:
    records = alpha_rank(DILEMMA, alpha=0.1).to_records()
    assert records[0]["actions"] == [1, 1]
    assert [r["value"] for r in records] == sorted((r["value"] for r in records), reverse=True)
