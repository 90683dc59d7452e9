from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from nashlens.agents.records import ActorSnapshots
from nashlens.games import make
from nashlens.games.core import Choice
from nashlens.games.network_policy import Network, NetworkPolicy
from nashlens.reports.instruments.inference_distances import divergence_numbers, transport_numbers
from nashlens.reports.instruments.inference_probes import Probes, fresh_probes
from nashlens.reports.instruments.inference_values import alternatives, joint_probabilities
from tests.reports.inferring_runs import MakeRun, inferring, last_numbers


def test_different_supports_have_an_infinite_divergence_and_a_total_variation(make_run: MakeRun) -> None:
    run = inferring(make_run)
    sure = ActorSnapshots(
        weights=(np.zeros((2, 1, 2), dtype=np.float32),), biases=(np.array([[2000.0, 0.0]] * 2, dtype=np.float32),)
    )
    learner = replace(run.learners[0][0], target_models={1: sure})
    found = last_numbers(replace(run, learners=((learner,), run.learners[1])), "agent_0 of agent_1")
    assert found["inference_kl_true_model"] == np.inf
    assert found["inference_tv"] == pytest.approx(0.3, abs=1e-6)
    assert np.isnan(found["inference_relevant"])
    assert found["inference_infinite"] == 1  # there is one situation, and tails are ruled out in it
    assert found["inference_infinite_reverse"] == 0
    assert found["inference_clamped"] == 0.5
    # with a floor of 1e-8 the model plays (1, 1e-8) up to its sum
    floored = 0.7 * np.log(0.7) + 0.3 * np.log(0.3 / 1e-8) + np.log1p(1e-8)
    assert found["inference_kl_floored"] == pytest.approx(floored, abs=1e-5)
    assert found["inference_kl_high"] == np.inf


def test_supports_that_differ_in_some_situations_are_counted_by_their_weight() -> None:
    true, fed = np.array([[0.5, 0.5], [0.5, 0.5], [1.0, 0.0]]), np.array([[1.0, 0.0], [0.5, 0.5], [0.5, 0.5]])
    probes = Probes(observations=(np.zeros((3, 1)),), weights=np.array([0.2, 0.5, 0.3]), exact=True)
    found = divergence_numbers(true, fed, probes)
    assert found["inference_kl_true_model"] == np.inf
    assert found["inference_infinite"] == pytest.approx(0.2)
    assert found["inference_infinite_reverse"] == pytest.approx(0.3)
    assert found["inference_kl_median"] == 0  # half of the weight has no divergence
    assert found["inference_kl_high"] == np.inf
    assert found["inference_tv_median"] == 0
    assert found["inference_tv_high"] == 0.5


def test_the_wasserstein_distance_of_a_product_adds_the_squares_of_its_factors() -> None:
    from scipy.optimize import linprog

    space = Choice((2, 3))
    true, fed = np.array([[0.9, 0.1, 0.5, 0.3, 0.2]]), np.array([[0.6, 0.4, 0.1, 0.3, 0.6]])
    probes = Probes(observations=(np.zeros((1, 1)),), weights=np.ones(1), exact=True)
    found = transport_numbers(true, fed, space, probes, moves=False)
    # by the linear programme over all pairs of the six joint alternatives, as points
    points = alternatives(space)
    costs = ((points[:, None] - points[None]) ** 2).sum(axis=-1)
    p, q = (joint_probabilities(each, space)[0] for each in (true, fed))
    rows = np.concatenate([np.kron(np.eye(6), np.ones(6)), np.kron(np.ones(6), np.eye(6))])
    least = linprog(costs.ravel(), A_eq=rows, b_eq=np.concatenate([p, q])).fun
    assert found["inference_w2"] == pytest.approx(np.sqrt(least), abs=1e-9)
    assert "inference_w2_force" not in found


def test_the_wasserstein_distance_of_forces_is_how_far_they_lie_apart() -> None:
    space = Choice((5,))
    true, fed = np.eye(5)[[1]], np.eye(5)[[2]]  # left and right, one unit of force each
    probes = Probes(observations=(np.zeros((1, 1)),), weights=np.ones(1), exact=True)
    assert transport_numbers(true, fed, space, probes, moves=True)["inference_w2_force"] == pytest.approx(2.0)


def test_situations_that_are_never_met_count_in_the_divergence_over_all_alike() -> None:
    true, fed = np.array([[0.5, 0.5], [0.9, 0.1]]), np.array([[0.5, 0.5], [0.1, 0.9]])
    probes = Probes(observations=(np.zeros((2, 1)),), weights=np.array([1.0, 0.0]), exact=True)
    found = divergence_numbers(true, fed, probes)
    assert found["inference_kl_true_model"] == 0
    # half of 0.8 ln 9
    assert found["inference_kl_everywhere"] == pytest.approx(0.4 * np.log(9))
    drawn = divergence_numbers(true, fed, replace(probes, exact=False))
    assert "inference_kl_everywhere" not in drawn


def test_situations_of_small_games_are_weighed_by_their_visits() -> None:
    game = make("repeated", stage="matching_pennies", rounds=3, memory=1)
    policies = tuple(
        NetworkPolicy(
            Network(weights=(np.zeros((4, 2)),), biases=(np.log([0.8, 0.2]),)),
            action_space=Choice((2,)),
            observation_size=4,
        )
        for _ in range(2)
    )
    probes = fresh_probes(game, policies, rng=np.random.default_rng(0))
    assert probes.exact
    assert probes.weights.sum() == pytest.approx(1.0)
    # a third of the rounds is the first, in which nothing is remembered
    first = (probes.observations[0] == 0).all(axis=1)
    assert probes.weights[first].sum() == pytest.approx(1 / 3)
    # of the others, both played heads in 0.64
    both = (probes.observations[0] == [1, 0, 1, 0]).all(axis=1)
    assert probes.weights[both].sum() == pytest.approx(0.64 * 2 / 3)
