"""Errors of several stand-ins at once: a product whose parts are known, and shares that add up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from nashlens.agents.critic import Critic
from nashlens.agents.learner_snapshots import CriticSnapshots, LearnerSnapshots
from nashlens.agents.records import ActorSnapshots, TrainingRun
from nashlens.games import NormalFormGame, Profile, make
from nashlens.games.core import Choice
from nashlens.games.network_policy import Network
from nashlens.reports.instruments.inference_joint_error import joint_error_numbers, joint_values
from nashlens.reports.instruments.inference_probes import fresh_probes
from nashlens.reports.instruments.policy_inference import INSTRUMENT
from nashlens.reports.instruments.stand_ins import stand_in_of

MakeRun = Callable[..., TrainingRun]
GAME = make("all_ones", n_agents=3)
assert isinstance(GAME, NormalFormGame)
PLAYED = [0.5, 0.8, 0.6]  # probability of action 1 of each agent
MODELS = {1: 0.4, 2: 0.9}  # what agent 0 takes the others to play


def constant(share: float) -> ActorSnapshots:
    logs = np.log(np.array([[1 - share, share]] * 2))
    return ActorSnapshots(weights=(np.zeros((2, 1, 2), dtype=np.float32),), biases=(logs.astype(np.float32),))


def run_of(make_run: MakeRun, **inference: Any) -> TrainingRun:
    """Return a run whose first agent's critic is 2 where all others play 1, whatever it plays itself."""
    known = {"source": "inferred", "entropy_weight": 0.001, "fed_as": "actions", "dose": 0.0, "dose_of": "uniform"}
    settings = {"kind": "maddpg", "critic": "central", "gamma": 0.9, "inference": {**known, **inference}}
    strategies = [[[1 - p, p]] * 2 for p in PLAYED]
    algorithm = dict.fromkeys(GAME.spec.sides, settings)
    run = make_run(strategies, game="all_ones", spec=GAME.spec, algorithm=algorithm)
    # inputs: three observations, then (not 1, 1) of each agent; a hidden unit for both others at 1
    first = np.zeros((2, 9, 1), dtype=np.float32)
    first[:, [6, 8], 0] = 1.0
    critic = CriticSnapshots(
        weights=(first, np.full((2, 1, 1), 2.0, dtype=np.float32)),
        biases=(np.full((2, 1), -1.0, dtype=np.float32), np.zeros((2, 1), dtype=np.float32)),
    )
    learners = []
    for i in range(3):
        models = {j: constant(MODELS.get(j, 0.5)) for j in range(3) if j != i}
        own = LearnerSnapshots(
            central=True,
            critics=(critic,),
            target_critics=(critic,),
            target_actor=run.actors[i],
            models=models,
            target_models=models,
        )
        learners.append((own,))
    return replace(run, learners=tuple(learners))


def numbers_of(run: TrainingRun) -> Any:
    how = stand_in_of(run, 0)
    assert how is not None
    probes = fresh_probes(GAME, run.policies(), rng=np.random.default_rng(0))
    return joint_error_numbers(run, 0, how=how, snapshot=1, probes=probes)


def test_the_error_of_a_product_is_shared_by_shapley(make_run: MakeRun) -> None:
    whole, shares = numbers_of(run_of(make_run))
    # 2 (0.8 · 0.6 − 0.4 · 0.9) together; agent 1 first or last: 2 (0.8 − 0.4) · (0.6 + 0.9) / 2, agent 2 the same way
    assert whole["inference_joint_error_mean"] == pytest.approx(2 * (0.48 - 0.36), abs=1e-6)
    assert whole["inference_joint_error"] == pytest.approx(0.24, abs=1e-6)
    assert shares[1]["inference_joint_share"] == pytest.approx(2 * 0.4 * 0.75, abs=1e-6)
    assert shares[2]["inference_joint_share"] == pytest.approx(2 * -0.3 * 0.6, abs=1e-6)


def test_true_policies_make_no_error(make_run: MakeRun) -> None:
    whole, shares = numbers_of(run_of(make_run, source="true"))
    assert whole["inference_joint_error"] == 0
    assert {each["inference_joint_share"] for each in shares.values()} == {0}


def test_critics_of_log_probabilities_have_no_alternatives_to_list(make_run: MakeRun) -> None:
    assert numbers_of(run_of(make_run, fed_as="log_probabilities")) == ({}, {})


def test_rows_of_shares_add_to_that_of_the_whole(make_run: MakeRun) -> None:
    rows = [row for row in INSTRUMENT.measure(run_of(make_run), GAME) if row["step"] == 100]
    signed = {row["agent"]: row["value"] for row in rows if row["metric"] == "inference_joint_error_mean"}
    shares = {row["agent"]: row["value"] for row in rows if row["metric"] == "inference_joint_share"}
    assert len(signed) == 3
    assert len(shares) == 6
    for agent, value in signed.items():
        assert sum(v for k, v in shares.items() if k.startswith(f"{agent} of ")) == pytest.approx(value, abs=1e-9)


def test_joint_values_are_the_critics_at_every_joint_alternative() -> None:
    network = Network(weights=(np.arange(9.0)[:, None],), biases=(np.zeros(1),))
    critic = Critic((network,), spec=GAME.spec, agent=0, central=True)
    probes = fresh_probes(GAME, GAME.to_policies(Profile.uniform(2, 2, 2)), rng=np.random.default_rng(0))
    table = joint_values(critic, [Choice((2,))] * 3, probes)
    assert table.shape == (1, 2, 2, 2)
    # the observations are 1 each: 0 + 1 + 2; then of actions (1, 0, 1) the entries 4, 5 and 8
    assert table[0, 1, 0, 1] == 3 + 4 + 5 + 8
