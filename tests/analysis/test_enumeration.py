from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.analysis.enumeration import enumerate_equilibria, maximal_products
from nashlens.analysis.exploitability import nash_conv
from nashlens.games.normal_form import NormalFormGame, Profile
from tests.analysis.known_equilibria import (
    BATTLE,
    CHICKEN,
    CLIMBING,
    COUNTS,
    PENALTY_30,
    PENALTY_100,
    STAG_HUNT,
    common,
    holds,
    symmetric,
    volunteers_dilemma,
)


@pytest.mark.parametrize(("game", "count"), COUNTS)
def test_enumerate_equilibria_known_game_finds_the_known_number(game: NormalFormGame, count: int) -> None:
    # T12
    found = enumerate_equilibria(game)
    assert len(found) == count
    assert found.is_complete
    assert found.bound == "exact"
    assert len(found.subsets) == count  # each equilibrium of a nondegenerate game stands alone
    assert [s.component for s in found.subsets] == list(range(count))


def test_enumerate_equilibria_battle_of_the_sexes_mixed_values() -> None:
    # T12: 2 q = 1 − q makes the first indifferent, p = 2 (1 − p) the second; each then gets 2/3.
    found = enumerate_equilibria(BATTLE)
    assert holds(found, [2 / 3, 1 / 3], [1 / 3, 2 / 3])
    assert found.equilibria[2].payoffs == pytest.approx([2 / 3, 2 / 3], abs=1e-12)


def test_enumerate_equilibria_stag_hunt_mixed_is_three_quarters() -> None:
    # T12: 4 p = 3.
    assert holds(enumerate_equilibria(STAG_HUNT), [0.75, 0.25], [0.75, 0.25])


def test_enumerate_equilibria_chicken_mixed_pays_fourteen_thirds() -> None:
    # T12: 6 p + 2 (1 − p) = 7 p gives p = 2/3 and 14/3 each; pure equilibria have welfare 9 < 28/3.
    found = enumerate_equilibria(CHICKEN)
    assert found.equilibria[0].payoffs == pytest.approx([14 / 3, 14 / 3], abs=1e-12)
    assert [e.welfare_rank for e in found.equilibria] == [1, 2, 2]


def test_enumerate_equilibria_climbing_has_eleven_seven_and_a_mixed_one() -> None:
    # T12: Actions 1 and 3 mixed: 11 p = −30·0 …; p = 5 / 16 makes 11 p = 5 (1 − p), each gets 55 / 16.
    found = enumerate_equilibria(CLIMBING)
    assert holds(found, [1, 0, 0], [1, 0, 0])
    assert holds(found, [0, 1, 0], [0, 1, 0])
    assert holds(found, [0.3125, 0, 0.6875], [0.3125, 0, 0.6875])
    assert [e.welfare for e in found.equilibria] == pytest.approx([22, 14, 6.875], abs=1e-9)
    assert [e.is_pure for e in found.equilibria] == [True, True, False]


@pytest.mark.parametrize("game", [PENALTY_30, PENALTY_100])
def test_enumerate_equilibria_penalty_mixes_ten_and_two(game: NormalFormGame) -> None:
    # T12: 10 p = 2 (1 − p): p = 1/6, 5/3 each; beside the pure ones at 10, 10 and 2.
    found = enumerate_equilibria(game)
    assert holds(found, [1 / 6, 5 / 6, 0], [1 / 6, 5 / 6, 0])
    assert holds(found, [0, 5 / 6, 1 / 6], [0, 5 / 6, 1 / 6])
    assert sorted(e.welfare for e in found.equilibria) == pytest.approx([10 / 3, 10 / 3, 4, 20, 20], abs=1e-9)


def test_enumerate_equilibria_all_equal_payoffs_is_one_subset_of_everything() -> None:
    found = enumerate_equilibria(NormalFormGame(np.full((2, 3, 4), 5.0)))
    assert len(found) == 12
    assert len(found.subsets) == 1
    assert found.subsets[0].first.shape == (3, 3)
    assert found.subsets[0].second.shape == (4, 4)
    assert {e.welfare_rank for e in found.equilibria} == {1}


def test_enumerate_equilibria_duplicated_action_spans_a_segment() -> None:
    # Actions 0 and 1 are copies in a coordination game with values 1 and 2: one square of equilibria at welfare 2,
    # one point at welfare 4, and one square mixed with weight 1/3 on the good action.
    found = enumerate_equilibria(common([[1, 1, 0], [1, 1, 0], [0, 0, 2]]))
    assert found.is_complete
    assert sorted((s.first.shape[0], s.second.shape[0]) for s in found.subsets) == [(1, 1), (2, 2), (2, 2)]
    assert len(found) == 9
    assert holds(found, [2 / 3, 0, 1 / 3], [0, 2 / 3, 1 / 3])


