"""Seeds in lock-step against seeds one after the other: whole trainings, and a seed's share of an update.

    OMP_NUM_THREADS=1 python benchmarks/lock_step.py [--steps 4000] [--alone 5] [--no-updates]

Whole trainings: MADDPG on matching pennies, minibatches of 64, 100 seeds at once against some of the same seeds alone,
the time of one alone times 100. Updates: a seed's share of one joint update in milliseconds of CPU time, the least of
some that take turns over the numbers of seeds, and how many times that of its matrix products alone it is.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence

import torch
from update import products_of, timed, update_of

from nashlens import games
from nashlens.agents import train
from nashlens.agents.allocation import keep_freed_memory
from nashlens.agents.config import MADDPG, Rollout

N_SEEDS = 100
GRID = {
    ("matching_pennies", 64): (1, 2, 4, 10, 30, 100),
    ("matching_pennies", 256): (1, 4, 10, 30),
    ("matching_pennies", 1024): (1, 4, 10),
    ("simple_spread", 64): (1, 4, 16),
    ("simple_spread", 256): (1, 4, 10),
    ("simple_spread", 1024): (1, 2, 4),
}


def seconds_of(seeds: Sequence[int], steps: int) -> float:
    """Return the CPU time of one training of some seeds in lock-step."""
    how = MADDPG(batch_size=64, rollout=Rollout(warmup_steps=800))
    begun = time.process_time()
    train(games.make("matching_pennies"), how, seeds=seeds, steps=steps, n_snapshots=2)
    return time.process_time() - begun


def print_trainings(steps: int, n_alone: int) -> None:
    seconds_of([0], 1_000)
    together, alone = [], []
    for seed in range(n_alone):
        alone.append(seconds_of([seed], steps))
        together.append(seconds_of(range(N_SEEDS), steps))
    one, all_at_once = min(alone), min(together)
    print(f"MADDPG on matching pennies, batch 64, {steps} steps a seed: one seed {one:.2f} s of CPU time,")
    print(f"{N_SEEDS} in lock-step {all_at_once:.2f} s; one after the other {N_SEEDS * one:.0f} s")
    print(f"ratio: {N_SEEDS * one / all_at_once:.1f}")


def print_updates(repeats: int) -> None:
    print("\n| game | batch | seeds | a seed's share of an update [ms] | against one alone | times its products |")
    print("|---|---|---|---|---|---|")
    for (name, batch_size), counts in GRID.items():
        game = games.make(name)
        how = MADDPG(batch_size=batch_size, rollout=Rollout(n_envs=64, replay_capacity=3_200))
        sides = [(update_of(game, how, n_seeds=n), products_of(game, batch_size=batch_size, n_seeds=n)) for n in counts]
        spent = [[(timed(update)[0], timed(multiply)[0]) for update, multiply in sides] for _ in range(repeats)]
        least = [[min(times) for times in zip(*each, strict=True)] for each in zip(*spent, strict=True)]
        for n, (update_ms, product_ms) in zip(counts, least, strict=True):
            against = least[0][0] / (update_ms / n)
            times = update_ms / product_ms
            print(f"| {name} | {batch_size} | {n} | {update_ms / n:.3f} | {against:.2f} | {times:.2f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=4_000)
    parser.add_argument("--alone", type=int, default=3, help="seeds that are trained alone")
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--no-updates", action="store_true")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    print_trainings(chosen.steps, chosen.alone)
    if not chosen.no_updates:
        print_updates(chosen.repeats)


if __name__ == "__main__":
    main()
