"""How the cost of an update and of a step grows with agents, seeds and the minibatch: a CSV, a figure, exponents.

    OMP_NUM_THREADS=1 python benchmarks/growth.py [--out docs/evidence/speed] [--repeats 5]

The work is that of `update.py`, from which one thing at a time departs: N from 2 to 50 agents (minibatches of 256), S
from 1 to 100 seeds (minibatches of 64), the minibatch from 64 to 4,096. Times are the least CPU time of some
repetitions. The exponent is the slope of the logarithm of the time over the logarithm of
the size, over the larger half of the sizes, where the fixed cost of an operation no longer counts.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from update import timed, update_of

from nashlens import games
from nashlens.agents.allocation import keep_freed_memory
from nashlens.agents.checkpoint import Generators
from nashlens.agents.config import MADDPG, Rollout
from nashlens.agents.families import engine_for
from nashlens.agents.rollout import Rollout as Gathering

SIZES = {"agents": (2, 3, 6, 12, 24, 50), "seeds": (1, 3, 10, 30, 100), "minibatch": (64, 256, 1024, 4096)}
N_ENVS = 32
TIMES = {"update_ms": "one joint update", "step_ms": f"a step of {N_ENVS} environments"}


def step_of(game: games.Game, settings: MADDPG, *, n_seeds: int) -> Callable[[], None]:
    """Return a call that acts, moves the environments and stores what followed once."""
    seeds, device = range(n_seeds), torch.device("cpu")
    engine = engine_for(game.spec, dict.fromkeys(game.spec.sides, settings), seeds=seeds, steps=50_000, device=device)
    generators = Generators(seeds, device=device)
    gathering = Gathering(game, settings.rollout.n_envs, device=device, rngs=generators.environments)
    return lambda: gathering.step(engine, n_updates=0, generators=generators.acting)


def least(call: Callable[[], None], repeats: int) -> float:
    """Return the least CPU time of a call in milliseconds, after one that does not count."""
    call()
    return min(timed(call)[0] for _ in range(repeats))


def measured(repeats: int) -> pd.DataFrame:
    """Return one row a size: what varied, N, S, B, the milliseconds of an update and of a round of steps."""
    rows = []
    for varied, sizes in SIZES.items():
        for size in sizes:
            n_agents = size if varied == "agents" else 3
            n_seeds = size if varied == "seeds" else 1
            batch_size = size if varied == "minibatch" else 64 if varied == "seeds" else 256
            game = games.make("simple_spread", n_agents=n_agents)
            rollout = Rollout(n_envs=N_ENVS, replay_capacity=1_600)
            settings = MADDPG(batch_size=batch_size, rollout=rollout)
            row = {"varied": varied, "size": size, "agents": n_agents, "seeds": n_seeds, "minibatch": batch_size}
            row["update_ms"] = least(update_of(game, settings, n_seeds=n_seeds), repeats)
            row["step_ms"] = least(step_of(game, settings, n_seeds=n_seeds), 4 * repeats)
            rows.append(row)
            print(row, flush=True)
    return pd.DataFrame(rows)


def exponent(sizes: pd.Series, times: pd.Series) -> float:
    """Return the slope of log time over log size in the larger half of the sizes, three of them at least."""
    n = max(3, len(sizes) // 2)
    return float(np.polyfit(np.log(sizes.to_numpy()[-n:]), np.log(times.to_numpy()[-n:]), 1)[0])


def draw(frame: pd.DataFrame, path: Path) -> None:
    """Draw a panel for each thing that varied, on logarithmic axes."""
    import matplotlib as mpl
    import seaborn as sns

    mpl.use("svg")
    mpl.rcParams["svg.hashsalt"] = "growth"
    from matplotlib import pyplot as plt

    figure, axes = plt.subplots(1, len(SIZES), figsize=(9, 3.6), sharey=True, layout="constrained")
    for axis, varied in zip(axes, SIZES, strict=True):
        part = frame[frame["varied"] == varied]
        for (column, name), mark in zip(TIMES.items(), "os", strict=True):
            sns.lineplot(x=part["size"], y=part[column], marker=mark, label=name, legend=False, ax=axis)
        axis.set(xscale="log", yscale="log", xlabel=varied, ylabel="least CPU time [ms]")
        axis.set_xticks(part["size"], labels=[f"{size:,}" for size in part["size"]])
        axis.minorticks_off()
        update, step = (exponent(part["size"], part[column]) for column in TIMES)
        axis.set_title(f"exponents {update:.2f} and {step:.2f}", fontsize="medium")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(TIMES))
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("docs/evidence/speed"))
    parser.add_argument("--repeats", type=int, default=5)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    keep_freed_memory()
    begun = time.perf_counter()
    frame = measured(chosen.repeats)
    frame.round(3).to_csv(chosen.out / "growth.csv", index=False)
    draw(frame, chosen.out / "growth.svg")
    for varied, part in frame.groupby("varied", sort=False):
        update, step = (exponent(part["size"], part[name]) for name in ("update_ms", "step_ms"))
        print(f"{varied}: an update grows with exponent {update:.2f}, a step with {step:.2f}")
    print(f"measured in {time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
