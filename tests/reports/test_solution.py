from __future__ import annotations

import json
import time
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.games import NormalFormGame, make
from nashlens.reports import equilibrium_section, matrix_solution
from nashlens.reports.solution import plain, solve, strategy_words, to_plain


def solved(name: str, **parameters: Any) -> dict[str, Any]:
    """Return the solution of a registered game as a machine reads it."""
    answer: dict[str, Any] = json.loads(json.dumps(to_plain(solve(make(name, **parameters))), allow_nan=False))
    return answer


def test_stag_hunt_is_its_closed_form() -> None:
    # payoffs 4, 0, 3, 3: stag pays 4p against 3 for hare, so that both are as good at p = 3/4
    found = solved("stag_hunt")
    assert found["game"]["kind"] == "general sum"
    assert found["equilibria"]["complete"] is True
    strategies = [e["strategies"][0] for e in found["equilibria"]["equilibria"]]
    assert np.allclose(sorted(strategies), [[0, 1], [0.75, 0.25], [1, 0]])
    assert all(abs(e["regret"]) < 1e-9 for e in found["equilibria"]["equilibria"])
    # welfare 8 at (stag, stag), 6 at the others: anarchy 8/6, stability 1
    assert found["price"]["anarchy"] == pytest.approx(4 / 3)
    assert found["price"]["stability"] == pytest.approx(1.0)
    assert (found["correlated"]["ce"]["min_welfare"], found["correlated"]["ce"]["max_welfare"]) == pytest.approx((6, 8))
    # uniform play: stag pays 2, hare 3, mixing 2.5: each gains 1/2
    assert found["gaps"]["profiles"][0]["nash_conv"] == pytest.approx(1.0)
    assert found["dominance"]["payoff_dominant"] != found["dominance"]["risk_dominant"]
    assert found["potential"]["is_potential"] is True


def test_chicken_shows_that_correlation_beats_every_equilibrium() -> None:
    # Aumann's example: payoffs 6/6, 2/7, 0/0; the best correlated equilibrium has welfare 10.5, the best Nash 9 1/3
    found = solved("chicken")
    assert found["correlated"]["ce"]["max_welfare"] == pytest.approx(10.5)
    assert max(e["welfare"] for e in found["equilibria"]["equilibria"]) == pytest.approx(28 / 3)
    assert found["correlated"]["cce"]["max_welfare"] >= 10.5 - 1e-9


def test_what_is_not_defined_is_none_and_says_why() -> None:
    found = solved("matching_pennies")
    assert found["price"]["anarchy"] is None
    assert "a ratio needs it" in found["price"]["reason"]
    assert found["dominance"]["defined"] is False
    assert found["value"]["values"] == pytest.approx([0.0, 0.0])
    assert found["gaps"]["profiles"][0]["exploitability"] == pytest.approx(0.0)


def test_a_given_profile_is_measured_beside_uniform_play() -> None:
    # matching pennies at (0.9, 0.7): NashConv is |2p − 1| + |2q − 1| = 1.2, exploitability half of it
    sections = solve(make("matching_pennies"), profile=[[0.9, 0.1], [0.7, 0.3]])
    first = to_plain(sections)["gaps"]["profiles"][0]
    assert first["profile"] == "the given profile"
    assert first["nash_conv"] == pytest.approx(1.2)
    assert first["exploitability"] == pytest.approx(0.6)


