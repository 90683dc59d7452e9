from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pytest

from nashlens.games import make
from nashlens.reports.instruments.nonstationarity import INSTRUMENT
from nashlens.reports.instruments.nonstationarity_chapter import nonstationarity_chapter
from tests.reports.instrument_runs import constant_run, measured_frame, values_of
from tests.reports.nonstationarity_runs import ONE, TURNING, ZERO, pennies


def chapter_of(seconds: Sequence[Sequence[Sequence[float]]]) -> Any:
    game = make("matching_pennies")
    runs = [pennies(second, seed=seed) for seed, second in enumerate(seconds)]
    frame = measured_frame(INSTRUMENT, {("pennies", "maddpg"): runs}, game)
    return nonstationarity_chapter(frame, {})


def test_chapter_says_what_moved_and_that_the_control_did_not() -> None:
    chapter = chapter_of([[[0.5, 0.5], [0.9 - 0.01 * k, 0.1 + 0.01 * k], [0.5, 0.5]] for k in range(5)])
    # |ΔR| = 2 (.4 − .01 k) of agent_0, 0 of agent_1: means over agents .4 − .01 k, over seeds .38
    assert "moves from one snapshot to the next by 0.38" in chapter.answers[0]
    assert "n = 5 seeds" in chapter.answers[0]
    assert "exactly 0 in all 5 runs" in chapter.answers[0]
    assert [figure.name for figure in chapter.figures] == ["ns-drift", "ns-paths"]
    # agent_1 goes .4 − .01 k and back, agent_0 nowhere: means over agents .2 − .005 k a change, .19 over seeds
    assert "move from snapshot to snapshot by 0.190" in chapter.answers[0]
    assert "went 0.380" in chapter.figures[1].paragraphs[0]
    assert "ended 0 " in chapter.figures[1].paragraphs[0]
    assert "neither" not in chapter.figures[0].paragraphs[0]
    assert "is not shown to move less or more in the second half" in chapter.figures[0].paragraphs[0]
    assert chapter.tables[0].name == "nonstationarity"


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ((0.5, 0.9, 0.9), "the world moves less in the second half"),
        ((0.5, 0.5, 0.9), "the world moves more in the second half"),
    ],
)
def test_chapter_says_whether_the_world_settles(path: tuple[float, float, float], said: str) -> None:
    seconds = [[[p + 0.001 * k * t, 1 - p - 0.001 * k * t] for t, p in enumerate(path)] for k in range(6)]
    assert said in chapter_of(seconds).figures[0].paragraphs[0]


def test_chapter_does_not_trust_a_control_that_moves() -> None:
    game = make("matching_pennies")
    frame = measured_frame(INSTRUMENT, {("pennies", "maddpg"): [pennies(seed=k) for k in range(5)]}, game)
    frame.loc[(frame["metric"] == "ns_joint_drift") & (frame["seed"] == 2), "value"] = 0.25
    answer = nonstationarity_chapter(frame, {}).answers[0]
    assert "moved by up to 0.250 in 5 runs: the control fails" in answer


def test_chapter_of_few_seeds_gives_no_interval() -> None:
    chapter = chapter_of([TURNING])
    assert "fewer than 5 have no interval" in chapter.answers[0]
    assert "no interval: 1 seed" in chapter.answers[0]


def test_chapter_of_nothing_says_so() -> None:
    assert "was not measured" in nonstationarity_chapter(pd.DataFrame(), {}).answers[0]


def test_table_takes_sizes_before_agents_are_averaged() -> None:
    # constant sum: what the second gains by turning the first loses, so that means over agents with signs are 0
    game = make("matching_pennies")
    runs = [constant_run(game, [[ONE, ONE], [ONE, ZERO]], seed=seed) for seed in range(5)]
    table = nonstationarity_chapter(measured_frame(INSTRUMENT, {("pennies", "maddpg"): runs}, game), {}).tables[0]
    values = table.data.set_index("quantity")["value"]
    assert values["Change of value, own, in size (return)"] == pytest.approx(1.0)  # 2 of the one, 0 of the other
    assert values["Change of value, others, in size (return)"] == pytest.approx(1.0)


