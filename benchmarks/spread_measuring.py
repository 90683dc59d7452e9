"""What it gives to spread the measuring of a cell's runs over two workers, where measuring takes longer than training.

    python benchmarks/spread_measuring.py [--seeds 6] [--rounds 2]

The suite has two cells that train in a second a run. The runs of one are measured by trained responses, which takes
several times as long; the other's are not, so that one of two workers has nothing to train after that second. It is run
on one worker, on two where each job measures all that it trains, and on two as `suite run` does it: what is trained is
left to whoever is free to measure it. Time is on the clock, the start of the workers (2 to 3 seconds) included. The
measures of all three must be the same, but for the times among them.
"""

from __future__ import annotations

import argparse
import io
import os
import statistics
import tempfile
from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import replace
from math import inf
from pathlib import Path
from typing import Any

import pandas as pd

from nashlens.reports import job_measuring
from nashlens.reports.execution import Workers, process_pool, run_suite
from nashlens.reports.instruments.registry import instrument
from nashlens.reports.job_rounds import Pool
from nashlens.reports.store import Store
from nashlens.reports.suite import Suite, parse_suite
from nashlens.reports.training_job import Job, JobOutcome

INSTRUMENT = "exploitability"
SUITE = """
name = "spread-measuring"
seeds = {seeds}
steps = 2_000
snapshots = 3
[games.measured]
game = "simple_push"
metrics = ["exploitability"]
[games.not_measured]
game = "simple_push"
steps = 1_900
[algorithms.maddpg]
kind = "maddpg"
batch_size = 256
rollout = {{ n_envs = 8, warmup_steps = 500, update_every_steps = 50 }}
"""


def whole(call: Callable[[Job], JobOutcome], job: Job) -> JobOutcome:
    """Do a job, and measure here what it leaves."""
    job_measuring.MEASURING_SECONDS = inf
    outcome = call(job)
    if outcome.unmeasured:
        call(replace(job, runs=outcome.unmeasured, measuring_seconds=inf))
    return replace(outcome, unmeasured=())


class WholeJobs(Workers):
    """Worker processes that measure all runs that they train."""

    def submit(self, call: Callable[..., Any], /, *given: Any, **named: Any) -> Future[Any]:
        return super().submit(whole, call, *given, **named)


def whole_jobs(workers: int) -> Executor:
    return WholeJobs(workers)


def ran(suite: Suite, workers: int, pool: Pool) -> tuple[float, pd.DataFrame]:
    """Return how long a suite takes, and what was measured of it but times."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store.create(Path(folder) / "out")
        done = run_suite(suite, store, workers=workers, pool=pool)
        assert not done.failed, done.failed
        assert not done.warnings, done.warnings
        paths = [store.measures_path(run.run_id, INSTRUMENT) for run in suite.cells[0].runs]
        frame = pd.concat([pd.read_parquet(io.BytesIO(path.read_bytes())) for path in paths])
    times = [each.name for each in instrument(INSTRUMENT).quantities if each.timing]
    return done.seconds, frame[~frame["metric"].isin(times)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seeds", type=int, default=6, help="runs of each cell")
    parser.add_argument("--rounds", type=int, default=2, help="how often each number is taken; the median is printed")
    chosen = parser.parse_args()
    suite = parse_suite(SUITE.format(seeds=chosen.seeds))
    print("| round | one worker [s] | two, each measures its own [s] | two, spread [s] | ratios to one | load before |")
    print("|---|---|---|---|---|---|")
    ratios = []
    for k in range(chosen.rounds):
        load = os.getloadavg()[0]
        ways = [(1, process_pool), (2, whole_jobs), (2, process_pool)]
        (one, first), (own, second), (spread, third) = (ran(suite, workers, pool) for workers, pool in ways)
        assert first.equals(second)
        assert first.equals(third)
        ratios.append((one / own, one / spread))
        seconds = f"{one:.1f} | {own:.1f} | {spread:.1f}"
        print(f"| {k + 1} | {seconds} | {one / own:.2f}, {one / spread:.2f} | {load:.1f} |", flush=True)
    own, spread = (statistics.median(each) for each in zip(*ratios, strict=True))
    print(f"\ntwo workers over one: {own:.2f} where each measures its own, {spread:.2f} where runs are spread")


if __name__ == "__main__":
    main()
