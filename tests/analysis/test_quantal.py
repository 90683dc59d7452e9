"""Logit equilibria and the fit of rationality."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nashlens.analysis.action_payoffs import action_payoffs
from nashlens.analysis.logit_path import LogitEquations
from nashlens.analysis.quantal import branch_point_at, branch_points, logit_branch
from nashlens.analysis.rationality import fit_rationality
from nashlens.games.normal_form import NormalFormGame, Profile

ASYMMETRIC_PENNIES = NormalFormGame([[[9, 0], [0, 1]], [[0, 1], [1, 0]]])
STAG_HUNT = NormalFormGame([[[4, 0], [3, 3]], [[4, 3], [0, 3]]])
ADDITIVE_DILEMMA = NormalFormGame([[[3, 0], [4, 1]], [[3, 4], [0, 1]]])  # T − R = P − S = 1


def test_logit_branch_asymmetric_pennies_known_values() -> None:
    # T13 and the metrics' section on logit equilibria: (P(U), P(L)) at rationality 1/2, 1, 2, 10.
    found = logit_branch(ASYMMETRIC_PENNIES, [0.5, 1, 2, 10])
    assert found.profile[0][:, 0] == pytest.approx([0.830671, 0.893576, 0.860754, 0.607481], abs=1e-6)
    assert found.profile[1][:, 0] == pytest.approx([0.418077, 0.312780, 0.191078, 0.104367], abs=1e-6)
    assert found.residual.max() <= found.tolerance


def test_logit_branch_additive_dilemma_is_the_logistic_function() -> None:
    # Defection gains 1 whatever the other does: P(D) = 1 / (1 + e^{−λ}).
    rationality = np.array([0.0, 0.3, 1.0, 5.0, 30.0])
    found = logit_branch(ADDITIVE_DILEMMA, rationality)
    assert found.profile[0][:, 1] == pytest.approx(1 / (1 + np.exp(-rationality)), abs=1e-12)


def test_logit_branch_matching_pennies_is_uniform_throughout() -> None:
    pennies = NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
    found = logit_branch(pennies, [0.0, 1.0, 100.0])
    assert np.concatenate(found.profile) == pytest.approx(np.full((6, 2), 0.5), abs=1e-12)


def test_logit_branch_stag_hunt_follows_the_risk_dominant_root() -> None:
    # At 5 there are three roots, 3.06e-7, .828889 and .992183: the principal branch leads to the first.
    found = logit_branch(STAG_HUNT, [1, 2, 5])
    assert found.profile[0][:, 0] == pytest.approx([0.059387, 0.002523, 3.06e-7], abs=1e-6)
    assert found.profile[0][2, 0] == pytest.approx(3.06e-7, rel=1e-3)


def test_logit_branch_other_payoff_unit_scales_rationality() -> None:
    one = logit_branch(ASYMMETRIC_PENNIES, 2.0).profile
    for scale in (1e-12, 1e12):
        other = logit_branch(NormalFormGame(ASYMMETRIC_PENNIES.payoffs * scale), 2.0 / scale).profile
        assert np.concatenate(other) == pytest.approx(np.concatenate(one), abs=1e-9)


@settings(max_examples=20)
@given(st.lists(st.integers(1, 3), min_size=1, max_size=4).map(tuple), st.integers(0, 10_000))
def test_logit_branch_random_game_satisfies_the_definition(shape: tuple[int, ...], seed: int) -> None:
    game = NormalFormGame(np.random.default_rng(seed).normal(size=(len(shape), *shape)))
    rationality = np.array([0.0, 0.5, 4.0])
    found = logit_branch(game, rationality)
    for own, values in zip(found.profile, action_payoffs(game.payoffs, found.profile), strict=True):
        weights = np.exp(rationality[:, None] * (values - values.max(axis=1, keepdims=True)))
        assert own == pytest.approx(weights / weights.sum(axis=1, keepdims=True), abs=1e-8)


@settings(max_examples=20)
@given(st.lists(st.integers(1, 3), min_size=1, max_size=3).map(tuple), st.integers(0, 10_000))
def test_jacobian_random_point_equals_finite_differences(shape: tuple[int, ...], seed: int) -> None:
    rng = np.random.default_rng(seed)
    equations = LogitEquations(rng.normal(size=(len(shape), *shape)))
    point = equations.start() + 0.1 * rng.normal(size=sum(shape) + 1)
    steps = np.eye(len(point)) * 1e-6
    numeric = np.column_stack([(equations.residual(point + d) - equations.residual(point - d)) / 2e-6 for d in steps])
    assert equations.jacobian(point) == pytest.approx(numeric, abs=1e-7)


@pytest.mark.parametrize("rationality", [0.5, 1.0, 2.0, 5.0])
def test_fit_rationality_of_a_logit_equilibrium_returns_its_rationality(rationality: float) -> None:
    branch = logit_branch(ASYMMETRIC_PENNIES, rationality)
    found = fit_rationality(ASYMMETRIC_PENNIES, Profile([s[0] for s in branch.profile]))
    assert found.rationality == pytest.approx(rationality, rel=1e-5)
    assert found.residual == pytest.approx(0.0, abs=1e-10)
    assert not found.at_limit


def test_fit_rationality_dilemma_equals_the_logit_of_mean_defection() -> None:
    # Σ_i KL to one Bernoulli(σ(λ)) is least where σ(λ) is the mean of both defection rates, .6 and .8.
    found = fit_rationality(ADDITIVE_DILEMMA, Profile([[0.4, 0.6], [0.2, 0.8]]))
    assert found.rationality == pytest.approx(np.log(0.7 / 0.3), rel=1e-5)
    kl = sum(p * np.log(p / 0.7) + (1 - p) * np.log((1 - p) / 0.3) for p in (0.6, 0.8))
    assert found.residual == pytest.approx(kl, abs=1e-9)


def test_fit_rationality_hare_is_at_the_limit_and_stag_leaves_a_residual() -> None:
    assert fit_rationality(STAG_HUNT, Profile([[0, 1], [0, 1]])).at_limit
    stag = fit_rationality(STAG_HUNT, Profile([[1, 0], [1, 0]]))
    # Uniform play is as near to stag as the branch ever is: 2 log 2.
    assert stag.residual == pytest.approx(2 * np.log(2), abs=1e-9)
    assert stag.rationality == pytest.approx(0.0, abs=1e-9)


def test_fit_rationality_game_without_choices_that_matter_fits_alike() -> None:
    # KL((.9, .1) ‖ uniform) = log 2 + .9 log .9 + .1 log .1.
    found = fit_rationality(NormalFormGame(np.zeros((2, 2, 2))), Profile([[0.9, 0.1], [0.5, 0.5]]))
    assert found.residual == pytest.approx(np.log(2) + 0.9 * np.log(0.9) + 0.1 * np.log(0.1), abs=1e-9)
    assert float(found.rationality) == 0.0
    pennies = NormalFormGame([[[1, -1], [-1, 1]], [[-1, 1], [1, -1]]])
    assert float(fit_rationality(pennies, Profile([[0.7, 0.3], [0.2, 0.8]])).rationality) == 0.0


@pytest.mark.parametrize("rationality", [[-1.0], [np.nan], [np.inf], [], [[1.0]], "high"])
def test_logit_branch_bad_rationality_raises(rationality: object) -> None:
    with pytest.raises(ValueError, match="rationality"):
        logit_branch(STAG_HUNT, rationality)  # type: ignore[arg-type]


def test_logit_branch_impossible_tolerance_raises() -> None:
    with pytest.raises(RuntimeError, match="accurate"):
        logit_branch(STAG_HUNT, 1.0, tolerance=-1.0)


def test_branch_point_beyond_the_path_raises() -> None:
    equations = LogitEquations(STAG_HUNT.payoffs)
    path = branch_points(equations, 1.0)
    with pytest.raises(RuntimeError, match="rationality"):
        branch_point_at(equations, path, 50.0)


def test_trace_is_cut_at_the_number_of_points_asked_for() -> None:
    points = list(LogitEquations(STAG_HUNT.payoffs).trace(max_points=3))
    assert len(points) == 4
    assert points[-1][-1] < 1


def test_fit_rationality_batch_equals_one_at_a_time() -> None:
    rng = np.random.default_rng(4)
    batch = Profile([rng.dirichlet(np.ones(2), size=(2, 3)) for _ in range(2)])
    together = fit_rationality(ASYMMETRIC_PENNIES, batch)
    for index in np.ndindex(2, 3):
        alone = fit_rationality(ASYMMETRIC_PENNIES, Profile([s[index] for s in batch]))
        assert together.rationality[index] == alone.rationality
        assert together.residual[index] == alone.residual
        assert together.equilibrium[0][index].tolist() == alone.equilibrium[0].tolist()
    assert len(together.to_records()) == 12


def test_fit_rationality_profile_of_another_game_raises() -> None:
    with pytest.raises(ValueError, match="profile"):
        fit_rationality(STAG_HUNT, Profile.uniform(3, 2))


@pytest.mark.parametrize("limit", [0.0, -1.0, np.inf, np.nan])
def test_fit_rationality_bad_limit_raises(limit: float) -> None:
    with pytest.raises(ValueError, match="max_rationality"):
        fit_rationality(STAG_HUNT, Profile.uniform(2, 2), max_rationality=limit)


def test_quantal_records_name_their_units() -> None:
    fit = fit_rationality(STAG_HUNT, Profile.uniform(2, 2)).to_records()
    assert [(r["metric"], r["unit"]) for r in fit] == [("qre_rationality", "1/payoff"), ("qre_residual", "nats")]
    assert len(logit_branch(STAG_HUNT, [0, 1]).to_records()) == 4