@pytest.mark.parametrize(
    ("profile", "says"),
    [
        ([[0.5, 0.5]], "profile must have"),
        ([[0.5, 0.5], [0.5, 0.6]], "must be non-negative and sum to 1"),
        ([[[0.5, 0.5]], [[0.5, 0.5]]], "not a batch"),
    ],
)
def test_a_profile_that_does_not_fit_raises(profile: list[Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        solve(make("chicken"), profile=profile)


def test_kuhn_poker_has_its_sizes_and_the_gap_of_uniform_play() -> None:
    # OpenSpiel: 58 histories; uniform play is worth 1/8 to the first agent, and NashConv of it is 11/12
    found = solved("kuhn_poker")
    assert found["sizes"]["histories"] == 58
    assert found["sizes"]["information_sets"] == [6, 6]
    assert found["uniform"]["values"] == pytest.approx([0.125, -0.125])
    assert found["uniform"]["nash_conv"] == pytest.approx(11 / 12)


def test_a_game_that_forgets_says_why_there_is_no_nash_conv() -> None:
    game = make("goofspiel", num_cards=4, points_order="descending")
    assert not game.has_perfect_recall  # type: ignore[attr-defined]
    found = to_plain(solve(game))
    assert found["uniform"]["nash_conv"] is None
    assert "perfect recall" in found["uniform"]["note"]


def test_a_particle_world_and_a_limit_of_no_time_raise() -> None:
    with pytest.raises(ValueError, match="game must be a matrix game or a game tree to be solved, and simple_tag"):
        solve(make("simple_tag"))
    with pytest.raises(ValueError, match="profile is for games in normal form"):
        solve(make("kuhn_poker"), profile=[[1.0]])
    with pytest.raises(ValueError, match="seconds must be more than 0"):
        solve(make("chicken"), seconds=0.0)


def test_an_enumeration_that_takes_too_long_leaves_the_pure_equilibria(monkeypatch: pytest.MonkeyPatch) -> None:
    def endless(game: NormalFormGame) -> None:
        while True:
            time.sleep(0.001)

    monkeypatch.setattr(equilibrium_section, "find_equilibria", endless)
    found = to_plain(solve(make("stag_hunt"), seconds=0.05))
    assert found["equilibria"]["computed"] is False
    assert found["equilibria"]["complete"] is False
    assert "took longer than 0.05 s" in found["equilibria"]["reason"]
    assert sorted(e["strategies"] for e in found["equilibria"]["equilibria"]) == [[[0, 1], [0, 1]], [[1, 0], [1, 0]]]
    assert found["price"] == {"computed": False, "note": "not computed: it took longer than 0.05 s (--seconds)"}
    assert found["gaps"]["profiles"][0]["nash_conv"] == pytest.approx(1.0)


def test_a_linear_programme_that_is_too_large_is_not_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    # three actions each: 12 conditions of correlated, 6 of coarse equilibrium, over 9 joint actions
    monkeypatch.setattr(matrix_solution, "MAX_CONDITIONS", 60)
    found = to_plain(solve(make("climbing")))
    assert found["correlated"]["ce"] == {"computed": False}
    assert "12 × 9 coefficients, the limit is 60" in found["correlated"]["note"]
    assert found["correlated"]["cce"]["computed"] is True


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_every_equilibrium_lies_within_the_range_of_correlated_ones(seed: int) -> None:
    game = NormalFormGame(np.random.default_rng(seed).integers(-5, 6, size=(2, 3, 3)))
    found = to_plain(solve(game))
    ce, cce = found["correlated"]["ce"], found["correlated"]["cce"]
    for equilibrium in found["equilibria"]["equilibria"]:
        assert ce["min_welfare"] - 1e-6 <= equilibrium["welfare"] <= ce["max_welfare"] + 1e-6
        assert equilibrium["regret"] <= 1e-6
    assert cce["min_welfare"] - 1e-6 <= ce["min_welfare"] <= ce["max_welfare"] <= cce["max_welfare"] + 1e-6
    assert cce["max_welfare"] <= found["welfare"]["maximum"] + 1e-6


def test_strategies_of_many_actions_are_cut_in_words() -> None:
    assert strategy_words(["a", "b"], np.array([1.0, 0.0])) == "a"
    assert strategy_words(list("abcdef"), np.full(6, 1 / 6), most=2) == "0.166667 a + 0.166667 b + … (6 actions)"


def test_plain_values_have_no_number_that_json_lacks() -> None:
    assert plain({"a": [float("nan"), np.float64("inf"), np.bool_(True)]}) == {"a": [None, None, True]}
