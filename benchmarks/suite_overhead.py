"""What a suite of many small cells costs beside its training: overhead a cell, memory as cells finish, and its report.

    OMP_NUM_THREADS=1 python benchmarks/suite_overhead.py [--cells 200] [--report-games 10] [--report-seeds 20]

First a suite of tiny matrix games (16 to 64 environment steps a cell) on one worker. Overhead is what the worker and
this process did between the first and the last cell less what training took, over the number of cells; on the clock and
in processor time, which work of others on the machine does not stretch. Memory is what this process and the worker hold
after a quarter of the cells and after all. Then the reports: of these cells, and of 1,000 runs of ten games.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Sequence
from concurrent.futures import Executor
from pathlib import Path

from nashlens.reports.document import write
from nashlens.reports.execution import process_pool, run_suite
from nashlens.reports.job_board import JobState
from nashlens.reports.report import assemble
from nashlens.reports.store import Store
from nashlens.reports.suite import Suite, parse_suite

GAMES = ("matching_pennies", "chicken", "prisoners_dilemma", "stag_hunt")
SETTINGS = "settings = { batch_size = 4, rollout = { n_envs = 2, warmup_steps = 4, update_every_steps = 4 } }"


def synthetic(n_games: int, n_algorithms: int, n_seeds: int) -> Suite:
    """Return a suite of so many tiny matrix games under so many sizes of network."""
    lines = ['name = "synthetic"', f"seeds = {n_seeds}", "steps = 16", "snapshots = 3"]
    for k in range(n_games):
        lines += [f"[games.g{k}]", f'game = "{GAMES[k % 4]}"', f"steps = {16 + 4 * (k // 4 % 13)}", SETTINGS]
    for k in range(n_algorithms):
        lines += [f"[algorithms.a{k}]", 'kind = "maddpg"', f"hidden = [{4 + k}]"]
    return parse_suite("\n".join(lines))


def resident(process: int) -> float:
    """Return the megabytes of memory that a process holds."""
    pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e6


class Meter:
    """Watches a suite run: when cells began to finish, and memory a quarter through and at the end."""

    def __init__(self) -> None:
        self.executor: Executor | None = None
        self.points: list[tuple[int, float, float, float]] = []

    def pool(self, workers: int) -> Executor:
        self.executor = process_pool(workers)
        return self.executor

    def __call__(self, jobs: Sequence[JobState]) -> None:
        ended = sum(job.state in {"done", "failed"} for job in jobs)
        workers = list(getattr(self.executor, "_processes", None) or {})
        if ended and workers:
            held = sum(resident(process) for process in workers)
            self.points.append((ended, time.perf_counter(), resident(os.getpid()), held))


def print_overhead(suite: Suite, store: Store) -> None:
    meter = Meter()
    own = time.process_time()
    done = run_suite(suite, store, workers=1, watch=meter, pool=meter.pool)
    own = time.process_time() - own
    workers = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert not done.failed, done.failed
    (n_first, began, *_), (n_last, ended, *_) = meter.points[0], meter.points[-1]
    states = [store.status(run.run_id) for run in suite.runs]
    trained = sum(state.seconds for state in states) / len(states)
    worked = sum(state.processor_seconds for state in states) / len(states)
    n_cells = len(suite.cells)
    clock = (ended - began) / (n_last - n_first)
    n_seeds = len(suite.runs) / n_cells
    processor = (own + workers.ru_utime + workers.ru_stime) / n_cells
    print(f"cells: {n_cells}; load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
    print(f"on the clock, a cell: {1e3 * clock:.0f} ms, of which training {1e3 * n_seeds * trained:.0f} ms")
    print(f"  overhead {1e3 * (clock - n_seeds * trained):.0f} ms (target 50 ms, on a machine with nothing else to do)")
    print(f"processor time, a cell: {1e3 * processor:.0f} ms, of which training {1e3 * n_seeds * worked:.0f} ms; both")
    print("  with the start of the worker, about 3 s in all")
    quarter = next(point for point in meter.points if point[0] >= n_cells / 4)
    for what, place in (("this process", 2), ("the worker", 3)):
        print(
            f"memory of {what}: {quarter[place]:.0f} MB after {quarter[0]} cells, "
            f"{meter.points[-1][place]:.0f} MB at the end"
        )


def print_report(suite: Suite, store: Store, *, target: float) -> None:
    clock, processor = time.perf_counter(), time.process_time()
    report = assemble(store, suite)
    half = time.process_time() - processor
    write(report, store.folder("report", suite.name))
    clock, processor = time.perf_counter() - clock, time.process_time() - processor
    games, runs = len(suite.config.games), len(suite.runs)
    print(
        f"report of {runs} runs, {games} games: {clock:.1f} s on the clock, {processor:.1f} s of the processor, "
        f"{half:.1f} s of which assembling (target {target:.0f} s)",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cells", type=int, default=200, help="cells of the first suite, of 20 algorithms")
    parser.add_argument("--seeds", type=int, default=1, help="seeds of each of its cells")
    parser.add_argument("--report-games", type=int, default=10, help="games of the second suite: five algorithms")
    parser.add_argument("--report-seeds", type=int, default=20, help="seeds of each of its cells; 0 to leave it out")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        suite, store = synthetic(chosen.cells // 20, 20, chosen.seeds), Store.create(Path(folder) / "small")
        print_overhead(suite, store)
        print_report(suite, store, target=20)
        if chosen.report_seeds:
            suite = synthetic(chosen.report_games, 5, chosen.report_seeds)
            store = Store.create(Path(folder) / "large")
            run_suite(suite, store, workers=1)
            print_report(suite, store, target=60)


if __name__ == "__main__":
    main()