def test_table_tells_who_moved_whose_value() -> None:
    game = make("all_ones", n_agents=3)
    play = [[ZERO, ONE], [ONE, ONE], [ONE, ONE]]  # the first alone moves: all of the change of everybody's value is its
    runs = [constant_run(game, play, seed=seed) for seed in range(5)]
    frame = measured_frame(INSTRUMENT, {("ones", "maddpg"): runs}, game)
    table = nonstationarity_chapter(frame, {}).tables[1]
    found = table.data.set_index(["moved", "whose"])["value"]
    gained = values_of(list(INSTRUMENT.measure(runs[0], game)), "ns_value_own", agent="agent_0")[0]
    assert found["agent_0", "everybody's"] == pytest.approx(gained)  # a common reward
    assert found["agent_1", "everybody's"] == found["agent_2", "everybody's"] == 0.0
    frame.loc[(frame["metric"] == "ns_shapley_0") & (frame["agent"] != "agent_0"), "value"] *= -0.5
    found = nonstationarity_chapter(frame, {}).tables[1].data.set_index(["moved", "whose"])["value"]
    assert found["agent_0", "its own"] == pytest.approx(gained)
    assert found["agent_0", "another's"] == pytest.approx(gained / 2)  # in size


@pytest.mark.parametrize(("above", "said"), [(True, "lies above its noise floor"), (False, "is not shown to be more")])
def test_chapter_holds_drifts_of_worlds_against_their_floor(above: bool, said: str) -> None:
    rng = np.random.default_rng(0)
    rows = [
        {"step": step, "agent": "a", "metric": metric, "value": value, "bound": "estimate", "unit": "probe state"}
        | {"n": 32, "seed": seed, "game": "world", "algorithm": "maddpg", "run_id": str(seed)}
        for seed in range(6)
        for step in (100, 200)
        for metric, value in (
            ("ns_outcome_drift_25", 1.0 + above + 0.01 * rng.normal()),
            ("ns_outcome_floor_25", 1.0 + 0.01 * rng.normal()),
            ("ns_outcome_drift_1", 1.0 + above + 0.01 * (-1) ** seed),
            ("ns_outcome_floor_1", 1.0),
            ("ns_outcome_reward_drift", 1.0 + above + 0.01 * (-1) ** seed),
            ("ns_outcome_reward_floor", 1.0),
            ("ns_joint_drift", 0.0),
            ("ns_outcome_p", 0.01 if above else 0.5),
            ("ns_target_total", 2.0 + 0.01 * rng.normal()),
            ("ns_target_critic", 1.0),
            ("ns_target_policy", 1.0),
            ("ns_target_others", 0.5),
        )
    ]
    chapter = nonstationarity_chapter(pd.DataFrame(rows), {})
    assert said in chapter.figures[0].paragraphs[0]
    assert "(noise floor " in chapter.answers[0]
    assert "What no critic is spared is its moving target" in chapter.answers[0]
    shares = chapter.tables[0].data.set_index("quantity")["value"]
    assert shares["Share of comparisons with p ≤ 0.05 of no drift (probability)"] == float(above)
    assert [figure.name for figure in chapter.figures] == ["ns-drift", "ns-outcomes", "ns-targets"]
    sooner, rewards = chapter.figures[1].paragraphs
    assert sooner.startswith("world_after_1_step. ")
    assert said in sooner
    assert rewards.startswith("world_rewards. ")
    assert said in rewards


def test_chapter_names_and_counts_the_runs_that_were_left_out() -> None:
    game = make("matching_pennies")
    frame = measured_frame(INSTRUMENT, {("pennies", "maddpg"): [pennies(seed=k) for k in range(5)]}, game)
    gone = frame.head(2).assign(metric="ns_left_out_memory", value=1.0, algorithm="recurrent", run_id=["a", "b"])
    words = (
        "Left out: 2 runs of recurrent in pennies (its policies have memory, of which states and probes say nothing)."
    )
    chapter = nonstationarity_chapter(pd.concat([frame, gone]), {})
    assert chapter.tables[0].caption.endswith(words)
    assert words in chapter.answers[-1]
    assert "under recurrent" not in chapter.answers[0]
    assert nonstationarity_chapter(gone, {}).answers == (f"Non-stationarity was not measured. {words}",)
