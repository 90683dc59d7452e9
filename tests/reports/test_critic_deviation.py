"""Deviations that critics propose: values by hand, gains in closed form, a bound that never passes NashConv."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nashlens.agents.learner_snapshots import CriticSnapshots, LearnerSnapshots
from nashlens.agents.records import TrainingRun
from nashlens.games import NormalFormGame, Profile, make
from nashlens.reports.instruments.critic_deviation import critic_gain_rows, critic_values
from nashlens.reports.instruments.homogeneity_answers import critic_sentence
from nashlens.reports.instruments.homogeneity_verdicts import Judged
from nashlens.reports.instruments.seed_estimates import seed_estimate
from nashlens.reports.instruments.stability import exact_nash_conv

RunMaker = Callable[..., TrainingRun]
LEFT, RIGHT = [1.0, 0.0], [0.0, 1.0]
TRUE = [[0.0, 1.0], [1.0, 0.0]]  # anti-coordination pays 1 for different actions


def tabular(values: Sequence[Sequence[float]], snapshots: int = 2) -> CriticSnapshots:
    """A critic of two agents with two actions that says a table: one hidden unit a cell, which sees both actions."""
    cells = np.array(list(np.ndindex(2, 2)))
    weights = np.zeros((6, 4), dtype=np.float32)  # two observations, then both one-hot actions
    for k, (first, second) in enumerate(cells):
        weights[2 + first, k] = weights[4 + second, k] = 1.0
    layers = (weights, np.asarray(values, dtype=np.float32).reshape(4, 1))
    biases = (np.full(4, -1.0, dtype=np.float32), np.zeros(1, dtype=np.float32))
    return CriticSnapshots(
        weights=tuple(np.repeat(each[None], snapshots, axis=0) for each in layers),
        biases=tuple(np.repeat(each[None], snapshots, axis=0) for each in biases),
    )


def with_critics(run: TrainingRun, *tables: Sequence[Sequence[float]]) -> TrainingRun:
    learners = []
    for actor, table in zip(run.actors, tables, strict=True):
        own = tabular(table)
        learners.append(
            (LearnerSnapshots(central=True, critics=(own,), target_critics=(own,), target_actor=actor),),
        )
    return replace(run, learners=tuple(learners))


def anti(make_run: RunMaker, first: list[float], second: list[float], **changes: Any) -> TrainingRun:
    return make_run([[[0.5, 0.5], first], [[0.5, 0.5], second]], game="anti_coordination", **changes)


def gain(run: TrainingRun) -> float:
    (found,) = critic_gain_rows(run, make("anti_coordination"))
    assert (found["metric"], found["bound"]) == ("critic_gain", "lower")
    return float(found["value"])


def test_values_are_the_critics_mean_over_the_others_strategies(make_run: RunMaker) -> None:
    game = make("anti_coordination")
    assert isinstance(game, NormalFormGame)
    run = with_critics(anti(make_run, [0.25, 0.75], [0.4, 0.6]), [[1.0, 2.0], [3.0, 5.0]], [[1.0, 2.0], [3.0, 5.0]])
    found = critic_values(run, game, Profile([[0.25, 0.75], [0.4, 0.6]]))
    # agent 0: .4 · 1 + .6 · 2 and .4 · 3 + .6 · 5; agent 1: .25 · 1 + .75 · 3 and .25 · 2 + .75 · 5
    np.testing.assert_allclose(found[0], [1.6, 4.2])
    np.testing.assert_allclose(found[1], [2.5, 4.25])


def test_critics_that_know_the_game_gain_all_of_nash_conv(make_run: RunMaker) -> None:
    # both at the same action: each alone gains 1 by leaving, together they would gain nothing
    run = with_critics(anti(make_run, LEFT, LEFT), TRUE, TRUE)
    assert gain(run) == pytest.approx(2.0)


def test_an_agent_whose_critic_errs_adds_nothing(make_run: RunMaker) -> None:
    wrong = [[1.0, 0.0], [0.0, 1.0]]
    assert gain(with_critics(anti(make_run, LEFT, LEFT), TRUE, wrong)) == pytest.approx(1.0)
    assert gain(with_critics(anti(make_run, LEFT, RIGHT), wrong, wrong)) == 0.0


def test_the_bound_never_passes_nash_conv(make_run: RunMaker) -> None:
    rng = np.random.default_rng(0)
    game = make("anti_coordination")
    for _ in range(50):
        first, second = rng.dirichlet([1, 1], size=2).tolist()
        run = with_critics(anti(make_run, first, second), *rng.normal(size=(2, 2, 2)).tolist())
        exact = exact_nash_conv(game, run.policies())
        assert exact is not None
        assert 0 <= gain(run) <= exact + 1e-6


def test_without_a_critic_of_played_actions_there_is_no_row(make_run: RunMaker) -> None:
    game = make("anti_coordination")
    assert isinstance(game, NormalFormGame)
    bare = anti(make_run, LEFT, LEFT)
    assert list(critic_gain_rows(bare, game)) == []
    kept = with_critics(bare, TRUE, TRUE)
    several = replace(kept, learners=tuple(each * 2 for each in kept.learners))
    assert list(critic_gain_rows(several, game)) == []
    fed = {side: {"kind": "maddpg", "inference": {"fed_as": "log_probabilities"}} for side in bare.spec.sides}
    assert list(critic_gain_rows(replace(kept, algorithm=fed), game)) == []


def judged(verdict: Any) -> Judged:
    lost = seed_estimate(pd.Series([-0.5] * 5, index=range(5)), least=None)
    return Judged(
        game="anti",
        role="all",
        algorithm="full",
        shares=True,
        indexed=False,
        difference=lost,
        margin=0.05,
        adjusted_p=0.001,
        verdict=verdict,
    )


def frame(values: Sequence[float]) -> pd.DataFrame:
    rows = [
        {"game": "anti", "algorithm": "full", "metric": "critic_gain", "seed": k, "step": 100, "agent": "", "value": v}
        for k, v in enumerate(values)
    ]
    return pd.DataFrame(rows)


def test_the_sentence_says_where_critics_know_better() -> None:
    said = critic_sentence(frame([0.9, 1.0, 1.1, 1.0, 1.0]), [judged("costs")])
    assert "over the agents these gains add to 1.00 [0.91, 1.09] (anti, full), a lower bound of NashConv" in said
    assert said.endswith(
        "In anti the critics know of something better, which a policy that must answer for all agents "
        "alike cannot follow (intervals over seeds above 0, unadjusted)."
    )
    unsure = critic_sentence(frame([0.0, 0.0, 1.0, 0.0, 0.0]), [judged("costs")])
    assert "0.20 [0.00, 0.76]" in unsure
    assert "know of something better" not in unsure


def test_there_is_no_sentence_where_nothing_is_lost_or_known() -> None:
    assert critic_sentence(frame([1.0] * 5), [judged("enough")]) == ""
    assert critic_sentence(pd.DataFrame(), [judged("costs")]) == ""
