from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.analysis.exploitability import nash_conv
from nashlens.analysis.homotopy import limiting_logit_equilibrium
from nashlens.games.normal_form import NormalFormGame
from tests.analysis.known_equilibria import STAG_HUNT, holds


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
