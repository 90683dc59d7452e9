"""Errors of critics on inferred targets: one state's constant, bounds; gradients."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nashlens.analysis.inference_error import gradient_effect, inference_error
from nashlens.analysis.markov_game import MarkovGame, averaged, joint_action_values
from nashlens.analysis.results import Result
from nashlens.games.normal_form import NormalFormGame, Profile

PENNIES = NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
TRUE, MODELS = Profile([[0.7, 0.3], [0.9, 0.1]]), Profile([[0.7, 0.3], [0.2, 0.8]])


def random_game(seed):
    source = np.random.default_rng(seed)
    game = MarkovGame(kernel=source.dirichlet(np.ones(3), size=(3, 2, 2)), rewards=source.normal(size=(2, 3, 2, 2)))
    true, models = (Profile([source.dirichlet(np.ones(2), size=3) for _ in range(2)]) for _ in range(2))
    return game, true, models


def test_inference_error_in_one_state_is_the_same_for_all_joint_actions():
    # T21: γ/(1 − γ) · (E' r − E r) = 9 · (−.24 − .32) = −5.04 everywhere: the actor's gradient does not change.
    found = inference_error(PENNIES, TRUE, models=MODELS, agent=0, discount=0.9)
    np.testing.assert_allclose(found.errors, -5.04, rtol=0, atol=1e-12)
    assert found.largest == pytest.approx(5.04)
    assert found.action_range == pytest.approx(0, abs=1e-12)
    assert isinstance(found, Result)
    assert [row["metric"] for row in found.to_records()] == [
        "inference_error_largest",
        "inference_error_action_range",
    ]


def test_inference_error_without_bootstrapping_is_exactly_zero():
    assert (inference_error(PENNIES, TRUE, models=MODELS, agent=0, discount=0.0).errors == 0).all()


def test_inference_error_does_not_heed_a_model_of_oneself():
    own = Profile([[0.0, 1.0], [0.9, 0.1]])
    assert (inference_error(PENNIES, TRUE, models=own, agent=0, discount=0.9).errors == 0).all()


@given(st.integers(0, 2**32 - 1), st.floats(0, 0.95))
def test_inference_error_stays_within_the_geometric_bound(seed, discount):
    # ‖Q̂ − Q‖ ≤ γ/(1 − γ) sup |E_μ̂ Q − E_μ Q|, both with the agent's own policy at the next state.
    game, true, models = random_game(seed)
    found = inference_error(game, true, models=models, agent=0, discount=discount)
    single = Profile([s[None] for s in true])
    q = joint_action_values(game, single, discount=discount)[0, 0]
    believed = Profile([true[0][None], models[1][None]])
    gap = np.abs(averaged(q, believed, over=[0, 1]) - averaged(q, single, over=[0, 1])).max()
    assert found.largest <= discount / (1 - discount) * gap + 1e-9


def test_gradient_effect_of_a_constant_error_is_none():
    # An error that is one constant leaves differences, and so the gradient, as they are.
    found = gradient_effect([0.3, -0.3], [0.3, -0.3])
    assert (found.cosine, found.relative_norm) == (pytest.approx(1), 0)
    turned = gradient_effect([1.0, 0.0], [0.0, 2.0])
    assert (turned.cosine, turned.relative_norm) == (0, pytest.approx(np.sqrt(5)))
    none = gradient_effect([0.0], [1.0])
    assert np.isnan([none.cosine, none.relative_norm]).all()
    assert len(turned.to_records()) == 2


def test_inference_errors_say_what_does_not_fit():
    with pytest.raises(ValueError, match="agent must be one of 0 to 1, not 2"):
        inference_error(PENNIES, TRUE, models=MODELS, agent=2, discount=0.9)
    with pytest.raises(ValueError, match=r"discount must be in \[0, 1\), not 1"):
        inference_error(PENNIES, TRUE, models=MODELS, agent=0, discount=1)
    batch = Profile([[[0.7, 0.3]], [[0.9, 0.1]]])
    with pytest.raises(ValueError, match="must be single profiles, without leading axes"):
        inference_error(PENNIES, batch, models=batch, agent=0, discount=0.5)
    with pytest.raises(ValueError, match="inferred must have the shape"):
        gradient_effect([1.0], [1.0, 2.0])
    with pytest.raises(ValueError, match="gradient and inferred must be finite"):
        gradient_effect([np.nan], [1.0])
