from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from nashlens.agents.records import TrainingRun
from nashlens.reports.measures import successes
from nashlens.reports.thresholds import Threshold, learned, threshold

MakeRun = Callable[..., TrainingRun]
HALF = [[0.5, 0.5]] * 4


def test_the_line_follows_the_scale_of_the_reward() -> None:
    summed = threshold("simple_speaker_listener", {"team_reward": "sum"})
    own = threshold("simple_speaker_listener", {"team_reward": "own"})
    assert summed is not None
    assert own is not None
    assert (summed.value, own.value, summed.n_episodes) == (-20.0, -10.0, 1_000)
    assert threshold("matching_pennies", {}) is None


def test_learned_averages_the_last_episodes_before_each_snapshot(make_run: MakeRun) -> None:
    # snapshots at 0, 100, 200, 300; means of the last two: 4, then (4 + −2)/2 = 1 and (−2 + 9)/2 = 3.5
    run = make_run(
        [HALF, HALF],
        episode_steps=[50, 150, 300],
        episode_returns=[[4, 4], [-2, -2], [9, 9]],
    )
    line = Threshold(value=2.0, n_episodes=2, meaning="")
    assert learned(run, line) == [(100, True, 1), (200, False, 2), (300, True, 2)]


def test_learned_averages_over_agents_and_needs_more_than_the_threshold(make_run: MakeRun) -> None:
    run = make_run([HALF, HALF], episode_steps=[50], episode_returns=[[3, 1]])
    assert learned(run, Threshold(value=2.0, n_episodes=10, meaning=""))[0][1] is False
    assert learned(run, Threshold(value=1.99, n_episodes=10, meaning=""))[0][1] is True


def test_a_run_without_episodes_has_neither_learned_nor_failed(make_run: MakeRun) -> None:
    assert learned(make_run([HALF, HALF]), Threshold(value=0.0, n_episodes=2, meaning="")) == []


def test_successes_are_rows_of_the_game_that_has_a_line(make_run: MakeRun) -> None:
    run = make_run([HALF, HALF], episode_steps=[50], episode_returns=[[-15, -15]])
    assert list(successes(run)) == []
    spec = replace(run.spec, name="simple_speaker_listener", parameters={"team_reward": "sum"})
    rows = list(successes(replace(run, spec=spec)))
    assert [(row["step"], row["value"], row["n"]) for row in rows] == [(100, 1.0, 1), (200, 1.0, 1), (300, 1.0, 1)]
    returns = np.array([[-25.0, -25.0]], dtype=np.float32)
    assert {row["value"] for row in successes(replace(run, spec=spec, episode_returns=returns))} == {0.0}
    own = replace(spec, parameters={"team_reward": "own"})
    assert {row["value"] for row in successes(replace(run, spec=own))} == {0.0}


@pytest.mark.parametrize("team_reward", ["sum", "own"])
def test_the_meaning_says_on_which_scale(team_reward: str) -> None:
    line = threshold("simple_speaker_listener", {"team_reward": team_reward})
    assert line is not None
    assert ("sum of both" in line.meaning) == (team_reward == "sum")
