"""Runs made by hand that infer the policies of others."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from nashlens.agents.learner_snapshots import CriticSnapshots, LearnerSnapshots
from nashlens.agents.records import ActorSnapshots, TrainingRun
from nashlens.games import make
from nashlens.reports.instruments.policy_inference import INSTRUMENT

MakeRun = Callable[..., TrainingRun]
PROFILE = [[[0.5, 0.5], [0.6, 0.4]], [[0.5, 0.5], [0.7, 0.3]]]
INFERENCE = {"source": "inferred", "entropy_weight": 0.001, "fed_as": "actions", "dose": 0.0, "dose_of": "uniform"}


def constant(strategies: list[list[float]]) -> ActorSnapshots:
    """Return snapshots that play the given strategies whatever is seen."""
    logs = np.log(np.array(strategies, dtype=np.float64))
    return ActorSnapshots(
        weights=(np.zeros((len(logs), 1, logs.shape[1]), dtype=np.float32),), biases=(logs.astype(np.float32),)
    )


def linear_critic(weights: list[float], n_snapshots: int = 2) -> CriticSnapshots:
    """Return a critic that is linear in two observations and four actions."""
    column = np.array(weights, dtype=np.float32)[None, :, None].repeat(n_snapshots, axis=0)
    return CriticSnapshots(weights=(column,), biases=(np.zeros((n_snapshots, 1), dtype=np.float32),))


def inferring(make_run: MakeRun, *, keep: bool = True, **inference: Any) -> TrainingRun:
    """Return a run of matching pennies: agent 0's model of agent 1 plays (0.4, 0.6), its critic is 3 for heads of 1."""
    settings = {"kind": "maddpg", "critic": "central", "gamma": 0.9, "inference": {**INFERENCE, **inference}}
    sides = make("matching_pennies").spec.sides
    run = make_run(PROFILE, algorithm=dict.fromkeys(sides, settings))
    critic = linear_critic([0, 0, 0, 0, 3, 0])
    models = {0: {1: constant([[0.2, 0.8], [0.4, 0.6]])}, 1: {0: constant([[0.5, 0.5], [0.6, 0.4]])}}
    learners = tuple(
        (
            LearnerSnapshots(
                central=True,
                critics=(critic,),
                target_critics=(critic,),
                target_actor=run.actors[i],
                models=models[i],
                target_models=models[i],
            ),
        )
        for i in range(2)
    )
    return replace(run, learners=learners) if keep else run


def last_numbers(run: TrainingRun, agent: str) -> dict[str, float]:
    rows = pd.DataFrame(list(INSTRUMENT.measure(run, make("matching_pennies"))))
    last = rows[(rows["step"] == rows["step"].max()) & (rows["agent"] == agent)]
    return dict(zip(last["metric"], last["value"], strict=True))
