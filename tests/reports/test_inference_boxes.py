"""Gaussian policies and their stand-ins in a run made by hand: closed forms, and a critic that is a plane."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nashlens.agents import config
from nashlens.agents.learner_snapshots import CriticSnapshots, LearnerSnapshots
from nashlens.agents.records import ActorSnapshots, TrainingRun
from nashlens.agents.training import train
from nashlens.games import make
from nashlens.reports.instruments.box_stand_ins import Moments, true_and_fed_moments
from nashlens.reports.instruments.inference_boxes import distance_numbers, lag_and_fit
from nashlens.reports.instruments.inference_probes import Probes
from nashlens.reports.instruments.policy_inference import INSTRUMENT

GAME = make("simple_speaker_listener", actions="continuous")  # the speaker sends three numbers between 0 and 1
SEEN, N_ACTIONS = sum(GAME.spec.observation_sizes), sum(GAME.spec.action_widths)
TRUE, MODEL, STD, MODEL_STD = [0.4, 0.5, 0.6], [0.45, 0.5, 0.5], 0.01, 0.02
SLOPE = [3.0, -1.0, 2.0]


@pytest.fixture(scope="module")
def trained() -> TrainingRun:
    rollout = config.Rollout(n_envs=4, warmup_steps=50, update_every_steps=50)
    settings = config.MADDPG(hidden=(8,), batch_size=16, rollout=rollout, inference=config.Inference())
    return train(GAME, settings, seeds=[0], steps=150, n_snapshots=2, keep_critics=True)[0]


def constant(agent: int, mean: list[float], std: float) -> ActorSnapshots:
    """Return snapshots of a Gaussian that ignores what it sees, in the box from 0 to 1."""
    bias = np.concatenate([np.arctanh(2 * np.array(mean) - 1), np.full(len(mean), np.log(2 * std))])
    size = GAME.spec.observation_sizes[agent]
    return ActorSnapshots(
        weights=(np.zeros((2, size, len(bias)), dtype=np.float32),), biases=(np.stack([bias, bias]).astype(np.float32),)
    )


@pytest.fixture(scope="module")
def by_hand(trained: TrainingRun) -> TrainingRun:
    """Return the run with a speaker, a listener's model of it and a listener's critic that are known."""
    column = np.zeros((2, SEEN + N_ACTIONS, 1), dtype=np.float32)
    column[:, SEEN : SEEN + 3, 0] = SLOPE
    critic = CriticSnapshots(weights=(column,), biases=(np.zeros((2, 1), dtype=np.float32),))
    speaker, model = constant(0, TRUE, STD), constant(0, MODEL, MODEL_STD)
    listener = replace(
        trained.learners[1][0],
        critics=(critic,),
        target_critics=(critic,),
        models={0: model},
        target_models={0: model},
    )
    first = replace(trained.learners[0][0], target_actor=speaker)
    assert isinstance(first, LearnerSnapshots)
    return replace(trained, learners=((first,), (listener,)), actors=(speaker, trained.actors[1]))


def last_numbers(run: TrainingRun, agent: str) -> dict[str, float]:
    rows = pd.DataFrame(list(INSTRUMENT.measure(run, GAME)))
    last = rows[(rows["step"] == rows["step"].max()) & (rows["agent"] == agent)]
    return dict(zip(last["metric"], last["value"], strict=True))


def test_distances_of_gaussians_are_closed_forms(by_hand: TrainingRun) -> None:
    found = last_numbers(by_hand, "listener_0 of speaker_0")
    delta = np.subtract(TRUE, MODEL)
    mean = (delta**2).sum() / (2 * MODEL_STD**2)
    spread = 3 * (np.log(2) + 1 / 8 - 0.5)
    assert found["inference_kl_mean"] == pytest.approx(mean, rel=1e-4)
    assert found["inference_kl_spread"] == pytest.approx(spread, rel=1e-4)
    assert found["inference_kl_true_model"] == pytest.approx(mean + spread, rel=1e-4)
    assert found["inference_w2"] == pytest.approx(np.sqrt((delta**2).sum() + 3 * 0.01**2), rel=1e-4)
    assert found["inference_rmse"] == pytest.approx(np.sqrt((delta**2).sum()), rel=1e-4)
    assert 0.99 < found["inference_tv"] <= 1


def test_errors_in_value_of_a_plane_are_those_of_the_means(by_hand: TrainingRun) -> None:
    found = last_numbers(by_hand, "listener_0 of speaker_0")
    expected = float(np.dot(SLOPE, np.subtract(TRUE, MODEL)))
    # 64 draws with common noise: what is left is the noise of unequal spreads, a standard error of 0.01 √14 / 8 a probe
    assert found["inference_delta_q_mean"] == pytest.approx(expected, abs=3e-3)
    # the error along the gradient of the plane, in units of the model's spread, which is the same in all directions
    along = expected**2 / np.dot(SLOPE, SLOPE) / (2 * MODEL_STD**2)
    assert found["inference_relevant"] == pytest.approx(along, rel=1e-3)
    total = found["inference_relevant"] + found["inference_irrelevant"]
    assert total == pytest.approx(found["inference_kl_true_model"], abs=1e-9)
    assert found["inference_action_spread"] == pytest.approx(STD * np.sqrt(np.dot(SLOPE, SLOPE)), rel=0.1)


def test_what_filled_the_replay_is_the_policy_itself_so_that_all_is_fit(by_hand: TrainingRun) -> None:
    found = last_numbers(by_hand, "listener_0 of speaker_0")
    assert found["inference_lag"] == pytest.approx(0, abs=1e-9)
    assert found["inference_fit"] == pytest.approx(found["inference_kl_true_model"], rel=0.05)
    assert found["inference_shift"] == pytest.approx(0, abs=1e-9)
    assert np.isnan([found["inference_shift_low"], found["inference_shift_high"]]).all()  # there is no older policy
    assert found["inference_regulariser"] == pytest.approx(-1.5 * (np.log1p(-0.001) + 0.001))
    whole = found["inference_lag"] + found["inference_fit"] + found["inference_interaction"]
    assert whole == pytest.approx(found["inference_kl_replay"], abs=1e-9)


def test_the_shift_of_gaussians_has_an_interval_once_there_are_older_policies() -> None:
    rollout = config.Rollout(n_envs=4, warmup_steps=50, update_every_steps=50)
    settings = config.MADDPG(hidden=(8,), batch_size=16, rollout=rollout, inference=config.Inference())
    run = train(GAME, settings, seeds=[0], steps=200, n_snapshots=3, keep_critics=True)[0]
    found = last_numbers(run, "speaker_0 of listener_0")
    shift, low, high = (found[f"inference_shift{end}"] for end in ("", "_low", "_high"))
    assert low < shift < high
    parts = shift + found["inference_lag"] + found["inference_fit"] + found["inference_interaction"]
    assert parts == pytest.approx(found["inference_kl_true_model"], abs=1e-9)


def test_a_mixture_of_two_far_policies_lags_by_the_logarithm_of_its_parts() -> None:
    def at(place: float) -> Moments:
        return Moments(mean=np.full((2, 1), place), std=np.full((2, 1), 0.1))

    weights = np.array([0.25, 0.75])
    lag, fit = lag_and_fit(
        at(5.0), at(5.0), [at(0.0), at(5.0)], weights, weights=np.full(2, 0.5), rng=np.random.default_rng(0)
    )
    # KL(p‖b) = −ln 0.75 where the parts do not overlap; KL(b‖q) then holds the far part, 0.25 (ln 0.25 + 1250) + …
    assert lag == pytest.approx(-np.log(0.75), abs=1e-9)
    expected = 0.25 * (np.log(0.25) + 25 / 0.02) + 0.75 * np.log(0.75)
    assert fit == pytest.approx(expected, rel=0.1)


def test_medians_of_gaussian_divergences_go_by_weight() -> None:
    true = Moments(mean=np.zeros((3, 1)), std=np.ones((3, 1)))
    fed = Moments(mean=np.array([[0.0], [1.0], [2.0]]), std=np.ones((3, 1)))
    probes = Probes(observations=(np.zeros((3, 1)),), weights=np.array([0.2, 0.6, 0.2]), exact=False)
    found = distance_numbers(true, fed, probes, rng=np.random.default_rng(0))
    assert found["inference_kl_median"] == pytest.approx(0.5)
    assert found["inference_kl_high"] == pytest.approx(2.0)
    assert found["inference_kl_true_model"] == pytest.approx(0.6 * 0.5 + 0.2 * 2)


def test_gradients_of_actors_with_boxes_are_compared(by_hand: TrainingRun, trained: TrainingRun) -> None:
    rows = pd.DataFrame(list(INSTRUMENT.measure(trained, GAME)))
    effects = rows[rows["metric"] == "inference_gradient_cosine"]
    assert set(effects["agent"]) == {"speaker_0", "listener_0"}
    assert effects["value"].between(-1, 1).all()


def test_actions_from_the_replay_stand_in_by_the_moments_of_their_mixture(by_hand: TrainingRun) -> None:
    two = constant(0, TRUE, STD)
    biases = two.biases[0].copy()
    biases[0, :3] = np.arctanh(2 * np.array(MODEL) - 1)
    moved = replace(two, biases=(biases,))
    settings: dict[str, Any] = {
        side: {**dict(each), "inference": {**each["inference"], "source": "replay"}}
        for side, each in by_hand.algorithm.items()
    }
    run = replace(by_hand, actors=(moved, by_hand.actors[1]), algorithm=settings)
    true, fed = true_and_fed_moments(run, 1, 0, np.zeros((1, 3)), snapshot=1)
    np.testing.assert_allclose(true.mean, [TRUE], atol=1e-6)
    np.testing.assert_allclose(fed.mean, [TRUE], atol=1e-6)  # the second snapshot stands for all steps since the first
    _, first = true_and_fed_moments(run, 1, 0, np.zeros((1, 3)), snapshot=0)
    np.testing.assert_allclose(first.mean, [MODEL], atol=1e-6)


def test_bad_input_is_refused(by_hand: TrainingRun) -> None:
    with pytest.raises(ValueError, match=r"observations must be \[P, 3\].*probes of another agent"):
        true_and_fed_moments(by_hand, 1, 0, np.zeros((1, 2)), snapshot=0)
