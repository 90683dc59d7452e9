"""Potential games: known potentialness, and the decomposition against least squares on the deviation graph."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.analysis.potential import largest_cycle, potential_decomposition
from nashlens.games.normal_form import NormalFormGame

PENNIES = np.array([[1.0, -1.0], [-1.0, 1.0]])
SHAPLEY = NormalFormGame([np.eye(3), np.roll(np.eye(3), 1, axis=1)])


def symmetric(matrix: list[list[float]]) -> NormalFormGame:
    return NormalFormGame([np.array(matrix, dtype=float), np.array(matrix, dtype=float).T])


# T14. MP's four-cycle is 8 in size (metrics: −8 in one direction), that of a potential game 0.
KNOWN = [
    (symmetric([[3, 0], [5, 1]]), 1.0, 0.0),
    (NormalFormGame([[[2, 0], [0, 1]], [[1, 0], [0, 2]]]), 1.0, 0.0),
    (symmetric([[4, 0], [3, 3]]), 1.0, 0.0),
    (NormalFormGame([[[11, -30, 0], [-30, 7, 6], [0, 0, 5]]] * 2), 1.0, 0.0),
    (NormalFormGame([PENNIES, -PENNIES]), 0.0, 8.0),
    (NormalFormGame([[[0, -1, 1], [1, 0, -1], [-1, 1, 0]], [[0, 1, -1], [-1, 0, 1], [1, -1, 0]]]), 0.0, 6.0),
    (SHAPLEY, (np.sqrt(3) - 1) / 2, 3.0),
]


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
@pytest.mark.parametrize(("game", "potentialness", "cycle"), KNOWN)
def test_potential_decomposition_known_game(
    game: NormalFormGame, potentialness: float, cycle: float, scale: float
) -> None:
    # T14
    found = potential_decomposition(NormalFormGame(game.payoffs * scale))
    assert found.potentialness == pytest.approx(potentialness, abs=1e-9)
    assert found.flow_potentialness == pytest.approx(potentialness, abs=1e-9)  # equally many actions
    assert found.largest_cycle == pytest.approx(cycle * scale, rel=1e-9, abs=1e-12 * scale)
    assert found.is_potential == (cycle == 0)


@pytest.mark.parametrize("share", [0.25, 0.5, 0.75])
def test_potential_decomposition_mixture_of_common_interest_and_pennies_is_its_share(share: float) -> None:
    # α · 2 I + (1 − α) · MP: T14.
    common = share * 2 * np.eye(2)
    game = NormalFormGame([common + (1 - share) * PENNIES, common - (1 - share) * PENNIES])
    assert potential_decomposition(game).potentialness == pytest.approx(share, abs=1e-12)


@settings(max_examples=40)
@given(st.lists(st.integers(1, 3), min_size=1, max_size=4).map(tuple), st.integers(0, 10_000))
def test_potential_decomposition_random_game_equals_least_squares_on_the_graph(
    shape: tuple[int, ...], seed: int
) -> None:
    payoffs = np.random.default_rng(seed).normal(size=(len(shape), *shape))
    found = potential_decomposition(NormalFormGame(payoffs))
    number = np.arange(int(np.prod(shape))).reshape(shape)
    rows, flow = [], []
    for i in range(len(shape)):
        for line in np.moveaxis(number, i, -1).reshape(-1, shape[i]):
            for a, b in combinations(line.tolist(), 2):
                row = np.zeros(number.size)
                row[a], row[b] = -1.0, 1.0
                rows.append(row)
                flow.append(payoffs[i].ravel()[b] - payoffs[i].ravel()[a])
    system = np.array(rows).reshape(-1, number.size)
    expected = np.linalg.lstsq(system, np.array(flow), rcond=None)[0]  # least norm: mean 0
    assert found.potential_function.ravel() == pytest.approx(expected, abs=1e-9)
    assert found.potential + found.harmonic + found.non_strategic == pytest.approx(payoffs, abs=1e-12)
    for i in range(len(shape)):
        assert found.harmonic[i].mean(axis=i) == pytest.approx(0.0, abs=1e-12)
        assert found.potential[i].mean(axis=i) == pytest.approx(0.0, abs=1e-12)
    # The harmonic flow has no divergence anywhere.
    divergence = sum(n * h for n, h in zip(shape, found.harmonic, strict=True))
    assert divergence == pytest.approx(np.zeros(shape), abs=1e-9)


@settings(max_examples=30)
@given(st.lists(st.integers(2, 3), min_size=2, max_size=3).map(tuple), st.integers(0, 10_000))
def test_potential_decomposition_added_non_strategic_payoffs_change_nothing(shape: tuple[int, ...], seed: int) -> None:
    rng = np.random.default_rng(seed)
    payoffs = rng.normal(size=(len(shape), *shape))
    moved = payoffs + np.stack(
        [rng.normal(size=(*shape[:i], 1, *shape[i + 1 :])) * np.ones(shape) for i in range(len(shape))]
    )
    one, other = (potential_decomposition(NormalFormGame(u)) for u in (payoffs, moved))
    assert one.potentialness == pytest.approx(other.potentialness, abs=1e-9)
    assert one.largest_cycle == pytest.approx(other.largest_cycle, abs=1e-9)


@settings(max_examples=30)
@given(st.lists(st.integers(1, 3), min_size=2, max_size=3).map(tuple), st.integers(0, 10_000))
def test_largest_cycle_random_game_equals_brute_force(shape: tuple[int, ...], seed: int) -> None:
    payoffs = np.random.default_rng(seed).normal(size=(len(shape), *shape))
    worst = 0.0
    for i, j in combinations(range(len(shape)), 2):
        for start in np.ndindex(shape):
            for a in range(shape[i]):
                for b in range(shape[j]):
                    corners = [list(start) for _ in range(4)]
                    corners[1][i] = corners[2][i] = a
                    corners[2][j] = corners[3][j] = b
                    p = [payoffs[(slice(None), *c)] for c in corners]
                    total = p[1][i] - p[0][i] + p[2][j] - p[1][j] + p[3][i] - p[2][i] + p[0][j] - p[3][j]
                    worst = max(worst, abs(float(total)))
    assert largest_cycle(NormalFormGame(payoffs)) == pytest.approx(worst, abs=1e-12)


def test_potential_decomposition_unequal_action_counts_give_two_versions() -> None:
    payoffs = np.random.default_rng(0).normal(size=(2, 2, 4))
    found = potential_decomposition(NormalFormGame(payoffs))
    assert abs(found.potentialness - found.flow_potentialness) > 1e-3


@pytest.mark.parametrize("payoffs", [np.full((2, 2, 3), 1 / 3), [[[1, 2], [1, 2]], [[5, 5], [0, 0]]]])
def test_potential_decomposition_without_strategic_part_is_nan(payoffs: object) -> None:
    found = potential_decomposition(NormalFormGame(payoffs))  # type: ignore[arg-type]
    assert np.isnan(found.potentialness)
    assert found.is_potential
    assert found.to_records()[0]["reason"]


def test_potential_decomposition_one_agent_is_a_potential_game() -> None:
    found = potential_decomposition(NormalFormGame([[1.0, 2.0, 6.0]]))
    assert found.potentialness == 1.0
    assert found.potential_function == pytest.approx([-2, -1, 3])


def test_potential_decomposition_negative_tolerance_raises() -> None:
    with pytest.raises(ValueError, match="tolerance"):
        potential_decomposition(SHAPLEY, tolerance=-1.0)
