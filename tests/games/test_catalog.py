"""The catalogue: every listed fact is recomputed here, by code that shares nothing with the package."""

from __future__ import annotations

import itertools
from math import factorial, sqrt
from typing import Any

import nashpy
import numpy as np
import pyspiel
import pytest

from nashlens import games
from nashlens.games import catalog
from nashlens.games.normal_form import NormalFormGame, Profile

# (name, arguments) for every game whose facts are listed; families that scale are tried at several sizes.
CASES: list[tuple[str, dict[str, Any]]] = [
    (entry.name, {}) for entry in catalog.entries() if catalog.known(entry.name) is not None
] + [
    ("penalty", {"k": k}) for k in (-30, -10, -9.5, -5, 0)
] + [
    ("volunteers_dilemma", {"n_agents": n, "cost": c}) for n, c in ((2, 0.5), (2, 0.9), (4, 0.1), (6, 0.6))
] + [
    (name, {"n_agents": n})
    for name, sizes in {
        "role_assignment": (2, 4, 5), "coverage": (2, 4, 5), "all_ones": (2, 5), "all_equal": (2, 4, 5, 6),
        "even_split": (2, 6),
    }.items()
    for n in sizes
]  # fmt: skip


def facts_of(name: str, parameters: dict[str, Any]) -> catalog.Known:
    facts = catalog.known(name, **parameters)
    assert facts is not None
    return facts


COMPLETE_FOR_TWO = [c for c in CASES if facts_of(*c).complete and len(facts_of(*c).equilibria[0]) == 2]
ALL_PURE_LISTED = [c for c in CASES if facts_of(*c).complete or facts_of(*c).which.startswith("all pure")]


def make(name: str, parameters: dict[str, Any]) -> NormalFormGame:
    game = games.make(name, **parameters)
    assert isinstance(game, NormalFormGame)
    return game


def action_values(payoffs: np.ndarray, profile: Profile, agent: int) -> np.ndarray:
    """Expected payoff of each of the agent's actions, summed joint action by joint action."""
    values = np.zeros(payoffs.shape[1 + agent])
    for joint in itertools.product(*(range(n) for n in payoffs.shape[1:])):
        chance = np.prod([profile[j][a] for j, a in enumerate(joint) if j != agent])
        values[joint[agent]] += chance * payoffs[(agent, *joint)]
    return values


def nash_conv(payoffs: np.ndarray, profile: Profile) -> float:
    gains = []
    for agent, strategy in enumerate(profile):
        values = action_values(payoffs, profile, agent)
        gains.append(values.max() - values @ strategy)
    return float(sum(gains))


def potentialness(payoffs: np.ndarray) -> float:
    """|u_P| / (|u_P| + |u_H|) by least squares on the graph of unilateral deviations (equal numbers of actions)."""
    shape = payoffs.shape[1:]
    number = {joint: k for k, joint in enumerate(itertools.product(*map(range, shape)))}
    rows, gains = [], []
    for joint, k in number.items():
        for agent, n in enumerate(shape):
            for action in range(joint[agent] + 1, n):
                other = (*joint[:agent], action, *joint[agent + 1 :])
                row = np.zeros(len(number))
                row[number[other]], row[k] = 1, -1
                rows.append(row)
                gains.append(payoffs[(agent, *other)] - payoffs[(agent, *joint)])
    difference = np.array(rows)  # the normal equations have one row a joint action, not one a deviation
    phi = np.linalg.lstsq(difference.T @ difference, difference.T @ np.array(gains), rcond=None)[0].reshape(shape)
    parts_P, parts_H = [], []
    for agent in range(len(shape)):
        strategic = payoffs[agent] - payoffs[agent].mean(axis=agent, keepdims=True)
        part = phi - phi.mean(axis=agent, keepdims=True)
        parts_P.append(part)
        parts_H.append(strategic - part)
    norm_P, norm_H = np.linalg.norm(parts_P), np.linalg.norm(parts_H)
    return float(norm_P / (norm_P + norm_H))


