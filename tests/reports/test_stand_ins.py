from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from nashlens.agents.learner_snapshots import LearnerSnapshots
from nashlens.games import make
from nashlens.games.core import Choice
from nashlens.reports.instruments.inference_pairs import replayed_probes
from nashlens.reports.instruments.inference_probes import Probes
from nashlens.reports.instruments.stand_ins import replay_weights, true_and_fed
from tests.reports.inferring_runs import INFERENCE, MakeRun, inferring, last_numbers, linear_critic


@pytest.mark.parametrize(
    ("inference", "expected"),
    [
        ({}, [0.4, 0.6]),
        ({"source": "true"}, [0.7, 0.3]),
        ({"source": "true", "dose": 0.5}, [0.6, 0.4]),  # half of (.7, .3), half of (.5, .5)
        ({"source": "true", "dose": 1.0, "dose_of": "permuted"}, [0.3, 0.7]),
        ({"source": "true", "dose": 0.5, "dose_of": "frozen"}, [0.45, 0.55]),  # half of the first model, (.2, .8)
        ({"dose": 0.5, "dose_of": "permuted"}, [0.5, 0.5]),
    ],
)
def test_what_stands_in_follows_from_the_settings(
    make_run: MakeRun, inference: dict[str, Any], expected: list[float]
) -> None:
    run = inferring(make_run, **inference)
    true, fed = true_and_fed(run, 0, 1, np.ones((1, 1)), snapshot=1)
    np.testing.assert_allclose(true, [[0.7, 0.3]], atol=1e-6)
    np.testing.assert_allclose(fed, [expected], atol=1e-6)


def test_actions_from_the_replay_stand_in_by_the_mean_of_what_filled_it(make_run: MakeRun) -> None:
    how = {**INFERENCE, "source": "replay"}
    settings = {"kind": "maddpg", "critic": "central", "gamma": 0.9, "inference": how}
    settings["rollout"] = {"replay_capacity": 250}
    sides = make("matching_pennies").spec.sides
    played = [[0.5, 0.5], [0.1, 0.9], [0.6, 0.4], [0.7, 0.3], [0.2, 0.8]]
    run = make_run([played, played], algorithm=dict.fromkeys(sides, settings))
    learner = LearnerSnapshots(
        central=True,
        critics=(linear_critic([0, 0, 0, 0, 3, 0], 5),),
        target_critics=(linear_critic([0, 0, 0, 0, 3, 0], 5),),
        target_actor=run.actors[0],
    )
    run = replace(run, learners=((learner,), (learner,)))
    # 400 steps in steps of 100, of which the last 250 are held: half an interval of the third, then two whole ones
    np.testing.assert_allclose(replay_weights(run, snapshot=4), [0, 0, 0.2, 0.4, 0.4])
    true, fed = true_and_fed(run, 0, 1, np.ones((1, 1)), snapshot=4)
    np.testing.assert_allclose(true, [[0.2, 0.8]], atol=1e-6)
    heads = 0.2 * 0.6 + 0.4 * 0.7 + 0.4 * 0.2
    np.testing.assert_allclose(fed, [[heads, 1 - heads]], atol=1e-6)
    np.testing.assert_allclose(replay_weights(run, snapshot=0), [1.0])
    probes = [
        Probes(observations=(np.full((1, 1), t),) * 2, weights=np.ones(1), exact=False, episodes=np.zeros(1, dtype=int))
        for t in (0, 1, 3, 4)
    ]
    filled, shares, buffer = replayed_probes(run, [0, 1, 3, 4], probes)  # the third's part is the fourth's
    assert filled == [3, 4]
    np.testing.assert_allclose(shares, [0.6, 0.4])
    np.testing.assert_allclose(buffer.weights, [0.6, 0.4])
    np.testing.assert_array_equal(buffer.observations[0], [[3], [4]])
    found = last_numbers(run, "agent_0 of agent_1")
    assert found["inference_delta_q"] == pytest.approx(3 * (heads - 0.2), abs=1e-6)
    assert "inference_lag" not in found  # nothing was fitted


def test_permuted_is_what_training_permutes() -> None:
    import torch

    from nashlens.agents import config
    from nashlens.agents.distributions import ChoiceHead

    space = Choice((2, 3))
    head = ChoiceHead([space], soft=False, settings=config.MADDPG(), device=torch.device("cpu"))
    given = np.array([[0.9, 0.1, 0.5, 0.3, 0.2]])
    theirs = head.permuted(torch.tensor(given)[None, None])[0, 0].numpy()
    ours = np.concatenate([np.roll(given[:, part], 1, axis=1) for part in space.slices], axis=1)
    np.testing.assert_array_equal(theirs, ours)
