"""The equilibrium a profile has settled near."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nashlens.analysis.equilibria import find_equilibria
from nashlens.analysis.selection import selected_equilibrium
from nashlens.games.normal_form import NormalFormGame, Profile

CLIMBING = NormalFormGame([[[11, -30, 0], [-30, 7, 6], [0, 0, 5]]] * 2)


def test_selected_equilibrium_climbing_second_best_has_rank_two() -> None:
    # Welfare 22 at (0, 0), 14 at (1, 1), 6.875 mixed (hand-worked in test_enumeration).
    profile = Profile([[[0.9, 0.1, 0], [0, 0.9, 0.1], [0.3, 0, 0.7]], [[1, 0, 0], [0, 1, 0], [0.3, 0, 0.7]]])
    found = selected_equilibrium(CLIMBING, profile)
    assert found.welfare_rank.tolist() == [1, 2, 3]
    assert found.welfare == pytest.approx([22, 14, 6.875], abs=1e-9)
    assert found.distance == pytest.approx([0.1, 0.1, 0.025], abs=1e-9)
    assert [r["welfare_rank"] for r in found.to_records()] == [1, 2, 3]
    assert found.bound == "exact"


def test_selected_equilibrium_given_list_is_used() -> None:
    known = find_equilibria(CLIMBING)
    only_worst = replace(known, equilibria=known.equilibria[2:])
    found = selected_equilibrium(CLIMBING, Profile.uniform(3, 3), equilibria=only_worst)
    assert int(found.index) == 0
    assert float(found.welfare) == pytest.approx(6.875)


def test_selected_equilibrium_tie_goes_to_more_welfare() -> None:
    # Uniform play is a total variation of 1 from both pure equilibria and 0.5 from the mixed one, which is left out.
    game = NormalFormGame([[[4, 0], [3, 3]], [[4, 3], [0, 3]]])
    known = find_equilibria(game)
    pure = replace(known, equilibria=tuple(e for e in known.equilibria if e.is_pure))
    assert float(selected_equilibrium(game, Profile.uniform(2, 2), equilibria=pure).welfare) == 8.0


def test_selected_equilibrium_empty_list_raises() -> None:
    empty = replace(find_equilibria(CLIMBING), equilibria=())
    with pytest.raises(ValueError, match="at least one"):
        selected_equilibrium(CLIMBING, Profile.uniform(3, 3), equilibria=empty)


def test_selected_equilibrium_list_of_another_game_raises() -> None:
    other = find_equilibria(NormalFormGame(np.zeros((2, 2, 2))))
    with pytest.raises(ValueError, match="equilibria"):
        selected_equilibrium(CLIMBING, Profile.uniform(3, 3), equilibria=other)


def test_selected_equilibrium_profile_of_another_game_raises() -> None:
    with pytest.raises(ValueError, match="profile"):
        selected_equilibrium(CLIMBING, Profile.uniform(2, 3))