@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_known_equilibria_have_no_gain_from_deviation(name: str, parameters: dict[str, Any]) -> None:
    game = make(name, parameters)
    facts = facts_of(name, parameters)
    assert facts.equilibria
    for profile in (*facts.equilibria[:15], facts.equilibria[-1]):
        game.check_profile(profile)
        assert abs(nash_conv(game.payoffs, profile)) < 1e-12 * max(1, np.abs(game.payoffs).max())


@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_known_equilibria_are_all_different(name: str, parameters: dict[str, Any]) -> None:
    facts = facts_of(name, parameters)
    flat = {tuple(np.round(np.concatenate(profile), 12)) for profile in facts.equilibria}
    assert len(flat) == len(facts.equilibria)


@pytest.mark.parametrize(("name", "parameters"), CASES)
def test_known_welfare_is_highest_sum_of_payoffs(name: str, parameters: dict[str, Any]) -> None:
    facts = facts_of(name, parameters)
    assert facts.welfare == pytest.approx(make(name, parameters).payoffs.sum(axis=0).max(), abs=1e-12)


@pytest.mark.parametrize(("name", "parameters"), [case for case in CASES if case[1].get("n_agents", 0) < 5])
def test_known_potentialness_equals_least_squares(name: str, parameters: dict[str, Any]) -> None:
    facts = facts_of(name, parameters)
    assert facts.potentialness == pytest.approx(potentialness(make(name, parameters).payoffs), abs=1e-9)


@pytest.mark.parametrize(("name", "parameters"), COMPLETE_FOR_TWO)
def test_known_complete_list_of_two_agents_is_what_vertex_enumeration_finds(
    name: str, parameters: dict[str, Any]
) -> None:
    game = make(name, parameters)
    facts = facts_of(name, parameters)
    # Nashpy; its support enumeration loses equilibria of Climbing to rounding, its vertex enumeration does not, but
    # wants positive payoffs: a constant changes no equilibrium
    positive = game.payoffs - game.payoffs.min() + 1
    pairs = nashpy.Game(*positive).vertex_enumeration()
    found = {tuple(np.round(np.concatenate(pair), 9) + 0.0) for pair in pairs}
    assert found == {tuple(np.round(np.concatenate(profile), 9)) for profile in facts.equilibria}


@pytest.mark.parametrize(("name", "parameters"), ALL_PURE_LISTED)
def test_known_pure_equilibria_are_all_listed_where_the_catalogue_says_so(
    name: str, parameters: dict[str, Any]
) -> None:
    game = make(name, parameters)
    facts = facts_of(name, parameters)
    pure = []
    for joint in itertools.product(*(range(n) for n in game.n_actions)):
        gains = [
            game.payoffs[(i, *joint[:i], slice(None), *joint[i + 1 :])].max() - game.payoffs[(i, *joint)]
            for i in range(game.n_agents)
        ]
        if max(gains) == 0:
            pure.append(joint)
    listed = sorted(
        tuple(int(s.argmax()) for s in profile)
        for profile in facts.equilibria
        if all(s.max() == 1 for s in profile)
    )  # fmt: skip
    assert listed == sorted(pure)


