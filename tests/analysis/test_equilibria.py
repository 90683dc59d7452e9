"""Equilibria of games whose equilibria are known, and properties over random ones."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.analysis.enumeration import enumerate_equilibria, maximal_products
from nashlens.analysis.equilibria import find_equilibria, pure_equilibria
from nashlens.analysis.exploitability import nash_conv
from nashlens.analysis.homotopy import limiting_logit_equilibrium
from nashlens.analysis.nash import Equilibria, is_equilibrium, verified
from nashlens.analysis.potential import potential_decomposition
from nashlens.analysis.results import Result
from nashlens.analysis.supports import support_equilibria, supports_by_size
from nashlens.analysis.welfare import social_optimum
from nashlens.games import catalog, make
from nashlens.games.normal_form import NormalFormGame, Profile


def symmetric(matrix: list[list[float]]) -> NormalFormGame:
    first = np.array(matrix, dtype=float)
    return NormalFormGame([first, first.T])


def common(matrix: list[list[float]]) -> NormalFormGame:
    return NormalFormGame([matrix, matrix])


def zero_sum(matrix: list[list[float]]) -> NormalFormGame:
    return NormalFormGame([matrix, -np.array(matrix)])


MATCHING_PENNIES = zero_sum([[1, -1], [-1, 1]])
RPS = zero_sum([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
PRISONERS_DILEMMA = symmetric([[3, 0], [5, 1]])
BATTLE = NormalFormGame([[[2, 0], [0, 1]], [[1, 0], [0, 2]]])
STAG_HUNT = symmetric([[4, 0], [3, 3]])
CHICKEN = symmetric([[6, 2], [7, 0]])
CLIMBING = common([[11, -30, 0], [-30, 7, 6], [0, 0, 5]])
PENALTY_30 = common([[10, 0, -30], [0, 2, 0], [-30, 0, 10]])
PENALTY_100 = common([[10, 0, -100], [0, 2, 0], [-100, 0, 10]])
ANTI_COORDINATION = symmetric([[0, 1], [1, 0]])
SHAPLEY = NormalFormGame([np.eye(3), np.roll(np.eye(3), 1, axis=1)])

# Number of equilibria: metrics table, row "count parity"; all of these games are nondegenerate.
COUNTS = [
    (MATCHING_PENNIES, 1),
    (RPS, 1),
    (PRISONERS_DILEMMA, 1),
    (BATTLE, 3),
    (STAG_HUNT, 3),
    (CHICKEN, 3),
    (CLIMBING, 3),
    (PENALTY_30, 5),
    (PENALTY_100, 5),
    (ANTI_COORDINATION, 3),
    (SHAPLEY, 1),
]


def volunteers_dilemma(n_agents: int, cost: float) -> NormalFormGame:
    """Everyone gets 1 if anyone volunteers (action 1), which costs the volunteer."""
    payoffs = np.zeros((n_agents, *(2,) * n_agents))
    for actions in np.ndindex(*(2,) * n_agents):
        for i in range(n_agents):
            payoffs[(i, *actions)] = float(any(actions)) - cost * actions[i]
    return NormalFormGame(payoffs, name="volunteers_dilemma")


def holds(found: Equilibria, *strategies: list[float]) -> bool:
    return any(
        all(s == pytest.approx(t, abs=1e-9) for s, t in zip(profile, strategies, strict=True))
        for profile in found.profiles
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


@settings(max_examples=40)
@given(st.lists(st.integers(1, 3), min_size=1, max_size=4).map(tuple), st.integers(0, 10_000))
def test_pure_equilibria_random_game_equal_brute_force(shape: tuple[int, ...], seed: int) -> None:
    payoffs = np.random.default_rng(seed).integers(0, 3, size=(len(shape), *shape)).astype(float)
    expected = set()
    for actions in np.ndindex(shape):
        deviations = [
            payoffs[(i, *actions[:i], a, *actions[i + 1 :])] - payoffs[(i, *actions)]
            for i in range(len(shape))
            for a in range(shape[i])
        ]
        if max(deviations) <= 0:
            expected.add(actions)
    found = pure_equilibria(NormalFormGame(payoffs))
    assert {tuple(int(s.argmax()) for s in p) for p in found.profiles} == expected
    assert not found.is_complete


def test_find_equilibria_one_agent_are_its_best_actions() -> None:
    found = find_equilibria(NormalFormGame([[1.0, 3.0, 3.0]]))
    assert [p[0].tolist() for p in found.profiles] == [[0, 1, 0], [0, 0, 1]]
    assert found.is_complete


def test_find_equilibria_one_action_each_is_the_only_profile() -> None:
    for n_agents in (1, 2, 3, 4):
        found = find_equilibria(NormalFormGame(np.ones((n_agents, *(1,) * n_agents))))
        assert len(found) == 1
        assert found.equilibria[0].is_pure


def test_find_equilibria_agent_with_one_action_leaves_the_others_theirs() -> None:
    # Matching pennies beside a third agent without a choice.
    payoffs = np.concatenate([MATCHING_PENNIES.payoffs, np.zeros((1, 2, 2))])[..., None]
    found = find_equilibria(NormalFormGame(payoffs))
    assert len(found) == 1
    assert holds(found, [0.5, 0.5], [0.5, 0.5], [1.0])


@pytest.mark.parametrize("name", [entry.name for entry in catalog.entries() if entry.name != "blotto"])
def test_find_equilibria_catalogued_game_holds_every_known_one(name: str) -> None:
    # The catalogue's equilibria, welfare and potentialness were worked out by hand, each with its source.
    game, known = catalog_game(name), catalog.known(name)
    if known is None:
        pytest.skip(f"nothing is known of {name} beforehand")
    found = find_equilibria(game, max_supports=500)
    for profile in known.equilibria:
        assert is_equilibrium(game, profile)
        assert holds(found, *(s.tolist() for s in profile))
    if known.complete:
        assert len(found) == len(known.equilibria)
    assert social_optimum(game).maximum == pytest.approx(known.welfare)
    if known.potentialness is not None:
        assert potential_decomposition(game).potentialness == pytest.approx(known.potentialness, abs=1e-9)


def catalog_game(name: str) -> NormalFormGame:
    game = make(name)
    assert isinstance(game, NormalFormGame)
    return game


def test_find_equilibria_too_large_to_enumerate_still_finds_some() -> None:
    game = NormalFormGame(np.random.default_rng(0).random((2, 7, 7)))
    found = find_equilibria(game, max_vertices=20, max_supports=200)
    assert len(found) >= 1
    assert not found.is_complete
    assert "vertices" in found.reason
    for profile in found.profiles:
        assert nash_conv(game, profile).nash_conv <= 1e-8


def test_find_equilibria_volunteers_dilemma_has_the_symmetric_one() -> None:
    # T12: P(not) = c^(1 / (N − 1)): N = 3, c = 1/4 gives 1/2, payoff 1 − c each, welfare 2.25.
    found = find_equilibria(volunteers_dilemma(3, 0.25))
    assert holds(found, [0.5, 0.5], [0.5, 0.5], [0.5, 0.5])
    symmetric_one = next(e for e in found.equilibria if e.profile[0][0] == pytest.approx(0.5))
    assert symmetric_one.payoffs == pytest.approx([0.75] * 3, abs=1e-9)
    # Pure: exactly one volunteers. Two of three mix while one never volunteers: P(not) = c.
    assert sum(e.is_pure for e in found.equilibria) == 3
    assert holds(found, [1, 0], [0.25, 0.75], [0.25, 0.75])
    assert len(found) == 7
    assert not found.is_complete
    assert found.bound == "lower"


def test_find_equilibria_four_volunteers_mix_at_the_cube_root() -> None:
    probability = 0.25 ** (1 / 3)
    found = limiting_logit_equilibrium(volunteers_dilemma(4, 0.25))
    assert holds(found, *[[probability, 1 - probability]] * 4)


@settings(max_examples=40)
@given(st.lists(st.integers(1, 3), min_size=3, max_size=4).map(tuple), st.integers(0, 10_000))
def test_limiting_logit_equilibrium_random_game_is_verified(shape: tuple[int, ...], seed: int) -> None:
    game = NormalFormGame(np.random.default_rng(seed).normal(size=(len(shape), *shape)))
    found = limiting_logit_equilibrium(game)
    assert len(found) == 1
    assert nash_conv(game, found.profiles[0]).nash_conv <= 1e-8
    assert found.equilibria[0].gains.max() <= 1e-8


@pytest.mark.parametrize("scale", [1e-12, 1e12])
def test_limiting_logit_equilibrium_any_payoff_unit_is_the_same(scale: float) -> None:
    payoffs = np.random.default_rng(3).normal(size=(3, 2, 3, 2))
    one = limiting_logit_equilibrium(NormalFormGame(payoffs)).profiles[0]
    other = limiting_logit_equilibrium(NormalFormGame(payoffs * scale)).profiles[0]
    assert np.concatenate(one) == pytest.approx(np.concatenate(other), abs=1e-9)


def test_limiting_logit_equilibrium_stag_hunt_is_risk_dominant() -> None:
    # The principal branch leads to hare: a half is below the threshold of three quarters.
    assert holds(limiting_logit_equilibrium(STAG_HUNT), [0, 1], [0, 1])


def test_limiting_logit_equilibrium_stopped_early_returns_nothing_and_says_why() -> None:
    found = limiting_logit_equilibrium(STAG_HUNT, max_rationality=1.0)
    assert len(found) == 0
    assert "rationality 1" in found.reason


def test_limiting_logit_equilibrium_bad_limit_raises() -> None:
    with pytest.raises(ValueError, match="max_rationality"):
        limiting_logit_equilibrium(STAG_HUNT, max_rationality=0.0)


@pytest.mark.parametrize(("game", "count"), COUNTS)
def test_support_equilibria_two_agents_find_all_isolated_ones(game: NormalFormGame, count: int) -> None:
    assert len(support_equilibria(game)) == count


def test_supports_by_size_of_two_actions_each_are_nine_small_first() -> None:
    supports = list(supports_by_size((2, 2)))
    assert len(supports) == 9
    assert [sum(int(mask.sum()) for mask in masks) for masks in supports] == [2] * 4 + [3] * 4 + [4]


@pytest.mark.parametrize("function", [support_equilibria, find_equilibria])
def test_support_search_negative_count_raises(function: object) -> None:
    with pytest.raises(ValueError, match="max_supports"):
        function(BATTLE, max_supports=-1)  # type: ignore[operator]


def test_verified_profile_that_is_no_equilibrium_is_dropped() -> None:
    found = verified(BATTLE, [Profile.uniform(2, 2), Profile.pure((0, 0), (2, 2))], tolerance=1e-9, method="given")
    assert len(found) == 1
    assert found.equilibria[0].gains.tolist() == [0.0, 0.0]


def test_verified_repeated_profile_is_kept_once() -> None:
    found = verified(BATTLE, [Profile.pure((0, 0), (2, 2))] * 3, tolerance=1e-9, method="given")
    assert len(found) == 1


def test_is_equilibrium_large_amount_that_others_decide_does_not_hide_a_gain() -> None:
    # The second agent moves the first one's payoff by 1e9; the first still gains 1 by its other action.
    game = NormalFormGame([[[0, 1e9], [1, 1e9 + 1]], [[0, 0], [0, 0]]])
    assert not is_equilibrium(game, Profile.pure((0, 0), (2, 2)))
    assert is_equilibrium(game, Profile.pure((1, 0), (2, 2)))


def test_equilibria_records_name_agent_gain_and_completeness() -> None:
    found = find_equilibria(BATTLE)
    assert isinstance(found, Result)
    records = found.to_records()
    assert len(records) == 6
    assert {r["agent"] for r in records} == {0, 1}
    assert all(r["gain"] <= 1e-9 and r["complete"] for r in records)


def test_equilibria_arrays_are_read_only() -> None:
    found = find_equilibria(BATTLE)
    with pytest.raises(ValueError, match="read-only"):
        found.equilibria[0].payoffs[0] = 1.0
