"""What it costs to measure one stored run of cooperative navigation with three agents, metric family by family.

    OMP_NUM_THREADS=1 python benchmarks/metrics_cost.py [--steps 5000] [--snapshots 11] [--no-responses]

Two small cells are trained and stored first, two seeds each: one whose agents infer the policies of the others, one
whose agents share a policy. Then every instrument measures one run, read from the store, each part once; what compares
runs is timed on all four. Times are seconds on the clock and of the processor. Nothing that was measured is kept.
Trained responses learn for as many steps as the run did: their time is that of training and grows with the run. The
last line adds up what one run costs, a quarter of what compares four included, and says whether that keeps to a minute.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from unittest import mock

import numpy as np

from nashlens.agents.records import TrainingRun
from nashlens.analysis.aggregates import interquartile_mean, probability_of_improvement
from nashlens.analysis.equivalence import equivalence
from nashlens.analysis.multiple_comparisons import benjamini_hochberg, holm
from nashlens.analysis.performance_profile import performance_profile
from nashlens.analysis.proportions import wilson
from nashlens.analysis.selection_bias import selection_bias
from nashlens.analysis.statistics import student_t
from nashlens.games import Game, make
from nashlens.reports import measures
from nashlens.reports.execution import run_suite
from nashlens.reports.instruments import homogeneity_comparison, nonstationarity_worlds, policy_inference, registry
from nashlens.reports.instruments.behavioural_diversity import diversity_rows
from nashlens.reports.instruments.contract import StoredRuns
from nashlens.reports.instruments.policy_movement import probed_policy_rows
from nashlens.reports.instruments.roles import roles
from nashlens.reports.instruments.shared_gradients import conflict_rows
from nashlens.reports.instruments.target_movement import target_rows
from nashlens.reports.instruments.value_movement import episode_value_rows
from nashlens.reports.store import Store
from nashlens.reports.suite import Suite, parse_suite

TARGET = 60
SUITE = """
name = "cost"
seeds = 2
steps = {steps}
snapshots = {snapshots}
evaluation_episodes = 32
explore = true
keep_critics = true

[games.spread]
game = "simple_spread"
parameters = {{ n_agents = 3 }}

[algorithms.inferred]
kind = "maddpg"
batch_size = 256
inference = {{ record_every_updates = 20 }}
rollout = {{ warmup_steps = 1_000, update_every_steps = 50 }}