# Expected values: closed forms, each from the definition in the comment beside it.
@pytest.mark.parametrize(
    ("name", "parameters", "profile", "expected"),
    [
        ("rock_paper_scissors", {}, Profile.pure((0, 0), (3, 3)), 2.0),  # both gain 1 by paper
        ("rock_paper_scissors", {}, Profile([[0.5, 0.25, 0.25], [1 / 3] * 3]), 0.25),
        ("matching_pennies", {}, Profile([[0.9, 0.1], [0.7, 0.3]]), 1.2),  # |2p - 1| + |2q - 1|
        ("prisoners_dilemma", {}, Profile.pure((0, 0), (2, 2)), 4.0),
        ("prisoners_dilemma", {}, Profile.uniform(2, 2), 1.5),
        ("battle_of_the_sexes", {}, Profile.uniform(2, 2), 0.5),
        ("stag_hunt", {}, Profile.uniform(2, 2), 1.0),
        ("climbing", {}, Profile.uniform(3, 3), 110 / 9),  # 46/9 for the rows, 64/9 for the columns
        ("penalty", {"k": -100}, Profile.uniform(3, 3), 368 / 9),
        ("penalty", {"k": -30}, Profile.uniform(3, 3), 88 / 9),
        ("volunteers_dilemma", {}, Profile.pure((1, 1, 1), (2, 2, 2)), 0.75),  # each saves the cost 0.25
        ("volunteers_dilemma", {}, Profile.pure((0, 0, 0), (2, 2, 2)), 2.25),  # each gains 1 - 0.25
    ],
)
def test_payoffs_give_the_textbook_nash_conv(
    name: str, parameters: dict[str, Any], profile: Profile, expected: float
) -> None:
    assert nash_conv(make(name, parameters).payoffs, profile) == pytest.approx(expected, abs=1e-12)


def test_volunteers_dilemma_symmetric_equilibrium_of_three() -> None:
    # P(abstain) = c^(1/(N-1)) = 0.25^(1/2) = 0.5; every agent gets 1 - c, welfare 2.25
    facts = catalog.known("volunteers_dilemma", n_agents=3, cost=0.25)
    assert facts is not None
    symmetric = facts.equilibria[-1]
    np.testing.assert_allclose(symmetric, [[0.5, 0.5]] * 3, atol=1e-15)
    payoffs = make("volunteers_dilemma", {}).payoffs
    welfare = sum(action_values(payoffs, symmetric, i) @ symmetric[i] for i in range(3))
    assert welfare == pytest.approx(2.25, abs=1e-12)
    assert len(facts.equilibria) == 2**3 - 1  # one for each group


@pytest.mark.parametrize("n_agents", [2, 3, 4, 5, 6])
def test_role_assignment_and_coverage_values_of_shared_policy(n_agents: int) -> None:
    # uniform play: P(all different) = N!/N^N; expected share of covered places = 1 - (1 - 1/N)^N
    roles = games.make("role_assignment", n_agents=n_agents)
    places = games.make("coverage", n_agents=n_agents)
    assert isinstance(roles, NormalFormGame)
    assert isinstance(places, NormalFormGame)
    assert roles.payoffs[0].mean() == pytest.approx(factorial(n_agents) / n_agents**n_agents, abs=1e-12)
    assert places.payoffs[0].mean() == pytest.approx(1 - (1 - 1 / n_agents) ** n_agents, abs=1e-12)


@pytest.mark.parametrize("n_agents", [2, 4, 6, 8])
def test_even_split_pays_two_joint_actions(n_agents: int) -> None:
    payoffs = make("even_split", {"n_agents": n_agents}).payoffs
    half = n_agents // 2
    assert payoffs[0].sum() == 2
    assert payoffs[(0, *(0,) * half, *(1,) * half)] == payoffs[(0, *(1,) * half, *(0,) * half)] == 1


def test_all_ones_and_all_equal_pay_as_proposition_1_says() -> None:
    ones, equal = make("all_ones", {"n_agents": 4}).payoffs[0], make("all_equal", {"n_agents": 4}).payoffs[0]
    assert ones.sum() == ones[1, 1, 1, 1] == 1
    assert equal.sum() == 2
    assert equal[0, 0, 0, 0] == equal[1, 1, 1, 1] == 1


def test_chicken_best_mixture_of_three_cells_pays_more_than_any_equilibrium() -> None:
    # weights 1/2, 1/4, 1/4 on (swerve, swerve), (swerve, dare), (dare, swerve): welfare 10.5, a correlated equilibrium
    payoffs = make("chicken", {}).payoffs
    weights = np.array([[0.5, 0.25], [0.25, 0.0]])
    assert (payoffs.sum(axis=0) * weights).sum() == 10.5
    for told in range(2):
        followed = weights[told] @ payoffs[0, told]
        assert followed >= weights[told] @ payoffs[0, 1 - told]
    facts = facts_of("chicken", {})
    welfares = [np.einsum("nab,a,b->", payoffs, *profile) for profile in facts.equilibria]
    np.testing.assert_allclose(sorted(welfares), [9, 9, 28 / 3], atol=1e-12)


