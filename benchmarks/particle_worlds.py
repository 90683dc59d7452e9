"""Our particle worlds against mpe2 1.1.1, in one run on one core: speed, parity error, and how the cost grows.

    python benchmarks/particle_worlds.py [--seconds 1.0] [--envs 256] [--worlds simple_tag …] [--no-parity]

Speed is environment steps (one joint action in one environment) per second of CPU time, the better of three rounds that
alternate between the two. mpe2 plays through its own parallel interface, one environment, which is how it is used; both
sides play random actions, drawn beforehand, over whole episodes, and return observations, rewards and ends. The parity
error is the largest difference over all cases of `tests/parity/test_mpe2.py`.
"""

from __future__ import annotations

import argparse
import importlib
import runpy
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from nashlens import games
from nashlens.games.core import one_hot
from nashlens.games.particle.scenarios import entries

PARITY = Path(__file__).parent.parent / "tests" / "parity" / "test_mpe2.py"
ROUNDS = 3
N_DRAWN = 50
# The targets: a hundred times mpe2 for spread with three agents, fifty times for every other world.
TARGETS = {"simple_spread": 100}
TARGET = 50


def steps_per_second(step: Callable[[int], int], seconds: float) -> float:
    """Call `step(t)`, which returns how many environment steps it took, for some CPU time; return the rate."""
    for t in range(N_DRAWN):
        step(t)
    taken, start = 0, time.process_time()
    while (spent := time.process_time() - start) < seconds:
        for t in range(N_DRAWN):
            taken += step(t)
    return taken / spent


def ours(game: games.Game, n_envs: int) -> Callable[[int], int]:
    rng = np.random.default_rng(0)
    batch = game.start(n_envs, rng=rng)
    spaces = [space for space in game.spec.action_spaces if isinstance(space, games.Choice)]
    drawn = [
        [np.concatenate([one_hot(rng.integers(n, size=n_envs), n) for n in space.factors], axis=1) for space in spaces]
        for _ in range(N_DRAWN)
    ]

    def step(t: int) -> int:
        batch.step(drawn[t])
        return n_envs

    return step


def theirs(name: str, **arguments: Any) -> Callable[[int], int]:
    env = importlib.import_module(f"mpe2.{name}.{name}").parallel_env(**arguments)
    env.reset(seed=0)
    rng = np.random.default_rng(0)
    agents = env.possible_agents
    drawn = [{agent: int(rng.integers(env.action_space(agent).n)) for agent in agents} for _ in range(N_DRAWN)]

    def step(t: int) -> int:
        env.step(drawn[t])
        if not env.agents:
            env.reset()
        return 1

    return step


def compared(name: str, *, n_envs: int, seconds: float) -> tuple[float, float]:
    """Return our rate and mpe2's, the better of alternating rounds."""
    sides = ours(games.make(name), n_envs), theirs(name)
    rates = [[steps_per_second(side, seconds / ROUNDS) for side in sides] for _ in range(ROUNDS)]
    return max(rate[0] for rate in rates), max(rate[1] for rate in rates)


def parity_errors(worlds: Sequence[str]) -> dict[str, float]:
    """Return the largest difference of each world over its parity cases."""
    parity = runpy.run_path(str(PARITY))
    errors: dict[str, float] = {}
    for case in parity["CASES"]:
        if case.world in worlds:
            errors[case.world] = max(errors.get(case.world, 0.0), parity["largest_error"](case))
    return errors


def print_worlds(worlds: Sequence[str], *, n_envs: int, seconds: float, parity: bool) -> None:
    errors = parity_errors(worlds) if parity else {}
    print(f"| world | parity error | ours, E={n_envs} [steps/s] | mpe2 [steps/s] | ratio | target |")
    print("|---|---|---|---|---|---|")
    for name in worlds:
        mine, other = compared(name, n_envs=n_envs, seconds=seconds)
        error = f"{errors[name]:.1e}" if name in errors else "not run"
        target = TARGETS.get(name, TARGET)
        print(f"| {name} | {error} | {mine:,.0f} | {other:,.0f} | {mine / other:,.0f} | {target} |", flush=True)


def print_growth(seconds: float) -> None:
    print("\n| simple_spread, N=3, E | steps/s | time of one call [µs] |\n|---|---|---|")
    for n_envs in (1, 4, 16, 64, 256, 1024, 4096):
        rate = steps_per_second(ours(games.make("simple_spread"), n_envs), seconds)
        print(f"| {n_envs} | {rate:,.0f} | {1e6 * n_envs / rate:,.0f} |", flush=True)
    for name, n_envs, sizes in (
        ("simple_spread", 64, (3, 6, 10, 30, 100)),
        ("simple_line", 256, (4, 9, 12, 20, 30)),
        ("simple_formation", 256, (4, 9, 12, 20, 30)),
    ):
        print(f"\n| {name}, E={n_envs}, N | ours [steps/s] | mpe2 [steps/s] | ratio |\n|---|---|---|---|")
        for n in sizes:
            mine = steps_per_second(ours(games.make(name, n_agents=n), n_envs), seconds)
            other = steps_per_second(theirs(name, N=n), seconds)
            print(f"| {n} | {mine:,.0f} | {other:,.1f} | {mine / other:,.0f} |", flush=True)


def main() -> None:
    names = [entry.name for entry in entries()]
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=1.0, help="CPU seconds for each rate")
    parser.add_argument("--envs", type=int, default=256, help="environments in our batch")
    parser.add_argument("--worlds", nargs="+", choices=names, default=names, help="which worlds to compare")
    parser.add_argument("--no-parity", action="store_true", help="leave the parity errors out")
    parser.add_argument("--no-growth", action="store_true", help="leave the growth with E and N out")
    chosen = parser.parse_args()
    print_worlds(chosen.worlds, n_envs=chosen.envs, seconds=chosen.seconds, parity=not chosen.no_parity)
    if not chosen.no_growth:
        print_growth(chosen.seconds)


if __name__ == "__main__":
    main()
