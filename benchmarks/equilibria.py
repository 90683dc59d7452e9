"""Enumeration of two-agent equilibria beside Nashpy's vertex enumeration, and how exact theory grows with the game.

    OMP_NUM_THREADS=1 .venv/bin/python benchmarks/equilibria.py

Both sides of the first table answer for the same random games in one run, on one core. Equilibria are compared before
a time is printed; where Nashpy raises or warns, the line says so. The second table is where enumeration, linear
programmes and homotopy stop being affordable: each method stops at its first size over the limit, and a method that
reached its own limit says that it gave up.
"""

import time
import warnings
from collections.abc import Callable

import nashpy
import numpy as np

from nashlens.analysis.alpha_rank import alpha_rank
from nashlens.analysis.correlated import correlated_equilibrium
from nashlens.analysis.enumeration import enumerate_equilibria
from nashlens.analysis.exploitability import nash_conv
from nashlens.analysis.homotopy import limiting_logit_equilibrium
from nashlens.analysis.nash import Equilibria
from nashlens.analysis.zero_sum import optimal_strategies
from nashlens.games.normal_form import NormalFormGame, Profile

LIMIT_SECONDS = 5.0


def random_game(*n_actions: int, seed: int = 0) -> NormalFormGame:
    return NormalFormGame(np.random.default_rng(seed).random((len(n_actions), *n_actions)))


def zero_sum_game(n_actions: int) -> NormalFormGame:
    matrix = np.random.default_rng(0).normal(size=(n_actions, n_actions))
    return NormalFormGame([matrix, -matrix])


def beside_nashpy(n_actions: int, n_games: int) -> str:
    ours_seconds = theirs_seconds = 0.0
    differ = warned = 0
    for seed in range(n_games):
        game = random_game(n_actions, n_actions, seed=seed)
        start = time.perf_counter()
        found = enumerate_equilibria(game)
        ours_seconds += time.perf_counter() - start
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            start = time.perf_counter()
            theirs = list(nashpy.Game(*game.payoffs).vertex_enumeration())
            theirs_seconds += time.perf_counter() - start
        warned += bool(caught)
        ours = np.array([np.concatenate(p) for p in found.profiles])
        rows = np.array([np.concatenate(p) for p in theirs])
        same = len(ours) == len(rows) and (np.abs(ours[:, None] - rows).max(axis=2).min(axis=1) < 1e-6).all()
        differ += not (same and found.is_complete)
    return (
        f"{n_actions} × {n_actions}   {n_games:5d}   {1e3 * ours_seconds / n_games:9.2f}   "
        f"{1e3 * theirs_seconds / n_games:9.2f}   {theirs_seconds / ours_seconds:7.1f}   {differ:6d}   {warned:6d}"
    )


def growth(title: str, tasks: list[tuple[str, Callable[[], object]]]) -> None:
    cells = []
    for size, task in tasks:
        start = time.perf_counter()
        result = task()
        taken = time.perf_counter() - start
        gave_up = isinstance(result, Equilibria) and len(result) == 0
        cells.append(f"{size} {taken:.3g} s{' (gave up)' if gave_up else ''}")
        if taken > LIMIT_SECONDS:
            break
    print(f"{title:24s}", " · ".join(cells))


def main() -> None:
    warm = random_game(3, 3)
    enumerate_equilibria(warm)
    list(nashpy.Game(*warm.payoffs).vertex_enumeration())
    print("size    games   ours (ms)   Nashpy (ms)  ratio   differ   warned")
    for n_actions, n_games in ((2, 50), (3, 50), (4, 50), (5, 30), (6, 20), (7, 10), (8, 10)):
        print(beside_nashpy(n_actions, n_games), flush=True)

    print(f"\nGrowth (each method stops beyond {LIMIT_SECONDS:g} s)")
    growth(
        "enumeration, 2 agents",
        [(f"{n}×{n}", lambda n=n: enumerate_equilibria(random_game(n, n))) for n in (4, 6, 8, 10, 11, 12, 13, 14)],
    )
    growth(
        "enumeration, A × 3",
        [(f"{n}×3", lambda n=n: enumerate_equilibria(random_game(n, 3))) for n in (10, 30, 100, 300)],
    )
    growth(
        "optimal strategies (LP)",
        [(f"{n}×{n}", lambda n=n: optimal_strategies(zero_sum_game(n))) for n in (10, 30, 50, 100, 200)],
    )
    for concept in ("ce", "cce"):
        growth(
            f"{concept.upper()} of most welfare (LP)",
            [
                (f"3^{n}", lambda n=n, concept=concept: correlated_equilibrium(random_game(*[3] * n), concept=concept))
                for n in (2, 3, 4, 5, 6, 7, 8)
            ],
        )
    growth(
        "logit homotopy",
        [(f"2^{n}", lambda n=n: limiting_logit_equilibrium(random_game(*[2] * n))) for n in (2, 3, 4, 5, 6, 8, 10)],
    )
    growth(
        "α-rank",
        [(f"3^{n}", lambda n=n: alpha_rank(random_game(*[3] * n), alpha=100.0)) for n in (2, 3, 4, 5, 6)],
    )
    growth(
        "NashConv",
        [
            (f"5^{n}", lambda n=n: nash_conv(random_game(*[5] * n), Profile.uniform(*[5] * n)))
            for n in (2, 3, 4, 5, 6, 7, 8, 9)
        ],
    )


if __name__ == "__main__":
    main()
