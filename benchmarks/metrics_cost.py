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
from contextlib import contextmanager, nullcontext
from functools import partial
from importlib import import_module
from pathlib import Path
from types import ModuleType
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
from nashlens.reports.instruments import homogeneity_comparison
from nashlens.reports.instruments.contract import StoredRuns
from nashlens.reports.instruments.registry import instrument
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
PARTS: dict[str, dict[str, str]] = {
    "nonstationarity": {
        "outcome_rows": "drift of outcomes, floors and budgets",
        "probed_policy_rows": "policy drift, tortuosity",
        "episode_value_rows": "value shift",
        "target_rows": "target drift",
    },
    "replay_staleness": {
        "replayed": "transitions played again",
        "weight_rows": "weights, shares",
        "classified_age_rows": "age information by classifiers",
    },
    "gradients": {},
    "policy_inference": {
        "fresh_probes": "observations to ask at",
        "pair_numbers": "divergences, calibration, mode and value ledgers",
        "fit_numbers": "lag, shift and regulariser ledgers",
        "actor_gradient_effect": "effect on the actor's gradient",
    },
    "homogeneity": {"diversity_rows": "diversity", "conflict_rows": "gradient conflict"},
    "exploitability": {},
}
"""What is timed by itself: functions that the module of an instrument calls while it measures a run."""
COMPARED = {
    "nash_conv_estimate": "homogeneity: bound on NashConv",
    "joint_returns": "homogeneity: returns, swap and clone",
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

    def consume_by_parts(self, name: str, module: object, parts: Mapping[str, str], rows: Callable[[], object]) -> None:
        """Time what a module's functions take, and what is left of the whole as `name`."""
        inner = Clock()
        with self.part(name), inner.watching(module, parts):
            rows()
        for label, (seconds, processor) in inner.spent.items():
            self.spent[f"{name}: {label}"] = seconds, processor
            self.spent[name] = self.spent[name][0] - seconds, self.spent[name][1] - processor

    @contextmanager
    def watching(self, module: object, names: Mapping[str, str]) -> Iterator[None]:
        """Time functions of a module whenever the module calls them."""

        def timed(function: Callable[..., object], name: str) -> Callable[..., object]:
            def call(*given: object, **named: object) -> object:
                with self.part(name):
                    found = function(*given, **named)
                    return list(found) if isinstance(found, Iterator) else found

            return call

        replaced = {name: timed(getattr(module, name), label) for name, label in names.items()}
        with mock.patch.multiple(module, **replaced) if replaced else nullcontext():
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


def module_of(name: str) -> ModuleType:
    return import_module(f"nashlens.reports.instruments.{name}")


def measure_run(clock: Clock, runs: Mapping[str, Sequence[TrainingRun]], game: Game, *, responses: bool) -> None:
    clock.consume("returns, policy drift, final episodes", lambda: measures.measure(runs["inferred"][0]))
    for name, parts in PARTS.items():
        if name == "exploitability" and not responses:
            continue
        measured = [runs["inferred"][0]] + [runs["shared"][0]] * (name == "homogeneity")  # which alone has a conflict
        clock.consume_by_parts(name, module_of(name), parts, partial(measure_by, name, measured, game))


def measure_by(name: str, runs: Sequence[TrainingRun], game: Game) -> None:
    for run in runs:
        assert list(instrument(name).measure(run, game)), f"{name} gave nothing: it was not measured"


def compare_runs(clock: Clock, runs: Mapping[str, Sequence[TrainingRun]], game: Game) -> None:
    with clock.watching(homogeneity_comparison, COMPARED):
        homogeneity_comparison.sharing_rows(runs, game, label="spread")
    clock.consume("cross_play", lambda: instrument("cross_play").compare(runs, game, label="spread"))


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


def print_table(title: str, clock: Clock) -> tuple[float, float]:
    print(f"\n| {title} | seconds on the clock | of the processor |\n|---|---|---|")
    for name, (seconds, processor) in clock.spent.items():
        print(f"| {name} | {seconds:.3f} | {processor:.3f} |")
    seconds, processor = (sum(each[k] for each in clock.spent.values()) for k in (0, 1))
    print(f"| all | {seconds:.2f} | {processor:.2f} |")
    return seconds, processor


def print_total(
    one: tuple[float, float], several: tuple[float, float], seeds: tuple[float, float], n_runs: int
) -> None:
    """Print what one run costs with its share of what compares runs; on a busy machine the processor's time counts."""
    seconds, processor = (a + b / n_runs + c for a, b, c in zip(one, several, seeds, strict=True))
    verdict = "reached" if processor < TARGET else "missed"
    print(
        f"\nall metrics of one run: {seconds:.1f} s on the clock, {processor:.1f} s of the processor "
        f"(target: under {TARGET} s on an idle machine, {verdict})"
    )


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
        kept = store.measures_path(suite.cells[0].runs[0].run_id).parent
        size = sum(path.stat().st_size for path in kept.iterdir()) / 1e6
        print(
            f"four runs of {chosen.steps} steps trained in {time.perf_counter() - begun:.1f} s; one takes {size:.1f} MB"
        )
        print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} processors")
        one, several, over_seeds = Clock(), Clock(), Clock()
        measure_run(one, runs, game, responses=not chosen.no_responses)
        compare_runs(several, runs, game)
        compute_statistics(over_seeds)
        print_total(
            print_table(f"one run, {chosen.snapshots} snapshots", one),
            print_table("four runs compared", several),
            print_table("statistics of ten seeds", over_seeds),
            n_runs=sum(len(each) for each in runs.values()),
        )


if __name__ == "__main__":
    main()
