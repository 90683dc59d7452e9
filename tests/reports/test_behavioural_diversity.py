from __future__ import annotations

import numpy as np
import pytest

from nashlens.agents.records import ActorSnapshots
from nashlens.games import make
from nashlens.games.policy import ConstantPolicy
from nashlens.reports.instruments.behavioural_diversity import diversities
from nashlens.reports.instruments.homogeneity import INSTRUMENT
from tests.reports.homogeneity_runs import RunMaker, pair


class TestDiversity:
    def test_forces_lie_apart_as_they_push(self) -> None:
        game = make("simple_spread", n_agents=2)
        stay, left, right = (ConstantPolicy(np.eye(5)[a], observation_size=12) for a in (0, 1, 2))
        seen = np.zeros((3, 12))
        apart = diversities(game, [left, right], seen, agent=0)
        # left and right differ in every draw, and their forces as far as any two moves do
        assert apart == {"diversity_choice": 1.0, "diversity_force": 1.0}
        near = diversities(game, [stay, left], seen, agent=0)
        assert near == {"diversity_choice": 1.0, "diversity_force": 0.5}  # one unit of force, of at most two

    def test_soft_actions_are_compared_by_the_force_they_exert(self) -> None:
        game = make("simple_spread", n_agents=2, actions="soft")
        snapshots = [
            ActorSnapshots(
                weights=(np.zeros((1, 12, 5), dtype=np.float32),),
                biases=(np.log(np.array([chances], dtype=np.float32)),),
                soft=True,
            )
            for chances in ([0.2, 0.4, 0.2, 0.1, 0.1], [0.2, 0.2, 0.4, 0.1, 0.1])
        ]
        policies = [each.policy(game.spec, i, 0) for i, each in enumerate(snapshots)]
        found = diversities(game, policies, np.zeros((2, 12)), agent=0)
        # total variation 0.2; forces (−0.2, 0) and (0.2, 0): 0.4 of at most 2
        assert found["diversity_choice"] == pytest.approx(0.2)
        assert found["diversity_force"] == pytest.approx(0.2)

    def test_real_actions_are_compared_as_gaussians(self) -> None:
        game = make("simple_spread", n_agents=2, actions="continuous")
        blank = [
            ActorSnapshots(
                weights=(np.zeros((1, 12, 10), dtype=np.float32),),
                biases=(np.array([[place] * 5 + [0.0] * 5], dtype=np.float32),),
            )
            for place in (-30.0, 30.0)
        ]
        policies = [each.policy(game.spec, i, 0) for i, each in enumerate(blank)]
        found = diversities(game, policies, np.zeros((2, 12)), agent=0)
        assert found["diversity_gaussian"] == pytest.approx(1.0)  # means 0 and 1 in all five, the same deviations
        assert found["diversity_force"] == pytest.approx(0.0)  # all five at once push nowhere

    def test_measured_of_a_run(self, make_run: RunMaker) -> None:
        run = pair(make_run, [0.9, 0.1], [0.2, 0.8], seed=3)
        rows = list(INSTRUMENT.measure(run, make("anti_coordination")))
        assert [(row["metric"], row["bound"], row["n"]) for row in rows] == [("diversity_choice", "exact", 1)]
        assert rows[0]["value"] == pytest.approx(0.7)
