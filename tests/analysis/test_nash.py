from __future__ import annotations

import pytest

from nashlens.analysis.equilibria import find_equilibria
from nashlens.analysis.nash import is_equilibrium, verified
from nashlens.analysis.results import Result
from nashlens.games.normal_form import NormalFormGame, Profile
from tests.analysis.known_equilibria import BATTLE


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
