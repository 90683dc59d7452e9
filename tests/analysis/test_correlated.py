"""Correlated equilibria: known welfare ranges, and gaps against sums over profiles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.analysis.correlated import correlated_equilibrium, correlated_gaps, product_distribution
from nashlens.analysis.equilibria import find_equilibria
from nashlens.analysis.exploitability import nash_conv
from nashlens.games.normal_form import NormalFormGame, Profile


def symmetric(matrix: list[list[float]]) -> NormalFormGame:
    return NormalFormGame([np.array(matrix, dtype=float), np.array(matrix, dtype=float).T])


CHICKEN = symmetric([[6, 2], [7, 0]])
CLIMBING = NormalFormGame([[[11, -30, 0], [-30, 7, 6], [0, 0, 5]]] * 2)

# Highest CE, lowest CE, highest CCE, lowest CCE welfare: metrics, section on correlated equilibria.
WELFARE = [
    (CHICKEN, 10.5, 7.2, 10.5, 7.2),
    (NormalFormGame([[[2, 0], [0, 1]], [[1, 0], [0, 2]]]), 3, 4 / 3, 3, 4 / 3),
    (CLIMBING, 22, 4.982466, 22, 2.808511),
    (symmetric([[4, 0], [3, 3]]), 8, 6, 8, 6),
    (NormalFormGame([[[10, 0, -30], [0, 2, 0], [-30, 0, 10]]] * 2), 20, 0, 20, 0),
    (NormalFormGame([np.eye(3), np.roll(np.eye(3), 1, axis=1)]), 1, 2 / 3, 1, 2 / 3),
    (symmetric([[3, 0], [5, 1]]), 2, 2, 2, 2),
]


@pytest.mark.parametrize(("game", "ce_high", "ce_low", "cce_high", "cce_low"), WELFARE)
def test_correlated_equilibrium_known_game_has_the_known_welfare_range(
    game: NormalFormGame, ce_high: float, ce_low: float, cce_high: float, cce_low: float
) -> None:
    # T11: the first row.
    for concept, high, low in (("ce", ce_high, ce_low), ("cce", cce_high, cce_low)):
        best = correlated_equilibrium(game, "max_welfare", concept=concept)
        worst = correlated_equilibrium(game, "min_welfare", concept=concept)
        assert best.welfare == pytest.approx(high, abs=1e-6)
        assert worst.welfare == pytest.approx(low, abs=1e-6)
        assert max(best.gap, worst.gap) <= 1e-7 * float(game.spans.max())


def test_correlated_equilibrium_chicken_best_plays_half_and_quarters() -> None:
    # T11: (C, C) 1/2, (C, D) and (D, C) 1/4 each, never (D, D).
    found = correlated_equilibrium(CHICKEN)
    assert found.joint == pytest.approx(np.array([[0.5, 0.25], [0.25, 0.0]]), abs=1e-9)
    assert found.payoffs == pytest.approx([5.25, 5.25], abs=1e-9)


@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_correlated_equilibrium_any_payoff_unit_is_the_same(scale: float) -> None:
    for objective in ("max_welfare", "min_welfare", "max_entropy"):
        found = correlated_equilibrium(NormalFormGame(CHICKEN.payoffs * scale), objective)
        assert found.joint == pytest.approx(correlated_equilibrium(CHICKEN, objective).joint, abs=1e-8)


def test_correlated_equilibrium_most_entropy_matching_pennies_is_uniform() -> None:
    pennies = NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
    found = correlated_equilibrium(pennies, "max_entropy")
    assert found.joint == pytest.approx(np.full((2, 2), 0.25), abs=1e-9)
    assert found.entropy == pytest.approx(np.log(4), abs=1e-9)


def test_correlated_equilibrium_most_entropy_of_a_unique_one_is_it() -> None:
    # The dilemma's only CE puts all mass on mutual defection: entropy 0.
    found = correlated_equilibrium(symmetric([[3, 0], [5, 1]]), "max_entropy")
    assert found.joint.tolist() == [[0, 0], [0, 1]]
    assert found.entropy == 0.0


@settings(max_examples=25)
@given(st.lists(st.integers(1, 3), min_size=1, max_size=4).map(tuple), st.integers(0, 10_000), st.booleans())
def test_correlated_equilibrium_random_game_is_ordered_and_verified(
    shape: tuple[int, ...], seed: int, whole: bool
) -> None:
    rng = np.random.default_rng(seed)
    size = (len(shape), *shape)
    game = NormalFormGame(rng.integers(0, 3, size) if whole else rng.normal(size=size))
    unit = max(float(game.spans.max()), 1.0)
    for concept in ("ce", "cce"):
        high, low, wide = (
            correlated_equilibrium(game, objective, concept=concept)
            for objective in ("max_welfare", "min_welfare", "max_entropy")
        )
        assert max(high.gap, low.gap, wide.gap) <= 1e-6 * unit
        assert low.welfare - 1e-6 * unit <= wide.welfare <= high.welfare + 1e-6 * unit
        assert wide.entropy >= max(high.entropy, low.entropy) - 1e-6
    # Every Nash equilibrium is a CE, and every CE a CCE.
    ce = correlated_equilibrium(game, "max_welfare", concept="ce").welfare
    assert high.welfare >= ce - 1e-6 * unit
    for e in find_equilibria(game, max_supports=20).equilibria:
        assert e.welfare <= ce + 1e-6 * unit


@settings(max_examples=40)
@given(st.lists(st.integers(1, 3), min_size=1, max_size=3).map(tuple), st.integers(0, 10_000))
def test_correlated_gaps_random_distribution_equal_sums_over_profiles(shape: tuple[int, ...], seed: int) -> None:
    rng = np.random.default_rng(seed)
    game = NormalFormGame(rng.normal(size=(len(shape), *shape)))
    joint = rng.dirichlet(np.ones(int(np.prod(shape)))).reshape(shape)
    ce, cce = 0.0, 0.0
    for i, n in enumerate(shape):
        for instead in range(n):
            total = 0.0
            for told in range(n):
                gain = 0.0
                for actions in np.ndindex(shape):
                    if actions[i] == told:
                        other = (*actions[:i], instead, *actions[i + 1 :])
                        gain += joint[actions] * (game.payoffs[(i, *other)] - game.payoffs[(i, *actions)])
                ce = max(ce, gain)
                total += gain
            cce = max(cce, total)
    found = correlated_gaps(game, joint)
    assert float(found.ce_gap) == pytest.approx(ce, abs=1e-12)
    assert float(found.cce_gap) == pytest.approx(cce, abs=1e-12)
    assert (found.swap_gains >= found.ce_gains - 1e-12).all()
    assert (found.swap_gains >= found.cce_gains - 1e-12).all()


def test_correlated_gaps_independent_play_cce_gains_are_deviation_gains() -> None:
    rng = np.random.default_rng(0)
    game = NormalFormGame(rng.normal(size=(3, 2, 3, 2)))
    profile = Profile([rng.dirichlet(np.ones(n), size=4) for n in game.n_actions])
    found = correlated_gaps(game, product_distribution(profile))
    assert found.cce_gains == pytest.approx(nash_conv(game, profile).gains, abs=1e-12)
    assert len(found.to_records()) == 8


def test_correlated_gaps_climbing_worst_cce_is_no_ce() -> None:
    found = correlated_gaps(CLIMBING, correlated_equilibrium(CLIMBING, "min_welfare", concept="cce").joint)
    assert float(found.cce_gap) <= 1e-8
    assert float(found.ce_gap) > 0.1


@pytest.mark.parametrize("joint", [np.full((2, 3), 1 / 6), np.full((2, 2), 0.3), [[0.5, -0.5], [0.5, 0.5]], [0.5, 0.5]])
def test_correlated_gaps_no_distribution_raises(joint: object) -> None:
    with pytest.raises(ValueError, match="joint"):
        correlated_gaps(CHICKEN, joint)  # type: ignore[arg-type]


def test_correlated_gaps_nan_raises() -> None:
    with pytest.raises(ValueError, match="joint"):
        correlated_gaps(CHICKEN, [[np.nan, 0.5], [0.25, 0.25]])


def test_correlated_equilibrium_unknown_choice_raises() -> None:
    with pytest.raises(ValueError, match="objective"):
        correlated_equilibrium(CHICKEN, "welfare")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="concept"):
        correlated_equilibrium(CHICKEN, concept="nash")  # type: ignore[arg-type]


def test_correlated_equilibrium_impossible_tolerance_raises() -> None:
    game = NormalFormGame(np.random.default_rng(0).normal(size=(2, 4, 4)))
    with pytest.raises(ArithmeticError, match="accurate"):
        correlated_equilibrium(game, tolerance=-1.0)


def test_correlated_equilibrium_records_end_with_the_welfare() -> None:
    records = correlated_equilibrium(CHICKEN).to_records()
    assert [r["agent"] for r in records] == [0, 1, "all"]
    assert records[-1]["value"] == pytest.approx(10.5)