[algorithms.shared]
kind = "maddpg"
batch_size = 256
sharing = {{ mode = "full" }}
rollout = {{ warmup_steps = 1_000, update_every_steps = 50 }}
"""
INFERENCE_PARTS = {
    "fresh_probes": "observations to ask at",
    "pair_numbers": "divergences, calibration, mode and value ledgers",
    "fit_numbers": "lag, shift and regulariser ledgers",
    "actor_gradient_effect": "effect on the actor's gradient",
}


class Clock:
    """Adds up what parts take, on the clock and of the processor."""

    def __init__(self) -> None:
        self.spent: dict[str, tuple[float, float]] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        clock, processor = time.perf_counter(), time.process_time()
        yield
        before = self.spent.get(name, (0.0, 0.0))
        self.spent[name] = (
            before[0] + time.perf_counter() - clock,
            before[1] + time.process_time() - processor,
        )

    def consume(self, name: str, rows: Callable[[], Iterable[object]]) -> None:
        with self.part(name):
            n = sum(1 for _ in rows())
        assert n, f"{name} gave nothing: it was not measured"

    @contextmanager
    def watching(self, module: object, names: Mapping[str, str]) -> Iterator[None]:
        """Time functions of a module whenever the module calls them."""

        def timed(function: Callable[..., object], name: str) -> Callable[..., object]:
            def call(*given: object, **named: object) -> object:
                with self.part(name):
                    return function(*given, **named)

            return call

        replaced = {name: timed(getattr(module, name), label) for name, label in names.items()}
        with mock.patch.multiple(module, **replaced):
            yield


def stored(folder: Path, steps: int, snapshots: int) -> tuple[Store, Suite]:
    suite, store = parse_suite(SUITE.format(steps=steps, snapshots=snapshots)), Store.create(folder / "out")
    done = run_suite(suite, store, workers=1)
    assert not done.failed, done.failed
    return store, suite


def runs_of(store: Store, suite: Suite) -> dict[str, StoredRuns]:
    return {
        cell.algorithm: StoredRuns([lambda run_id=run.run_id: store.read(run_id) for run in cell.runs])
        for cell in suite.cells
    }


def measure_run(clock: Clock, run: TrainingRun, shared: TrainingRun, game: Game, *, responses: bool) -> None:
    worlds, inference = nonstationarity_worlds, policy_inference.INSTRUMENT
    (role,) = roles(game)
    clock.consume("returns, policy drift, final episodes", lambda: measures.measure(run))
    clock.consume("nonstationarity: outcome drift with floors", lambda: worlds.outcome_rows(run, game))
    clock.consume("nonstationarity: policy drift, tortuosity", lambda: probed_policy_rows(run, game))
    clock.consume("nonstationarity: value shift", lambda: episode_value_rows(run, game))
    clock.consume("nonstationarity: target drift", lambda: target_rows(run, game))
    clock.consume("replay_staleness", lambda: registry.instrument("replay_staleness").measure(run, game))
    clock.consume("gradients", lambda: registry.instrument("gradients").measure(run, game))
    parts = {name: f"policy_inference: {label}" for name, label in INFERENCE_PARTS.items()}
    with clock.watching(policy_inference, parts):
        assert list(inference.measure(run, game))
    clock.consume("homogeneity: diversity", lambda: diversity_rows(run, game, role, label=""))
    clock.consume("homogeneity: gradient conflict", lambda: conflict_rows(shared, game, role, label=""))
    if responses:
        clock.consume(
            "exploitability: trained responses", lambda: registry.instrument("exploitability").measure(run, game)
        )


def compare_runs(clock: Clock, runs: Mapping[str, Sequence[TrainingRun]], game: Game) -> None:
    parts = {
        "nash_conv_estimate": "homogeneity: bound on NashConv",
        "joint_returns": "homogeneity: returns, swap and clone",
    }
    with clock.watching(homogeneity_comparison, parts):
        homogeneity_comparison.sharing_rows(runs, game, label="spread")
    clock.consume("cross_play", lambda: registry.instrument("cross_play").compare(runs, game, label="spread"))


def compute_statistics(clock: Clock) -> None:
    """Time the statistics of ten seeds on three tasks, with the resamples that reports use."""
    rng = np.random.default_rng(0)
    ours, theirs = rng.normal(size=(2, 10, 3))
    with clock.part("mean over seeds, share of seeds"):
        student_t(ours)
        wilson(np.arange(10), 10)
    with clock.part("interquartile mean, probability of improvement"):
        interquartile_mean(ours, rng=rng)
        probability_of_improvement(ours, theirs, rng=rng)
    with clock.part("performance profile, 50 thresholds"):
        performance_profile(ours, np.linspace(-2, 2, 50), rng=rng)
    with clock.part("corrected p-values, equivalence, selection bias"):
        p_values = rng.random(10)
        holm(p_values)
        benjamini_hochberg(p_values)
        equivalence(ours[:, 0], margin=1.0)
        selection_bias(10)


def print_table(title: str, clock: Clock) -> float:
    print(f"\n| {title} | seconds on the clock | of the processor |\n|---|---|---|")
    for name, (seconds, processor) in clock.spent.items():
        print(f"| {name} | {seconds:.3f} | {processor:.3f} |")
    seconds, processor = (sum(each[k] for each in clock.spent.values()) for k in (0, 1))
    print(f"| all | {seconds:.2f} | {processor:.2f} |")
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=5_000, help="environment steps of each run")
    parser.add_argument("--snapshots", type=int, default=11, help="snapshots of each run")
    parser.add_argument("--no-responses", action="store_true", help="leave trained responses out")
    chosen = parser.parse_args()
    game = make("simple_spread", n_agents=3)
    with tempfile.TemporaryDirectory() as folder:
        begun = time.perf_counter()
        store, suite = stored(Path(folder), chosen.steps, chosen.snapshots)
        runs = runs_of(store, suite)
        run = runs["inferred"][0]
        kept = store.measures_path(suite.cells[0].runs[0].run_id).parent
        size = sum(path.stat().st_size for path in kept.iterdir()) / 1e6
        print(
            f"four runs of {chosen.steps} steps trained in {time.perf_counter() - begun:.1f} s; one takes {size:.1f} MB"
        )
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
        one, several, over_seeds = Clock(), Clock(), Clock()
        measure_run(one, run, runs["shared"][0], game, responses=not chosen.no_responses)
        compare_runs(several, runs, game)
        compute_statistics(over_seeds)
        seconds = print_table(f"one run, {len(run.snapshot_steps)} snapshots", one)
        n_runs = sum(len(each) for each in runs.values())
        seconds += print_table(f"{n_runs} runs compared", several) / n_runs
        seconds += print_table("statistics of ten seeds", over_seeds)
        verdict = "reached" if seconds < TARGET else "missed"
        print(f"\nall metrics of one run: {seconds:.1f} s (target: under {TARGET} s, {verdict})")


if __name__ == "__main__":
    main()