def test_enumerate_equilibria_subsets_that_touch_share_a_component() -> None:
    # The second agent never cares. The first is indifferent only against column 0, so that the equilibria are an L:
    # any first strategy against column 0, and row 0 against any column.
    game = NormalFormGame([[[1, 1], [1, 0]], [[0, 0], [0, 0]]])
    found = enumerate_equilibria(game)
    assert sorted((s.first.shape[0], s.second.shape[0]) for s in found.subsets) == [(1, 2), (2, 1)]
    assert {s.component for s in found.subsets} == {0}


def test_enumerate_equilibria_weakly_dominated_action_may_be_played() -> None:
    # (1, 1) is an equilibrium in weakly dominated actions beside (0, 0).
    found = enumerate_equilibria(symmetric([[1, 0], [0, 0]]))
    assert holds(found, [1, 0], [1, 0])
    assert holds(found, [0, 1], [0, 1])
    assert found.is_complete


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
@pytest.mark.parametrize(("game", "count"), COUNTS)
def test_enumerate_equilibria_any_payoff_unit_finds_the_same(game: NormalFormGame, count: int, scale: float) -> None:
    found = enumerate_equilibria(NormalFormGame(game.payoffs * scale))
    reference = enumerate_equilibria(game)
    assert len(found) == count
    for one, other in zip(found.profiles, reference.profiles, strict=True):
        assert np.concatenate(one) == pytest.approx(np.concatenate(other), abs=1e-9)


def test_enumerate_equilibria_tie_near_the_tolerance_is_not_called_complete() -> None:
    found = enumerate_equilibria(common([[1.0, 0.0], [1.0 + 5e-9, 0.0], [0.0, 0.0]]))
    assert not found.is_complete
    assert "tie" in found.reason
    assert found.bound == "lower"


def test_enumerate_equilibria_too_many_vertices_is_not_called_complete() -> None:
    game = NormalFormGame(np.random.default_rng(0).random((2, 6, 6)))
    found = enumerate_equilibria(game, max_vertices=5)
    assert not found.is_complete
    assert "5 vertices" in found.reason


def test_enumerate_equilibria_three_agents_raises() -> None:
    with pytest.raises(ValueError, match="two agents"):
        enumerate_equilibria(volunteers_dilemma(3, 0.25))


@pytest.mark.parametrize("arguments", [{"tolerance": 0.0}, {"tolerance": 2.0}, {"max_vertices": 0}])
def test_enumerate_equilibria_bad_limit_raises(arguments: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="max_vertices"):
        enumerate_equilibria(BATTLE, **arguments)


@settings(max_examples=60)
@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 10_000), st.booleans())
def test_enumerate_equilibria_random_game_every_mixture_within_a_subset_is_one(
    n_first: int, n_second: int, seed: int, whole: bool
) -> None:
    rng = np.random.default_rng(seed)
    payoffs = rng.integers(0, 3, size=(2, n_first, n_second)) if whole else rng.normal(size=(2, n_first, n_second))
    game = NormalFormGame(payoffs)
    found = enumerate_equilibria(game)
    assert len(found) >= 1
    assert found.is_complete
    if not whole:
        assert len(found) % 2 == 1  # nondegenerate games have an odd number
    for subset in found.subsets:
        mixture = Profile(
            [
                rng.dirichlet(np.ones(len(subset.first))) @ subset.first,
                rng.dirichlet(np.ones(len(subset.second))) @ subset.second,
            ]
        )
        assert nash_conv(game, mixture).nash_conv <= 1e-9 * max(float(game.spans.max()), 1.0)
    assert {k for s in found.subsets for k in s.members} == set(range(len(found)))


@settings(max_examples=40)
@given(st.integers(0, 10_000))
def test_enumerate_equilibria_relabelled_actions_are_relabelled_equilibria(seed: int) -> None:
    rng = np.random.default_rng(seed)
    payoffs = rng.normal(size=(2, 3, 4))
    rows, columns = rng.permutation(3), rng.permutation(4)
    found = enumerate_equilibria(NormalFormGame(payoffs))
    moved = enumerate_equilibria(NormalFormGame(payoffs[:, rows][:, :, columns]))
    assert len(moved) == len(found)
    for profile in found.profiles:
        assert holds(moved, profile[0][rows].tolist(), profile[1][columns].tolist())


def test_maximal_products_of_an_l_shape_are_its_two_arms() -> None:
    products, is_whole = maximal_products(np.array([[True, True], [True, False]]))
    assert is_whole
    assert products == [((0,), (0, 1)), ((0, 1), (0,))]


def test_maximal_products_more_than_the_limit_says_so() -> None:
    pairs = ~np.eye(8, dtype=bool)  # every subset of columns is an intersection
    assert not maximal_products(pairs, limit=10)[1]
