"""What two workers of `suite run` give over one, beside what two busy processes of this machine give over one at all.

    OMP_NUM_THREADS=1 python benchmarks/two_workers.py [--steps 60000] [--rounds 3]

The suite has two cells of four seeds each. Time is on the clock, from the call to its return, the start of the workers
(2 to 3 seconds each time) included and given apart. The limit is measured in the same run, between the rounds: how many
matrix products two processes make together over how many one makes by itself. Two processors that are threads of one
core, or a machine that others use, have a limit far below 2.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from nashlens.reports.execution import run_suite
from nashlens.reports.store import Store
from nashlens.reports.suite import Suite, parse_suite

SUITE = """
name = "two-workers"
seeds = 4
steps = {steps}
snapshots = 3
[games.simple_spread]
settings = {{ batch_size = 256, rollout = {{ n_envs = 8, warmup_steps = 1000, update_every_steps = 100 }} }}
[algorithms.maddpg]
kind = "maddpg"
[algorithms.ddpg]
kind = "ddpg"
"""


def suite_seconds(suite: Suite, workers: int) -> float:
    with tempfile.TemporaryDirectory() as folder:
        done = run_suite(suite, Store.create(Path(folder) / "out"), workers=workers)
        assert not done.failed, done.failed
        return done.seconds


def products(seconds: float) -> int:
    """Return how many products of two 64×64 matrices this process makes in some seconds on the clock."""
    matrix = np.random.default_rng(0).normal(size=(64, 64))
    matrix /= np.linalg.norm(matrix, 2)
    n, end = 0, time.perf_counter() + seconds
    while time.perf_counter() < end:
        for _ in range(100):
            matrix = matrix @ matrix.T
            matrix /= np.abs(matrix).max()
        n += 100
    return n


def limit(pool: ProcessPoolExecutor, seconds: float) -> float:
    """Return what two processes do together over what one does by itself."""
    alone = pool.submit(products, seconds).result()
    both = [pool.submit(products, seconds) for _ in range(2)]
    return sum(each.result() for each in both) / alone


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=60_000, help="environment steps of each seed")
    parser.add_argument("--rounds", type=int, default=3, help="how often each number is taken; the median is printed")
    chosen = parser.parse_args()
    suite = parse_suite(SUITE.format(steps=chosen.steps))
    start = parse_suite(SUITE.format(steps=1200))
    print("| round | one worker [s] | two workers [s] | ratio | limit | start of one, of two [s] | load before |")
    print("|---|---|---|---|---|---|---|")
    ratios, limits = [], []
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as pool:
        limit(pool, 0.5)
        for k in range(chosen.rounds):
            load = os.getloadavg()[0]
            starts = [suite_seconds(start, workers) for workers in (1, 2)]
            one, two = (suite_seconds(suite, workers) for workers in (1, 2))
            ratios.append(one / two)
            limits.append(limit(pool, 3.0))
            print(
                f"| {k + 1} | {one:.1f} | {two:.1f} | {ratios[-1]:.2f} | {limits[-1]:.2f} "
                f"| {starts[0]:.1f}, {starts[1]:.1f} | {load:.1f} |",
                flush=True,
            )
    ratio, most = statistics.median(ratios), statistics.median(limits)
    print(
        f"\ntwo workers over one: {ratio:.2f} (target 1.8); limit of this machine {most:.2f}; share {ratio / most:.0%}"
    )


if __name__ == "__main__":
    main()