def test_shapley_equals_the_one_of_open_spiel_up_to_the_order_of_actions() -> None:
    ours, theirs = make("shapley", {}).payoffs, make("matrix_shapleys_game", {}).payoffs
    orders = list(itertools.permutations(range(3)))
    assert any(np.array_equal(ours[:, rows][:, :, columns], theirs) for rows in orders for columns in orders)
    facts = facts_of("shapley", {})
    assert facts.potentialness == pytest.approx((sqrt(3) - 1) / 2)
    assert np.einsum("nab,a,b->", ours, *facts.equilibria[0]) == pytest.approx(2 / 3)


def test_entries_have_every_one_shot_game_of_open_spiel() -> None:
    kind = pyspiel.GameType
    shipped = {
        game.short_name
        for game in pyspiel.registered_games()
        if game.information == kind.Information.ONE_SHOT and game.default_loadable
    }
    listed = {entry.name: entry for entry in catalog.entries()}
    assert shipped <= set(listed)
    assert {e.family for e in listed.values()} == {"matrix"}
    assert all(e.summary and "\n" not in e.summary for e in listed.values())


@pytest.mark.parametrize("name", [entry.name for entry in catalog.entries()])
def test_specification_makes_the_game_again(name: str) -> None:
    game = make(name, {})
    assert game.spec.name == name
    again = games.make(game.spec.name, **game.spec.parameters)
    assert isinstance(again, NormalFormGame)
    np.testing.assert_array_equal(game.payoffs, again.payoffs)


def test_known_says_none_for_other_families_and_unsolved_games() -> None:
    assert catalog.known("blotto", coins=4) is None
    assert catalog.known("repeated") is None


def test_known_rejects_unknown_game_and_argument() -> None:
    with pytest.raises(ValueError, match="did you mean"):
        catalog.known("prisoner_dilemma")
    with pytest.raises(ValueError, match="no parameter 'agents'"):
        catalog.known("coverage", agents=3)


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("volunteers_dilemma", {"n_agents": 1.5}, "n_agents must be a whole number from 2 to 12, not 1.5"),
        ("volunteers_dilemma", {"n_agents": True}, "n_agents must be a whole number from 2 to 12, not True"),
        ("volunteers_dilemma", {"cost": -1}, "cost must be a finite number, above 0 and below 1, not -1"),
        ("volunteers_dilemma", {"cost": 1.0}, "cost must be a finite number, above 0 and below 1, not 1.0"),
        ("volunteers_dilemma", {"cost": float("nan")}, "cost must be a finite number"),
        ("penalty", {"k": "a"}, "k must be a finite number, at most 0, not 'a'"),
        ("penalty", {"k": 1}, "k must be a finite number, at most 0, not 1"),
        ("role_assignment", {"n_agents": 8}, "n_agents must be a whole number from 2 to 7, not 8"),
        ("coverage", {"n_agents": "3"}, "n_agents must be a whole number from 2 to 7, not '3'"),
        ("all_ones", {"n_agents": None}, "n_agents must be a whole number from 2 to 12, not None"),
        ("all_equal", {"n_agents": 1}, "n_agents must be a whole number from 2 to 12, not 1"),
        ("even_split", {"n_agents": 5}, "n_agents must be an even number from 2 to 12, not 5"),
        ("blotto", {"coins": 0}, "coins must be a whole number from 1 to 100, not 0"),
        ("blotto", {"fields": 1}, "fields must be a whole number from 2 to 100, not 1"),
        ("blotto", {"coins": 50, "fields": 5}, "n_agents, coins and fields must give at most 2000000 payoffs"),
    ],
)
def test_make_names_the_argument_that_does_not_fit(name: str, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        games.make(name, **parameters)
