"""α-rank over selection pressures: even cycles, dilemmas, where the leader settles, bad input."""

import numpy as np
import pytest

from nashlens.analysis.alpha_rank import single_population_alpha_rank
from nashlens.analysis.alpha_sweep import ALPHAS, alpha_sweep
from nashlens.analysis.results import Result

RPS = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])


def test_rock_paper_scissors_is_even_at_every_pressure():
    found = alpha_sweep(RPS)
    np.testing.assert_allclose(found.shares, 1 / 3, atol=1e-9)
    assert found.leaders == ((0, 1, 2),) * len(ALPHAS)
    assert found.stable_from == ALPHAS[0]


def test_two_actions_have_the_share_that_fixation_leaves_them():
    # Two states: π_0/π_1 = ρ_{1→0}/ρ_{0→1} = e^{(m−1) α Δ}, where a mutant 0 gets Δ = 1 − (−1) more than a resident 1.
    found = alpha_sweep([[0.0, 1.0], [-1.0, 0.0]], alphas=[0.1, 1.0], population_size=10)
    np.testing.assert_allclose(found.shares[:, 0], 1 / (1 + np.exp(-9 * np.array([0.2, 2.0]))), atol=1e-9)


def test_each_row_is_the_ranking_at_its_alpha():
    payoffs = np.random.default_rng(0).normal(size=(4, 4))
    found = alpha_sweep(payoffs, alphas=[0.2, 3.0], population_size=20)
    for k, alpha in enumerate((0.2, 3.0)):
        expected = single_population_alpha_rank(payoffs, alpha=alpha, population_size=20).distribution
        np.testing.assert_array_equal(found.shares[k], expected)
    assert isinstance(found, Result)
    assert len(found.to_records()) == 8
    assert [row["value"] for row in found.to_records()[:4]] == found.shares[0].tolist()


def test_weak_pressure_follows_the_mean_and_strong_pressure_who_beats_all():
    # A beats B and C by .01, B beats C by 1. Where selection is weak the long-run shares follow the mean payoff, and B
    # leads; once m α .01 is large A, whom nobody beats, takes all.
    found = alpha_sweep([[0.0, 0.01, 0.01], [-0.01, 0.0, 1.0], [-0.01, -1.0, 0.0]], alphas=[0.01, 0.1, 10.0, 100.0])
    assert found.leaders == ((1,), (1,), (0,), (0,))
    assert found.stable_from == 10.0
    assert found.shares[-1, 0] == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("alphas", [[], [1.0, 1.0], [2.0, 1.0]])
def test_alphas_that_do_not_rise_are_refused(alphas):
    with pytest.raises(ValueError, match="alphas must be one or more rising numbers"):
        alpha_sweep(RPS, alphas=alphas)


def test_alphas_must_be_positive():
    with pytest.raises(ValueError, match=r"alpha must be positive and finite, not -1.0"):
        alpha_sweep(RPS, alphas=[-1.0, 1.0])
