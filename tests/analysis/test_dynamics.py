"""Vector fields and trajectories in continuous time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.analysis.dynamics import trajectory, vector_field
from nashlens.analysis.equilibria import find_equilibria
from nashlens.analysis.quantal import logit_branch
from nashlens.games.normal_form import NormalFormGame, Profile

RPS_MATRIX = np.array([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])
RPS = NormalFormGame([RPS_MATRIX, -RPS_MATRIX])
DILEMMA = NormalFormGame([[[3, 0], [5, 1]], [[3, 5], [0, 1]]])
PENNIES = NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
SMOOTH = ("replicator", "gradient", "best_response")


def test_vector_field_dilemma_uniform_known_values() -> None:
    # C pays 1.5, D 3: replicator ½ (1.5 − 2.25); gradient 1.5 − 2.25; best response (0, 1) − (½, ½);
    # logit at λ = log 3 / 1.5: D three times as likely, (¼, ¾) − (½, ½).
    profile = Profile.uniform(2, 2)
    expected = {"replicator": 0.375, "gradient": 0.75, "best_response": 0.5}
    for dynamics, speed in expected.items():
        for velocity in vector_field(DILEMMA, profile, dynamics=dynamics):
            assert velocity == pytest.approx([-speed, speed], abs=1e-12)
    logit = vector_field(DILEMMA, profile, dynamics="logit", rationality=np.log(3) / 1.5)
    assert logit[0] == pytest.approx([-0.25, 0.25], abs=1e-12)


@settings(max_examples=25)
@given(st.lists(st.integers(1, 3), min_size=1, max_size=4).map(tuple), st.integers(0, 10_000))
def test_vector_field_random_game_stays_on_the_simplex(shape: tuple[int, ...], seed: int) -> None:
    rng = np.random.default_rng(seed)
    game = NormalFormGame(rng.normal(size=(len(shape), *shape)))
    profile = Profile([rng.dirichlet(np.ones(n), size=3) for n in shape])
    for dynamics in SMOOTH:
        for velocity in vector_field(game, profile, dynamics=dynamics):
            assert velocity.sum(axis=-1) == pytest.approx(np.zeros(3), abs=1e-12)


@settings(max_examples=20)
@given(st.integers(0, 10_000))
def test_vector_field_vanishes_at_equilibria(seed: int) -> None:
    game = NormalFormGame(np.random.default_rng(seed).normal(size=(2, 3, 3)))
    for profile in find_equilibria(game).profiles:
        for dynamics in ("replicator", "gradient"):
            for velocity in vector_field(game, profile, dynamics=dynamics):
                assert velocity == pytest.approx(np.zeros(3), abs=1e-9)


def test_vector_field_logit_vanishes_at_logit_equilibria() -> None:
    game = NormalFormGame([[[9, 0], [0, 1]], [[0, 1], [1, 0]]])
    branch = logit_branch(game, [2.0])
    profile = Profile([s[0] for s in branch.profile])
    for velocity in vector_field(game, profile, dynamics="logit", rationality=2.0):
        assert velocity == pytest.approx(np.zeros(2), abs=1e-9)


def test_trajectory_replicator_conserves_the_sum_of_logarithms() -> None:
    # T15's section: in zero-sum RPS Σ log x + Σ log y is conserved; at dt = 0.01 the error is about 1e-11.
    path = trajectory(RPS, Profile([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]]), step=0.01, n_steps=3_000)
    conserved = sum(np.log(s).sum(axis=-1) for s in path.profile)
    assert np.ptp(conserved) < 1e-10
    # Its average approaches the centre, its last profile does not.
    assert np.abs(path.average[0] - 1 / 3).max() < 0.03
    assert max(float(np.abs(s - 1 / 3).max()) for s in path.last) > 0.1


def test_trajectory_one_agent_replicator_is_softmax() -> None:
    # Against nobody, x_a(t) ∝ x_a(0) e^{u_a t}.
    payoffs = np.array([1.0, 0.5, -2.0])
    path = trajectory(NormalFormGame([payoffs]), Profile([[0.2, 0.3, 0.5]]), step=0.01, n_steps=200)
    weights = np.array([0.2, 0.3, 0.5]) * np.exp(payoffs * 2.0)
    assert path.last[0] == pytest.approx(weights / weights.sum(), abs=1e-9)
    assert path.times[-1] == pytest.approx(2.0)


def test_trajectory_halved_step_has_a_sixteenth_of_the_error() -> None:
    # Fourth order: compare with x ∝ x_0 e^{ut} for one agent.
    payoffs, start = np.array([2.0, -1.0]), np.array([0.3, 0.7])
    exact = start * np.exp(payoffs)
    exact = exact / exact.sum()
    errors = [
        float(
            np.abs(trajectory(NormalFormGame([payoffs]), Profile([start]), step=1 / n, n_steps=n).last[0] - exact).max()
        )
        for n in (5, 10)
    ]
    assert errors[0] / errors[1] == pytest.approx(16, rel=0.3)


def test_trajectory_gradient_and_best_response_end_in_defection() -> None:
    for dynamics in ("gradient", "best_response", "replicator"):
        path = trajectory(DILEMMA, Profile.uniform(2, 2), dynamics=dynamics, step=0.05, n_steps=400)
        assert path.last[0] == pytest.approx([0, 1], abs=1e-3)
        assert all(s.min() >= 0 for s in path.profile)


def test_trajectory_batch_equals_one_at_a_time() -> None:
    rng = np.random.default_rng(1)
    starts = Profile([rng.dirichlet(np.ones(2), size=4) for _ in range(2)])
    together = trajectory(PENNIES, starts, dynamics="gradient", step=0.1, n_steps=30)
    assert together.profile[0].shape == (31, 4, 2)
    for k in range(4):
        alone = trajectory(PENNIES, Profile([s[k] for s in starts]), dynamics="gradient", step=0.1, n_steps=30)
        assert together.profile[1][:, k] == pytest.approx(alone.profile[1], abs=1e-14)
    assert len(together.to_records()) == 31 * 2 * 4


@pytest.mark.parametrize(
    "arguments",
    [
        {"dynamics": "newton"},
        {"dynamics": "logit"},
        {"dynamics": "logit", "rationality": -1.0},
        {"dynamics": "logit", "rationality": np.nan},
        {"dynamics": "replicator", "rationality": 1.0},
    ],
)
def test_vector_field_bad_choice_raises(arguments: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"dynamics|rationality"):
        vector_field(PENNIES, Profile.uniform(2, 2), **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("arguments", [{"step": 0.0}, {"step": np.nan}, {"n_steps": 0}])
def test_trajectory_bad_step_raises(arguments: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="step"):
        trajectory(PENNIES, Profile.uniform(2, 2), **arguments)  # type: ignore[arg-type]


def test_vector_field_profile_of_another_game_raises() -> None:
    with pytest.raises(ValueError, match="profile"):
        vector_field(PENNIES, Profile.uniform(3, 2))
