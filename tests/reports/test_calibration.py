from __future__ import annotations

from dataclasses import replace

from nashlens.reports.calibration import WORKER_START_SECONDS, calibrate, update_interval
from nashlens.reports.packing import CellCost
from nashlens.reports.suite import Suite, parse_suite
from nashlens.reports.suite_page import expected_seconds, packed

ON_POLICY = """
name = "b"
steps = 4000
seeds = 1
[games.simple_spread]
parameters = { max_cycles = 10 }
[algorithms.reinforce]
kind = "reinforce"
rollout = { n_envs = 3, horizons_per_update = 2 }
"""


def test_cell_cost_adds_a_part_for_every_further_seed() -> None:
    assert CellCost(alone=5.0, more=2.0).seconds(4) == 11.0


def test_update_interval_is_what_the_learner_waits_for(suite: Suite, suite_text: str) -> None:
    assert update_interval(suite.runs[0]) == 50
    run = parse_suite(ON_POLICY).runs[0]
    # two horizons of 10 steps in each of three environments
    assert update_interval(run) == 60
    exact = suite_text.replace('kind = "maddpg"\nhidden = [8]', 'kind = "fictitious_play"')
    exact = "\n".join(line for line in exact.splitlines() if not line.startswith("settings"))
    exact = exact.partition("[algorithms.ddpg]")[0]
    assert update_interval(parse_suite(exact).runs[0]) == 1


def test_calibrate_counts_all_intervals_and_finds_what_a_further_seed_adds(suite: Suite) -> None:
    cost = calibrate(suite.runs[0], n_seeds=2)
    assert cost.alone > 0
    assert cost.more >= 0
    alone = calibrate(suite.runs[0], n_seeds=1)
    assert alone.more == alone.alone


def test_calibrate_changes_nothing_of_the_run(suite: Suite) -> None:
    before = replace(suite.runs[0])
    calibrate(suite.runs[0], n_seeds=1)
    assert suite.runs[0] == before
    assert suite.runs[0].run_id == before.run_id


def test_expected_seconds_are_those_of_the_worker_that_ends_last(suite: Suite) -> None:
    cells = [(cell, CellCost(alone=10.0, more=4.0)) for cell in suite.cells]
    # two cells of two seeds: one after the other 2 · 14 on one worker, beside each other 14 on two
    assert expected_seconds(cells, workers=1) == WORKER_START_SECONDS + 28
    assert expected_seconds(cells, workers=2) == WORKER_START_SECONDS + 14


def test_packed_adds_up() -> None:
    assert [packed(7, count) for count in (1, 2, 3, 7)] == [[7], [4, 3], [3, 3, 1], [1] * 7]
