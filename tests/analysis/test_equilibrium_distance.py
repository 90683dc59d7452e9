"""Distance of profiles to the set of equilibria."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.analysis.enumeration import enumerate_equilibria
from nashlens.analysis.equilibria import find_equilibria
from nashlens.analysis.equilibrium_distance import equilibrium_distance
from nashlens.analysis.exploitability import nash_conv
from nashlens.games.normal_form import NormalFormGame, Profile

STAG_HUNT = NormalFormGame([[[4, 0], [3, 3]], [[4, 3], [0, 3]]])


@pytest.mark.parametrize("scale", [1e-12, 1.0, 1e12])
def test_equilibrium_distance_zero_sum_polytope_known_value(scale: float) -> None:
    # Metrics table: A = [[1, −1], [−1, 1], [0, 0]], x = (1, 0, 0): L1 = 1, total variation 1/2, nearest (.5, .5, 0).
    matrix = np.array([[1.0, -1.0], [-1.0, 1.0], [0.0, 0.0]]) * scale
    found = equilibrium_distance(NormalFormGame([matrix, -matrix]), Profile([[1, 0, 0], [0.5, 0.5]]))
    assert float(found.l1) == pytest.approx(1.0, abs=1e-8)
    assert float(found.total_variation) == pytest.approx(0.5, abs=1e-8)
    assert found.nearest[0] == pytest.approx([0.5, 0.5, 0.0], abs=1e-8)
    assert found.bound == "exact"


def test_equilibrium_distance_inside_a_nash_subset_is_zero() -> None:
    # Actions 0 and 1 are copies: any mixture of them is an equilibrium, no listed one is near.
    game = NormalFormGame([[[1, 1, 0], [1, 1, 0], [0, 0, 2]]] * 2)
    inside = Profile([[0.4, 0.6, 0], [0.7, 0.3, 0]])
    found = equilibrium_distance(game, inside)
    assert float(found.total_variation) == pytest.approx(0.0, abs=1e-8)
    assert found.bound == "exact"


def test_equilibrium_distance_batch_keeps_its_axes() -> None:
    # (stag, stag) is one; (0.8, 0.8) is 0.05 from the mixed one at 0.75 for each agent; hare against 0.1 is 0.1 off.
    profile = Profile([[[[1, 0], [0.8, 0.2], [0, 1]]], [[[1, 0], [0.8, 0.2], [0.1, 0.9]]]])
    found = equilibrium_distance(STAG_HUNT, profile)
    assert found.total_variation == pytest.approx(np.array([[0.0, 0.1, 0.1]]), abs=1e-9)
    assert found.distances.shape == (1, 3, 2)
    assert len(set(found.piece.ravel().tolist())) == 3
    assert [r["value"] for r in found.to_records()] == pytest.approx([0.0, 0.1, 0.1], abs=1e-9)


def test_equilibrium_distance_one_agent_is_the_mass_off_its_best_actions() -> None:
    found = equilibrium_distance(NormalFormGame([[1.0, 3.0, 3.0]]), Profile([[0.25, 0.7, 0.05]]))
    assert float(found.total_variation) == pytest.approx(0.25, abs=1e-9)
    assert found.bound == "exact"


def test_equilibrium_distance_three_agents_is_an_upper_bound() -> None:
    payoffs = np.zeros((3, 2, 2, 2))
    payoffs[:, 1, 1, 1] = 1.0
    found = equilibrium_distance(NormalFormGame(payoffs), Profile.pure((1, 1, 1), (2, 2, 2)))
    assert float(found.total_variation) == pytest.approx(0.0, abs=1e-12)
    assert found.bound == "upper"
    assert found.reason


@settings(max_examples=25)
@given(st.integers(0, 10_000), st.booleans())
def test_equilibrium_distance_random_game_nearest_is_an_equilibrium_and_no_farther_than_any_listed(
    seed: int, whole: bool
) -> None:
    rng = np.random.default_rng(seed)
    game = NormalFormGame(rng.integers(0, 3, (2, 3, 3)) if whole else rng.normal(size=(2, 3, 3)))
    profile = Profile([rng.dirichlet(np.ones(3)), rng.dirichlet(np.ones(3))])
    found = equilibrium_distance(game, profile)
    assert nash_conv(game, found.nearest).nash_conv <= 1e-7 * max(float(game.spans.max()), 1.0)
    listed = [
        sum(float(np.abs(s - t).sum()) / 2 for s, t in zip(profile, p, strict=True))
        for p in enumerate_equilibria(game).profiles
    ]
    assert float(found.total_variation) <= min(listed) + 1e-7


def test_equilibrium_distance_empty_list_raises() -> None:
    empty = replace(find_equilibria(STAG_HUNT), equilibria=(), subsets=())
    with pytest.raises(ValueError, match="at least one"):
        equilibrium_distance(STAG_HUNT, Profile.uniform(2, 2), equilibria=empty)


def test_equilibrium_distance_equilibria_of_another_game_raise() -> None:
    other = find_equilibria(NormalFormGame(np.zeros((2, 3, 3))))
    with pytest.raises(ValueError, match="equilibria"):
        equilibrium_distance(STAG_HUNT, Profile.uniform(2, 2), equilibria=other)


def test_equilibrium_distance_profile_of_another_game_raises() -> None:
    with pytest.raises(ValueError, match="profile"):
        equilibrium_distance(STAG_HUNT, Profile.uniform(3, 2))
