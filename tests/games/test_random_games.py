"""Random games: each family is tested for the property that defines it, recomputed from the payoffs alone."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from nashlens.games import random_games, registry
from nashlens.games.normal_form import NormalFormGame

SEEDS = range(5)
SHAPES = [(2, 3), (3, 3), (4, 2), (3, (2, 3, 4))]


def make(name: str, **parameters: Any) -> np.ndarray:
    game = registry.make(name, **parameters)
    assert isinstance(game, NormalFormGame)
    return game.payoffs


def largest_cycle(payoffs: np.ndarray) -> float:
    """Largest sum of gains around the 2 x 2 deviation cycles: 0 for exact potential games, and only for them."""
    worst = 0.0
    for i, j in itertools.combinations(range(len(payoffs)), 2):
        # gains of i between neighbouring actions, and how they change with j's action, against the same for j
        mine = np.diff(np.diff(payoffs[i], axis=i), axis=j)
        theirs = np.diff(np.diff(payoffs[j], axis=j), axis=i)
        worst = max(worst, float(np.abs(mine - theirs).max(initial=0.0)))
    return worst


@pytest.mark.parametrize("seed", SEEDS)
def test_random_zero_sum_payoffs_add_to_zero(seed: int) -> None:
    payoffs = make("random_zero_sum", n_actions=[3, 5], seed=seed)
    assert payoffs.shape == (2, 3, 5)
    np.testing.assert_array_equal(payoffs[0], -payoffs[1])


@pytest.mark.parametrize(("n_agents", "n_actions"), SHAPES)
def test_random_common_interest_payoffs_are_equal(n_agents: int, n_actions: Any) -> None:
    game = registry.make("random_common_interest", n_agents=n_agents, n_actions=n_actions, seed=1)
    assert game.spec.common_reward
    assert isinstance(game, NormalFormGame)
    assert (game.payoffs == game.payoffs[0]).all()
    assert len(np.unique(game.payoffs[0])) == game.payoffs[0].size


@pytest.mark.parametrize(("n_agents", "n_actions"), SHAPES)
def test_random_potential_has_no_cycle_of_gains_and_is_not_common(n_agents: int, n_actions: Any) -> None:
    payoffs = make("random_potential", n_agents=n_agents, n_actions=n_actions, seed=2)
    assert largest_cycle(payoffs) < 1e-12
    assert not np.allclose(payoffs[0], payoffs[1])


def test_largest_cycle_of_matching_pennies_is_eight() -> None:
    # the check itself: MP's cycle of gains is 8 in size
    assert largest_cycle(make("matching_pennies")) == 8


@pytest.mark.parametrize(("n_agents", "rho"), [(2, -1.0), (2, -0.5), (2, 0.0), (2, 0.7), (4, -1 / 3), (4, 0.5)])
def test_random_covariant_pairs_have_the_correlation(n_agents: int, rho: float) -> None:
    n_actions = {2: 100, 4: 12}[
        n_agents
    ]  # 10,000 or 20,736 joint actions; the error of a correlation is about 1/sqrt(M)
    payoffs = make("random_covariant", n_agents=n_agents, n_actions=n_actions, correlation=rho, seed=3)
    flat = payoffs.reshape(n_agents, -1)
    expected = np.full((n_agents, n_agents), rho) + (1 - rho) * np.eye(n_agents)
    np.testing.assert_allclose(np.cov(flat), expected, atol=5 / np.sqrt(flat.shape[1]))
    np.testing.assert_allclose(flat.mean(axis=1), 0, atol=5 / np.sqrt(flat.shape[1]))


@pytest.mark.parametrize("n_agents", [2, 3, 5])
def test_random_covariant_ends_are_zero_sum_and_common_interest(n_agents: int) -> None:
    lowest = make("random_covariant", n_agents=n_agents, n_actions=3, correlation=-1 / (n_agents - 1))
    np.testing.assert_allclose(lowest.sum(axis=0), 0, atol=1e-12)
    assert registry.make("random_covariant", n_agents=n_agents, n_actions=3, correlation=1).spec.common_reward


def survivors(payoffs: np.ndarray) -> list[list[int]]:
    """Delete actions that another pure action strictly dominates, until none is left to delete."""
    alive = [list(range(n)) for n in payoffs.shape[1:]]
    changed = True
    while changed:
        changed = False
        for agent, actions in enumerate(alive):
            table = np.moveaxis(payoffs[agent][np.ix_(*alive)], agent, 0).reshape(len(actions), -1)
            kept = [
                action
                for k, action in enumerate(actions)
                if not any((table[m] > table[k]).all() for m in range(len(actions)))
            ]
            changed |= len(kept) < len(actions)
            alive[agent] = kept
    return alive


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("n_agents", "n_actions"), [*SHAPES, (2, 6)])
def test_random_dominance_solvable_leaves_one_joint_action(n_agents: int, n_actions: Any, seed: int) -> None:
    payoffs = make("random_dominance_solvable", n_agents=n_agents, n_actions=n_actions, seed=seed)
    assert [len(actions) for actions in survivors(payoffs)] == [1] * n_agents


def test_random_zero_sum_is_not_always_dominance_solvable() -> None:
    # the elimination of the test itself: it does not delete everything everywhere
    assert any(max(map(len, survivors(make("random_zero_sum", seed=seed)))) > 1 for seed in SEEDS)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("n_agents", "n_resources"), [(2, 2), (3, 3), (4, 3), (5, 2)])
def test_random_congestion_pays_by_resource_and_number_of_users(n_agents: int, n_resources: int, seed: int) -> None:
    payoffs = make("random_congestion", n_agents=n_agents, n_resources=n_resources, seed=seed)
    worth: dict[tuple[int, int], float] = {}
    for joint in itertools.product(range(n_resources), repeat=n_agents):
        for agent, resource in enumerate(joint):
            value = payoffs[(agent, *joint)]
            assert worth.setdefault((resource, joint.count(resource)), value) == value
    for resource, users in itertools.product(range(n_resources), range(1, n_agents)):
        assert worth[resource, users + 1] <= worth[resource, users]
    assert len(worth) == n_resources * n_agents
    # the sum over resources of what its first, second, … user gets is an exact potential
    potential = np.zeros((n_resources,) * n_agents)
    for joint in np.ndindex(potential.shape):
        potential[joint] = sum(worth[r, k] for r in range(n_resources) for k in range(1, joint.count(r) + 1))
    for agent in range(n_agents):
        np.testing.assert_allclose(np.diff(potential, axis=agent), np.diff(payoffs[agent], axis=agent), atol=1e-12)


@pytest.mark.parametrize(("n_agents", "n_actions"), [(3, 3), (4, 2), (3, (2, 3, 4))])
def test_random_polymatrix_others_do_not_interact(n_agents: int, n_actions: Any) -> None:
    # u_i is a sum of functions of (a_i, a_j): mixed differences in the actions of two others vanish
    payoffs = make("random_polymatrix", n_agents=n_agents, n_actions=n_actions, seed=4)
    for i in range(n_agents):
        for j, k in itertools.combinations([j for j in range(n_agents) if j != i], 2):
            assert np.abs(np.diff(np.diff(payoffs[i], axis=j), axis=k)).max() < 1e-12
            assert np.abs(np.diff(np.diff(payoffs[i], axis=i), axis=j)).max() > 1e-3


@pytest.mark.parametrize("entry", random_games.entries(), ids=lambda entry: entry.name)
def test_seed_decides_the_game_and_specification_makes_it_again(entry: registry.Entry) -> None:
    game = registry.make(entry.name, seed=7)
    assert isinstance(game, NormalFormGame)
    np.testing.assert_array_equal(game.payoffs, make(entry.name, seed=7))
    np.testing.assert_array_equal(game.payoffs, make(entry.name, **game.spec.parameters))
    assert not np.array_equal(game.payoffs, make(entry.name, seed=8))
    assert game.spec.name == entry.name


def test_families_draw_different_numbers_from_one_seed() -> None:
    assert make("random_zero_sum")[0, 0, 0] != make("random_common_interest")[0, 0, 0]


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("random_zero_sum", {"n_actions": 0}, "n_actions must be a whole number of at least 1, not 0"),
        ("random_zero_sum", {"n_actions": [2, 2, 2]}, "n_actions must be one number, or one for each of the 2 agents"),
        ("random_zero_sum", {"n_actions": "3"}, "n_actions must be a whole number of at least 1, not '3'"),
        ("random_zero_sum", {"seed": -1}, "seed must be a whole number of at least 0, not -1"),
        ("random_common_interest", {"seed": 1.5}, "seed must be a whole number of at least 0, not 1.5"),
        ("random_potential", {"n_agents": 1}, "n_agents must be a whole number from 2 to 20, not 1"),
        ("random_potential", {"n_agents": 20, "n_actions": 4}, "n_agents and n_actions must give at most 2000000"),
        (
            "random_covariant",
            {"n_agents": 3, "correlation": -0.6},
            "correlation must be a finite number, at least -0.5",
        ),
        ("random_covariant", {"correlation": 1.1}, "correlation must be a finite number, at least -1 and at most 1"),
        ("random_dominance_solvable", {"n_actions": 2.0}, "n_actions must be a whole number of at least 1, not 2.0"),
        ("random_congestion", {"n_resources": 0}, "n_resources must be a whole number of at least 1, not 0"),
        ("random_congestion", {"n_resources": [2, 3, 2]}, "n_resources must be a whole number of at least 1"),
        ("random_polymatrix", {"n_agents": None}, "n_agents must be a whole number from 2 to 20, not None"),
    ],
)
def test_make_names_the_argument_that_does_not_fit(name: str, parameters: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        registry.make(name, **parameters)
